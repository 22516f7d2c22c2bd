"""Embedding into the metadata of an OME-Zarr, and the way back.

The block is the member ``nbo`` of the root attributes, beside ``ome`` (0.5, ``zarr.json``) or the keys of the image
(0.4, ``.zattrs``, and its copy in ``.zmetadata``), and annotations in ``OME/METADATA.ome.xml`` where there is such a
file. All other text stays as it is; arrays and child groups are not touched. Each file is replaced atomically, the
root last: an interruption leaves each file old or new, and a second run does the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._diff import insertion_diff
from nbo_extract.writers._json import JsonError, Object, append_member, find_object, without_member
from nbo_extract.writers._system import SIDECAR_HINT, SYSTEM, System
from nbo_extract.writers.block import NBO_NAMESPACE, NBO_VERSION, OWN_NAMESPACES, WriteResult
from nbo_extract.writers.omexml import plan_splice, strip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.writers.block import Block, State

KEY: Final = "nbo"
_OME_XML: Final = Path("OME", "METADATA.ome.xml")
_CONSOLIDATED: Final = ".zmetadata"
_FILES: Final = (_OME_XML, _CONSOLIDATED, ".zattrs", "zarr.json")
#: One of these says that attributes are those of an OME-Zarr.
_MARKERS: Final = ("multiscales", "plate", "well", "bioformats2raw.layout", "labels")


@dataclass(frozen=True, slots=True)
class _Change:
    """New content of one file, and how it differs from the original."""

    path: Path
    before: bytes
    after: bytes
    diff: str = ""


@dataclass(frozen=True, slots=True)
class _Root:
    """The file with the root attributes."""

    path: Path
    data: bytes
    text: str
    way: tuple[str, ...]
    attributes: Object


def embed_zarr(path: str | Path, block: Block, *, dry_run: bool = False, system: System = SYSTEM) -> WriteResult:
    """Embed a block into an OME-Zarr 0.4 or 0.5.

    Parameters
    ----------
    path : str or Path
        Folder of the image, plate or bioformats2raw set.
    block : Block
        Its core fills go into ``OME/METADATA.ome.xml`` where there is such a file.
    dry_run : bool
        Only say what would change.
    system : System
        The system calls.

    Returns
    -------
    WriteResult
        State ``embedded``, ``unchanged`` or ``dry-run``; for the last with the differences to the original.

    Raises
    ------
    WriteError
        If the store cannot be changed safely; each file is then as it was or as it should be.
    """
    path = Path(path)
    root = _root(path)
    with _locked(path, system, dry_run):
        # Read anew under the lock: what another run leaves half-way is no ground to plan on.
        root = root if dry_run else _root(path)
        changes = [*_ome_xml(path, block), *_attributes(path, root, block)]
        return _carry_out(path, changes, "embedded", dry_run, system)


def restore_zarr(path: str | Path, *, system: System = SYSTEM) -> WriteResult:
    """Take the block out of an OME-Zarr.

    Parameters
    ----------
    path : str or Path
    system : System
        The system calls.

    Returns
    -------
    WriteResult
        State ``restored``, or ``unchanged`` where the store holds no block. Files that still are what was written
        become the original bytes again; where only their layout was changed, equal as JSON.

    Raises
    ------
    WriteError
        If another program has changed root attributes or the OME-XML since; says which.
    """
    path = Path(path)
    _root(path)
    with _locked(path, system, False):
        changes = []
        xml = path / _OME_XML
        if xml.is_file():
            data = _read(xml)
            changes.append(_Change(xml, data, strip(data, label=str(xml))))
        changes += _restored(path, _root(path))
        return _carry_out(path, changes, "restored", False, system)


def read_base_xml(path: str | Path) -> bytes | None:
    """Return ``OME/METADATA.ome.xml`` as it is without a block; None where there is none."""
    from nbo_extract.writers.omexml import remove

    xml = Path(path) / _OME_XML
    return remove(_read(xml), label=str(xml))[0] if xml.is_file() else None


def _carry_out(path: Path, changes: list[_Change], state: State, dry_run: bool, system: System) -> WriteResult:
    needed = [change for change in changes if change.before != change.after]
    growth = sum(len(change.after) - len(change.before) for change in needed)
    for change in needed:
        if change.path.is_symlink():
            _system.refuse_links(change.path)
    if dry_run and needed:
        return WriteResult(path, "dry-run", growth, "".join(change.diff for change in changes))
    left = [spare for spare in (_system.spare_of(path / name) for name in _FILES) if spare.exists()]
    if dry_run or not (needed or left):
        return WriteResult(path, "unchanged", 0)
    for folder in sorted({change.path.parent for change in needed}):
        if not system.writable(folder):
            raise WriteError(f"{path} is left as it is, because its folder {folder} is read-only: {SIDECAR_HINT}")
    _system.check_free(system, path, path, sum(len(change.after) for change in needed))
    try:
        for change in needed:
            if _read(change.path) != change.before:
                raise WriteError(f"{change.path} was changed by another program just now: try again")
            _system.replace_file(change.path, change.after, system, before=change.before)
        # What an interrupted run left beside files that are as they should be.
        for spare in left:
            if spare.exists():
                system.unlink(spare)
    except OSError as error:
        raise WriteError(
            f"{path} could not be changed: {_system.cause(error)}; each of its files is whole, old or new: run "
            f"again when that is mended, or {SIDECAR_HINT}"
        ) from error
    return WriteResult(path, state if needed else "unchanged", growth)


@contextlib.contextmanager
def _locked(path: Path, system: System, dry_run: bool) -> Iterator[None]:
    """Keep other runs away from a store; on Windows, where folders cannot be locked, each file has its lock."""
    if dry_run or sys.platform == "win32":
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            fd = stack.enter_context(_system.closing(system, system.open(path.resolve(), os.O_RDONLY)))
            locked = system.lock(fd)
        except OSError as error:
            raise WriteError(f"{path} cannot be opened: {_system.cause(error)}; {SIDECAR_HINT}") from error
        if not locked:
            raise WriteError(f"{path} is being written by another run of nbo-extract: try again when that is done")
        yield


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WriteError(f"{path} cannot be read: {_system.cause(error)}; {SIDECAR_HINT}") from error


def _root(path: Path) -> _Root:
    if path.is_file():
        raise WriteError(
            f"{path} is a file: embedding needs an OME-Zarr folder, and zipped stores are not changed; unzip it, or "
            f"{SIDECAR_HINT}"
        )
    way: tuple[str, ...] = ()
    place = path / ".zattrs"
    if (path / "zarr.json").is_file():
        place, way = path / "zarr.json", ("attributes",)
    if not place.is_file():
        raise WriteError(f"{path} is no local OME-Zarr folder (it has no zarr.json or .zattrs): {SIDECAR_HINT}")
    data = _read(place)
    try:
        text = data.decode("utf-8")
        attributes = find_object(text, *way)
    except (UnicodeDecodeError, JsonError) as error:
        raise WriteError(f"{place} is left as it is, because it is not sound JSON: {error}; {SIDECAR_HINT}") from error
    if "ome" not in attributes.members if way else not attributes.members.keys() & set(_MARKERS):
        raise WriteError(f"{path} is a Zarr, but no OME-Zarr (its root has no OME attributes): {SIDECAR_HINT}")
    _own(place, attributes)
    return _Root(place, data, text, way, attributes)


def _own(place: Path, attributes: Object) -> dict[str, Any] | None:
    """Return the block in attributes; refuse a member of this name that somebody else put there."""
    member = attributes.members.get(KEY)
    if member is None:
        return None
    value = member.value
    if not isinstance(value, dict) or not str(value.get("namespace", "")).startswith(OWN_NAMESPACES):
        raise WriteError(
            f"{place} has a member {KEY} already that nbo-extract did not write: rename that, or {SIDECAR_HINT}"
        )
    return value


def _ome_xml(path: Path, block: Block) -> list[_Change]:
    xml = path / _OME_XML
    if not xml.is_file():
        return []
    data = _read(xml)
    plan = plan_splice(data, block, label=str(xml))
    return [_Change(xml, data, plan.apply(), plan.diff(str(xml)))]


def _attributes(path: Path, root: _Root, block: Block) -> list[_Change]:
    base = without_member(root.text, root.attributes, KEY) if KEY in root.attributes.members else root.text
    value = _value(base, root, block)
    changes = []
    if not root.way:
        changes += _consolidated(path, value)
    return [*changes, _member_change(root.path, root.text, root.way, value)]


def _member_change(place: Path, text: str, way: tuple[str, ...], value: str) -> _Change:
    home = find_object(text, *way)
    base = without_member(text, home, KEY) if KEY in home.members else text
    at, stated = append_member(base, find_object(base, *way), KEY, value)
    insertion = (len(base[:at].encode("utf-8")), stated.encode("utf-8"))
    diff = insertion_diff(base.encode("utf-8"), [insertion], str(place))
    return _Change(place, text.encode("utf-8"), (base[:at] + stated + base[at:]).encode("utf-8"), diff)


def _consolidated(path: Path, value: str | None) -> list[_Change]:
    """Return the change that keeps the copy of the root attributes in step; without a value, to take it out."""
    place = path / _CONSOLIDATED
    if not place.is_file():
        return []
    data = _read(place)
    way = ("metadata", ".zattrs")
    try:
        text = data.decode("utf-8")
        outer = find_object(text, "metadata")
        if ".zattrs" not in outer.members:
            return []
        home = find_object(text, *way)
    except (UnicodeDecodeError, JsonError) as error:
        raise WriteError(f"{place} is left as it is, because it is not sound JSON: {error}; {SIDECAR_HINT}") from error
    if value is not None:
        return [_member_change(place, text, way, value)]
    if _own(place, home) is None:
        return []
    return [_Change(place, data, without_member(text, home, KEY).encode("utf-8"))]


def _value(base: str, root: _Root, block: Block) -> str:
    """Return the member as JSON; the documents in it keep their own text."""
    members = {
        "version": json.dumps(NBO_VERSION),
        "namespace": json.dumps(NBO_NAMESPACE),
        "product": json.dumps(f"nbo-extract {block.product_version}".strip()),
        "sha256": json.dumps(hashlib.sha256(base.encode("utf-8")).hexdigest()),
        "attributes": json.dumps(_digests(root.attributes)),
        "xml": json.dumps(block.nbo_xml),
        "document": _json(block.jsonld, "the JSON-LD document", root.path),
        "provenance": _json(block.provenance_json, "the provenance", root.path),
    }
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in members.items()) + "}"


def _json(text: str, what: str, place: Path) -> str:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WriteError(f"{place} is left as it is, because {what} is not JSON: {error}; {SIDECAR_HINT}") from error
    return text.strip()


def _digests(attributes: Object) -> dict[str, str]:
    """Return a hash for the value of each attribute but ours, whatever its layout."""
    return {
        name: hashlib.sha256(
            json.dumps(member.value, sort_keys=True, separators=(",", ":")).encode("utf-8")
        ).hexdigest()
        for name, member in attributes.members.items()
        if name != KEY
    }


def _restored(path: Path, root: _Root) -> list[_Change]:
    changes = _consolidated(path, None) if not root.way else []
    own = _own(root.path, root.attributes)
    if own is None:
        return changes
    after = without_member(root.text, root.attributes, KEY).encode("utf-8")
    if hashlib.sha256(after).hexdigest() != own.get("sha256"):
        _refuse_changed(root, own.get("attributes"))
    return [*changes, _Change(root.path, root.data, after)]


def _refuse_changed(root: _Root, recorded: object) -> None:
    then = recorded if isinstance(recorded, dict) else {}
    now = _digests(root.attributes)
    words = [
        *(f"{name} was changed" for name in now if name in then and now[name] != then[name]),
        *(f"{name} was added" for name in now if name not in then),
        *(f"{name} was removed" for name in then if name not in now),
    ]
    if words:
        raise WriteError(
            f"{root.path} was changed by another program since the NBO block was embedded ({', '.join(words)}), so "
            f"that it cannot be restored: undo that first, or take out the member {KEY} by hand"
        )
