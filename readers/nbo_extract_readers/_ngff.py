"""The JSON files of an OME-Zarr: groups, arrays and their attributes. Chunks are never touched."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from nbo_extract.errors import CorruptFileError
from nbo_extract.stores import is_url
from nbo_extract_readers._text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbo_extract.stores import Store as Files

# Beyond the size of anything; keeps products of absurd numbers short.
_MAX_EXPONENT = 60
# What may become the name of an XML attribute.
COPY_AGAIN = "copy the dataset again from its source."
IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Number(str):
    """A number of a JSON file, exactly as it is written there."""

    __slots__ = ()


@dataclass(slots=True)
class Group:
    """A group of a Zarr hierarchy.

    Attributes
    ----------
    path : str
        Path from the root, empty for the root.
    zarr_format : str
        ``2`` or ``3``.
    attributes : dict
        All attributes.
    meta : dict
        Those of OME-NGFF: ``attributes["ome"]`` since 0.5, the attributes themselves before.
    source : str
        File that they were read from.
    """

    path: str
    zarr_format: str
    attributes: dict[str, object]
    meta: dict[str, object] = field(default_factory=dict)
    source: str = ""

    def get_list(self, key: str) -> list[object]:
        """Return a list of the OME-NGFF attributes, empty where there is none."""
        value = self.meta.get(key)
        return value if isinstance(value, list) else []

    def get_dict(self, key: str) -> dict[str, object]:
        """Return an object of the OME-NGFF attributes, empty where there is none."""
        value = self.meta.get(key)
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Array:
    """What the metadata of an array state: its shape and data type."""

    shape: tuple[str, ...]
    data_type: str


class Store:
    """Reads the metadata files of the Zarr whose files are `files`."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def group(self, path: str) -> Group:
        """Read a group.

        Raises
        ------
        CorruptFileError
            If there is no group at `path`, or its metadata are no JSON object.
        """
        node = self._json(path, "zarr.json")
        if node is not None:
            if node.get("node_type") == "array":
                raise CorruptFileError(
                    f"{self.name(path)} is a Zarr array, not an OME-Zarr image; give the folder above it."
                )
            attributes = node.get("attributes")
            found = Group(path, "3", attributes if isinstance(attributes, dict) else {}, source="zarr.json")
        else:
            attributes = self._json(path, ".zattrs")
            if attributes is None and self._json(path, ".zgroup") is None:
                if self._json(path, ".zarray") is not None:
                    raise CorruptFileError(
                        f"{self.name(path)} is a Zarr array, not an OME-Zarr image; give the folder above it."
                    )
                raise self._no_group(path)
            found = Group(path, "2", attributes or {}, source=".zattrs")
        ome = found.attributes.get("ome")
        found.meta = ome if isinstance(ome, dict) else found.attributes
        return found

    def _no_group(self, path: str) -> CorruptFileError:
        place = self.name(path)
        if self.files.denied:
            return CorruptFileError(f"{place}: access is denied; check the credentials and what they may do.")
        way = "check the URL, which must be that of one Zarr." if is_url(place) else COPY_AGAIN
        return CorruptFileError(f"{place} holds none of zarr.json, .zgroup and .zattrs; {way}")

    def array(self, path: str) -> Array:
        """Read shape and data type of an array.

        Raises
        ------
        CorruptFileError
            If there is no array at `path`, or its metadata state no shape.
        """
        node = self._json(path, "zarr.json")
        kind = "data_type"
        if node is None:
            node = self._json(path, ".zarray")
            kind = "dtype"
        if node is None:
            raise CorruptFileError(
                f"{self.name(path)} holds no array: neither zarr.json nor .zarray is there; {COPY_AGAIN}"
            )
        shape = node.get("shape")
        data_type = node.get(kind)
        if not isinstance(shape, list) or not all(isinstance(n, Number) for n in shape):
            raise CorruptFileError(f"{self.name(path)} is an array that states no shape; {COPY_AGAIN}")
        return Array(
            tuple(str(n) for n in shape), clean(data_type if isinstance(data_type, str) else to_json(data_type))
        )

    def bytes(self, path: str) -> bytes | None:
        """Return the content of a small file, None where it does not exist."""
        return None if ".." in path.split("/") else self.files.load(path)

    def children(self) -> list[str]:
        """Return the names of the directories at the root, in order."""
        return self.files.children()

    def _json(self, path: str, name: str) -> dict[str, object] | None:
        content = self.bytes(f"{path}/{name}" if path else name)
        if content is None:
            return None
        full = self.name(f"{path}/{name}")
        try:
            value = json.loads(content, parse_float=Number, parse_int=Number, parse_constant=Number)
        except json.JSONDecodeError as error:
            raise CorruptFileError(
                f"{full} is not valid JSON ({error.msg}, line {error.lineno}, column {error.colno}); {COPY_AGAIN}"
            ) from error
        except (UnicodeDecodeError, RecursionError) as error:
            raise CorruptFileError(f"{full} is not valid JSON ({type(error).__name__}); {COPY_AGAIN}") from error
        if not isinstance(value, dict):
            raise CorruptFileError(f"{full} is not a JSON object; {COPY_AGAIN}")
        return value

    def name(self, path: str) -> str:
        """Return where a path lies, for people."""
        return self.files.name(path)


