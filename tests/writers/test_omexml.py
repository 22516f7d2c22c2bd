"""Splicing into OME-XML: what is inserted, that nothing else changes, and what is refused."""

from __future__ import annotations

import hashlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from embedding import make_block
from nbo_extract.errors import WriteError
from nbo_extract.writers.block import Block, CoreFill
from nbo_extract.writers.omexml import plan_splice, remove, splice, strip

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
PIXELS = (
    '<{p}Pixels ID="Pixels:{n}" DimensionOrder="XYZCT" Type="uint8" SizeX="1" SizeY="1" SizeZ="1" SizeC="1" SizeT="1">'
    '<{p}Channel ID="Channel:{n}:0" SamplesPerPixel="1"/><{p}MetadataOnly/></{p}Pixels>'
)
ROI = '<ROI ID="ROI:0"><Union><Point ID="Shape:0" X="1" Y="1"/></Union></ROI>'
HINT = "write a sidecar instead (leave out --embed)"


def image(number: int = 0, prefix: str = "", more: str = "") -> str:
    return f'<{prefix}Image ID="Image:{number}">{PIXELS.format(p=prefix, n=number)}{more}</{prefix}Image>'


def document(content: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f'{declaration}<OME xmlns="{OME}">{content}</OME>'.encode()


def inserted(xml: bytes, block: Block | None = None) -> list[str]:
    """Return what is inserted, and check that it is all, that it validates, and that it comes out again."""
    import ome_types

    plan = plan_splice(xml, block or make_block())
    spliced = plan.apply()
    assert strip(spliced) == xml
    assert splice(spliced, block or make_block()) == spliced
    rest = spliced
    for _, text in plan.insertions:
        assert text in rest
        rest = rest.replace(text, b"", 1)
    if OME.encode() in xml:
        ome_types.validate_xml(spliced)
    return [text.decode() for _, text in plan.insertions]


def test_new_annotations_stand_behind_the_images_and_before_the_rois() -> None:
    xml = document(f"{image(0)}{image(1)}{ROI}")
    first, second, annotations = inserted(xml)
    assert first == second == '<AnnotationRef ID="Annotation:NBO:0"/>'
    assert annotations.startswith('<StructuredAnnotations><XMLAnnotation ID="Annotation:NBO:0" Namespace="')
    assert annotations.endswith("</nboProvenance></Value></XMLAnnotation></StructuredAnnotations>")
    spliced = splice(xml, make_block())
    root = etree.fromstring(spliced)
    assert [etree.QName(child).localname for child in root] == ["Image", "Image", "StructuredAnnotations", "ROI"]
    assert [etree.QName(child[-1]).localname for child in list(root)[:2]] == ["AnnotationRef", "AnnotationRef"]
    assert spliced.endswith(f"{ROI}</OME>".encode())


def test_document_and_provenance_arrive_as_they_were() -> None:
    block = make_block("µ", provenance_json='{"a": "<&>\\u0001 ]]> µ"}')
    root = etree.fromstring(splice(document(image()), block, old_offset=8, old_length=1000))
    document_, provenance = root.findall(f".//{{{OME}}}Value")
    assert len(document_) == len(provenance) == 1
    alone = etree.tostring(document_[0], method="c14n", exclusive=True, with_tail=False)
    assert alone == etree.tostring(etree.fromstring(block.nbo_xml), method="c14n")
    record = provenance[0]
    assert record.tag == "{https://nbo-extract.org/ns/provenance/1}nboProvenance"
    assert record.text == block.provenance_json
    assert dict(record.items()) == {
        "xmlSha256": hashlib.sha256(document(image())).hexdigest(),
        "version": "1.2.3",
        "structuredAnnotations": "created",
        "oldOffset": "8",
        "oldLength": "1000",
    }


@pytest.mark.parametrize(
    ("there", "how"),
    [
        ("<StructuredAnnotations/>", "expanded"),
        ("<StructuredAnnotations\n  \t />", "expanded"),
        ("<StructuredAnnotations></StructuredAnnotations>", "kept"),
        ("<StructuredAnnotations> <!-- </StructuredAnnotations> --> </StructuredAnnotations >", "kept"),
        (
            '<StructuredAnnotations><CommentAnnotation ID="Annotation:0"><Value>x</Value></CommentAnnotation>'
            "</StructuredAnnotations>",
            "kept",
        ),
    ],
)
def test_annotations_that_are_there_are_added_to(there: str, how: str) -> None:
    xml = document(image(more='<AnnotationRef ID="Annotation:0"/>' if "Comment" in there else "") + there)
    texts = inserted(xml)
    assert f'structuredAnnotations="{how}"' in "".join(texts)
    spliced = splice(xml, make_block())
    assert spliced.count(b"<StructuredAnnotations") == 1
    if "Comment" in there:
        refs = etree.fromstring(spliced).findall(f".//{{{OME}}}AnnotationRef")
        assert [ref.get("ID") for ref in refs] == ["Annotation:0", "Annotation:NBO:0"]


def test_taken_ids_are_passed_over() -> None:
    taken = "".join(
        f'<CommentAnnotation ID="Annotation:NBO:{number}"><Value>x</Value></CommentAnnotation>' for number in (0, 2)
    )
    xml = document(f"{image()}<StructuredAnnotations>{taken}</StructuredAnnotations>")
    reference, annotations = inserted(xml)
    assert reference == '<AnnotationRef ID="Annotation:NBO:1"/>'
    assert re.findall(r'<XMLAnnotation ID="([^"]*)"', annotations) == ["Annotation:NBO:1", "Annotation:NBO:3"]


def test_prefix_of_the_document_is_used() -> None:
    xml = f'<OME:OME xmlns:OME="{OME}">{image(prefix="OME:")}</OME:OME>'.encode()
    reference, annotations = inserted(xml)
    assert reference == '<OME:AnnotationRef ID="Annotation:NBO:0"/>'
    assert annotations.startswith("<OME:StructuredAnnotations><OME:XMLAnnotation ID=")
    assert "<OME:Value><nbo:OME xmlns:nbo=" in annotations
    assert splice(xml, make_block()).endswith(b"</OME:StructuredAnnotations></OME:OME>")


def test_comments_cdata_and_layout_do_not_mislead() -> None:
    trap = '</Image><Image><StructuredAnnotations/></OME><Annotation ID="Annotation:NBO:7"/>'
    xml = (
        f'\ufeff<?xml version="1.0" encoding="utf-8" standalone=\'yes\' ?>\r\n<!-- {trap} -->\r\n<?pi {trap}?>\n'
        f"<OME\n xmlns='{OME}'\n Creator='a > b' >\n <Image ID = 'Image:0' Name='/>'><!-- {trap} -->"
        f"<Description><![CDATA[{trap}]]></Description>{PIXELS.format(p='', n=0)}\n\t</Image ><!-- {trap} -->\n</OME>\n"
    ).encode()
    reference, annotations = inserted(xml)
    spliced = splice(xml, make_block()).decode()
    assert f"\n\t{reference}</Image >{annotations}<!-- " in spliced
    assert reference == '<AnnotationRef ID="Annotation:NBO:0"/>'


def test_absent_attributes_are_filled_and_come_out_again() -> None:
    xml = document(
        '<Instrument ID="Instrument:0"><Objective ID="Objective:0" LensNA = "1.4" /></Instrument>'
        + image().replace("<Pixels", '<ObjectiveSettings ID="Objective:0"/><Pixels')
        + image(1)
    )
    fills = (
        CoreFill("Objective:0", "Model", 'Plan "Apo" <63×>\n'),
        CoreFill("Objective:0", "Correction", "PlanApo"),
        CoreFill("Image[2]/Pixels[1]/Channel[1]", "Name", "GFP"),
        CoreFill("Image[1]/ObjectiveSettings[1]", "Medium", "Oil"),
        CoreFill("Pixels:1", "PhysicalSizeX", "0.1"),
    )
    texts = inserted(xml, make_block(core_fills=fills))
    assert ' Model="Plan &quot;Apo&quot; &lt;63×&gt;&#10;"' in texts
    spliced = splice(xml, make_block(core_fills=fills))
    assert b' LensNA = "1.4" Model="' in spliced
    assert b' Correction="PlanApo" />' in spliced
    root = etree.fromstring(spliced)
    objective = root.find(f".//{{{OME}}}Objective")
    assert objective is not None
    assert objective.get("Model") == 'Plan "Apo" <63×>\n'
    channels = root.findall(f".//{{{OME}}}Channel")
    assert [channel.get("Name") for channel in channels] == [None, "GFP"]
    settings_ = root.find(f".//{{{OME}}}ObjectiveSettings")
    assert settings_ is not None
    assert settings_.get("Medium") == "Oil"


@pytest.mark.parametrize(
    ("fill", "why"),
    [
        (CoreFill("Objective:7", "Model", "x"), "its OME-XML has no element Objective:7 to fill in"),
        (CoreFill("Image[2]", "Name", "x"), r"its OME-XML has no element Image\[2\] to fill in"),
        (CoreFill("Pixels:0", 'a="b" c', "2"), 'a="b" c is no attribute of Pixels:0'),
    ],
)
def test_fills_that_do_not_fit_are_refused(fill: CoreFill, why: str) -> None:
    with pytest.raises(WriteError, match=why):
        splice(document(image()), make_block(core_fills=(fill,)))


@pytest.mark.parametrize("attribute", ["SizeX", "SizeXUnit"])
def test_fills_never_change_what_is_stated(attribute: str) -> None:
    # Not the value, and not its unit either: the value was stated in the default one.
    filled = splice(document(image()), make_block(core_fills=(CoreFill("Pixels:0", attribute, "2"),)))
    assert filled == splice(document(image()), make_block())


def strip_prefixes(tree: etree._Element | str) -> etree._Element:
    """Return a tree with namespaces in the names, so that prefixes do not count."""
    root = etree.fromstring(tree) if isinstance(tree, str) else tree
    copy = etree.Element(str(root.tag).replace("{", "").replace("}", "-").translate({ord(c): "_" for c in ":/"}))
    copy.attrib.update(root.attrib)
    copy.extend([strip_prefixes(child) for child in root])
    return copy


@pytest.mark.parametrize("version", ["2010-06", "2011-06", "2012-06", "2013-06", "2015-01"])
@pytest.mark.parametrize("there", ["", '<SA:StructuredAnnotations xmlns:SA="{sa}"/>'], ids=["none", "empty"])
def test_older_schemas_with_xml_annotations(version: str, there: str) -> None:
    import ome_types

    parts = "http://www.openmicroscopy.org/Schemas/SA/" + version
    xml = (
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/{version}"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="1" SizeY="1" SizeZ="1" SizeC="1" SizeT="1">'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/></Pixels></Image>{there.format(sa=parts)}</OME>'
    ).encode()
    reference, *annotations = inserted(xml)
    assert reference == f'<AnnotationRef xmlns="{parts}" ID="Annotation:NBO:0"/>'
    spliced = splice(xml, make_block())
    root = etree.fromstring(spliced)
    assert root[-1].tag == f"{{{parts}}}StructuredAnnotations"
    assert [child.tag for child in root[-1]] == [f"{{{parts}}}XMLAnnotation"] * 2
    assert b'<OME xmlns="http://www.NamespaceTest.org/Schemas/NBO/2020-11">\n  <Instrument ID="' in spliced
    content = root[-1][0][-1][0]
    assert etree.tostring(strip_prefixes(content)) == etree.tostring(strip_prefixes(make_block().nbo_xml))
    upgraded = ome_types.from_xml(spliced)
    assert [a.id for a in upgraded.structured_annotations or ()] == ["Annotation:NBO:0", "Annotation:NBO:1"]
    assert [ref.id for ref in upgraded.images[0].annotation_refs] == ["Annotation:NBO:0"]
    assert annotations


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2009-09"/>',
            "cells uses the OME schema 2009-09, which has no place for annotations in XML (that came with 2010-06)",
        ),
        (
            '<OME xmlns="http://www.openmicroscopy.org/XMLschemas/OME/FC/ome.xsd"/>',
            "cells uses the OME schema http://www.openmicroscopy.org/XMLschemas/OME/FC/ome.xsd, which has no place for "
            "annotations in XML (that came with 2010-06)",
        ),
        ('<OME xmlns="http://example.org"/>', "cells holds XML, but no OME-XML (its root is OME)"),
        ("<html/>", "cells holds XML, but no OME-XML (its root is html)"),
        (
            f'<OME xmlns="{OME}"><Image></OME>',
            "cells: its OME-XML is not well-formed UTF-8 XML (mismatched tag, byte 72)",
        ),
        (
            f'<!DOCTYPE OME [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><OME xmlns="{OME}">&b;</OME>',
            "cells: its OME-XML declares entities, which is not safe to read",
        ),
        (
            f'<!DOCTYPE OME [<!ENTITY x SYSTEM "file:///etc/passwd">]><OME xmlns="{OME}">&x;</OME>',
            "cells: its OME-XML declares entities, which is not safe to read",
        ),
        (
            f'<OME xmlns="{OME}"><StructuredAnnotations/><StructuredAnnotations/></OME>',
            "cells: its OME-XML has StructuredAnnotations twice",
        ),
        (
            f'<OME xmlns="{OME}"><Image><Pixels><Plane/><Pixels></Pixels></Pixels></Image></OME>',
            "cells: its OME-XML has Pixels in Pixels",
        ),
        ("", "cells: its OME-XML is not well-formed UTF-8 XML (no element found, byte 0)"),
    ],
)
def test_what_cannot_be_spliced_is_refused(xml: str, why: str) -> None:
    with pytest.raises(WriteError) as told:
        splice(xml.encode(), make_block(), label="cells")
    assert told.value.message == f"{why}; {HINT}"


