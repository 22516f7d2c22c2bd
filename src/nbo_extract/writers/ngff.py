"""Embedding into the metadata of an OME-Zarr, and the way back.

The block is the member ``nbo`` of the root attributes, beside ``ome`` (0.5, ``zarr.json``) or the keys of the image
(0.4, ``.zattrs``, and its copy in ``.zmetadata``), and annotations in ``OME/METADATA.ome.xml`` where there is such a
file. All other text stays as it is; arrays and child groups are not touched. Each file is replaced atomically, the
root last: an interruption leaves each file old or new, and a second run does the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.errors import NboExtractError, WriteError
from nbo_extract.stores import LocalStore, is_url, open_store, plain, shown
from nbo_extract.stores_remote import RemoteStore
from nbo_extract.writers._diff import insertion_diff
from nbo_extract.writers._json import JsonError, Object, append_member, find_object, without_member
from nbo_extract.writers._ngff_write import CONSOLIDATED, OME_XML, Change, Plan, carry_out, locked, read
from nbo_extract.writers._system import SIDECAR_HINT, SYSTEM, System
from nbo_extract.writers.block import NBO_NAMESPACE, NBO_VERSION, OWN_NAMESPACES, PLAIN, Safety, WriteResult
from nbo_extract.writers.omexml import plan_splice, remove, strip

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.stores import Store
    from nbo_extract.writers.block import Block

KEY: Final = "nbo"
#: One of these says that attributes are those of an OME-Zarr.
_MARKERS: Final = ("multiscales", "plate", "well", "bioformats2raw.layout", "labels")
#: So many folders above a store are looked at: a field of a plate lies three below its root.
_ABOVE: Final = 4


@dataclass(frozen=True, slots=True)
class _Root:
    """The file with the root attributes."""

    name: str
    label: str
    data: bytes
    text: str
    way: tuple[str, ...]
    attributes: Object


def embed_zarr(
    path: str | Path,
    block: Block,
    *,
    dry_run: bool = False,
    system: System = SYSTEM,
    safety: Safety = PLAIN,
) -> WriteResult:
    """Embed a block into an OME-Zarr 0.4, 0.5 or 0.6.

    Parameters
    ----------
    path : str or Path
        Folder or URL of the image, plate or bioformats2raw set.
    block : Block
        Its core fills go into ``OME/METADATA.ome.xml`` where there is such a file.
    dry_run : bool
        Only say what would change.
    system : System
        The system calls.
    safety : Safety
        What is asked beyond what is always done. Files with hard links are refused even where links are followed: a
        file that is replaced is parted from its other names.

    Returns
    -------
    WriteResult
        State ``embedded``, ``unchanged`` or ``dry-run``; for the last with the differences to the original.

    Raises
    ------
    WriteError
        If the store cannot be changed safely; each file is then as it was or as it should be.

    Notes
    -----
    Files that change keep mode and extended attributes, and their owner where the user may give files away; their
    modification time is new. All other files keep theirs: they are not opened for writing.
    """
    store = _writable(path)
    root = _root(store)
    _refuse_part(store)
    with locked(store, system, dry_run):
        # Read anew under the lock: what another run leaves half-way is no ground to plan on.
        root = root if dry_run else _root(store)
        changes = (*_ome_xml(store, block), *_attributes(store, root, block))
        return carry_out(Plan(store, changes, "embedded", dry_run, safety), system)


def restore_zarr(path: str | Path, *, system: System = SYSTEM, safety: Safety = PLAIN) -> WriteResult:
    """Take the block out of an OME-Zarr.

    Parameters
    ----------
    path : str or Path
        Folder or URL.
    system : System
        The system calls.
    safety : Safety
        What is asked beyond what is always done; backups are left as they are, and none are made.

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
    store = _writable(path)
    _root(store)
    with locked(store, system, False):
        changes = []
        data = read(store, OME_XML)
        if data is not None:
            after = strip(data, label=store.name(OME_XML))
            changes.append(Change(OME_XML, data, after, after))
        changes += _restored(store, _root(store))
        return carry_out(Plan(store, tuple(changes), "restored", False, safety), system)


def read_base_xml(path: str | Path) -> bytes | None:
    """Return ``OME/METADATA.ome.xml`` as it is without a block; None where there is none."""
    store = open_store(str(path))
    data = store.load(OME_XML)
    return None if data is None else remove(data, label=store.name(OME_XML))[0]


def _writable(path: str | Path) -> LocalStore | RemoteStore:
    """Return the store at a path, if it is of a kind that can be changed."""
    text = plain(str(path))
    label = shown(text)
    try:
        store = open_store(text) if is_url(text) else LocalStore(text)
    except NboExtractError as error:
        raise WriteError(f"{error.message.rstrip('.')}; or {SIDECAR_HINT}") from error
    if isinstance(store, LocalStore) and not os.path.isfile(text):
        return store
    if not isinstance(store, RemoteStore):
        raise WriteError(
            f"{label} is a file: embedding needs an OME-Zarr folder, and zipped stores are not changed; unzip it, or "
            f"{SIDECAR_HINT}"
        )
    if store.read_only:
        raise WriteError(
            f"{label} is read-only, because nothing is written over the web: give the s3:// URL of the store, or "
            f"{SIDECAR_HINT}"
        )
    return store


