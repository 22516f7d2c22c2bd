"""Parts are settled by IDs, names, models and catalogue numbers; what is not clear settles nothing."""

from __future__ import annotations

import pytest

from nbo_extract.errors import HardwareError
from nbo_extract.hardware import Hardware
from nbo_extract.model import Document, Fact, Node
from nbo_extract.settling import called, document_parts, settle


def document() -> Document:
    instrument = Node("Instrument", {"ID": Fact("Instrument:0")})
    instrument.add("Objective", ID="Objective:0", Model="Plan-Apochromat 63x/1.4", Name="63x")
    instrument.add("Objective", ID="Objective:1", Model="EC Plan-Neofluar 10x/0.3")
    instrument.add("Objective", ID="Objective:2", Model="63X APO, NA=1.40")
    instrument.add("CCD", ID="Detector:0", Model="Axiocam 506")
    instrument.add("CCD", ID="Detector:1", Model="Axiocam 506")
    instrument.add("EmissionFilter", ID="Filter:0", Name="DAPI")
    result = Document(Node("OME", children=[instrument]))
    result.origin.file = "a.czi"
    return result


def described(name: str = "scope.json", start: str = "h") -> Hardware:
    instrument = Node("Instrument", {"ID": Fact("Instrument:h")})
    instrument.add("Objective", ID=f"Objective:{start}0", Name="63x oil", CatalogNumber="420782-9900")
    instrument.add("Objective", ID=f"Objective:{start}1", Name="63x oil")
    instrument.add("Objective", ID=f"Objective:{start}2", Name="10x")
    instrument.add("CMOS", ID=f"Detector:{start}0", Name="Camera left")
    instrument.add("EmissionFilter", ID=f"Filter:{start}0", Name="DAPI")
    instrument.add("FilterCube", ID=f"FilterCube:{start}0", Name="DAPI")
    return Hardware(f"/h/{name}", name, name, Document(Node("OME", children=[instrument])))


@pytest.mark.parametrize(
    ("embedded", "wanted", "found"),
    [
        ("Objective:0", "Objective:h1", {"Objective:0": "Objective:h1"}),
        ("plan-apochromat  63X/1,4", "420782-9900", {"Objective:0": "Objective:h0"}),
        ("63x", "Objective:h0", {"Objective:0": "Objective:h0"}),
        ("EC Plan-Neofluar 10x/0.3", "10x", {"Objective:1": "Objective:h2"}),
        # The name is that of a cube, too; only parts of one kind are meant.
        ("DAPI", "DAPI", {"Filter:0": "Filter:h0"}),
        # A name with an equals sign, as the command line takes it apart.
        ("63X APO, NA", "1.40=10x", {"Objective:2": "Objective:h2"}),
        ("Detector:1", "Camera left", {"Detector:1": "Detector:h0"}),
    ],
)
def test_what_is_settled(embedded: str, wanted: str, found: dict[str, str]) -> None:
    assert settle(document(), [described()], {embedded: wanted}, strict=True) == found


REFUSED = [
    ("40x", "10x", "a.czi has no part 40x; it has Objective:0, Objective:1, Objective:2, Detector:0, Detector:1, "
     "Filter:0", True),
    ("63x", "20x", "scope.json has no part 20x; see its parts with nbo-extract hardware show", True),
    ("63x", "63x oil", "2 parts of scope.json are called 63x oil: Objective:h0, Objective:h1; give the ID of one",
     False),
    ("Axiocam 506", "Camera left", "2 parts of a.czi are called Axiocam 506: Detector:0, Detector:1; give the ID of "
     "one", False),
    ("63x", "Camera left", "63x is a Objective and Camera left a CMOS; match parts of one kind", False),
]  # fmt: skip


@pytest.mark.parametrize(("embedded", "wanted", "message", "absent"), REFUSED)
def test_what_is_not_clear(embedded: str, wanted: str, message: str, absent: bool) -> None:
    with pytest.raises(HardwareError) as error:
        settle(document(), [described()], {embedded: wanted}, strict=True)
    assert error.value.message == message
    lenient = document()
    assert settle(lenient, [described()], {embedded: wanted}, strict=False) == {}
    told = [(f.code, f.severity, f.message) for f in lenient.findings]
    assert told == ([] if absent else [("NBO325", "warning", f"{message}; nothing is settled")])


def test_a_name_in_several_descriptions_is_not_clear_and_an_id_is() -> None:
    both = [described(), described("other.json", "o")]
    with pytest.raises(HardwareError, match=r"^2 parts of scope.json, other.json are called 10x: "):
        settle(document(), both, {"63x": "10x"}, strict=True)
    assert settle(document(), both, {"63x": "Objective:o2"}, strict=True) == {"Objective:0": "Objective:o2"}


def test_without_a_description() -> None:
    with pytest.raises(HardwareError, match=r"^no description has no part|^no description has"):
        settle(document(), [], {"63x": "10x"}, strict=True)


def test_what_a_part_is_called_is_its_own() -> None:
    parts = document_parts(document())
    assert [called(p, parts) for p in parts] == [
        "Plan-Apochromat 63x/1.4",
        "EC Plan-Neofluar 10x/0.3",
        "63X APO, NA=1.40",
        None,
        None,
        "DAPI",
    ]