@pytest.mark.parametrize(
    ("nbo_xml", "why"),
    [
        ("<OME/>", "does not start with its root"),
        ('<?xml version="1.0"?><nbo:OME xmlns:nbo="n"/>', "does not start with its root"),
        ('<nbo:OME xmlns:nbo="n"/><nbo:OME xmlns:nbo="n"/>', "is not well-formed XML"),
        ("<nbo:OME/>", "is not well-formed XML"),
        ('<nbo:OME xmlns:nbo="n"><nbo:a Value="1"/></nbo:OME>', "a in the NBO document has an attribute Value"),
        ('<nbo:OME xmlns:nbo="n"><b><OriginalMetadata/></b></nbo:OME>', "has an element OriginalMetadata"),
    ],
)
def test_a_block_that_readers_would_misread_is_refused(nbo_xml: str, why: str) -> None:
    with pytest.raises(WriteError, match=why):
        splice(document(image()), make_block(nbo_xml=nbo_xml))


def test_elements_without_a_namespace_do_not_fall_into_that_of_ome() -> None:
    block = make_block(nbo_xml='<nbo:OME xmlns:nbo="n"><nbo:a><Image/></nbo:a></nbo:OME>')
    root = etree.fromstring(splice(document(image()), block))
    assert [found.tag for found in root.iter("Image")] == ["Image"]


