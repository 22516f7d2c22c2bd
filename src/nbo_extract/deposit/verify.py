"""What the archive would refuse in a finished submission, and what has changed in it since it was made."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbo_extract.deposit import crate, crate_check, file_list, form, names, pagetab_read
from nbo_extract.deposit.gather import LARGEST
from nbo_extract.deposit.pagetab_tree import facts
from nbo_extract.deposit.place import digests, read_checksums
from nbo_extract.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGETAB: Final = {"tsv": "submission.pagetab.tsv", "json": "submission.pagetab.json"}
#: Lists of digests, by their kinds.
CHECKSUMS: Final = {"sha256": "checksums.sha256", "md5": "checksums.md5"}
_LISTS: Final = "file_list"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found.

    Attributes
    ----------
    problems : tuple of str
        What the archive would refuse, and what has changed; one sentence each.
    files, listed : int
        Number of files, and of those that file lists name.
    """

    problems: tuple[str, ...]
    files: int
    listed: int


def verify(folder: str, today: str, *, contents: bool = True) -> Verified:
    """Verify a submission.

    Parameters
    ----------
    folder : str
    today : str
        Day before which nothing can be released.
    contents : bool
        Whether all files are read and compared with their checksums.
    """
    job = _Verification(folder, today)
    return job.run(contents=contents)


