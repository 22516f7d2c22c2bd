"""Libraries that do what a file tells them to: plug-ins of bioio and an environment with aicsimageio, for tests.

A file that the mock readers read is JSON: ``metadata``, ``ome``, ``scenes`` (a list of name, axes, shape), ``type``,
``channels``, ``scales`` (axis to number and unit), and what goes wrong: ``raise``, ``sleep``, ``exit``, ``eat``.
"""

from __future__ import annotations

import sys
import textwrap
import venv
from typing import TYPE_CHECKING

from nbo_extract_readers.formats_adapters import python_in

if TYPE_CHECKING:
    from pathlib import Path

BASE = """
import json, os, sys, time, warnings
from collections import namedtuple

print("a library that prints")
warnings.warn("a library that warns")
Dims = namedtuple("Dims", "order shape")
Property = namedtuple("Property", "type unit")


class Axes:
    def __init__(self, values):
        self.__dict__.update(values)


class Ome:
    def __init__(self, text):
        self.text = text

    def to_xml(self):
        return self.text


class Reader:
    def __init__(self, path):
        with open(path, encoding="utf-8") as stream:
            self.told = json.load(stream)
        if self.told.get("raise"):
            raise ValueError(self.told["raise"])
        if self.told.get("sleep"):
            time.sleep(self.told["sleep"])
        if "exit" in self.told:
            os._exit(self.told["exit"])
        if self.told.get("eat"):
            bytearray(self.told["eat"])
        print("more output", os.getpid())
        self.scene = 0

    def set_scene(self, index):
        self.scene = index

    @property
    def metadata(self):
        value = self.told.get("metadata")
        if value == "object":
            return Ome(self.told["xml"])
        if value == "raises":
            raise RuntimeError("no\\nmetadata")
        if isinstance(value, str) and value.startswith("<"):
            from xml.etree import ElementTree

            return ElementTree.fromstring(value)
        return value

    @property
    def ome_metadata(self):
        if "ome" not in self.told:
            raise NotImplementedError
        if not self.told["ome"]:
            raise ValueError("36 validation errors")
        return Ome(self.told["ome"])

    @property
    def scenes(self):
        return [s[0] for s in self.told.get("scenes", ())]

    @property
    def dims(self):
        return Dims(*self.told["scenes"][self.scene][1:])

    @property
    def dtype(self):
        return self.told.get("type", "uint16")

    @property
    def channel_names(self):
        return self.told.get("channels")

    @property
    def scale(self):
        return Axes({a: s[0] for a, s in self.told.get("scales", {}).items()})

    @property
    def dimension_properties(self):
        return Axes({a: Property("space", s[1]) for a, s in self.told.get("scales", {}).items()})
"""

METADATA = """
class ReaderMetadata:
    @staticmethod
    def get_supported_extensions():
        return {suffixes}

    @staticmethod
    def get_reader():
        from bioio_base import Reader

        return Reader
"""

AICSIMAGEIO = """
from mock_base import Reader


class DefaultReader(Reader):
    pass


class BioformatsReader(DefaultReader):
    pass


class AICSImage:
    def __init__(self, path):
        reader = BioformatsReader if path.endswith(".stk") else DefaultReader
        self.reader = reader(path)
"""


def distribution(site: Path, name: str, entry: str = "") -> None:
    """Make the record of an installed distribution."""
    folder = site / f"{name.replace('-', '_')}-1.5.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    if entry:
        (folder / "entry_points.txt").write_text(f"[bioio.readers]\n{name} = {entry}\n")


def plugin(site: Path, name: str, suffixes: str, *, broken: bool = False) -> None:
    """Make a plug-in whose list of endings is this Python expression."""
    module = name.replace("-", "_")
    distribution(site, name, module)
    folder = site / module
    folder.mkdir()
    line = (
        "raise ImportError('broken on purpose')" if broken else f"from {module}.reader_metadata import ReaderMetadata"
    )
    (folder / "__init__.py").write_text(line + "\n")
    (folder / "reader_metadata.py").write_text(METADATA.format(suffixes=suffixes))


def bioio_site(folder: Path) -> Path:
    """Make a folder of packages with bioio's base and one plug-in, ``bioio-mock`` for files ``.mock``."""
    site = folder / "site"
    site.mkdir()
    (site / "bioio_base.py").write_text(BASE)
    distribution(site, "bioio-base")
    plugin(site, "bioio-mock", "['.mock', 'MCK']")
    return site


def aicsimageio_environment(folder: Path) -> str:
    """Make an environment with a mock of aicsimageio; return its Python."""
    venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    python = python_in(folder)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "Lib" / "site-packages" if sys.platform == "win32" else folder / "lib" / version / "site-packages"
    (site / "mock_base.py").write_text(BASE)
    (site / "aicsimageio.py").write_text(textwrap.dedent(AICSIMAGEIO))
    distribution(site, "aicsimageio")
    return str(python)
