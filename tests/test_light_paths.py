"""Light paths: a known cube tells the optics of a channel, a doubtful one tells nothing, the order follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbo_extract.completing import complete
from nbo_extract.hardware import state_sources
from nbo_extract.model import Document, Fact, Node, Source
from nbo_extract.validity import validity
from nbo_extract.xmlio import from_xml, to_xml
from test_merge import described, image_of, part

if TYPE_CHECKING:
    from nbo_extract.hardware import Hardware

PATHS = ("ExcitationFilterRef", "StandardDichroicRef", "EmissionFilterRef")


def optic(name: str, identifier: str, band: str, kind: str = "BandPass", **facts: str) -> Node:
    node = part(name, identifier, Type=kind, **facts)
    wavelength, _, width = band.partition("/")
    child = Node("TransmittanceRange", {"Wavelength": Fact(wavelength, "nm")})
    if width:
        child.put("FWHMBandwidth", width, "nm")
    node.children.append(child)
    return node


def cube(identifier: str, model: str, optics: tuple[str, str, str]) -> Node:
    node = part("FilterCube", identifier, Model=model)
    node.children.extend(Node(role, {"ID": Fact(i)}) for role, i in zip(PATHS, optics, strict=True))
    return node


def scope(*more: Node) -> Hardware:
    """Describe two cubes that share no optic."""
    parts = []
    for number, (model, exc, edge, em) in enumerate(
        (("FS 96 HE", "390/40", "420", "450/40"), ("FS 38 HE", "470/40", "495", "525/50"))
    ):
        ids = (f"Filter:x{number}", f"StandardDichroic:{number}", f"Filter:m{number}")
        parts += [
            optic("ExcitationFilter", ids[0], exc, Model=f"BP {exc}"),
            optic("StandardDichroic", ids[1], edge, "LongPass", Model=f"FT {edge}"),
            optic("EmissionFilter", ids[2], em, Model=f"BP {em}"),
            cube(f"FilterCube:{number}", model, ids),
        ]
    hardware = described(*parts, *more)
    state_sources(hardware.instrument, Source("hardware", hardware.name), "")
    return hardware


def taken(*parts: Node, filter_set: str = "", contrast: str = "Fluorescence", **references: str) -> Document:
    """Make an image with one channel."""
    document = image_of(*parts)
    path = Node("LightPath", {"ID": Fact("LightPath:0")})
    for name, identifier in references.items():
        path.children.append(Node(name, {"ID": Fact(identifier)}))
    if filter_set:
        path.children.append(Node("FilterSet", {"ID": Fact("FilterSet:0"), "Name": Fact(filter_set)}))
    facts = {"ID": Fact("Channel:0"), "Name": Fact("EGFP"), "ContrastMethod": Fact(contrast)}
    pixels = Node("Pixels", {"ID": Fact("Pixels:0")}, [Node("Channel", facts, [path])])
    document.images[0].children.append(pixels)
    return document.arrange()


def path_of(document: Document) -> Node:
    return next(n for n in document.root.walk() if n.name == "LightPath")


def models(document: Document, node: Node) -> list[str | None]:
    index = document.index()
    return [index[r.id].get("Model") for role in PATHS for r in node.all(role)]


def test_a_cube_known_by_name_tells_its_optics() -> None:
    document = complete(taken(filter_set="38 HE Green Fluorescent Prot"), scope())
    path = path_of(document)
    assert models(document, path) == ["BP 470/40", "FT 495", "BP 525/50"]
    [inside] = path.all("FilterSet")
    assert models(document, inside) == ["BP 470/40", "FT 495", "BP 525/50"]
    source = path.all("ExcitationFilterRef")[0].facts["ID"].source
    assert source is not None
    assert (source.kind, source.file, source.rule) == ("hardware", "scope.xml", "filter-cube")
    assert source.path == "FilterCube 'FS 38 HE', by its filter set '38 HE Green Fluorescent Prot'"
    assert from_xml(to_xml(document).encode()) == document


def test_an_optic_without_a_name_is_the_one_of_the_cube() -> None:
    mine = optic("StandardDichroic", "StandardDichroic:0", "495", "LongPass")
    document = complete(taken(mine, filter_set="38 HE", StandardDichroicRef="StandardDichroic:0"), scope())
    found = document.index()["StandardDichroic:0"]
    assert found.get("Model") == "FT 495"
    assert len(document.instruments[0].all("StandardDichroic")) == 2
    assert [f.message for f in document.findings if f.code == "NBO340"] == [
        "StandardDichroic StandardDichroic:0 is StandardDichroic 'FT 495' of FilterCube 'FS 38 HE', by which channel "
        "EGFP was taken: its filter set '38 HE'"
    ]


@pytest.mark.parametrize(
    "mine",
    [
        optic("StandardDichroic", "StandardDichroic:9", "580", "LongPass"),
        optic("StandardDichroic", "StandardDichroic:9", "495", "LongPass", Model="FT 510"),
    ],
)
def test_an_optic_that_the_cube_contradicts_stays_and_is_told(mine: Node) -> None:
    document = complete(taken(mine, filter_set="38 HE", StandardDichroicRef="StandardDichroic:9"), scope())
    path = path_of(document)
    assert [r.id for r in path.all("StandardDichroicRef")] == ["StandardDichroic:9"]
    assert document.index()["StandardDichroic:9"] == mine
    [finding] = [f for f in document.findings if f.code == "NBO341"]
    assert finding.message.startswith("Channel EGFP: its StandardDichroic is StandardDichroic ")
    assert finding.message.endswith(
        " in the file and StandardDichroic 'FT 495' in FilterCube 'FS 38 HE' (its filter set '38 HE'); "
        "the file's is kept"
    )


def test_two_optics_tell_the_cube_one_does_not() -> None:
    parts = [
        optic("ExcitationFilter", "Filter:0", "470/40", Model="BP 470/40"),
        optic("EmissionFilter", "Filter:1", "525/50", Model="BP 525/50"),
    ]
    both = complete(taken(*parts, ExcitationFilterRef="Filter:0", EmissionFilterRef="Filter:1"), scope())
    assert models(both, path_of(both)) == ["BP 470/40", "FT 495", "BP 525/50"]
    one = complete(taken(*parts, EmissionFilterRef="Filter:1"), scope())
    assert models(one, path_of(one)) == ["BP 525/50"]


def test_optics_of_two_cubes_tell_no_cube() -> None:
    parts = [
        optic("ExcitationFilter", "Filter:0", "390/40", Model="BP 390/40"),
        optic("EmissionFilter", "Filter:1", "525/50", Model="BP 525/50"),
    ]
    document = complete(taken(*parts, ExcitationFilterRef="Filter:0", EmissionFilterRef="Filter:1"), scope())
    assert models(document, path_of(document)) == ["BP 390/40", "BP 525/50"]


@pytest.mark.parametrize("name", ["GFP", "FS 38", "Position 2", "FS 39"])
def test_a_name_that_proves_no_cube(name: str) -> None:
    document = complete(taken(filter_set=name), scope())
    assert models(document, path_of(document)) == []


def test_two_cubes_of_one_name_tell_nothing() -> None:
    twin = cube("FilterCube:9", "FS 38 HE", ("Filter:x0", "StandardDichroic:0", "Filter:m0"))
    document = complete(taken(filter_set="38 HE"), scope(twin))
    assert models(document, path_of(document)) == []


def whole(**more: str) -> Document:
    parts = [part("LightEmittingDiode", "LightSource:0", Model="LED 475"), part("CCD", "Detector:0", Model="A 506 m")]
    references = {"LightSourceSettings": "LightSource:0", "CameraSettings": "Detector:0"}
    return taken(*parts, filter_set="38 HE", **references, **more)


def test_the_order_of_a_whole_path_follows() -> None:
    document = complete(whole(), scope())
    [order] = path_of(document).all("LightPathMap")
    found = [(c.get("Order"), document.index()[c.id].name) for c in order.children]
    assert found == [
        ("1", "LightEmittingDiode"),
        ("2", "ExcitationFilter"),
        ("3", "StandardDichroic"),
        ("4", "EmissionFilter"),
        ("5", "CCD"),
    ]
    assert not [f for f in validity(document) if "OpticalComponentPosition" in f.element]
    assert complete(document, scope()) == document


@pytest.mark.parametrize("rule", ["all", "light-path-order"])
def test_the_order_is_derived_and_can_be_left_out(rule: str) -> None:
    assert path_of(complete(whole(), scope(), skip_rules=(rule,))).first("LightPathMap") is None


def test_no_order_where_something_is_missing_double_or_not_fluorescence() -> None:
    missing = complete(taken(filter_set="38 HE"), scope())
    assert path_of(missing).first("LightPathMap") is None
    bright = whole()
    next(n for n in bright.root.walk() if n.name == "Channel").put("ContrastMethod", "Brightfield")
    assert path_of(complete(bright, scope())).first("LightPathMap") is None
    double = whole()
    path_of(double).add("LightSourceSettings", ID="LightSource:0")
    assert path_of(complete(double, scope())).first("LightPathMap") is None
