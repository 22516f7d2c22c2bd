"""Numbers with their nouns."""

from __future__ import annotations

from nbo_extract.counting import counted


def test_a_number_has_the_noun_that_fits() -> None:
    assert counted(0, "file") == "0 files"
    assert counted(1, "file") == "1 file"
    assert counted(2, "file") == "2 files"
    assert counted(2410, "more line") == "2,410 more lines"
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(3, "entry", "entries") == "3 entries"