def _root(store: LocalStore | RemoteStore) -> _Root:
    way: tuple[str, ...] = ("attributes",)
    name, data = "zarr.json", read(store, "zarr.json")
    if data is None:
        name, data, way = ".zattrs", read(store, ".zattrs"), ()
    if data is None:
        raise WriteError(f"{store.label} is no OME-Zarr (it has no zarr.json or .zattrs): {SIDECAR_HINT}")
    label = store.name(name)
    try:
        text = data.decode("utf-8")
        attributes = find_object(text, *way)
    except (UnicodeDecodeError, JsonError) as error:
        raise WriteError(f"{label} is left as it is, because it is not sound JSON: {error}; {SIDECAR_HINT}") from error
    if not _is_ome(attributes, way):
        raise WriteError(f"{store.label} is a Zarr, but no OME-Zarr (its root has no OME attributes): {SIDECAR_HINT}")
    _own(label, attributes)
    return _Root(name, label, data, text, way, attributes)


def _is_ome(attributes: Object, way: tuple[str, ...]) -> bool:
    return "ome" in attributes.members if way else bool(attributes.members.keys() & set(_MARKERS))


def _refuse_part(store: Store) -> None:
    """Refuse a store inside another: copies of its attributes above would no longer be right, and NBO is of the whole.

    A part that this run may not see above is no hindrance.
    """
    above = store.above()
    for _ in range(_ABOVE):
        if above is None:
            return
        whole = _whole(above)
        if whole is None:
            return
        if whole:
            raise WriteError(
                f"{store.label} is a part of the Zarr {above.label}, and metadata are embedded into the whole "
                f"alone: give that, or {SIDECAR_HINT}"
            )
        above = above.above()


def _whole(store: Store) -> bool | None:
    """Whether a group keeps copies of what is below it, or is an OME-Zarr; None where it is no group."""
    try:
        found = {name: store.load(name) for name in ("zarr.json", ".zattrs", ".zgroup")}
        if all(data is None for data in found.values()):
            return None
        if store.load(CONSOLIDATED) is not None:
            return True
        if (data := found["zarr.json"]) is not None:
            text = data.decode("utf-8")
            top = find_object(text).members
            return "consolidated_metadata" in top or (
                "attributes" in top and "ome" in find_object(text, "attributes").members
            )
        return (data := found[".zattrs"]) is not None and _is_ome(find_object(data.decode("utf-8")), ())
    except (NboExtractError, UnicodeDecodeError, JsonError):
        return None


def _own(place: str, attributes: Object) -> dict[str, Any] | None:
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


def _ome_xml(store: LocalStore | RemoteStore, block: Block) -> list[Change]:
    data, label = read(store, OME_XML), store.name(OME_XML)
    if data is None:
        return []
    plan = plan_splice(data, block, label=label)
    return [Change(OME_XML, data, plan.apply(), remove(data, label=label)[0], plan.diff(label))]


def _attributes(store: LocalStore | RemoteStore, root: _Root, block: Block) -> list[Change]:
    base = without_member(root.text, root.attributes, KEY) if KEY in root.attributes.members else root.text
    value = _value(base, root, block)
    changes = [] if root.way else _consolidated(store, value)
    return [*changes, _member_change(root.name, root.label, root.text, root.way, value)]


def _member_change(name: str, label: str, text: str, way: tuple[str, ...], value: str) -> Change:
    home = find_object(text, *way)
    base = without_member(text, home, KEY) if KEY in home.members else text
    at, stated = append_member(base, find_object(base, *way), KEY, value)
    insertion = (len(base[:at].encode("utf-8")), stated.encode("utf-8"))
    original = base.encode("utf-8")
    diff = insertion_diff(original, [insertion], label)
    return Change(name, text.encode("utf-8"), (base[:at] + stated + base[at:]).encode("utf-8"), original, diff)


def _consolidated(store: LocalStore | RemoteStore, value: str | None) -> list[Change]:
    """Return the change that keeps the copy of the root attributes in step; without a value, to take it out."""
    data, label = read(store, CONSOLIDATED), store.name(CONSOLIDATED)
    if data is None:
        return []
    way = ("metadata", ".zattrs")
    try:
        text = data.decode("utf-8")
        outer = find_object(text, "metadata")
        if ".zattrs" not in outer.members:
            return []
        home = find_object(text, *way)
    except (UnicodeDecodeError, JsonError) as error:
        raise WriteError(f"{label} is left as it is, because it is not sound JSON: {error}; {SIDECAR_HINT}") from error
    own = _own(label, home)
    if value is not None:
        return [_member_change(CONSOLIDATED, label, text, way, value)]
    if own is None:
        return []
    after = without_member(text, home, KEY).encode("utf-8")
    return [Change(CONSOLIDATED, data, after, after)]


def _value(base: str, root: _Root, block: Block) -> str:
    """Return the member as JSON; the documents in it keep their own text."""
    members = {
        "version": json.dumps(NBO_VERSION),
        "namespace": json.dumps(NBO_NAMESPACE),
        "product": json.dumps(f"nbo-extract {block.product_version}".strip()),
        "sha256": json.dumps(hashlib.sha256(base.encode("utf-8")).hexdigest()),
        "attributes": json.dumps(_digests(root.attributes)),
        "xml": json.dumps(block.nbo_xml),
        "document": _json(block.jsonld, "the JSON-LD document", root.label),
        "provenance": _json(block.provenance_json, "the provenance", root.label),
    }
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in members.items()) + "}"


def _json(text: str, what: str, place: str) -> str:
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


def _restored(store: LocalStore | RemoteStore, root: _Root) -> list[Change]:
    changes = _consolidated(store, None) if not root.way else []
    own = _own(root.label, root.attributes)
    if own is None:
        return changes
    after = without_member(root.text, root.attributes, KEY).encode("utf-8")
    if hashlib.sha256(after).hexdigest() != own.get("sha256"):
        _refuse_changed(root, own.get("attributes"))
    return [*changes, Change(root.name, root.data, after, after)]


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
            f"{root.label} was changed by another program since the NBO block was embedded ({', '.join(words)}), so "
            f"that it cannot be restored: undo that first, or take out the member {KEY} by hand"
        )
