"""Making a submission: all files in their places, what describes them, and their checksums."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nbo_extract.deposit.assemble import Placed, assemble
from nbo_extract.deposit.crate import FILE_LIST, to_crate
from nbo_extract.deposit.crate import METADATA as CRATE
from nbo_extract.deposit.file_list import lists
from nbo_extract.deposit.form_texts import form_texts
from nbo_extract.deposit.gather import DATA, METADATA
from nbo_extract.deposit.pagetab import to_json, to_tsv
from nbo_extract.deposit.place import checksums, digests, put, zip_store
from nbo_extract.deposit.verify import CHECKSUMS, PAGETAB

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nbo_extract.deposit.assemble import Grouping
    from nbo_extract.deposit.gather import Entry
    from nbo_extract.deposit.model import Acquisition, Submission
    from nbo_extract.deposit.part import Part
    from nbo_extract.deposit.place import How
    from nbo_extract.deposit.renames import Plan
    from nbo_extract.deposit.study import Told

#: Texts for the form, and the report on all images.
FORM, REPORT = "rembi.md", "report.html"
_FORMS: Final = {"xml": "NBO metadata (XML)", "json": "NBO metadata (JSON)"}
_IMAGE, _MEMBER, _OTHER = "image", "part of an image", "other"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user wants of a submission.

    Attributes
    ----------
    how : {'link', 'copy', 'symlink'}
    md5 : bool
        Whether MD5 digests are written, too.
    columns : tuple of str or None
        Titles of columns of file lists; None for those that vary.
    """

    how: How = "link"
    md5: bool = False
    columns: tuple[str, ...] | None = None


@dataclass(slots=True)
class Material:
    """What a submission is made of.

    Attributes
    ----------
    entries : sequence of Entry
    parts : dict of str to Part
    acquisitions : dict of Acquisition to Acquisition
    grouping : Grouping
    told : Told
    names : dict of str to str
        Paths of entries, as the archive is to see them, where they are not as they are.
    plan : Plan or None
        How what refers to renamed files is kept right.
    """

    entries: Sequence[Entry]
    parts: Mapping[str, Part]
    acquisitions: Mapping[Acquisition, Acquisition]
    grouping: Grouping
    told: Told
    names: Mapping[str, str] = field(default_factory=dict)
    plan: Plan | None = None

    def place(self, entry: Entry) -> str:
        """Return the path of a file within the submission."""
        return f"{DATA}/{self.names.get(entry.wanted, entry.wanted)}"


def metadata_stem(names: Mapping[str, str], wanted: str) -> str:
    """Return the path of the NBO documents of an image within a submission, without ``.xml`` or ``.json``."""
    return f"{METADATA}/{names.get(wanted, wanted)}.nbo"


def make(folder: Path, material: Material, wishes: Wishes) -> Submission:
    """Make a submission in an empty folder, in which the NBO documents and the report are already.

    Raises
    ------
    WriteError
        If anything cannot be written.
    """
    kinds = ("sha256", "md5") if wishes.md5 else ("sha256",)
    if material.plan is not None:
        material.plan.apply(folder / DATA)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        placed = list(threads.map(lambda e: _place(folder, e, material, wishes, kinds), material.entries))
        written = [
            (f"{metadata_stem(material.names, e.wanted)}.{form}", e.owner, text)
            for e in material.entries
            if e.image and e.relative == e.owner
            for form, text in _FORMS.items()
        ]
        found = list(threads.map(lambda w: _seen(folder, w[0], kinds), written))
    if material.plan is not None:
        material.plan.verify(folder / DATA)
    known = {p.path: made for p, made in placed} | {w[0]: f for w, f in zip(written, found, strict=True)}
    files = [p for p, _ in placed] + [
        Placed(path, os.stat(folder / path).st_size, known[path]["sha256"], "metadata", text, owner)
        for path, owner, text in written
    ]
    submission = assemble(material.told, material.parts, material.acquisitions, material.grouping, files)
    for name, text in describe(submission, wishes.columns).items():
        (folder / name).write_bytes(text.encode("utf-8"))
    for name in sorted(os.listdir(folder)):
        if (folder / name).is_file():
            known[name] = _seen(folder, name, kinds)
    for kind in kinds:
        listed = checksums({path: made[kind] for path, made in known.items()})
        (folder / CHECKSUMS[kind]).write_bytes(listed.encode("utf-8"))
    return submission


def describe(submission: Submission, columns: tuple[str, ...] | None) -> dict[str, str]:
    """Return the texts that describe a submission, by their names."""
    crate, crate_list = to_crate(submission)
    return {
        **lists(submission, columns),
        PAGETAB["tsv"]: to_tsv(submission),
        PAGETAB["json"]: to_json(submission),
        CRATE: crate,
        FILE_LIST: crate_list,
        FORM: form_texts(submission),
    }


def _seen(folder: Path, path: str, kinds: Sequence[str]) -> dict[str, str]:
    return digests(str(folder / path), kinds)


def _place(
    folder: Path, entry: Entry, material: Material, wishes: Wishes, kinds: Sequence[str]
) -> tuple[Placed, dict[str, str]]:
    """Bring one file to its place, and say what is there."""
    path = material.place(entry)
    target = folder / path
    if entry.is_directory:
        zip_store(entry.source, target)
    elif material.plan is None or path.removeprefix(f"{DATA}/") not in material.plan.rewritten:
        put(entry.source, target, wishes.how)
    made = digests(str(target), kinds)
    main = entry.relative == entry.owner
    kind = _OTHER if not entry.image else _IMAGE if main else _MEMBER
    original = entry.relative if entry.wanted in material.names else ""
    size = os.stat(target).st_size
    return Placed(path, size, made["sha256"], "image" if entry.image else "other", kind, entry.owner, original), made