class _Verification:
    """One look at one folder."""

    def __init__(self, folder: str, today: str) -> None:
        self.folder = folder
        self.today = today
        self.sizes = dict(_files(folder))
        self.folded: dict[str, str] = {p.casefold(): p for p in self.sizes}
        self.listed: set[str] = set()

    def run(self, *, contents: bool) -> Verified:
        found = [*self.of_names(), *self.of_lists(), *self.of_pagetab(), *self.of_crate(), *self.of_files()]
        found += self.of_checksums(contents=contents)
        return Verified(tuple(dict.fromkeys(found)), len(self.sizes), len(self.listed))

    def data(self, path: str) -> bytes:
        with open(os.path.join(self.folder, *path.split("/")), "rb") as stream:
            return stream.read()

    def text(self, path: str) -> str:
        return self.data(path).decode("utf-8", errors="replace")

    def read(self, path: str) -> str | None:
        return self.text(path) if self.has(path) else None

    def has(self, path: str) -> bool:
        return path in self.sizes

    # -- names and files ------------------------------------------------------------------------------------------

    def of_names(self) -> Iterator[str]:
        for path in self.sizes:
            for problem in names.problems(path):
                yield problem.sentence
        for clash in names.clashes(self.sizes):
            yield clash.sentence

    def of_files(self) -> Iterator[str]:
        own = {*PAGETAB.values(), *CHECKSUMS.values(), crate.METADATA, crate.FILE_LIST}
        stores: set[str] = set()
        for path, size in self.sizes.items():
            inside = path.partition(".zarr/")
            if inside[1]:
                stores.add(f"{inside[0]}.zarr")
            elif "/" in path and path not in self.listed and path not in own:
                yield f"{path}: no file list names it, so that the archive would not take it; list it, or take it away"
            if not size:
                yield f"{path}: the file is empty"
            elif size > LARGEST:
                yield f"{path}: {size:,} bytes are more than the 2 TB that one file may have"
            elif path.lower().endswith(".zarr.zip") and not inside[1]:
                yield from self.of_zip(path)
        for store in sorted(stores):
            yield f"{store}: an OME-Zarr is submitted as one ZIP, not as a folder; zip it"

    def of_zip(self, path: str) -> Iterator[str]:
        try:
            with zipfile.ZipFile(os.path.join(self.folder, path)) as archive:
                inside = archive.namelist()
        except (OSError, zipfile.BadZipFile) as error:
            yield f"{path}: this ZIP cannot be read ({error}); make the submission again"
            return
        if not any(name in ("zarr.json", ".zattrs", ".zgroup") for name in inside):
            yield f"{path}: no OME-Zarr is at the top of this ZIP; zip what is in the folder, not the folder"

    # -- lists ----------------------------------------------------------------------------------------------------

    def of_lists(self) -> Iterator[str]:
        lists = [p for p in self.sizes if "/" not in p and p.startswith(_LISTS) and p.endswith(".tsv")]
        if not lists:
            yield f"{self.folder}: there is no {_LISTS}.tsv; make the submission with nbo-extract deposit"
        for name in lists:
            read = file_list.read(self.data(name), name)
            for problem in read.problems:
                yield problem.sentence
            for row in read.rows:
                self.listed.add(row[0])
                yield from self.of_row(name, row[0])

    def of_row(self, name: str, path: str) -> Iterator[str]:
        if path in self.sizes or not path:
            return
        other = self.folded.get(path.casefold())
        if other is not None:
            yield f"{name}: {path} is called {other} here; the archive tells upper and lower case apart"
        else:
            yield f"{name}: {path} is not there; put it there, or take its row out"

    # -- what describes them --------------------------------------------------------------------------------------

    def of_pagetab(self) -> Iterator[str]:
        read = {}
        for form_, name in PAGETAB.items():
            if not self.has(name):
                yield f"{name} is not there; make the submission again"
                continue
            reader = pagetab_read.read_tsv if form_ == "tsv" else pagetab_read.read_json
            tree, problems = reader(self.text(name))
            read[form_] = tree
            for problem in problems:
                line = f", line {problem.line}" if problem.line else ""
                yield f"{name}{line}: {problem.message}"
        if len(read) == len(PAGETAB) and facts(read["tsv"]) != facts(read["json"]):
            yield f"{PAGETAB['tsv']} and {PAGETAB['json']} say different things; correct one of them"
        for form_, tree in list(read.items())[:1]:  # what the other says is the same, or told already
            for problem in form.check(tree, self.today, self.has, self.header):
                yield f"{PAGETAB[form_]}: {problem.message}"

    def header(self, path: str) -> tuple[str, ...]:
        return file_list.read(self.data(path), path).headers

    def of_crate(self) -> Iterator[str]:
        for name in (crate.METADATA, crate.FILE_LIST):
            if not self.has(name):
                yield f"{name} is not there; make the submission again"
        if self.has(crate.METADATA):
            for problem in crate_check.check_crate(self.text(crate.METADATA), self.read):
                if problem.severity == "error":
                    yield f"{crate.METADATA}: {problem.message}"

    # -- digests --------------------------------------------------------------------------------------------------

    def of_checksums(self, *, contents: bool) -> Iterator[str]:
        if not self.has(CHECKSUMS["sha256"]):
            yield f"{CHECKSUMS['sha256']} is not there; make the submission again"
        for kind, name in CHECKSUMS.items():
            if not self.has(name):
                continue
            stated, problems = read_checksums(self.text(name), name)
            yield from problems
            yield from (f"{name}: {path} is not there" for path in stated if path not in self.sizes)
            others = [p for p in self.sizes if p not in stated and p not in CHECKSUMS.values()]
            yield from (
                f"{path}: it has come since the submission was made, {name} does not name it" for path in others
            )
            if contents:
                yield from self.changed(kind, {p: d for p, d in stated.items() if p in self.sizes})

    def changed(self, kind: str, stated: dict[str, str]) -> Iterator[str]:
        for path, digest in stated.items():
            try:
                now = digests(os.path.join(self.folder, *path.split("/")), (kind,))[kind]
            except WriteError as error:
                yield error.message
                continue
            if now != digest:
                yield f"{path}: its content has changed since the submission was made"


def _files(folder: str) -> Iterable[tuple[str, int]]:
    """Yield all files, as paths with ``/``, and their sizes."""
    for root, folders, found in os.walk(folder):
        folders.sort()
        for name in sorted(found):
            path = os.path.join(root, name)
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            yield relative, os.stat(path).st_size if os.path.exists(path) else 0
