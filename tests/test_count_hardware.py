"""What a description states is counted in and out, and each difference has a reason."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import count_hardware
from nbo_extract.hardware import Hardware, load_hardware
from sample_hardware import microscope

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from nbo_extract.model import Fact


def reasons(counted: count_hardware.Count) -> Counter[str]:
    return Counter("unit alone" if r == count_hardware.ALONE else r.partition(":")[0] for _, r in counted.differences)


def adds_up(counted: count_hardware.Count) -> bool:
    """Whether what comes out is what went in, without the differences and with what was added."""
    lost, added = len(counted.differences), len(counted.added)
    return sum(counted.attributes) - 2 * counted.attributes[1] + counted.references[0] - counted.references[1] == (
        lost - added
    )


def unlike(hardware: Hardware) -> list[tuple[str, str, str]]:
    """Facts whose value is not what the file says: more than a prefix, a blank, or the case of a word apart."""

    def same(fact: Fact) -> bool:
        raw = fact.source.raw if fact.source is not None else ""
        plain, said = " ".join(raw.split()).casefold(), fact.value.strip().casefold()
        if not raw or plain == said or said.endswith(f":{plain.rpartition('/')[2]}"):
            return True
        try:
            return Decimal(raw) == Decimal(fact.value)
        except InvalidOperation:
            return False

    nodes = list(hardware.document.root.walk())
    return [(n.name, k, f.value) for n in nodes for k, f in n.facts.items() if f.source is None or not same(f)]


def test_the_sample_adds_up(sample_data: Path) -> None:
    counted = count_hardware.count(sample_data / "microscope.json")
    assert (counted.components, counted.attributes, counted.references) == ((21, 21), (265, 249), (9, 9))
    assert reasons(counted) == {"NBO304": 8, "NBO308": 4, "unit alone": 6}
    assert counted.unexplained == []
    # The one description is an annotation in NBO, which has to have an ID and a namespace.
    assert [a.partition(" /")[2].partition(" = ")[0] for a in counted.added] == ["Description", "Description"]
    assert adds_up(counted)
    assert unlike(load_hardware(sample_data / "microscope.json")) == []


def test_a_real_file_adds_up(shared: Path) -> None:
    path = shared / "hardware" / "micro_meta_app_abif_axiovert1.json"
    counted = count_hardware.count(path)
    assert (counted.components, counted.attributes, counted.references) == ((33, 33), (444, 354), (14, 14))
    assert reasons(counted) == {"NBO304": 42, "NBO308": 8, "unit alone": 42}
    assert counted.unexplained == []
    assert len(counted.added) == 2
    assert adds_up(counted)
    assert unlike(load_hardware(path)) == []


def test_the_report(sample_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert count_hardware.main([str(sample_data / "microscope.json")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1:4] == [
        "  components     21 in    21 out",
        "  attributes    265 in   249 out",
        "  references      9 in     9 out",
    ]
    assert (
        "  - components[1] Objective '20x dry' /CatalogNumber = 999999: NBO304: Objective '20x dry': CatalogNumber "
        "'999999' is a placeholder, not a value; it is left out"
    ) in out


def test_a_loss_without_a_reason_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scope.json"
    path.write_text(json.dumps(microscope()), encoding="utf-8")

    def forgetful(path: Path) -> Hardware:
        hardware = load_hardware(path)
        del hardware.instrument.all("Objective")[0].facts["LensNA"]
        return hardware

    monkeypatch.setattr(count_hardware, "load_hardware", forgetful)
    assert count_hardware.main([str(path)]) == 1
    assert "  - components[0] Objective '63x oil' /LensNA = 1.4: NO REASON" in capsys.readouterr().out.splitlines()
    path.write_text("{}", encoding="utf-8")
    assert count_hardware.main([str(path)]) == 1
