"""A dataset that faults are injected into, and the verdict on each content that they leave: for `inject_faults`."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import faults_worker
from nbo_extract import api
from nbo_extract.errors import NboExtractError
from nbo_extract.model import Source

if TYPE_CHECKING:
    from faults_system import Files
    from nbo_extract.model import Document

#: A spare of the writers: an interrupted run may leave it, and the next one takes it away.
SPARE = ".nbo-tmp"
OPERATIONS = ("embed", "again", "restore")


class Worker:
    """Makes and opens datasets in another process."""

    def __init__(self) -> None:
        command = [sys.executable, faults_worker.__file__]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *question: str) -> Any:
        """Return the answer to a question."""
        print(json.dumps(question), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError(f"the process that opens files ended at {question}")
        return json.loads(line)

    def close(self) -> None:
        """End it."""
        self.process.communicate()


@dataclass
class Verdict:
    """What one content of a dataset is, whatever led to it.

    Attributes
    ----------
    metadata : dict
        Hash of the metadata of each file.
    problems : list of str
        What does not hold; each is a violation.
    tail : list of str
        What does not hold to the byte only because bytes that nothing points to follow the original.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)


class Target:
    """One dataset in a folder of its own, in its undisturbed states.

    Attributes
    ----------
    path : Path
        What is embedded into.
    contents : dict
        Content by state: ``original``, ``A`` and ``B`` for the two documents.
    """

    def __init__(self, name: str, folder: Path, worker: Worker, *, java: bool) -> None:
        self.name = name
        self.worker = worker
        self.java = java and not name.startswith("zarr")
        self.folder = folder / name
        self.folder.mkdir()
        made = worker.ask("make", name, str(self.folder))
        if not isinstance(made, str):
            raise RuntimeError(f"{name} cannot be made: {made}")
        self.path = Path(made)
        document = api.extract(self.path, embedded=False)
        self.documents = {"A": _named(document, "A" * 3000), "B": _named(document, "B" * 5000)}
        self.contents = {"original": self.take()}
        for state in ("A", "B"):
            self.put("original")
            api.embed(self.path, self.documents[state])
            self.contents[state] = self.take()
        self.looks = {}
        for state in self.contents:
            self.put(state)
            self.looks[state] = self._look()
        if len({json.dumps(look) for look in self.looks.values()}) != 3:
            raise RuntimeError(f"the states of {name} do not differ: {self.looks}")
        self.by_java = self._java() if self.java else None
        self.verdicts: dict[str, Verdict] = {}

    def take(self) -> Files:
        """Return the content of the dataset."""
        files = sorted(f for f in self.folder.rglob("*") if f.is_file())
        return {str(f.relative_to(self.folder)): f.read_bytes() for f in files}

    def put(self, content: Files | str) -> None:
        """Give the dataset a content, or that of a state."""
        files = self.contents[content] if isinstance(content, str) else content
        for file in [f for f in self.folder.rglob("*") if f.is_file()]:
            if str(file.relative_to(self.folder)) not in files:
                file.unlink()
        for name, data in files.items():
            place = self.folder / name
            if not place.exists() or place.read_bytes() != data:
                place.write_bytes(data)

    def begin(self, operation: str) -> str:
        """Put what an operation starts from and return the state."""
        state = {"embed": "original", "again": "A", "restore": "B"}[operation]
        self.put(state)
        return state

    def run(self, operation: str, document: str = "B", *, other: bool = False) -> str:
        """Carry out an operation, by another file of the dataset if there is one; return what the writer says of it."""
        path = self.files()[-1] if other and self.path.is_file() else self.path
        if operation == "restore":
            return api.restore(path).state
        return api.embed(path, self.documents[document]).state

    def files(self) -> list[Path]:
        """Return the files of a dataset without spares."""
        return sorted(f for f in self.folder.rglob("*") if f.is_file() and not f.name.endswith(SPARE))

    def place(self, operation: str, content: Files) -> tuple[str, Verdict]:
        """Return whether a content is ``old``, ``new``, ``between`` or ``bad`` for an operation, and the verdict on it.

        Between are a dataset whose files are old and new, and, where a block replaces another, the original.
        """
        verdict = self.judge(content)
        start, end = {"embed": ("original", "B"), "again": ("A", "B"), "restore": ("B", "original")}[operation]
        allowed = [start, end] + (["original"] if operation == "again" else [])
        looks = [self.looks[state]["metadata"] for state in allowed]
        for word, look in zip(("old", "new", "between"), looks, strict=False):
            if verdict.metadata == look:
                return word, verdict
        mixed = verdict.metadata.keys() == looks[0].keys() and len(looks[0]) > 1
        if mixed and all(any(found == look[name] for look in looks) for name, found in verdict.metadata.items()):
            return "between", verdict
        return "bad", verdict

    def judge(self, content: Files) -> Verdict:
        """Return the verdict on a content; the same content is looked at once."""
        digest = hashlib.sha256()
        for name, data in sorted(content.items()):
            digest.update(f"{name} {len(data)} ".encode())
            digest.update(data)
        key = digest.hexdigest()
        if key not in self.verdicts:
            self.verdicts[key] = self._judge(content)
        return self.verdicts[key]

    def _judge(self, content: Files) -> Verdict:
        verdict = Verdict()
        names = {name for name in content if not name.endswith(SPARE)}
        if names != self.contents["original"].keys():
            verdict.problems.append(f"files are {sorted(names)}")
        self.put(content)
        look = self._look()
        if "error" in look:
            verdict.problems.append(look["error"])
            return verdict
        verdict.metadata = look["metadata"]
        if look["pixels"] != self.looks["original"]["pixels"]:
            verdict.problems.append("pixels differ")
        if self.java:
            found = self._java()
            if found != self.by_java:
                verdict.problems.append(f"Bio-Formats: {found}")
        try:
            api.extract(self.path)
        except NboExtractError as error:
            verdict.problems.append(f"reader: {error.message}")
        for operation, end in (("embed", "B"), ("restore", "original")):
            self.put(content)
            try:
                self.run(operation)
            except NboExtractError as error:
                verdict.problems.append(f"{operation} afterwards: {error.message}")
                continue
            self._compare(verdict, operation, end)
        return verdict

    def _compare(self, verdict: Verdict, operation: str, end: str) -> None:
        """Compare what a run after the fault left with what an undisturbed one leaves."""
        found, wanted = self.take(), self.contents[end]
        if found == wanted:
            return
        original = self.contents["original"]
        names = [name for name in wanted if found.get(name) != wanted[name]]
        text = f"{operation} afterwards leaves other bytes: {sorted({*names, *found.keys() ^ wanted.keys()})}"
        look = self._look()
        head = 16  # the header, which points to the first directory
        only_tail = found.keys() == wanted.keys() and all(
            found[name][head:].startswith(original[name][head:]) for name in names
        )
        same = look.get("pixels") == self.looks["original"]["pixels"]
        if operation == "restore":
            same = same and look.get("metadata") == self.looks["original"]["metadata"]
        (verdict.tail if only_tail and same else verdict.problems).append(text)

    def _look(self) -> dict[str, Any]:
        found: dict[str, Any] = self.worker.ask("look", str(self.path))
        return found

    def _java(self) -> dict[str, Any]:
        return {file.name: self.worker.ask("bioformats", str(file)) for file in self.files()}


def _named(document: Document, name: str) -> Document:
    """Return a Document that calls its first image so."""
    import copy

    made = copy.deepcopy(document)
    image = next(node for node in made.root.walk() if node.name == "Image")
    fact = image.facts["Name"] if "Name" in image.facts else image.facts["ID"]
    image.facts["Name"] = replace(fact, value=name, source=Source("hardware", "microscope.json"))
    return made
