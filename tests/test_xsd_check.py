"""Validation against a published schema, in the words of NBO: a made schema, and the real one where it is at hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from commands import Result
from nbo_extract.errors import UsageError
from nbo_extract.schema_xsd import to_xsd
from nbo_extract.xsd_check import published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NS = "http://www.NamespaceTest.org/Schemas/NBO/2020-11"
MADE = f"""<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns="{NS}" xmlns:N="{NS}"
    targetNamespace="{NS}" elementFormDefault="qualified">
  <xsd:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>
  <xsd:element name="OME">
    <xsd:complexType><xsd:sequence>
      <xsd:element ref="Instrument" minOccurs="0" maxOccurs="unbounded"/>
      <xsd:element ref="Image" minOccurs="0" maxOccurs="unbounded"/>
    </xsd:sequence></xsd:complexType>
    <xsd:key name="InstrumentIDKey"><xsd:selector xpath="N:Instrument"/><xsd:field xpath="@ID"/></xsd:key>
    <xsd:keyref name="ImageInstrumentIDKeyRef" refer="InstrumentIDKey">
      <xsd:selector xpath="N:Image/N:InstrumentRef"/><xsd:field xpath="@ID"/>
    </xsd:keyref>
  </xsd:element>
  <xsd:element name="Instrument">
    <xsd:complexType><xsd:sequence>
      <xsd:element name="Objective" minOccurs="0" maxOccurs="unbounded">
        <xsd:complexType>
          <xsd:attribute name="Model" type="xsd:string" use="required"/>
          <xsd:attribute name="LensNA" type="xsd:float"/>
          <xsd:attribute name="ImmersionType">
            <xsd:simpleType><xsd:restriction base="xsd:string">
              <xsd:enumeration value="Oil"/>
            </xsd:restriction></xsd:simpleType>
          </xsd:attribute>
        </xsd:complexType>
      </xsd:element>
      <xsd:element name="ExcitationFilter" minOccurs="0">
        <xsd:complexType><xsd:sequence><xsd:element name="TransmittanceRange">
          <xsd:complexType>
            <xsd:attribute name="Type" type="xsd:string"/>
            <xsd:attribute name="FWHMBandwidth" type="xsd:float" use="required"/>
          </xsd:complexType>
        </xsd:element></xsd:sequence><xsd:attribute name="Type" type="xsd:string"/></xsd:complexType>
      </xsd:element>
    </xsd:sequence><xsd:attribute name="ID" type="xsd:string"/></xsd:complexType>
  </xsd:element>
  <xsd:element name="Image">
    <xsd:complexType><xsd:sequence>
      <xsd:element name="InstrumentRef"><xsd:complexType>
        <xsd:attribute name="ID" type="xsd:string"/>
      </xsd:complexType></xsd:element>
      <xsd:element name="Pixels" minOccurs="0"><xsd:complexType/></xsd:element>
    </xsd:sequence><xsd:attribute name="ID" type="xsd:string"/></xsd:complexType>
  </xsd:element>
</xsd:schema>"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made.xsd"
    path.write_text(MADE, encoding="utf-8")
    return path


def messages(schema: Path, content: str) -> list[tuple[str, str]]:
    root = etree.fromstring(f'<OME xmlns="{NS}">{content}</OME>')
    return [(f.severity, f.message) for f in published(str(schema)).check(root)]


