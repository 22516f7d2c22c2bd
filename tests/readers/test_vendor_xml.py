"""XML that instruments wrote: what is repaired, what is recovered, what is never looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nbo_extract_readers import vendor_xml
from nbo_extract_readers.vendor_xml import LeafReader, clean, parse

if TYPE_CHECKING:
    from pathlib import Path


def written(data: bytes) -> str:
    root = parse(data, "A").root
    assert root is not None
    return etree.tostring(root, encoding="unicode")


@pytest.mark.parametrize(
    ("data", "expected", "places"),
    [
        (b"<A>Zeiss\0\0\0</A>", b"<A>Zeiss</A>", 1),
        (b"<A>\x01\x02Zeiss</A>", b"<A>Zeiss</A>", 1),
        (b'<A b="1&#0;"/>', b'<A b="1"/>', 1),
        (b"<A>1\x002</A>", "<A>1�2</A>".encode(), 1),
        (b"<A>1&#x1F;&#2;2</A>", "<A>1�2</A>".encode(), 1),
        (b"<A>5 &micro;m &#181;m &amp; &#x9;</A>", "<A>5 �m &#181;m &amp; &#x9;</A>".encode(), 1),
        (b"<A>R&D</A>", b"<A>R&amp;D</A>", 1),
        (b"<A>5 \xb5m</A>", "<A>5 �m</A>".encode(), 1),
        (b"<A>\xef\xbf\xbe|&#xD800;|&#xFFFF;</A>", "<A>|�|</A>".encode(), 3),
        ("<A>5 µm � &#10;</A>".encode(), "<A>5 µm � &#10;</A>".encode(), 0),
    ],
)
def test_clean_takes_out_what_xml_cannot_hold(data: bytes, expected: bytes, places: int) -> None:
    assert clean(data) == (expected, places)


def test_parse_counts_repairs_only_where_it_needed_them() -> None:
    assert parse(b"<A>x</A>", "A").repaired == 0
    repaired = parse(b"<A>x\0</A>", "A")
    assert (repaired.repaired, repaired.problem) == (1, "")


def test_parse_finds_the_element_in_its_surroundings() -> None:
    assert written(b"\xef\xbb\xbf<?xml version='1.0'?><AB/><A><b/></A>\0\0 rest <c") == "<A><b/></A>"
    assert written(b"<A b='>' />\0\0") == '<A b="&gt;"/>'
    assert parse(b"<AB/>", "A") == (None, 0, "there is no element A in it")


def test_parse_never_keeps_half_a_value() -> None:
    cut = parse(b"<A><b>12</b><c>345", "A")
    assert cut.root is not None
    assert etree.tostring(cut.root) == b"<A><b>12</b><c/></A>"
    assert cut.problem == "it is cut off"


def test_parse_recovers_broken_tags() -> None:
    broken = parse(b"<A><b>12</x><c>3</c></A>", "A")
    assert broken.root is not None
    assert broken.root.findtext("b") == "12"
    assert broken.problem.startswith("Opening and ending tag mismatch")


def test_parse_expands_no_entities(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    bomb = b'<!DOCTYPE A [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(20)
    )
    bomb += b'<!ENTITY x SYSTEM "%s">]>' % secret.as_uri().encode()
    parsed = parse(bomb + b'<A b="&u;"><c>1&x;2</c>&t;</A>', "A")
    assert parsed.root is not None
    assert etree.tostring(parsed.root, encoding="unicode") == '<A b=""><c>1�2</c></A>'
    assert parsed.repaired == 3


def test_parse_refuses_what_needs_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_xml, "MAX_TREE_BYTES", 1000)
    assert parse(b"<A>" + b"<b/>" * 6 + b"</A>", "A") == (
        None,
        0,
        "its 31 bytes need more memory than this reader may use",
    )


def test_leaves() -> None:
    data = (
        b'<M Id="m"><T><X> +1.50 </X><X u="mm">2</X><E/><D>&lt;S n="1"&gt;&lt;V&gt;7&lt;/V&gt;&lt;/S&gt;</D>'
        b"<F>&lt;not xml</F></T><!-- c --><E a=''/></M>"
    )
    found, parsed = LeafReader().leaves(data, "M")
    assert found == {
        "@Id": "m",
        "T/X": "+1.50",
        "T/X[2]/@u": "mm",
        "T/X[2]": "2",
        "T/D/S/@n": "1",
        "T/D/S/V": "7",
        "T/F": "<not xml",
    }
    assert (parsed.repaired, parsed.problem) == (0, "")


def test_leaves_of_broken_xml_are_none() -> None:
    reader = LeafReader()
    assert reader.leaves(b"<M><a>1</b></M>", "M")[0] == {}
    assert reader.leaves(b"<M><a>1\0</a></M>", "M")[0] == {"a": "1"}


def test_leaves_are_bounded() -> None:
    deep = b"<M>" + b"<a>" * 1500 + b"x" + b"</a>" * 1500 + b"</M>"
    wide = b"<M>" + b"<a>1</a>" * 5000 + b"</M>"
    reader = LeafReader()
    assert list(reader.leaves(deep, "M")[0].values()) == ["x"]
    assert len(reader.leaves(wide, "M")[0]) == 500


def test_leaf_reader_remembers_little() -> None:
    reader = LeafReader()
    for i in range(100):
        assert reader.leaves(b"<M><a>&lt;b&gt;%d&lt;/b&gt;</a></M>" % i, "M")[0] == {"a/b": str(i)}
    assert len(reader._elements) <= 32
    assert len(reader._nested) <= 32
