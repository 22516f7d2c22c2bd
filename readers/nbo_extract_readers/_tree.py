"""Dict-like vendor metadata as an lxml tree, so that every source has paths."""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from nbo_extract.values import ILLEGAL

if TYPE_CHECKING:
    from lxml import etree

# What is deeper or longer than this is no metadata: a loop, an image, or a damaged file.
DEEPEST = 60
LONGEST_TEXT = 1 << 20
LONGEST_LIST = 4096
_NAME = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
_ILLEGAL_NAME = re.compile(r"[^\w.\-]+", re.ASCII)


def element_name(key: str) -> str:
    """Return a key as the name of an XML element: what no name can hold becomes ``_``, a first digit gets one before.

    ``Time Per Pixel`` is ``Time_Per_Pixel``, ``1st`` is ``_1st``.
    """
    if _NAME.fullmatch(key):
        return key
    name = _ILLEGAL_NAME.sub("_", key)
    return name if name and not (name[0].isdigit() or name[0] in ".-") else f"_{name}"


def text_of(value: Any) -> str | None:
    """Return a scalar as text: numbers in full precision, booleans as ``true`` or ``false``; None for what is none."""
    if value is None:
        return None
    if isinstance(value, enum.Enum):
        return value.name
    if getattr(value, "ndim", -1) == 0 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, bytes):
        value = value.split(b"\0", 1)[0].decode("utf-8", "replace")
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    text = str(value)
    return ILLEGAL.sub("�", text[:LONGEST_TEXT])


def add(parent: etree._Element, key: str, value: Any, depth: int = 0) -> None:
    """Add a value under a key.

    Parameters
    ----------
    parent : lxml element
    key : str
        Name of the child; a key that is no XML name is made one, and stands unchanged in the attribute ``Key``.
    value : object
        A mapping or dataclass becomes an element with children; a sequence of scalars an element with the texts joined
        by blanks where none holds a blank, any other sequence one element ``item`` an entry; a scalar a text. None and
        what is empty are left out.
    """
    from lxml import etree

    if value is None or depth > DEEPEST:
        return
    name = element_name(key)
    attributes = {} if name == key else {"Key": ILLEGAL.sub("�", key)}
    if is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        child = etree.SubElement(parent, name, attributes)
        for inner, content in value.items():
            add(child, str(inner), content, depth + 1)
        return
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0:
        if value.size > LONGEST_LIST:
            return
        value = value.tolist()
    if isinstance(value, AbstractSet):
        value = sorted(value, key=repr)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        _sequence(parent, name, attributes, value, depth)
        return
    text = text_of(value)
    if text:
        etree.SubElement(parent, name, attributes).text = text


def _sequence(parent: etree._Element, name: str, attributes: dict[str, str], values: Sequence[Any], depth: int) -> None:
    from lxml import etree

    if not values:
        return
    child = etree.SubElement(parent, name, attributes)
    if len(values) > LONGEST_LIST:
        child.set("Length", str(len(values)))
        values = values[:LONGEST_LIST]
    if all(isinstance(v, int | float) for v in values):
        child.text = " ".join(text_of(v) or "" for v in values)
        return
    for value in values:
        add(child, "item", value, depth + 1)


def build(name: str, value: Any) -> etree._Element:
    """Return a mapping or dataclass as an element of a name; see `add`."""
    from lxml import etree

    holder = etree.Element("holder")
    add(holder, name, value)
    if not len(holder):
        return etree.Element(element_name(name))
    child = holder[0]
    holder.remove(child)
    return child