def test_declared_encodings() -> None:
    block = make_block("µ")
    for encoding in ("UTF-8", "utf-8"):
        xml = document(image(), f'<?xml version="1.0" encoding="{encoding}"?>')
        assert "µ".encode() in splice(xml, block)
    for encoding in ("US-ASCII", "iso-8859-1", "windows-1252"):
        spliced = splice(document(image(), f'<?xml version="1.0" encoding="{encoding}"?>'), block)
        assert spliced.isascii()
        assert b'Name="&#181;"' in spliced
        assert strip(spliced) == document(image(), f'<?xml version="1.0" encoding="{encoding}"?>')
    xml = document(image().replace("Image:0", "Image:µ"), '<?xml version="1.0" encoding="ISO-8859-1"?>')
    with pytest.raises(WriteError, match="declares the encoding iso-8859-1, expected UTF-8; write a sidecar"):
        splice(xml, block)
    with pytest.raises(WriteError, match="is not well-formed UTF-8 XML"):
        splice(document("µ").decode().encode("latin-1"), block)
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        with pytest.raises(WriteError, match=r"its OME-XML is not UTF-8 \(it holds NUL bytes\); write a sidecar"):
            splice(document(image()).decode().encode(encoding), block)


def test_a_block_that_another_program_wrote_anew_is_replaced() -> None:
    xml = document(image())
    fill = CoreFill("Pixels:0", "PhysicalSizeX", "0.1")
    spliced = splice(xml, make_block("A", core_fills=(fill,)))
    tree = etree.fromstring(spliced)
    etree.indent(tree)
    rewritten = etree.tostring(tree)
    with pytest.raises(WriteError, match="was changed by another program since the NBO block was embedded"):
        strip(rewritten)
    base, exact = remove(rewritten)
    assert not exact
    # What was filled in may have become theirs.
    assert b'PhysicalSizeX="0.1"' in base
    assert b"nbo" not in base
    again = splice(rewritten, make_block("B"))
    assert again.count(b"<XMLAnnotation ") == 2
    assert again.count(b"<AnnotationRef ") == 1
    assert b'Name="A"' not in again


