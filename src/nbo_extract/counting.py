"""Numbers with their nouns: `1 file`, `2,410 files`."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun in the form for it.

    Parameters
    ----------
    number : int
    one, many : str
        The noun for 1, and for other numbers where that is not the same with an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
