"""NBO XML: units, planes, foreign content and complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbo_extract.errors import DocumentError
from nbo_extract.model import Document, Fact, Node, PlaneTable
from nbo_extract.xmlio import from_xml, to_xml

if TYPE_CHECKING:
    from pathlib import Path

NS = "http://www.NamespaceTest.org/Schemas/NBO/2020-11"


def wrapped(content: str) -> str:
    return f'<OME xmlns="{NS}">{content}</OME>'


def objective(**facts: Fact) -> Document:
    document = Document()
    document.root.add("Instrument").children.append(Node("Objective", dict(facts)))
    return document


def test_a_unit_stated_apart_goes_to_its_value() -> None:
    document = objective(WorkingDistance=Fact("0.19"), WorkingDistanceUnit=Fact("mm"))
    back = from_xml(to_xml(document))
    assert back.instruments[0].children[0].facts == {"WorkingDistance": Fact("0.19", "mm")}
    assert back == document.arrange()


def test_a_shared_unit_goes_to_all_its_values() -> None:
    document = Document()
    instrument = document.root.add("Instrument")
    band = instrument.add("ExcitationFilter").add("TransmittanceRange")
    band.put("Wavelength", "470", "nm")
    band.put("FWHMBandwidth", "40")
    back = from_xml(to_xml(document))
    assert back.instruments[0].children[0].children[0].facts["FWHMBandwidth"] == Fact("40", "nm")
    assert back == document.arrange()


def test_two_units_for_one_value_are_refused() -> None:
    with pytest.raises(DocumentError, match="Objective@WorkingDistanceUnit cannot be mm and µm"):
        to_xml(objective(WorkingDistance=Fact("0.19", "mm"), WorkingDistanceUnit=Fact("µm")))
    document = Document()
    band = document.root.add("Instrument").add("ExcitationFilter").add("TransmittanceRange")
    band.put("Wavelength", "470", "nm")
    band.put("FWHMBandwidth", "0.04", "µm")
    with pytest.raises(DocumentError, match="TransmittanceRange@WavelengthUnit cannot be nm and µm"):
        to_xml(document)


def test_a_unit_where_there_is_none_is_refused() -> None:
    with pytest.raises(DocumentError, match="Objective@LensNA has no unit in the NBO model, but mm is given"):
        to_xml(objective(LensNA=Fact("1.4", "mm")))


def test_characters_that_xml_cannot_carry_are_refused() -> None:
    with pytest.raises(DocumentError, match=r"Objective@Model holds the character U\+0000, which no XML can carry"):
        to_xml(objective(Model=Fact("a\x00b")))
    document = Document()
    columns: dict[str, list[str | None]] = {n: ["\ufffe"] for n in ("ID", "TheC", "TheT", "TheZ")}
    document.root.add("Image").add("Pixels").planes = PlaneTable(columns)
    with pytest.raises(DocumentError, match=r"Plane@ID holds the character U\+FFFE"):
        to_xml(document)
    with pytest.raises(DocumentError, match=r"this text holds the character U\+D800"):
        from_xml(wrapped("\ud800"))


def test_text_where_there_is_none_is_refused() -> None:
    document = Document()
    document.root.add("Instrument").text = Fact("words")
    with pytest.raises(DocumentError, match="the NBO model has no text in Instrument"):
        to_xml(document)
    document.root.children[0].add("Objective")
    with pytest.raises(DocumentError, match="Instrument has text and children; the NBO model allows one of them"):
        to_xml(document)
    document.root.children[0] = Node("Instrument", foreign="<a/>")
    with pytest.raises(DocumentError, match="the NBO model has no foreign content in Instrument"):
        to_xml(document)


def test_planes_become_columns_and_rows_again() -> None:
    rows = (
        '<Plane ID="Plane:0" TheZ="0" TheT="0" TheC="0" ExposureTime="1.50" ExposureTimeUnit="ms"/>'
        '<Plane ID="Plane:1" TheZ="1" TheT="0" TheC="0"/>'
        '<Plane ID="Plane:2" TheZ="2" TheT="0" TheC="0"><AnnotationRef ID="Annotation:0"/></Plane>'
    )
    document = from_xml(wrapped(f'<Image ID="Image:0"><Pixels ID="Pixels:0">{rows}</Pixels></Image>'))
    pixels = document.images[0].children[0]
    assert pixels.planes == PlaneTable(
        {
            "ExposureTime": ["1.50", None],
            "ID": ["Plane:0", "Plane:1"],
            "TheC": ["0", "0"],
            "TheT": ["0", "0"],
            "TheZ": ["0", "1"],
        },
        {"ExposureTime": "ms"},
    )
    assert next(iter(pixels.planes.rows()))["ExposureTime"] == Fact("1.50", "ms")
    assert [c.id for c in pixels.children] == ["Plane:2"]
    assert from_xml(to_xml(document)) == document
    assert "<Plane" not in to_xml(document, planes=False).replace('<Plane ID="Plane:2"', "")


def test_planes_that_disagree_about_units_stay_as_they_are() -> None:
    rows = (
        '<Plane ID="Plane:0" TheZ="0" TheT="0" TheC="0" ExposureTime="1" ExposureTimeUnit="ms"/>'
        '<Plane ID="Plane:1" TheZ="1" TheT="0" TheC="0" ExposureTime="1" ExposureTimeUnit="s"/>'
    )
    document = from_xml(wrapped(f"<Image><Pixels>{rows}</Pixels></Image>"))
    pixels = document.images[0].children[0]
    assert pixels.planes is None
    assert [c.facts["ExposureTime"] for c in pixels.children] == [Fact("1", "ms"), Fact("1", "s")]
    assert from_xml(to_xml(document)) == document


def test_a_plane_unit_stated_twice_is_refused() -> None:
    document = Document()
    columns: dict[str, list[str | None]] = {n: ["0"] for n in ("ID", "TheC", "TheT", "TheZ", "PositionX")}
    columns["PositionXUnit"] = ["µm"]
    document.root.add("Image").add("Pixels").planes = PlaneTable(columns, {"PositionX": "nm"})
    with pytest.raises(DocumentError, match="Plane@PositionXUnit is stated twice: as the unit of PositionX and"):
        to_xml(document)


def test_foreign_content_keeps_its_names() -> None:
    content = '<plain xmlns=""><b/></plain><x:y xmlns:x="urn:x"/>'
    document = from_xml(
        wrapped(
            '<StructuredAnnotations><XMLAnnotation ID="Annotation:0">'
            f"<Value>{content}</Value></XMLAnnotation></StructuredAnnotations>"
        )
    )
    value = document.root.children[0].children[0].children[0]
    assert value.foreign == '<plain xmlns=""><b></b></plain><x:y xmlns:x="urn:x"></x:y>'
    assert from_xml(to_xml(document)) == document
    assert from_xml(to_xml(document, prefix="nbo")) == document


def test_comments_and_instructions_are_passed_over() -> None:
    document = from_xml(wrapped('<!-- c --><?pi x?><Instrument ID="Instrument:0"/>'))
    assert [n.id for n in document.instruments] == ["Instrument:0"]


def test_a_text_is_read_as_text_whatever_its_declaration_says() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>' + wrapped('<Instrument Name="µm"/>')
    assert from_xml(text).instruments[0].get("Name") == "µm"
    assert from_xml(text.encode("latin-1")).instruments[0].get("Name") == "µm"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<OME>", "this text is not well-formed XML: "),
        ("<OME/>", f"this text is no NBO document: its root is OME, expected OME in {NS}"),
        (wrapped("<Lamp/>"), "this text, line 1: the NBO model has no Lamp in OME"),
        (
            wrapped('<Instrument Colour="red"/>'),
            "this text, line 1: the NBO model has no attribute Colour in Instrument",
        ),
        (
            wrapped('<Instrument xmlns="urn:other"/>'),
            "this text, line 1: the NBO model has no {urn:other}Instrument in OME",
        ),
        (
            wrapped("<Image><Pixels><Channel>" + "<LightPath><TIRFSettings><TIRFLightPath>" * 3),
            "this text is not well-formed XML: ",
        ),
    ],
)
def test_complaints(text: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        from_xml(text)
    assert caught.value.message.startswith(message)


def test_entities_and_depth_do_no_harm() -> None:
    bomb = '<!DOCTYPE OME [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + wrapped('<Instrument Name="&b;"/>')
    assert from_xml(bomb).instruments[0].get("Name") == "aaaaaaaa"
    inner = "<TIRFLightPath><TIRFSettings>" * 990 + "</TIRFSettings></TIRFLightPath>" * 990
    path = f"<LightPath><TIRFSettings>{inner}</TIRFSettings></LightPath>"
    with pytest.raises(DocumentError, match="this text is nested deeper than any NBO document"):
        from_xml(wrapped(f"<Image><Pixels><Channel>{path}</Channel></Pixels></Image>"))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.xml cannot be read: No such file or directory"):
        from_xml(tmp_path / "none.xml")
