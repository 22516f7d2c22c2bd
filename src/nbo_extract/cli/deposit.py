"""The command `deposit`: a folder of images in, a submission to the BioImage Archive out."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.cli.given_again import again
from nbo_extract.cli.group import FAILED, NOT_MET, OK, Refusal, complain
from nbo_extract.cli.inputs import find_images
from nbo_extract.cli.jobs import job_for
from nbo_extract.cli.listed import Chosen
from nbo_extract.cli.looking import Looking
from nbo_extract.cli.report import bare_for, date_of_environment, settings_of
from nbo_extract.cli.work import Task
from nbo_extract.config_keys import STUDY
from nbo_extract.counting import counted
from nbo_extract.deposit.study import StudyError, load_study
from nbo_extract.errors import WriteError
from nbo_extract.stores import is_url
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.deposit.assemble import Grouping
    from nbo_extract.deposit.gather import Entry, Gathered
    from nbo_extract.deposit.making import Material, Wishes
    from nbo_extract.deposit.part import Part
    from nbo_extract.deposit.place import How
    from nbo_extract.deposit.renames import Plan
    from nbo_extract.deposit.study import Told
    from nbo_extract.report.render import Report
    from nbo_extract.walk import Walk

#: Above these the archive's web page is the wrong way to upload: files, and bytes of one.
_WEB_FILES, _WEB_BYTES = 1000, 1 << 30
_TITLE = "Images"
_UNREAD = "nothing is written: an image that cannot be read is not left out silently; --exclude leaves it out"
#: Options of a submission that is begun which are of no use when it is made.
_OF_BEGINNING = ("init", "workers")


def run(
    *,
    folder: str,
    output: str | None,
    init: bool,
    check: bool,
    study: str | None,
    draft: bool,
    fix_names: str | None,
    how: How,
    columns: tuple[str, ...] | None,
    others: bool,
    md5: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    **options: Any,
) -> int:
    """Make, begin or verify a submission, and return the exit code."""
    _refuse_folder(folder)
    if init and check:
        raise Refusal("--init begins a submission and --check verifies a finished one; give one of them")
    if check:
        return verify_folder(folder, output)
    study = study or os.path.join(folder, STUDY)
    chosen = Chosen(include, (*exclude, *_inside(output, folder)))
    if init:
        return begin(folder, study, output, chosen, **options)
    if output is None and fix_names != "propose":
        raise Refusal("where is the submission to be? give -o FOLDER")
    from nbo_extract.deposit.assemble import titles
    from nbo_extract.deposit.making import Wishes

    for column in columns or ():
        if column not in titles():
            raise Refusal(f"--columns: file lists have no column {column}; {meant(column, titles())}")
    job = _Deposit(folder, output or "", study, chosen, Wishes(how, md5, columns), options)
    return job.run(draft=draft, fix_names=fix_names, others=others)


def _refuse_folder(folder: str) -> None:
    if is_url(folder):
        raise Refusal(f"{folder}: a submission is made of a folder on this machine; copy it here first")
    if not os.path.isdir(folder):
        kind = "this is a file" if os.path.exists(folder) else "there is no such folder"
        raise Refusal(f"{folder}: {kind}; give the folder of the images")


def _inside(output: str | None, folder: str) -> tuple[str, ...]:
    """Return a pattern of what is written, where it lies in the folder of the images."""
    if output is None:
        return ()
    relative = os.path.relpath(os.path.realpath(output), os.path.realpath(folder)).replace(os.sep, "/")
    if relative == ".":
        raise Refusal(f"{output}: the submission cannot be made where the images are; choose another -o")
    return () if relative.startswith("../") else (f"./{relative}",)


def today() -> str:
    """Return the day of today, or that of SOURCE_DATE_EPOCH."""
    return date_of_environment() or date.today().isoformat()


# -- verifying --------------------------------------------------------------------------------------------------------


def verify_folder(folder: str, output: str | None) -> int:
    """Verify a finished submission."""
    from nbo_extract.deposit.verify import verify

    if output is not None:
        raise Refusal("--check writes nothing; leave -o out, and give the folder of the submission")
    found = verify(folder, today())
    for problem in found.problems:
        complain(problem)
    number = f"{counted(found.files, 'file')}, {found.listed:,} of them in file lists"
    if found.problems:
        wrong = counted(len(found.problems), "thing")
        sys.stdout.write(f"{folder}: {wrong} to be mended ({number})\n")
        return NOT_MET
    sys.stdout.write(f"{folder}: the archive's rules are kept, checksums agree ({number})\n")
    return OK


# -- beginning --------------------------------------------------------------------------------------------------------


def begin(folder: str, study: str, output: str | None, chosen: Chosen, **options: Any) -> int:
    """Write a new ``study.toml`` with what the images state."""
    from nbo_extract.deposit.assemble import grouped_by_setting
    from nbo_extract.deposit.study_init import new_study
    from nbo_extract.writers.sidecar import write_sidecar

    if output is not None:
        raise Refusal("--init writes study.toml into the folder of the images; give --study FILE for another place")
    if os.path.lexists(study):
        raise Refusal(f"{study} is there already and is not overwritten; fill it in, or move it away")
    found = find_images([folder], options["reader"], chosen, sidecars="found")
    reading = _Reading(folder, found, options)
    parts = reading.read({})
    if reading.looking.failures:
        return FAILED
    command = again("nbo-extract", "deposit", folder, "-o", "submission", leave=_OF_BEGINNING)
    write_sidecar(Path(study), new_study(parts, grouped_by_setting(parts), command))
    sys.stdout.write(f"wrote {study}, for {counted(len(parts), 'image')}: fill it in, then give {command}\n")
    return OK


class _Reading:
    """Reads all images of a folder.

    Parameters
    ----------
    folder : str
    found : Walk
    options : dict
    """

    def __init__(self, folder: str, found: Walk, options: dict[str, Any]) -> None:
        given = dict(options)
        workers = given.pop("workers")
        paths = [u.path for u in found.units]
        job = job_for("deposit", paths, alone=len(paths) == 1, tier=None, **given)
        self.looking = Looking(found, [], job, workers)
        self.folder = folder
        self.report: Report | None = None

    def read(self, targets: dict[str, str]) -> dict[str, Part]:
        """Return what a submission says of each image, by its path from the folder.

        Parameters
        ----------
        targets : dict of str to str
            Path of an image to that of its NBO documents, without endings; without them none are written.
        """
        units = self.looking.found.units
        self.looking.tasks = [Task(u.path, targets.get(u.relative, ""), u.files) for u in units]
        bare = bare_for([self.folder], self.looking.tasks, self.looking.job)
        parts: dict[str, Part] = {}
        for unit, outcome in zip(units, self.looking.outcomes(), strict=True):
            if outcome.part is None or outcome.report is None:
                continue
            parts[unit.relative] = outcome.part
            if self.report is not None:
                self.report.add(replace(bare.report(outcome.report), path=unit.relative), outcome.part)
        return parts


def _tell(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        complain(sentence)


# -- making -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Deposit:
    """One submission that is made."""

    folder: str
    output: str
    study: str
    chosen: Chosen
    wishes: Wishes
    options: dict[str, Any]

    def run(self, *, draft: bool, fix_names: str | None, others: bool) -> int:
        from nbo_extract.deposit.gather import gather, told_of_others

        found = find_images([self.folder], self.options["reader"], self.chosen, sidecars="found")
        skip = [*self.options["hardware"], self.study, *([self.output] if self.output else [])]
        gathered = gather(self.folder, found.units, skip, others=others, exclude=self.chosen.exclude)
        names, plan, wrong = self.names(gathered, found, fix_names)
        if fix_names == "propose":
            return _propose(gathered, names, plan)
        from nbo_extract.deposit.staging import refuse_foreign

        try:
            refuse_foreign(self.output)
        except WriteError as error:
            raise Refusal(error.message) from error
        told, missing = self.told(draft=draft)
        _tell(told_of_others(gathered, taken=others))
        grouping = self.grouping(gathered, told)
        divided = grouping.problems if grouping is not None else []
        problems = [*found.problems, *gathered.problems, *wrong, *missing, *divided]
        if told is None:
            return _nothing_written(problems)
        if problems:
            return self.look(found, told, problems, draft=draft)
        return self.make(gathered, found, told, grouping, names, plan, draft=draft)

    def grouping(self, gathered: Gathered, told: Told | None) -> Grouping | None:
        """Divide the images into study components as the user says; None where nothing is said."""
        from nbo_extract.deposit.assemble import grouped_by_user

        if told is None or not told.portions:
            return None
        owners = list(dict.fromkeys(e.owner for e in gathered.entries))
        return grouped_by_user(told.portions, owners, os.path.basename(self.study))

    def look(self, found: Walk, told: Told, problems: list[str], *, draft: bool) -> int:
        """Look at all images where something is wrong already, so that each thing is told in one run."""
        reading = _Reading(self.folder, found, self.options)
        parts = reading.read({})
        _, wrong = self.acquired(parts, told, draft=draft)
        code = _nothing_written([*problems, *wrong])
        if reading.looking.failures:
            complain(_UNREAD)
            return FAILED
        return code

    def acquired(self, parts: dict[str, Part], told: Told, *, draft: bool) -> tuple[dict[str, Part], list[str]]:
        """Add what the user says of how images were taken; and what is wrong with it, or not said by anybody."""
        from nbo_extract.deposit.ways import completed, unstated

        said = os.path.basename(self.study)
        parts, wrong = completed(parts, told.ways, said)
        return parts, wrong if draft else [*wrong, *unstated(parts, said)]

    def names(
        self, gathered: Gathered, found: Walk, fix_names: str | None
    ) -> tuple[dict[str, str], Plan | None, list[str]]:
        """Return the names that are changed, how references are kept right, and what the archive would refuse."""
        from nbo_extract.deposit.names import clashes, problems, propose
        from nbo_extract.deposit.renames import plan_renames

        wanted = [e.wanted for e in gathered.entries]
        proposed = propose(wanted)
        if not proposed:
            return {}, None, []
        if fix_names is None:
            told = [p.sentence for path in wanted for p in problems(path)]
            told += [c.sentence for c in clashes(wanted)]
            told += [
                f"{old}: could be called {new}; --fix-names apply does so in the submission"
                for old, new in proposed.items()
            ]
            return {}, None, told
        files = {
            e.relative: proposed[e.wanted] for e in gathered.entries if e.wanted in proposed and not e.is_directory
        }
        sets = _sets(gathered.entries)
        plan = plan_renames(self.folder, files, sets, submitted=[e.relative for e in gathered.entries])
        return proposed, plan, [sentence for _, sentence in plan.refused]

    def told(self, *, draft: bool) -> tuple[Told | None, list[str]]:
        """Read what is said of the study; and what the archive asks for and is not said."""
        from nbo_extract.deposit.model import Study
        from nbo_extract.deposit.study import Told

        if not os.path.lexists(self.study):
            if draft:
                return Told(Study("")), []
            return None, [
                f"{self.study} is not there: nbo-extract deposit --init {self.folder} writes one to be filled in; "
                "--draft makes file lists and texts for the form without it"
            ]
        try:
            told = load_study(self.study, today())
        except StudyError as error:
            lacking = error.told.missing if error.told is not None and not draft else ()
            return error.told, [*error.problems, *lacking]
        return told, [] if draft else list(told.missing)

    def make(
        self, gathered: Gathered, found: Walk, told: Told, grouping: Grouping | None, names: dict[str, str],
        plan: Plan | None, *, draft: bool,
    ) -> int:  # fmt: skip
        """Make the submission and put it in its place; nothing is written where anything is wrong."""
        from nbo_extract.deposit.assemble import grouped_by_setting
        from nbo_extract.deposit.making import REPORT, Material, make, metadata_stem
        from nbo_extract.deposit.staging import staged
        from nbo_extract.deposit.ways import acquisitions_of
        from nbo_extract.report.render import Report

        owners = list(dict.fromkeys(e.owner for e in gathered.entries))
        try:
            with staged(self.output) as stage:
                reading = _Reading(self.folder, found, self.options)
                reading.report = Report(settings_of(told.study.title or _TITLE, "", reading.looking.job))
                mains = {e.relative: e.wanted for e in gathered.entries if e.image and e.relative == e.owner}
                targets = {r: str(stage.path / metadata_stem(names, wanted)) for r, wanted in mains.items()}
                parts = reading.read(targets)
                if reading.looking.failures:
                    complain(_UNREAD)
                    return FAILED
                parts, wrong = self.acquired(parts, told, draft=draft)
                if wrong:
                    return _nothing_written(wrong)
                grouping = grouping or grouped_by_setting(parts, owners)
                material = Material(gathered.entries, parts, acquisitions_of(parts), grouping, told, names, plan)
                page = reading.report.html().encode("utf-8", errors="backslashreplace")
                (stage.path / REPORT).write_bytes(page)
                submission = make(stage.path, material, self.wishes)
                stage.done = True
        except WriteError as error:
            complain(error.message)
            return FAILED
        return self.finish(material, len(submission.acquisitions), len(submission.components))

    def finish(self, material: Material, acquisitions: int, components: int) -> int:
        """Verify what was made, and say what it is."""
        from nbo_extract.deposit.verify import verify

        checked = verify(self.output, today(), contents=False)
        _tell(checked.problems)
        sizes = [e.size for e in material.entries]
        lines = [
            f"wrote {self.output}: {counted(len(material.parts), 'image')} in {counted(len(sizes), 'file')}, "
            f"{sum(sizes):,} bytes",
            f"  {counted(acquisitions, 'way')} of taking them, {counted(components, 'study component')}",
        ]
        lines += [f"  {old} is called {new} there" for old, new in material.names.items()]
        if len(sizes) > _WEB_FILES or max(sizes, default=0) > _WEB_BYTES:
            lines.append("  upload it by Aspera or FTP: it is too much for the archive's web page")
        sys.stdout.write("\n".join(lines) + "\n")
        if checked.problems:
            complain(
                f"{self.output} is a draft: {counted(len(checked.problems), 'thing')} to be mended before it is sent"
            )
        return OK


def _sets(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Return the files of each image that has several, the image itself first."""
    found: dict[str, list[str]] = {}
    for entry in sorted(entries, key=lambda e: e.relative != e.owner):
        if entry.image and not entry.is_directory:
            found.setdefault(entry.owner, []).append(entry.relative)
    return [tuple(files) for files in found.values()]


def _nothing_written(problems: Sequence[str]) -> int:
    _tell(problems)
    number = counted(len(problems), "thing is", "things are")
    complain(f"nothing is written: {number} to be mended first")
    return NOT_MET


def _propose(gathered: Gathered, names: dict[str, str], plan: Plan | None) -> int:
    """Print which names would be changed, as a table; 1 where there are any."""
    for old, new in names.items():
        sys.stdout.write(f"{old}\t{new}\n")
    if plan is not None:
        _tell(sentence for _, sentence in plan.refused)
    if not names:
        complain(f"the archive takes all {len(gathered.entries)} names as they are")
    return NOT_MET if names else OK
