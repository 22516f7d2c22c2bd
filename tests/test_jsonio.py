"""JSON and JSON-LD: layout, links and complaints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.errors import DocumentError
from nbo_extract.findings import Finding
from nbo_extract.jsonio import from_json, from_jsonld, provenance_json, to_json, to_jsonld
from nbo_extract.model import Document, Fact, Node, Origin, PlaneTable, Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READ = Source("embedded", "a.czi", "Metadata/Objectives/Objective[1]/LensNA", "1,4", "zeiss-czi:objective.LensNA")


def example() -> Document:
    document = Document(origin=Origin("a.czi", "Zeiss CZI", "czi", {"nbo-extract": "0.1.0"}, ("a.czi",)))
    instrument = document.root.add("Instrument", ID="Instrument:0")
    objective = instrument.add("Objective", ID="Objective:0 x")
    objective.put("WorkingDistance", "0.190", "mm", READ)
    objective.put("LensNA", "1.4", None, READ)
    image = document.root.add("Image", ID="Image:0")
    image.add("ObjectiveSettings", ID="Objective:0 x")
    pixels = image.add("Pixels", ID="Pixels:0")
    columns: dict[str, list[str | None]] = {
        "ExposureTime": ["1.50", None],
        "ID": ["Plane:0", "Plane:1"],
        "TheC": ["0", "0"],
        "TheT": ["0", "1"],
        "TheZ": ["0", "0"],
    }
    pixels.planes = PlaneTable(columns, {"ExposureTime": "ms"}, {"ExposureTime": READ})
    document.findings.append(Finding("NBO103", "warning", "illegal character removed", file="a.czi"))
    document.unmapped.append("Metadata/Custom")
    return document.arrange()


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    content = json.loads(to_json(example()))
    change(content)
    return json.dumps(content)


def test_layout() -> None:
    content = json.loads(to_json(example()))
    assert content["sources"] == [
        {
            "kind": "embedded",
            "file": "a.czi",
            "path": "Metadata/Objectives/Objective[1]/LensNA",
            "raw": "1,4",
            "rule": "zeiss-czi:objective.LensNA",
        }
    ]
    objective = content["root"]["children"][0]["children"][0]
    assert objective == {
        "element": "Objective",
        "facts": {
            "ID": {"value": "Objective:0 x"},
            "LensNA": {"value": "1.4", "source": 0},
            "WorkingDistance": {"value": "0.190", "unit": "mm", "source": 0},
        },
    }
    planes = content["root"]["children"][1]["children"][1]["planes"]
    assert planes["columns"]["ExposureTime"] == ["1.50", None]
    assert planes["sources"] == {"ExposureTime": 0}
    assert content["findings"] == [
        {"code": "NBO103", "severity": "warning", "message": "illegal character removed", "file": "a.czi"}
    ]


def test_reads_back_with_provenance_from_text_bytes_and_path(tmp_path: Path) -> None:
    text = to_json(example())
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    for data in (text, text.encode("utf-8"), path):
        back = from_json(data)
        assert back == example()
        assert back.instruments[0].children[0].facts["LensNA"].source == READ
        assert back.images[0].children[1].planes is not None
        assert back.images[0].children[1].planes.sources == {"ExposureTime": READ}
        assert to_json(back) == text


def test_children_in_the_order_of_the_schema_whatever_the_order_given() -> None:
    document = example()
    document.root.children.reverse()
    assert to_json(document) == to_json(example())


def test_json_ld_links_elements_references_and_sources() -> None:
    content = json.loads(to_jsonld(example()))
    context = content["@context"]
    assert context["@version"] == 1.1
    assert context["@vocab"] == "https://nbo-extract.org/ns/nbo/02-01/terms#"
    assert context["@base"] == content["@id"]
    assert context["prov"] == "http://www.w3.org/ns/prov#"
    assert context["children"] == {"@container": "@list"}
    instrument, image = content["root"]["children"]
    assert instrument["@id"] == "#Instrument:0"
    assert instrument["children"][0]["@id"] == "#Objective:0%20x"
    assert image["children"][0] == {
        "target": "#Objective:0%20x",
        "element": "ObjectiveSettings",
        "facts": {"ID": {"value": "Objective:0 x"}},
    }
    assert instrument["children"][0]["facts"]["LensNA"] == {"value": "1.4", "source": "#sources/0"}
    assert content["sources"][0]["@id"] == "#sources/0"


def test_two_nodes_of_one_id_stay_two_in_json_ld() -> None:
    document = Document()
    document.root.add("Instrument", ID="Instrument:0")
    document.root.add("Instrument", ID="Instrument:0")
    first, second = json.loads(to_jsonld(document))["root"]["children"]
    assert first["@id"] == "#Instrument:0"
    assert "@id" not in second
    assert from_jsonld(to_jsonld(document)) == document


def test_provenance_alone() -> None:
    assert json.loads(provenance_json(example())) == {
        "format": "nbo-extract provenance",
        "layout": 1,
        "version": "02-01",
        "origin": {
            "file": "a.czi",
            "format": "Zeiss CZI",
            "reader": "czi",
            "versions": {"nbo-extract": "0.1.0"},
            "files": ["a.czi"],
        },
        "sources": json.loads(to_json(example()))["sources"],
        "nodes": [
            {
                "path": "OME/Instrument[0]/Objective[0]",
                "id": "Objective:0 x",
                "facts": {"LensNA": 0, "WorkingDistance": 0},
            },
            {"path": "OME/Image[0]/Pixels[0]", "id": "Pixels:0", "planes": {"ExposureTime": 0}},
        ],
    }


def test_a_file_name_that_is_no_text_survives() -> None:
    document = Document(origin=Origin(file="a\udcff.czi"))
    text = to_json(document)
    assert text.encode("utf-8")
    assert from_json(text).origin.file == "a\udcff.czi"
    assert from_jsonld(to_jsonld(document)).origin.file == "a\udcff.czi"


def _objective(content: dict[str, Any]) -> dict[str, Any]:
    objective: dict[str, Any] = content["root"]["children"][0]["children"][0]
    return objective


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this text is not valid JSON: Expecting property name enclosed in double quotes in line 1"),
        ("[]", "this text, at the document: an object is expected, not a list"),
        ("{}", "this text is no NBO document: its format is not 'nbo-extract document'"),
        ('{"format": 1, "format": 2}', "this text states 'format' twice in one place; keep one of them"),
        ("[" * 100_000, "this text is nested deeper than any NBO document; nothing was read from it"),
        (changed(lambda c: c.update(layout=9)), "this text has layout 9; this version reads layout 1"),
        (
            changed(lambda c: c.update(version="03-00")),
            "this text cannot be read: NBO version 03-00 is not known; known: 02-01",
        ),
        (changed(lambda c: c.update(extra=1)), "this text, at the document: 'extra' is not known"),
        (
            changed(lambda c: _objective(c).update(fact={})),
            "this text, at root/Instrument[0]/Objective[0]: 'fact' is not known",
        ),
        (
            changed(lambda c: _objective(c)["facts"].update(NA={"value": "1"})),
            "this text, at root/Instrument[0]/Objective[0]: the NBO model has no attribute NA in Objective",
        ),
        (
            changed(lambda c: _objective(c)["facts"].update(LensNA={"value": 1.4})),
            "this text, at root/Instrument[0]/Objective[0]/LensNA: a text in quotes is expected, not 1.4",
        ),
        (
            changed(lambda c: _objective(c)["facts"].update(LensNA={"value": "1.4", "unit": "mm"})),
            "this text, at root/Instrument[0]/Objective[0]/LensNA: the NBO model has no unit here, but mm is given",
        ),
        (
            changed(lambda c: _objective(c)["facts"].update(LensNA={"value": "1.4", "source": 7})),
            "this text, at root/Instrument[0]/Objective[0]/LensNA: there is no source 7",
        ),
        (
            changed(lambda c: _objective(c).update(element="Lamp")),
            "this text, at root/Instrument[0]/children[0]: the NBO model has no Lamp in Instrument",
        ),
        (
            changed(lambda c: _objective(c).update(foreign="<a/>")),
            "this text, at root/Instrument[0]/Objective[0]: the NBO model has no foreign content in Objective",
        ),
        (
            changed(lambda c: c["sources"][0].update(kind="guessed")),
            "this text, at sources[0]: kind is 'guessed', expected one of embedded, hardware, derived, user",
        ),
        (
            changed(lambda c: c["findings"][0].update(severity="fatal")),
            "this text, at findings: severity is 'fatal'",
        ),
        (
            changed(lambda c: c["root"]["children"][1]["children"][1]["planes"]["columns"].update(TheZ=["0"])),
            "this text, at root/Image[1]/Pixels[1]/planes: the columns are of different lengths",
        ),
    ],
)
def test_complaints(text: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        from_json(text)
    assert caught.value.message == message


def test_foreign_content_must_be_whole() -> None:
    document = Document()
    annotation = document.root.add("StructuredAnnotations").add("XMLAnnotation", ID="Annotation:0")
    annotation.children.append(Node("Value", foreign='<a xmlns="urn:x"></a>'))
    text = to_json(document)
    assert from_json(text) == document
    with pytest.raises(DocumentError, match="not well-formed XML"):
        from_json(text.replace("</a>", "</a></x><x>"))


def test_what_has_no_place_in_the_model_is_not_written() -> None:
    document = Document()
    document.root.add("Instrument", Colour="red")
    with pytest.raises(DocumentError, match="the NBO model has no attribute Colour in Instrument"):
        to_json(document)
    document.root.children[0] = Node("Lamp")
    with pytest.raises(DocumentError, match="the NBO model has no element Lamp in OME"):
        to_json(document)
    with pytest.raises(DocumentError, match="the root of an NBO document is OME, not Image"):
        to_json(Document(Node("Image")))


def test_missing_and_undecodable_files(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.json cannot be read: No such file or directory"):
        from_json(tmp_path / "none.json")
    with pytest.raises(DocumentError, match="this text is not UTF-8 text, so it is no JSON document"):
        from_json(b"\xff\xfe{")
    assert Fact("1") == Fact("1", source=READ)
