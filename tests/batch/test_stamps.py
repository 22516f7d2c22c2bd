"""Marks that say whether an image, or what is done with it, has changed."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.batch.stamps import PARTS, Work, product, stamp
from nbo_extract.cli.work import Job

if TYPE_CHECKING:
    from pathlib import Path

#: Options of a job that change what is written.
CHANGES: list[dict[str, Any]] = [
    {"goal": "embed"},
    {"format": "json"},
    {"reader": "czi"},
    {"partial": True},
    {"skip_rules": ("all",)},
    {"planes": "none"},
    {"redact": True},
    {"matches": {"a": "b"}},
    {"prefer": frozenset({"Laser"})},
    {"sidecars": False},
    {"keep": False},
    {"tier": 2},
    {"extensions": ("core", "basic")},
    {"level": "should"},
    {"literal": True},
    {"convert": "ome-zarr"},
    {"compression": "zlib"},
    {"ngff": "0.5"},
    {"highest": True},
]
#: Options that do not.
SAME = ["dry_run", "backup", "verify_pixels", "follow_links", "remember", "strict"]


def later(path: Path) -> None:
    """Change the time of a file alone."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def test_a_file_by_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"abc")
    os.utime(path, ns=(0, 1_234))
    assert stamp(str(path)) == "3:1234"
    later(path)
    assert stamp(str(path)) == "3:1235"
    path.write_bytes(b"abcd")
    os.utime(path, ns=(0, 1_235))
    assert stamp(str(path)) == "4:1235"


def test_what_is_not_there_has_none(tmp_path: Path) -> None:
    assert stamp(str(tmp_path / "none.tif")) == ""
    (tmp_path / "empty.zarr").mkdir()
    assert stamp(str(tmp_path / "empty.zarr")) == ""


def test_each_file_of_a_set_counts(tmp_path: Path) -> None:
    names = [tmp_path / n for n in ("a.tif", "b.tif", "c.tif")]
    for path in names:
        path.write_bytes(b"x")
    files = [str(p) for p in names[1:]]
    seen = {stamp(str(names[0]), files)}
    for path in names:
        later(path)
        seen.add(stamp(str(names[0]), files))
    names[2].unlink()
    seen.add(stamp(str(names[0]), files))
    assert len(seen) == 5
    # One that is missing is not the same as one that is not of the set.
    assert stamp(str(names[0]), files) != stamp(str(names[0]), files[:1])


def test_a_folder_by_its_metadata(tmp_path: Path) -> None:
    store = tmp_path / "a.ome.zarr"
    (store / "0" / "0").mkdir(parents=True)
    (store / ".zattrs").write_text("{}")
    (store / "0" / ".zarray").write_text("{}")
    (store / "0" / "0" / "0").write_bytes(b"pixels")
    before = stamp(str(store))
    assert before
    # Pixels are not looked at: a plate may have a million of such files.
    (store / "0" / "0" / "0").write_bytes(b"other pixels")
    assert stamp(str(store)) == before
    later(store / ".zattrs")
    assert stamp(str(store)) != before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows names are Unicode")
def test_any_name(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(str(tmp_path)) + b"/\xe9\n.tif")
    with open(path, "wb") as stream:
        stream.write(b"abc")
    assert stamp(path).startswith("3:")


# -- what is done -----------------------------------------------------------------------------------------------------


def test_the_parts_have_words() -> None:
    digests = Work(Job("write")).of("a.tif")
    assert digests.keys() == PARTS.keys()
    assert digests["config"] == ""
    assert digests["product"] == product()


@pytest.mark.parametrize("changed", CHANGES)
def test_what_changes_what_is_written_is_told(changed: dict[str, Any]) -> None:
    job = Job("write")
    before, after = Work(job).of("a.tif"), Work(replace(job, **changed)).of("a.tif")
    assert {name for name in PARTS if before[name] != after[name]} == {"options"}


@pytest.mark.parametrize("name", SAME)
def test_what_changes_nothing_is_not(name: str) -> None:
    job = Job("write")
    other: dict[str, Any] = {name: not getattr(job, name)}
    changed = replace(job, **other)
    assert Work(job).of("a.tif") == Work(changed).of("a.tif")
    assert Work(replace(job, threads=8)).of("a.tif") == Work(job).of("a.tif")
    assert Work(replace(job, named=frozenset({"gaps.csv"}))).of("a.tif") == Work(job).of("a.tif")


def test_every_option_is_one_or_the_other() -> None:
    known = {name for changed in CHANGES for name in changed} | {
        *SAME, "threads", "hardware", "named", "configured", "profile", "keys"
    }  # fmt: skip
    assert {f.name for f in fields(Job)} == known


def test_the_same_in_every_process() -> None:
    """Sets and dicts have another order in each process."""
    code = (
        "from nbo_extract.batch.stamps import Work; from nbo_extract.cli.work import Job; "
        "j = Job('write', prefer=frozenset(map(str, range(50))), matches={'b': 'c', 'a': 'd'}); "
        "print(Work(j).of('a.tif'))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert "options" in told.pop()


def test_a_job_that_has_travelled_is_the_same() -> None:
    job = Job("write", matches={"a": "b"}, prefer=frozenset({"x", "y"}))
    assert Work(pickle.loads(pickle.dumps(job))).of("a.tif") == Work(job).of("a.tif")  # noqa: S301
