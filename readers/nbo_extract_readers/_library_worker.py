"""Asks bioio's plug-ins, or aicsimageio, about images: a program of its own, in a process of its own.

It runs under whichever Python has the library, so it imports nothing of nbo-extract and nothing that Python 3.10 does
not have. Questions come as lines of JSON on standard input, each is answered by one line of JSON; the first line says
what can be asked. It ends with its input.

    python _library_worker.py LIBRARY BYTES

LIBRARY is ``bioio`` or ``aicsimageio``; BYTES is the memory that it may use, 0 for any.

A question is ``{"path", "seconds", "known", "plugins"}``: names of the roots of XML with which a caller is content, and
for bioio a list of (name, module, whether its OME may be used) in the order in which the plug-ins are to be tried. An
answer has ``raw`` (``{"kind": "xml", "text", "own"}`` or ``{"kind": "tree", "value"}``), ``ome`` (text), ``structure``
(a list of images), ``by`` (plug-in), ``versions`` and ``lost`` (what could not be asked, one line each); or ``error``.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import faulthandler
import importlib
import json
import logging
import os
import re
import sys
import warnings
from importlib import metadata
from typing import Any, TextIO

LARGEST_TEXT = 128 << 20
LONGEST_LIST = 4096
MOST_VALUES = 200_000
DEEPEST = 60
MOST_IMAGES = 1000
# Readers whose OME is the document in the file itself, not their translation of something else.
OWN_OME = ("bioio-ome-tiff", "bioio-ome-tiled-tiff", "OmeTiffReader", "OmeTiledTiffReader")
# Names that the libraries make where a file has none.
_MADE_UP = re.compile(r"(?:Image|Channel|Scene)(?::\d+)+\Z")
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)[\s/>]")


class Refused(Exception):
    """No reader takes the file; the text is one line."""


def main() -> None:
    """Answer until the input ends."""
    library, limit = sys.argv[1], int(sys.argv[2])
    questions, answers = _channel()
    _quiet()
    if limit:
        _limit_memory(limit)
    try:
        opener: Any = {"bioio": Plugins, "aicsimageio": Legacy}[library]()
    except Exception as error:
        _say(answers, {"error": one_line(error)})
        return
    _say(answers, {"versions": opener.versions})
    for line in questions:
        question = json.loads(line)
        # What hangs in a library cannot be interrupted; this ends the process also where the caller is gone.
        faulthandler.dump_traceback_later(question["seconds"] + 10, exit=True)
        answer = _answered(opener, question)
        faulthandler.cancel_dump_traceback_later()
        _say(answers, answer)


def _channel() -> tuple[TextIO, TextIO]:
    """Return input and output, and lead what libraries print elsewhere."""
    questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return questions, answers


def _quiet() -> None:
    import signal

    # Ctrl-C reaches the caller, which ends this process in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    # Of Linux the limit that leaves out files that are only mapped.
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    hard = resource.getrlimit(kind)[1]
    try:
        resource.setrlimit(kind, (limit if hard < 0 else min(limit, hard), hard))
    except (OSError, ValueError):
        return


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    try:
        text = json.dumps(answer)
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        text = json.dumps({"error": one_line(error)})
    answers.write(text + "\n")
    answers.flush()


def _answered(opener: Any, question: dict[str, Any]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = opener.ask(question)
        return answer
    except Refused as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "it needs more memory than it may use", "memory": True}
    except Exception as error:
        return {"error": one_line(error)}


def one_line(error: BaseException) -> str:
    """Return an error as one line of at most 200 characters."""
    # Both libraries repeat the path in front of the reason.
    text = " ".join(str(getattr(error, "msg_extra", None) or error).split())
    name = type(error).__name__
    text = f"{name}: {text}" if text else name
    return text if len(text) <= 200 else text[:197] + "..."


# -- the libraries ----------------------------------------------------------------------------------------------------


class Plugins:
    """The reader plug-ins of bioio, each asked directly: one that is broken does not cost the others."""

    def __init__(self) -> None:
        importlib.import_module("bioio_base")
        self.versions = _versions("bioio", "bioio-base")

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer a question by the first plug-in that takes the file."""
        reasons = []
        for name, module, translates in question["plugins"]:
            try:
                reader = importlib.import_module(module).ReaderMetadata.get_reader()(question["path"])
                answer = describe(reader, question["path"], name, question["known"], translates)
            except MemoryError:
                raise
            except Exception as error:
                reasons.append(f"{name}: {one_line(error)}")
                continue
            return {**answer, "by": name, "versions": _versions("bioio", "bioio-base", name)}
        raise Refused("; ".join(reasons) or "no plug-in is for such a file")