SCOPE = '<Instrument ID="Instrument:0"/>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '<Instrument><Objective ID="Objective:0"/></Instrument>',
            "Objective 'Objective:0': ID is not an attribute of Objective in the published schema",
        ),
        (
            '<Instrument ID="a"><Objective LensNA="1.4"/></Instrument>',
            "Objective of Instrument 'a': Model is missing (tier 1, core)",
        ),
        (
            '<Instrument ID="a"><Objective Model="x" LensNa="1.4"/></Instrument>',
            "Objective 'x': NBO has no attribute LensNa in Objective; is LensNA meant?",
        ),
        (
            '<Instrument ID="a"><Objective Model="x" LensNA="wide"/></Instrument>',
            "Objective 'x': LensNA 'wide' is not a number",
        ),
        (
            '<Instrument ID="a"><Objective Model="x" ImmersionType="Beer"/></Instrument>',
            "Objective 'x': ImmersionType 'Beer' is not among NBO's values 'Air', 'Dipping', 'Glycerol', "
            "'Multi', 'Mineral Oil', 'Silicone Oil', …",
        ),
        (
            '<Instrument ID="a"><Objectif/></Instrument>',
            "Objectif of Instrument 'a': NBO has no Objectif in Instrument; is Objective meant?",
        ),
        (f'{SCOPE}<Image ID="i"/>', "Image 'i': InstrumentRef is missing (tier 1, core)"),
        (
            f'{SCOPE}<Image ID="i"><Pixels/></Image>',
            "Pixels of Image 'i': InstrumentRef is missing before it in Image (tier 1, core)",
        ),
        (
            f'{SCOPE}<Image ID="i"><InstrumentRef/><InstrumentRef/></Image>',
            "InstrumentRef of Image 'i': there may be one in Image alone",
        ),
        (
            f'<Image ID="i"><InstrumentRef ID="Instrument:0"/></Image>{SCOPE}',
            "Instrument 'Instrument:0': is out of NBO's order in OME; here may stand Image",
        ),
        (
            f'{SCOPE}<Image ID="i"><InstrumentRef ID="Instrument:7"/></Image>',
            "InstrumentRef of Image 'i': ID 'Instrument:7' is the ID of nothing that the published key "
            "ImageInstrumentIDKeyRef allows",
        ),
        (
            SCOPE * 2,
            "Instrument 'Instrument:0': ID 'Instrument:0' is the ID of more than one, which the published key "
            "InstrumentIDKey does not allow",
        ),
        ("<Instrument/>", "Instrument: ID is missing, which the published key InstrumentIDKey needs"),
    ],
)
def test_each_message_is_said_in_words_of_nbo(made: Path, content: str, message: str) -> None:
    assert ("error", message) in messages(made, content)


def test_equal_messages_are_one(made: Path) -> None:
    many = "".join(f'<Objective LensNA="{n}"/>' for n in range(5000))
    (found,) = messages(made, f'<Instrument ID="a">{many}</Instrument>')
    assert found[1].startswith("Objective (2000 of 2000: of Instrument 'a', ")
    assert len(found[1]) < 200


def test_faults_of_late_planes_are_found(tmp_path: Path) -> None:
    schema = tmp_path / "planes.xsd"
    text = MADE.replace(
        "<xsd:complexType/>",
        """<xsd:complexType><xsd:sequence>
          <xsd:element name="Plane" maxOccurs="unbounded"><xsd:complexType>
            <xsd:attribute name="TheZ" type="xsd:int"/>
          </xsd:complexType></xsd:element></xsd:sequence></xsd:complexType>""",
    )
    schema.write_text(text, encoding="utf-8")
    bare = "".join(f'<Plane TheZ="{"x" if n > 4500 else n}"/>' for n in range(9000))
    (fault,) = messages(schema, f"{SCOPE}<Image><InstrumentRef/><Pixels>{bare}</Pixels></Image>")
    assert fault[1].startswith("Plane (1499 of 1499: of Pixels of Image") and "TheZ 'x' is not a number" in fault[1]


def test_known_flaws_are_named_and_are_no_errors(made: Path) -> None:
    flawed = '<Instrument ID="a"><ExcitationFilter Type="{}"><TransmittanceRange/></ExcitationFilter></Instrument>'
    assert messages(made, flawed.format("LongPass")) == [
        (
            "info",
            "TransmittanceRange of ExcitationFilter of Instrument 'a': FWHMBandwidth is missing (tier 1, core); a "
            "known flaw of the published schema: a long-pass or short-pass optic has no bandwidth, though NBO demands "
            "one of every optic: it can never be complete",
        )
    ]
    assert [severity for severity, _ in messages(made, flawed.format("BandPass"))] == ["error"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no xml", "is no XML Schema: it is not well-formed (Start tag expected, '<' not found, line 1, column 1)"),
        ("<a/>", "is no XML Schema: its root is a; give the published .xsd of NBO"),
        (
            MADE.replace(
                f'targetNamespace="{NS}"', 'targetNamespace="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
            ),
            f"is a schema of http://www.openmicroscopy.org/Schemas/OME/2016-06, not of NBO 02-01 ({NS})",
        ),
        (
            MADE.replace("<xsd:import", '<xsd:include schemaLocation="http://example.org/x.xsd"/><xsd:import'),
            "needs another schema (http://example.org/x.xsd), and none is fetched; give one that is whole in itself",
        ),
        (
            MADE.replace("<xsd:import", '<xsd:import namespace="urn:x" schemaLocation="/etc/passwd"/><xsd:import'),
            "needs another schema (/etc/passwd), and none is fetched; give one that is whole in itself",
        ),
        (
            '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + MADE,
            "declares a DTD, which the published schema does not; give that",
        ),
        (
            MADE.replace('ref="Image"', 'ref="Picture"'),
            "is no sound XML Schema: Element 'http://www.w3.org/2001/XMLSchema}element'",
        ),
    ],
    ids=["text", "other-xml", "other-schema", "include", "import", "dtd", "unsound"],
)
def test_a_file_that_is_no_schema_of_nbo(tmp_path: Path, run: Callable[..., Result], text: str, sentence: str) -> None:
    path = tmp_path / "x.xsd"
    path.write_text(text, encoding="utf-8")
    if "unsound" not in sentence and not sentence.startswith("is no sound"):
        with pytest.raises(UsageError) as error:
            published(str(path))
        assert error.value.message == f"{path} {sentence}"
    result = run("check", "--xsd", path, path)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"nbo-extract: {path} {sentence[:20]}") and result.err.count("\n") == 1