def test_without_a_block_strip_returns_the_same() -> None:
    for xml in (document(image()), b"no xml at all", document("<!-- https://nbo-extract.org/ns/ -->")):
        assert strip(xml) == xml


def test_diff_has_a_line_for_each_tag() -> None:
    xml = document(f"{image()}{image(1)}")
    diff = plan_splice(xml, make_block("S", core_fills=(CoreFill("Pixels:1", "PhysicalSizeX", "1"),))).diff("cells")
    lines = diff.split("\n")
    assert lines[:2] == ["--- cells", "+++ cells (with NBO)"]
    old = xml.decode().replace("><", ">\n<").split("\n")
    new = splice(xml, make_block("S", core_fills=(CoreFill("Pixels:1", "PhysicalSizeX", "1"),)))
    after = new.decode().replace("><", ">\n<").split("\n")
    for before_at, before_count, after_at, after_count, body in re.findall(
        r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n((?:[ +-].*\n)*)", diff
    ):
        shown = body.splitlines()
        removed = [line[1:] for line in shown if line[0] in " -"]
        added = [line[1:] for line in shown if line[0] in " +"]
        assert removed == old[int(before_at) - 1 : int(before_at) - 1 + int(before_count)]
        assert added == after[int(after_at) - 1 : int(after_at) - 1 + int(after_count)]
    assert sum(line[0] == "-" for line in lines[2:] if line) == 1