class Legacy:
    """aicsimageio, as its users used it."""

    def __init__(self) -> None:
        self.library = importlib.import_module("aicsimageio")
        self.versions = _versions("aicsimageio", "aicspylibczi", "tifffile", "ome-types")

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer a question."""
        reader = self.library.AICSImage(question["path"]).reader
        name = type(reader).__name__
        if name in ("BioformatsReader", "BfioReader"):
            raise Refused("it would ask Bio-Formats, which nbo-extract asks itself: use --reader bioformats")
        return {
            **describe(reader, question["path"], name, question["known"], True),
            "by": name,
            "versions": self.versions,
        }


def _versions(*names: str) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


# -- what a reader knows ----------------------------------------------------------------------------------------------


def describe(reader: Any, path: str, name: str, known: list[str], translates: bool) -> dict[str, Any]:
    """Ask a reader of either library for what it knows of a file.

    The raw metadata come first. The translation to OME, which is lost as a whole where one field of it is wrong, and
    the extents are asked for only where the raw metadata are in no vocabulary that the caller knows.
    """
    answer: dict[str, Any] = {"lost": []}
    raw = _tried(answer, "metadata", lambda: _raw(reader.metadata))
    if raw is None and path.lower().endswith(".czi"):
        # Both libraries give none where the extents of the pixels confuse them.
        raw = _tried(answer, "raw metadata", lambda: _raw(importlib.import_module("aicspylibczi").CziFile(path).meta))
    if raw is not None:
        answer["raw"] = raw
        if raw["kind"] == "xml":
            raw["own"] = not raw.pop("made", False) or name in OWN_OME
            root = _ROOT.search(raw["text"][:4096])
            if root is not None and root.group(1) in known:
                if root.group(1) == "ImageDocument":
                    # The size of a scene stands in no XML.
                    answer["structure"] = _tried(answer, "scenes", lambda: _structure(reader)) or []
                return answer
    if translates:
        ome = _tried(answer, "ome_metadata", lambda: _checked(str(reader.ome_metadata.to_xml())))
        if ome:
            answer["ome"] = ome
            return answer
    answer["structure"] = _tried(answer, "scenes", lambda: _structure(reader, answer)) or []
    if raw is None and not answer["structure"]:
        raise Refused("; ".join(answer["lost"]) or "it has no metadata")
    return answer


def _tried(answer: dict[str, Any], what: str, call: Any) -> Any:
    try:
        return call()
    except MemoryError:
        raise
    except NotImplementedError:
        return None
    except Exception as error:
        answer["lost"].append(f"{what}: {one_line(error)}")
        return None


def _raw(value: Any) -> dict[str, Any] | None:
    """Return metadata of any form as XML or as a tree of plain values."""
    if value is None:
        return None
    if hasattr(value, "getroot"):
        value = value.getroot()
    if hasattr(value, "tag") and hasattr(value, "attrib"):
        if type(value).__module__.startswith("lxml"):
            text = importlib.import_module("lxml.etree").tostring(value, encoding="unicode")
        else:
            from xml.etree import ElementTree

            text = ElementTree.tostring(value, encoding="unicode")
        return {"kind": "xml", "text": _checked(text)}
    if hasattr(value, "to_xml"):
        return {"kind": "xml", "text": _checked(str(value.to_xml())), "made": True}
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and value.lstrip("\ufeff \t\r\n").startswith("<"):
        return {"kind": "xml", "text": _checked(value)}
    return {"kind": "tree", "value": Plain().of(value)}


def _checked(text: str) -> str:
    if len(text) > LARGEST_TEXT:
        raise ValueError(f"{len(text)} characters are more than may be handed over")
    return text


class Plain:
    """Turns whatever a library gives into what JSON can hold; leaves out arrays and what never ends."""

    def __init__(self) -> None:
        self.left = MOST_VALUES

    def of(self, value: Any, depth: int = 0) -> Any:
        """Return a plain value; None for what is none."""
        self.left -= 1
        if value is None or depth > DEEPEST or self.left < 0:
            return None
        if isinstance(value, enum.Enum):
            return value.name
        if getattr(value, "ndim", -1) == 0 and hasattr(value, "item"):
            value = value.item()
        if isinstance(value, (bool, int, float, str)):
            return value[:LARGEST_TEXT] if isinstance(value, str) else value
        if isinstance(value, bytes):
            return value[:LONGEST_LIST].split(b"\0", 1)[0].decode("utf-8", "replace")
        if isinstance(value, (datetime.datetime, datetime.date)):
            return value.isoformat()
        return self._many(value, depth)

    def _many(self, value: Any, depth: int) -> Any:
        if getattr(value, "ndim", 0) and hasattr(value, "tolist"):
            value = value.tolist() if value.size <= LONGEST_LIST else []
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = {f.name: getattr(value, f.name, None) for f in dataclasses.fields(value)}
        elif hasattr(value, "_asdict"):
            value = value._asdict()
        elif hasattr(value, "model_dump"):
            value = value.model_dump()
        if hasattr(value, "items"):
            return {str(k): self.of(v, depth + 1) for k, v in list(value.items())}
        if isinstance(value, (list, tuple, set, frozenset)):
            values = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
            return [self.of(v, depth + 1) for v in list(values)[:LONGEST_LIST]]
        return " ".join(str(value).split())[:LONGEST_LIST]


def _structure(reader: Any, answer: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the extents of each image; with an answer, its data type, named channels and scales with a unit, too."""
    images = []
    scenes = list(reader.scenes)
    for index, scene in enumerate(scenes[:MOST_IMAGES]):
        if len(scenes) > 1:
            reader.set_scene(index)
        dims = reader.dims
        sizes = {str(d): int(s) for d, s in zip(dims.order, dims.shape)}  # noqa: B905 - Python 3.10
        image: dict[str, Any] = {"name": _stated(scene), "sizes": sizes}
        images.append(image)
        if answer is None:
            continue
        image["type"] = str(reader.dtype)
        names = _tried(answer, "channel_names", lambda: list(reader.channel_names or ()))
        image["channels"] = [_stated(n) for n in names or ()]
        image["scales"] = _tried(answer, "scale", lambda: _scales(reader)) or {}
    return images


def _stated(name: Any) -> str:
    """Return a name that the file states; numbers and names that the libraries make up are none."""
    text = str(name) if isinstance(name, str) else ""
    return "" if _MADE_UP.match(text) else text


def _scales(reader: Any) -> dict[str, tuple[float, str]]:
    """Return scales in space by axis, with their units: without one a number is no length."""
    found = {}
    properties = reader.dimension_properties
    for axis in "XYZ":
        unit = getattr(getattr(properties, axis, None), "unit", None)
        scale = getattr(reader.scale, axis, None)
        if unit is not None and isinstance(scale, (int, float)):
            found[axis] = (float(scale), str(unit))
    return found


if __name__ == "__main__":
    main()