def to_json(value: object) -> str:
    """Write a value as it was read: numbers keep their text."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(str(k), ensure_ascii=False)}: {to_json(v)}" for k, v in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(to_json(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def scalar(value: object) -> str | None:
    """Text of a string, number or boolean, as XML can carry it; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(str(value)) if isinstance(value, str) else None


def combine(
    inner: Sequence[object], outer: Sequence[object], axes: int
) -> tuple[list[str | None], list[str | None], list[str]]:
    """Combine the transformations of a resolution level with those of its multiscale image.

    Parameters
    ----------
    inner, outer : sequence
        ``coordinateTransformations`` of the level, which apply first, and of the image.
    axes : int
        Number of axes.

    Returns
    -------
    tuple of (list, list, list)
        Scale and translation of each axis, None where none is stated; and what could not be understood, one sentence
        each. A number that nothing multiplies keeps its text.
    """
    problems: list[str] = []
    inner_scale, inner_shift = _transformation(inner, axes, problems)
    outer_scale, outer_shift = _transformation(outer, axes, problems)
    if problems:
        return [None] * axes, [None] * axes, problems
    scales = [_product(a, b) for a, b in zip(inner_scale, outer_scale, strict=True)]
    shifts = [
        _sum(_product(a, b) if a is not None else None, c)
        for a, b, c in zip(inner_shift, outer_scale, outer_shift, strict=True)
    ]
    return scales, shifts, problems


def intrinsic(multiscale: Mapping[str, object], steps: object) -> list[object]:
    """Return the axes of the coordinate system that a resolution level is placed in (OME-NGFF 0.6).

    The other systems of an image are made of this one, which is that of its pixels in physical units. It is named by
    the transformation of the level; else it is the last.
    """
    stated = multiscale.get("coordinateSystems")
    systems = [s for s in stated if isinstance(s, dict)] if isinstance(stated, list) else []
    step = next((s for s in steps if isinstance(s, dict)), {}) if isinstance(steps, list) else {}
    output = step.get("output")
    name = scalar(output.get("name") if isinstance(output, dict) else output)
    found = [s for s in systems if scalar(s.get("name")) == name] if name is not None else systems[-1:]
    axes = found[0].get("axes") if found else None
    return axes if isinstance(axes, list) else []


def in_sequence(steps: object) -> list[object]:
    """Return transformations with those of a sequence in its place."""
    found: list[object] = []
    for step in steps if isinstance(steps, list) else []:
        inner = step.get("transformations") if isinstance(step, dict) and step.get("type") == "sequence" else None
        found += inner if isinstance(inner, list) else [step]
    return found


def _transformation(
    steps: Sequence[object], axes: int, problems: list[str]
) -> tuple[list[str | None], list[str | None]]:
    found: dict[str, list[str | None]] = {"scale": [None] * axes, "translation": [None] * axes}
    for step in steps:
        kind = scalar(step.get("type")) if isinstance(step, dict) else None
        if kind == "identity":
            continue
        values = step.get(kind) if isinstance(step, dict) and kind in found else None
        if not isinstance(values, list) or kind is None:
            problems.append(f"a coordinate transformation of type {kind or 'unknown'} is not supported")
        elif not all(_is_number(v) for v in values):
            problems.append(f"a {kind} holds something else than numbers")
        elif len(values) != axes:
            problems.append(f"a {kind} of {len(values)} values does not fit {axes} axes")
        elif kind == "scale" and found["translation"] != [None] * axes:
            problems.append("a scale after a translation is not allowed")
        else:
            found[kind] = [str(v) for v in values]
    return found["scale"], found["translation"]


def _is_number(value: object) -> bool:
    if not isinstance(value, Number):
        return False
    number = Decimal(value)
    return number.is_finite() and abs(number.adjusted()) < _MAX_EXPONENT


def _product(a: str | None, b: str | None) -> str | None:
    if a is None or b is None:
        return a if b is None else b
    if Decimal(b) == 1:
        return a
    if Decimal(a) == 1:
        return b
    with localcontext(prec=200):
        return format((Decimal(a) * Decimal(b)).normalize(), "f")


def _sum(a: str | None, b: str | None) -> str | None:
    if a is None or b is None:
        return a if b is None else b
    if Decimal(b) == 0:
        return a
    if Decimal(a) == 0:
        return b
    with localcontext(prec=200):
        return format((Decimal(a) + Decimal(b)).normalize(), "f")


def titled(values: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Scalars of a JSON object as XML attributes: names with a capital, ``id`` as ``ID``."""
    found: dict[str, str] = {}
    for key, value in values.items():
        text = scalar(value)
        if text is not None and IDENTIFIER.fullmatch(key):
            found[prefix + ("ID" if key == "id" else key[:1].upper() + key[1:])] = text
    return found