SPACE = st.text(" \n\t", max_size=3)
COMMENT = st.sampled_from(["", "<!-- </Image> -->", "<!--<StructuredAnnotations/>-->", "<?x </OME>?>"])
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="<&]\ufffe\uffff"), max_size=8)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    prefix = draw(st.sampled_from(["", "OME:", "o:"]))
    name = prefix.rstrip(":")
    parts = []
    for number in range(draw(st.integers(0, 3))):
        described = f"<{prefix}Description>{draw(TEXT)}<![CDATA[</Image>{draw(TEXT)}]]></{prefix}Description>"
        more = draw(st.sampled_from(["", f'<{prefix}AnnotationRef ID="Annotation:5"/>'])) + draw(SPACE) + draw(COMMENT)
        pixels = f"<{prefix}Pixels"
        parts += [image(number, prefix, more).replace(pixels, described + pixels, 1), draw(SPACE), draw(COMMENT)]
    xa, sa = f"{prefix}XMLAnnotation", f"{prefix}StructuredAnnotations"
    full = f'<{xa} ID="Annotation:5"><{prefix}Value><StructuredAnnotations/></{prefix}Value></{xa}>'
    parts.append(draw(st.sampled_from(["", f"<{sa}/>", f"<{sa} />", f"<{sa}></{sa}>", f"<{sa}>\n{full}\n</{sa}\n>"])))
    parts += [draw(SPACE), draw(st.sampled_from(["", f'<{prefix}ROI ID="ROI:0"/>']))]
    heads = ["", "\ufeff", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>\n']
    bound = f'xmlns:{name}="{OME}"' if name else f'xmlns="{OME}"'
    head = f"{draw(st.sampled_from(heads))}{draw(COMMENT)}<{prefix}OME {bound}{draw(SPACE)}>"
    return f"{head}{''.join(parts)}</{prefix}OME>{draw(SPACE)}".encode()


@settings(max_examples=150, deadline=None)
@given(documents(), TEXT, st.booleans())
def test_splice_and_strip_are_inverse(xml: bytes, text: str, fill: bool) -> None:
    name = text.replace('"', "").replace(">", "")
    fills = (CoreFill("Image[1]/Pixels[1]", "PhysicalSizeX", text),) if fill and b'ID="Pixels:0"' in xml else ()
    a, b = make_block(name, core_fills=fills, provenance_json=text), make_block("other")
    spliced = splice(xml, a)
    assert spliced != xml
    assert strip(spliced) == xml
    assert splice(spliced, a) == spliced
    assert splice(spliced, b) == splice(xml, b)
    before, after = etree.fromstring(xml), etree.fromstring(spliced)
    images = [len(found) for found in before.findall(f"{{{OME}}}Image")]
    assert [len(found) - 1 for found in after.findall(f"{{{OME}}}Image")] == images
    assert len(after.findall(f"{{{OME}}}StructuredAnnotations")) == 1


def test_100_000_planes_are_passed_over_quickly() -> None:
    planes = "".join(
        f'<Plane TheZ="{n % 50}" TheT="{n // 50}" TheC="0" DeltaT="{n / 10}" ExposureTime="0.05" PositionX="1.25"/>'
        for n in range(100_000)
    )
    xml = document(image().replace("</Pixels>", f"{planes}</Pixels>"))
    start = time.process_time()
    spliced = splice(xml, make_block(core_fills=(CoreFill("Pixels:0", "PhysicalSizeX", "0.1"),)))
    assert time.process_time() - start < 3
    assert strip(spliced) == xml
