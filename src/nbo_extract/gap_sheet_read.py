"""A filled gap sheet as statements. What is wrong in it is told by cell, and then nothing of it is used."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbo_extract.counting import counted
from nbo_extract.errors import HardwareError
from nbo_extract.findings import Finding
from nbo_extract.gap_cells import MAX_BYTES, Cells, address, read_cells
from nbo_extract.gap_rows import table
from nbo_extract.gap_sheet import EVERYWHERE, SEPARATOR, checksum, set_id, tied
from nbo_extract.hardware import read_bounded
from nbo_extract.model import Source
from nbo_extract.schema import load
from nbo_extract.statements import (
    Scope,
    Statement,
    StatementError,
    StatementSet,
    make_statement,
    parse_path,
    path_fits,
    some_values,
)

if TYPE_CHECKING:
    from pathlib import Path

_TOLD = 20


@dataclass(slots=True)
class _Answer:
    """A row that was filled in."""

    row: int
    texts: dict[str, str]
    key: dict[str, Any]
    files: tuple[str, ...]
    value: str
    called: str

    @property
    def cell(self) -> str:
        return address("Value", self.row)


def read_sheet(path: Path) -> StatementSet:
    """Read a filled gap sheet.

    Parameters
    ----------
    path : Path
        A workbook (.xlsx) or CSV that ``nbo-extract gaps`` wrote.

    Returns
    -------
    StatementSet

    Raises
    ------
    HardwareError
        If the file is no gap sheet, or an entry cannot be used; it names each cell.
    """
    data = read_bounded(path, MAX_BYTES, "the gap sheet", "a gap sheet has")
    cells = read_cells(path, data)
    reader = _Reader(path.name, cells)
    reader.run()
    problems = [*((c, f"{c}: {why}") for c, why in cells.problems), *reader.problems]
    if problems:
        told = list(dict.fromkeys(text for _, text in sorted(problems, key=lambda p: _place(p[0]))))
        more = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
        count = counted(len(told), "entry", "entries")
        raise HardwareError(
            f"{path}: {count} cannot be used: {'; '.join(told[:_TOLD])}{more}; correct them and run again"
        )
    if not reader.answers:
        raise HardwareError(f"{path}: nothing is filled in; write values into the column Value")
    return StatementSet(
        path.name, str(path), hashlib.sha256(data).hexdigest(), tuple(reader.statements), tuple(reader.left_out)
    )


def _place(cell: str) -> tuple[int, str]:
    return int(cell[1:]), cell[0]


class _Reader:
    def __init__(self, name: str, cells: Cells) -> None:
        self.name = name
        self.cells = cells
        self.sets = dict(cells.sets)
        self.answers: list[_Answer] = []
        self.problems: list[tuple[str, str]] = []
        self.statements: list[Statement] = []
        self.left_out: list[tuple[Scope, Finding]] = []
        self.kinds: dict[str, list[_Answer]] = {}
        self.fields: dict[str, str] = {}

    def run(self) -> None:
        keys = [(number, texts, self.key(number, texts)) for number, texts in self.cells.rows]
        self.learn_sets(keys)
        for number, texts, key in keys:
            if key is None:
                continue
            if "which" in key:
                self.fields[key["which"]] = texts["Field"].removesuffix(" (which kind)")
            if texts["Value"].strip():
                self.answer(number, texts, key)
        self.refuse_contradictions()
        for answer in self.answers:
            if "which" in answer.key:
                self.kinds.setdefault(answer.key["which"], []).append(answer)
        for answer in self.answers:
            self.state(answer)
        self.statements = list(dict.fromkeys(self.statements))

    def problem(self, cell: str, text: str) -> None:
        self.problems.append((cell, text))

    # -- rows and their keys --------------------------------------------------------------------------------------

    def key(self, number: int, texts: dict[str, str]) -> dict[str, Any] | None:
        """Return the key of a row, None for a row of notes without one."""
        cell = address("Key", number)
        if not texts["Key"].strip():
            if texts["Value"].strip():
                self.problem(cell, f"{cell}: this row has a value and no key; copy the key of the row that it is about")
            return None
        try:
            key = json.loads(texts["Key"])
            assert isinstance(key, dict)  # noqa: S101 - as good as no JSON
            found = dict(key)
            shown = tied(*(texts[n] for n in ("Microscope", "Channel", "Part", "Field")))
            fits = found.pop("sum") == checksum(shown, found)
        except (ValueError, KeyError, AssertionError, RecursionError, TypeError):
            self.problem(cell, f"{cell}: the key was altered; take it from the sheet that nbo-extract gaps wrote")
            return None
        if not fits:
            called = f"{texts['Field']} of {texts['Part']}"
            self.problem(cell, f"{cell}: the key does not belong to this row ({called}); were columns shifted?")
            return None
        return found

    def learn_sets(self, keys: list[tuple[int, dict[str, str], dict[str, Any] | None]]) -> None:
        """Learn which files the IDs of lists stand for: in a CSV they stand in the rows."""
        for name, (label, files) in self.cells.sets.items():
            if set_id(files) != name:
                self.problem("A1", f"the sheet Files was changed ({label}); take it from the one that was written")
        for _, texts, key in keys:
            files = tuple(texts["Images"].split(SEPARATOR))
            if key is not None and key.get("files") == set_id(files):
                self.sets.setdefault(key["files"], (texts["Images"], files))

    def answer(self, number: int, texts: dict[str, str], key: dict[str, Any]) -> None:
        called = f"{' '.join(texts['Field'].split())} of {' '.join(texts['Part'].split())}"
        files = self.files(number, texts, key)
        value = texts["Value"].strip()
        cell = address("Value", number)
        if "of" in key:
            known = {_folded(shown): meant for shown, meant in key["of"]}
            if _folded(value) not in known:
                allowed = some_values(shown for shown, _ in key["of"])
                self.problem(cell, f"{cell} ({called}): {value!r} is not among the values allowed, {allowed}")
                return
            value = known[_folded(value)]
        if files is not None:
            self.answers.append(_Answer(number, texts, key, files, value, called))

    def files(self, number: int, texts: dict[str, str], key: dict[str, Any]) -> tuple[str, ...] | None:
        """Return the patterns of the files that a row is about; empty for all images of the microscope."""
        text, cell = texts["Images"].strip(), address("Images", number)
        name = key.get("files")
        if name is None and text == EVERYWHERE:
            return ()
        label, known = self.sets.get(name or "", ("", ()))
        if name is not None and text == label.strip():
            return known
        if not text:
            self.problem(cell, f"{cell}: the row names no images; write their names, or * for all")
            return None
        given = [p.strip() for p in text.split(";") if p.strip()]
        everything = known or tuple(dict.fromkeys(f for _, files in self.sets.values() for f in files))
        found: list[str] = []
        for pattern in given:
            fitting = [f for f in everything if f == pattern or path_fits(_plain(f), pattern)]
            if everything and not fitting:
                self.problem(cell, f"{cell}: {pattern!r} is none of the images that this row is about")
                return None
            found += fitting or [pattern]
        return tuple(dict.fromkeys(found))

    def refuse_contradictions(self) -> None:
        """Refuse rows of one key that state different values of one file."""
        seen: dict[str, list[_Answer]] = {}
        for answer in self.answers:
            identity = json.dumps(answer.key, sort_keys=True)
            for other in seen.get(identity, ()):
                shared = set(answer.files) & set(other.files) or (not answer.files or not other.files)
                mine, others = (answer.value, answer.texts["Unit"]), (other.value, other.texts["Unit"])
                if shared and mine != others:
                    text = f"{answer.cell} ({answer.called}): {other.cell} states another value for the same images"
                    self.problem(answer.cell, text)
            seen.setdefault(identity, []).append(answer)

    # -- statements -----------------------------------------------------------------------------------------------

    def state(self, answer: _Answer) -> None:
        """Make statements of a row, for the files where it applies."""
        scope = self.applies(answer)
        key, path = answer.key, answer.key["at"]
        try:
            if scope is None:
                return
            if "which" in key:
                element = f"{path}/{answer.value}" if path else answer.value
                steps, _ = parse_path(element)
                if steps[-1].element not in load().references:
                    self.statements.append(self.made(answer, element, "", scope))
                return
            for target, value in self.values(answer):
                self.statements.append(self.made(answer, target, value, scope))
            self.describe_plane(answer, path, scope)
        except StatementError as error:
            self.problem(answer.cell, f"{answer.cell} ({answer.called}): {error}")

    def made(self, answer: _Answer, path: str, value: str, scope: Scope) -> Statement:
        source = Source("user", self.name, answer.cell, answer.texts["Value"].strip())
        unit = answer.texts["Unit"].strip() or None
        _, attribute = parse_path(path)
        return make_statement(path, value, unit if attribute else None, source=source, scope=scope)

    def values(self, answer: _Answer) -> list[tuple[str, str]]:
        """Return the addresses and values of a row: of planes, one value each."""
        path, planes = answer.key["at"], answer.key.get("planes")
        given = [v.strip() for v in answer.value.split(";")]
        if not planes or len(given) == 1:
            return [(path, answer.value)]
        if len(given) != planes:
            raise StatementError(f"there are {len(given)} values for {planes} planes")
        head, _, attribute = path.rpartition("/@")
        return [(f"{head}[{number}]/@{attribute}", value) for number, value in enumerate(given, 1)]

    def describe_plane(self, answer: _Answer, path: str, scope: Scope) -> None:
        """State which plane it is that a row adds: the first one."""
        steps, attribute = parse_path(path)
        if steps[-1].element != "Plane" or not steps[-1].added:
            return
        head = path.removesuffix(f"/@{attribute}")
        for name, value in table()["first_plane"].items():
            source = Source("user", self.name, answer.cell, rule="first-plane")
            self.statements.append(make_statement(f"{head}/@{name}", value, source=source, scope=scope))

    def applies(self, answer: _Answer) -> Scope | None:
        """Return the documents that a row is about, by the kinds that were chosen; None where it is left out."""
        key, files = answer.key, answer.files
        for label, kind in key.get("if", ()):
            chosen = self.kinds.get(label, [])
            fitting = [c for c in chosen if self.chosen(c) == kind]
            mine = [f for f in files if any(f in c.files for c in fitting)]
            if not mine:
                told = ", ".join(
                    dict.fromkeys(f"{c.cell} says {self.chosen(c)}" for c in chosen if set(c.files) & set(files))
                )
                field = self.fields.get(label, "the kind")
                why = told or "which kind it is was not said"
                text = (
                    f"{self.name} {answer.cell}: {answer.called} is for {field} {kind} alone, and {why}; it is left out"
                )
                finding = Finding("NBO331", "info", text, attribute=answer.texts["Field"], value=answer.value)
                self.left_out.append((Scope(files, key.get("scope", "")), finding))
                return None
            files = tuple(mine)
        return Scope(files, key.get("scope", ""))

    @staticmethod
    def chosen(answer: _Answer) -> str:
        return parse_path(answer.value)[0][0].element


def _plain(pattern: str) -> str:
    """Return the path that a pattern of the sheet stands for."""
    for character in "[*?;":
        pattern = pattern.replace(f"[{character}]", character)
    return pattern


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
