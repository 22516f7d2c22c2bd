"""Planes and TiffData blocks that are read as text: the same as what the parser makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from nbo_extract_readers import _ome_xml
from nbo_extract_readers._ome_runs import Runs, take_runs
from nbo_extract_readers._ome_xml import OmeXml, parse

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
VALUES = st.sampled_from(["0", "1.5", "-3e-4", "", "a>b", " x ", "µ", "&amp;", "&#65;", "<!--"[:0], "line\nbreak"])
NAMES = st.lists(st.sampled_from(["TheZ", "TheC", "TheT", "DeltaT", "PositionX"]), min_size=1, max_size=4, unique=True)


@st.composite
def runs(draw: st.DrawFn, prefix: str) -> str:
    """Draw a stretch of planes, or of TiffData blocks, of which one may be unlike the others."""
    count = draw(st.sampled_from([1, 3, 31, 32, 40, 100]))
    gap = draw(st.sampled_from(["", "\n  ", " "]))
    if draw(st.booleans()):
        names = draw(NAMES)
        texts = draw(st.lists(VALUES, min_size=1, max_size=3))
        quote = draw(st.sampled_from(['"', '"', '"', "'"]))
        one = [
            " ".join(f"{n}={quote}{texts[(i + k) % len(texts)]}{quote}" for k, n in enumerate(names))
            for i in range(count)
        ]
        planes = [f"<{prefix}Plane {text}/>" for text in one]
        if draw(st.booleans()):
            at = draw(st.integers(0, count - 1))
            planes[at] = f'<{prefix}Plane TheZ="7"><{prefix}HashSHA1>x{at}</{prefix}HashSHA1></{prefix}Plane>'
        return gap.join(planes)
    files = draw(st.booleans())
    inner = [
        f'><{prefix}UUID FileName="{i // 2}.ome.tif">urn:uuid:{i}</{prefix}UUID></{prefix}TiffData>' if files else "/>"
        for i in range(count)
    ]
    return gap.join(f'<{prefix}TiffData IFD="{i}"{end}' for i, end in enumerate(inner))


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Draw OME-XML with long and short stretches."""
    prefix = draw(st.sampled_from(["", "", "OME:"]))
    declared = f'xmlns{":OME" if prefix else ""}="{NAMESPACE}"'
    images = []
    for number in range(draw(st.integers(1, 3))):
        inside = "".join(draw(st.lists(runs(prefix), max_size=4)))
        comment = draw(st.sampled_from(["", "", "", '<!-- <Plane TheZ="1"/> -->', "<?note?>"]))
        images.append(
            f'<{prefix}Image ID="Image:{number}"><{prefix}Pixels SizeX="1">{comment}{inside}</{prefix}Pixels>'
            f"</{prefix}Image>"
        )
    annotation = f"<{prefix}XMLAnnotation><{prefix}Value>{draw(runs(prefix))}</{prefix}Value></{prefix}XMLAnnotation>"
    more = f"<{prefix}StructuredAnnotations>{annotation}</{prefix}StructuredAnnotations>"
    head = draw(st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>', "<!-- Warning: <Plane -->"]))
    tail = more if draw(st.integers(0, 3)) == 0 else ""
    return f"{head}<{prefix}OME {declared}>{''.join(images)}{tail}</{prefix}OME>".encode()


def stated(found: OmeXml | None) -> object:
    if found is None:
        return None
    planes = {key: (p.columns, p.paths) for key, p in found.planes.items()}
    return etree.tostring(found.root), found.namespace, planes, list(found.members.items()), found.own


@given(documents())
@settings(max_examples=150)
def test_reads_the_same_as_the_parser(data: bytes) -> None:
    quick = parse(data, "a.ome.tif")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ome_xml, "take_runs", lambda data: (data, Runs()))
        slow = parse(data, "a.ome.tif")

    assert stated(quick[0]) == stated(slow[0])
    assert quick[1] == slow[1]


def test_a_long_run_leaves_the_text_and_equal_values_are_one_object() -> None:
    planes = "".join(f'<Plane TheZ="0" TheC="0" TheT="{t}"/>' for t in range(100_000))
    data = f'<OME xmlns="{NAMESPACE}"><Image><Pixels>{planes}</Pixels></Image></OME>'.encode()

    rest, runs = take_runs(data)

    assert len(rest) < 200
    assert runs.planes[0]["TheT"] == [str(t) for t in range(100_000)]
    assert len({id(v) for v in runs.planes[0]["TheZ"]}) < 10


@pytest.mark.parametrize(
    "planes",
    [
        "<!-- {} -->",
        "<![CDATA[{}]]>",
        '<Plane TheZ="1" TheZ="2"/>' * 40,
    ],
    ids=["comment", "cdata", "stated twice"],
)
def test_what_only_looks_like_planes_is_left_to_the_parser(planes: str) -> None:
    inside = planes.format('<Plane TheZ="1"/>' * 40)
    data = f'<OME xmlns="{NAMESPACE}"><Image><Pixels>{inside}</Pixels></Image></OME>'.encode()

    rest, runs = take_runs(data)

    assert rest == data
    assert not runs.planes
