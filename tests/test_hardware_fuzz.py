"""Damaged descriptions: a Hardware whose references lead somewhere, or one sentence that names the file."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nbo_extract.errors import HardwareError
from nbo_extract.hardware import Hardware, load_hardware
from nbo_extract.schema import load
from nbo_extract.validity import validity
from nbo_extract.xmlio import from_xml, to_xml
from sample_hardware import microscope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.model import Document, Node

Way = tuple[Any, ...]

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "na", "999", "1,4", "\x00", "\ud800", "a/b/c", "Objective/", "mW", "\n", "Instrument.json"]),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.sampled_from(["ID", "Name", "Schema_ID", "x"]), st.text(max_size=4), max_size=3),
)


def ways(content: Any, here: Way = ()) -> Iterator[Way]:
    """Yield the way to every value inside of a description."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*here, key)
        yield from ways(value, (*here, key))


WAYS = list(ways(microscope()))
IDS = [w for w in WAYS if w[-1] == "ID"]


def holder(content: Any, way: Way) -> Any:
    """Return what holds the value at the end of a way; None where an earlier damage took it."""
    inside = content
    for key in way:
        inside = content
        try:
            content = inside[key]
        except (KeyError, IndexError, TypeError):
            return None
    return None if isinstance(inside, str) else inside


def damage(content: Any, kind: str, way: Way, other: Way, junk: Any) -> None:
    """Do one kind of damage in place."""
    inside, beside = holder(content, way), holder(content, other)
    if inside is None:
        return
    if kind == "delete":
        del inside[way[-1]]
    elif kind == "junk":
        inside[way[-1]] = junk
    elif kind == "text":
        inside[way[-1]] = str(inside[way[-1]])
    elif kind == "nest":
        inside[way[-1]] = [{"x": inside[way[-1]]}]
    elif kind == "cut" and isinstance(inside[way[-1]], str):
        inside[way[-1]] = inside[way[-1]][: len(inside[way[-1]]) // 2]
    elif kind == "rename" and isinstance(inside, dict):
        inside[str(other[-1])] = inside.pop(way[-1])
    elif kind == "swap" and beside is not None:
        inside[way[-1]], beside[other[-1]] = copy.deepcopy(beside[other[-1]]), copy.deepcopy(inside[way[-1]])


KINDS = ["delete", "junk", "text", "nest", "cut", "rename", "swap"]
DAMAGE = st.tuples(
    st.sampled_from(KINDS), st.one_of(st.sampled_from(WAYS), st.sampled_from(IDS)),
    st.one_of(st.sampled_from(WAYS), st.sampled_from(IDS)), JUNK,
)  # fmt: skip


def loaded(data: bytes) -> Hardware | None:
    """Load a description; None where it is refused, which takes one sentence with the file's name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scope.json"
        path.write_bytes(data)
        try:
            return load_hardware(path)
        except HardwareError as error:
            assert error.message.startswith(str(path))
            assert "\n" not in error.message
            return None


def consistent(document: Document) -> None:
    """Check that IDs are there once, references lead to parts of the right kind, and every value is one of NBO's."""
    references = load(document.version).references
    index = document.index()
    nodes: list[Node] = list(document.root.walk())
    own = [n.id for n in nodes if n.id and n.name not in references]
    assert len(own) == len(set(own))
    for node in nodes:
        if node.name in references:
            attribute, targets = references[node.name]
            assert index[node.get(attribute) or ""].name in targets
    assert [f for f in validity(document) if f.code in ("NBO210", "NBO211", "NBO212", "NBO213", "NBO214")] == []


@settings(max_examples=200)
@given(st.lists(DAMAGE, min_size=1, max_size=4))
def test_a_damaged_description_is_read_or_refused(wounds: list[tuple[str, Way, Way, Any]]) -> None:
    content = microscope()
    for wound in wounds:
        damage(content, *wound)
    hardware = loaded(json.dumps(content).encode())
    if hardware is not None:
        consistent(hardware.document)
        assert all("\n" not in f.message and f.file == "scope.json" for f in hardware.findings)
        assert from_xml(to_xml(hardware.document)) == hardware.document


@settings(max_examples=100)
@given(st.data())
def test_damaged_bytes_are_read_or_refused(data: st.DataObject) -> None:
    text = json.dumps(microscope(), ensure_ascii=False).encode()
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 40))
    hardware = loaded(text[:start] + data.draw(st.binary(max_size=20)) + text[start + length :])
    if hardware is not None:
        consistent(hardware.document)