def test_a_schema_that_is_not_there(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "none.xsd"
    sentence = f"{path}: this schema cannot be read (No such file or directory); check the path"
    assert run("check", "--xsd", path, tmp_path) == Result(2, "", f"nbo-extract: {sentence}\n")


def test_documents_and_images(run: Callable[..., Result], tmp_path: Path, sample_data: Path) -> None:
    schema = tmp_path / "tier.xsd"
    schema.write_text(to_xsd(1, ["core"]), encoding="utf-8")
    image = sample_data / "cells_v05.ome.zarr"
    result = run("check", "--xsd", schema, image)
    assert result.code == 1
    assert result.out.startswith(f"{image}: ") and "not as the published schema demands" in result.out
    good = tmp_path / "good.xml"
    good.write_text(f'<OME xmlns="{NS}"><Experimenter ID="Experimenter:0"/></OME>', encoding="utf-8")
    bad = tmp_path / "bad.nbo.xml"
    bad.write_text(f'<OME xmlns="{NS}"><Nonsense/></OME>', encoding="utf-8")
    result = run("check", "--xsd", schema, "--json", good, bad)
    first, second = json.loads(result.out)
    assert (first["passed"], second["passed"], result.code) == (False, False, 1)
    assert second["findings"][0] == {
        "code": "NBO219",
        "severity": "error",
        "message": "Nonsense: NBO has no Nonsense in OME",
        "file": str(bad),
        "element": "Nonsense",
        "attribute": "Nonsense",
    }


def test_what_is_no_nbo_is_one_sentence(run: Callable[..., Result], tmp_path: Path, made: Path) -> None:
    other = tmp_path / "other.xml"
    other.write_text('<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"/>', encoding="utf-8")
    result = run("check", "--xsd", made, other)
    assert result == Result(
        2,
        "",
        f"nbo-extract: {other} is OME-XML (http://www.openmicroscopy.org/Schemas/OME/2016-06), which is not NBO; give "
        "the image itself, and its metadata are read from it\n",
    )
    assert run("check", "--xsd", made, "--tier", "1", other) == Result(
        2,
        "",
        "nbo-extract: --xsd asks for what the published schema demands, --tier for what a tier does; "
        "give one of them\n",
    )


def test_the_published_schema(shared: Path, run: Callable[..., Result], tmp_path: Path) -> None:
    schema = shared / "nbo" / "NBO_v02-01.xsd"
    path = tmp_path / "a.xml"
    path.write_text(f'<OME xmlns="{NS}"><Experimenter ID="Experimenter:0"/></OME>', encoding="utf-8")
    assert run("check", "--xsd", schema, path) == Result(0, f"{path}: valid against the published schema\n", "")
    content = (
        '<Instrument ID="Instrument:0" Name="a"><InvertedMicroscopeStand ID="MicroscopeStand:0" Manufacture="x"/>'
        "</Instrument>"
    )
    told = [m for _, m in messages(schema, content)]
    label = "InvertedMicroscopeStand 'MicroscopeStand:0'"
    assert f"{label}: NBO has no attribute Manufacture in InvertedMicroscopeStand; is Manufacturer meant?" in told
    assert f"{label}: Manufacturer is missing (tier 1, basic)" in told
