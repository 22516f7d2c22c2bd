"""Another program changes a dataset in the midst of an operation: what is noticed, and whether theirs is lost.

For `inject_faults`. Nothing keeps other programs away, as they know no lock. Before each call of a writer, one change.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faults_campaigns import Tally, log_of
from faults_system import Hook, injected
from faults_target import OPERATIONS, SPARE
from nbo_extract.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults_system import Call
    from faults_target import Target

_THEIRS = b"appended by another program" * 4


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(_THEIRS)


def _has_appended(path: Path) -> bool:
    return _THEIRS in path.read_bytes()


def _replace_file(path: Path) -> None:
    """Put a file of their own in its place, as programs do that write to a spare and rename it."""
    other = path.with_name("theirs")
    other.write_bytes(path.read_bytes() + b"theirs, whole")
    other.replace(path)


def _has_replaced(path: Path) -> bool:
    return b"theirs, whole" in path.read_bytes()


def _point_elsewhere(path: Path) -> None:
    """Append a first directory of their own, as editors of metadata do that do not write in place."""
    with path.open("r+b") as file:
        head = file.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = struct.unpack_from(order + "H", head, 2)[0] == 43
        letter, count, at = ("Q", "Q", 8) if big else ("I", "H", 4)
        first = struct.unpack_from(order + letter, head, at)[0]
        file.seek(first)
        entries = struct.unpack(order + count, file.read(struct.calcsize(count)))[0]
        file.seek(first)
        raw = file.read(struct.calcsize(count) + entries * (20 if big else 12) + struct.calcsize(letter))
        end = file.seek(0, os.SEEK_END)
        end += -end % 8
        file.seek(end)
        file.write(raw + _THEIRS)
        file.seek(at)
        file.write(struct.pack(order + letter, end))


def _attributes_of(path: Path) -> Path:
    return path / ("zarr.json" if (path / "zarr.json").exists() else ".zattrs")


def _add_attribute(path: Path) -> None:
    place = _attributes_of(path)
    stated = json.loads(place.read_text(encoding="utf-8"))
    (stated["attributes"] if "attributes" in stated else stated)["theirs"] = 1
    other = path / "theirs"
    other.write_text(json.dumps(stated), encoding="utf-8")
    other.replace(place)


def _has_attribute(path: Path) -> bool:
    return '"theirs": 1' in _attributes_of(path).read_text(encoding="utf-8")


_TIFF: dict[str, tuple[Callable[[Path], None], Callable[[Path], bool]]] = {
    "appends": (_append, _has_appended),
    "replaces the file": (_replace_file, _has_replaced),
    "writes a directory": (_point_elsewhere, _has_appended),
}
_ZARR: dict[str, tuple[Callable[[Path], None], Callable[[Path], bool]]] = {
    "adds an attribute": (_add_attribute, _has_attribute)
}


@dataclass
class _Meanwhile(Hook):
    """Lets another program change something before one call."""

    at: int
    path: Path
    change: Callable[[Path], None]

    def __post_init__(self) -> None:
        super().__init__()

    def handle(self, call: Call, do: Callable[[], Any]) -> Any:
        if call.number == self.at:
            self.change(self.path)
        return do()


def foreign_writers(target: Target, tally: Tally) -> None:
    """Count how often another program's change was noticed, and kept."""
    for name, (change, kept) in (_ZARR if target.path.is_dir() else _TIFF).items():
        kind = f"another {name}"
        for operation in OPERATIONS:
            log = log_of(target, operation)
            first = next(call.number for call in log if call.changes)
            for call in log:
                if call.name not in ("close", "lock", "writable", "free"):
                    _meet(
                        target, tally, kind, operation, call, _Meanwhile(call.number, target.path, change), kept, first
                    )


def _meet(
    target: Target,
    tally: Tally,
    kind: str,
    operation: str,
    call: Call,
    hook: Hook,
    kept: Callable[[Path], bool],
    first: int,
) -> None:
    target.begin(operation)
    try:
        with injected(hook):
            target.run(operation)
        told = "not noticed"
    except WriteError:
        told = "noticed"
    except BaseException as error:
        told = "broken"
        tally.violate(target.name, kind, f"{operation}, before {call.name} {call.number}: {error!r}")
    safe = kept(target.path)
    when = "before we write" if call.number < first else "while we write"
    tally.add(target.name, kind, f"{when}: {told}, theirs is {'kept' if safe else 'LOST'}")
    look = target.worker.ask("look", str(target.path))
    if "error" in look and call.name == "truncate":
        # Nothing lies between the last look and this call: what is put there can only be cut off.
        tally.note(target.name, kind, "header of theirs without its directory")
    elif "error" in look or (target.path.is_file() and look["pixels"] != target.looks["original"]["pixels"]):
        tally.violate(target.name, kind, f"{operation}, before {call.name} {call.number}: {look}")
    if not safe and call.number < first:
        tally.violate(target.name, kind, f"{operation}, before {call.name} {call.number}: theirs is lost, {told}")
    if any(name.endswith(SPARE) for name in target.take()):
        tally.violate(target.name, kind, f"{operation}, before {call.name} {call.number}: a spare is left")
