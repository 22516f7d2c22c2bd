"""What the tests of the embedding writers share: blocks, images made with tifffile, and a system that fails."""

from __future__ import annotations

import errno
import hashlib
from typing import TYPE_CHECKING, Any, Literal

from nbo_extract.writers._system import System
from nbo_extract.writers.block import Block

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

NBO = "http://www.NamespaceTest.org/Schemas/NBO/2020-11"


def make_block(name: str = "µscope", **more: Any) -> Block:
    """Return a block whose document names an instrument."""
    fields: dict[str, Any] = {
        "nbo_xml": f'<nbo:OME xmlns:nbo="{NBO}">\n  <nbo:Instrument ID="Instrument:0" Name="{name}"/>\n</nbo:OME>',
        "provenance_json": f'{{"Instrument:0/Name": ["µ", "<&>", "{name}"]}}',
        "jsonld": f'{{\n  "@type": "OME", "Name": "{name}", "Magnification": 63.0, "tiny": 1e-9\n}}\n',
        "product_version": "1.2.3",
    }
    return Block(**{**fields, **more})


def sha(path: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_image(path: Path, kind: str, *, big: bool = False, order: Literal["<", ">"] = "<") -> NDArray[np.uint16]:
    """Write an OME-TIFF of 2 channels and 3 planes and return its pixels."""
    import numpy as np
    import tifffile

    pixels = np.arange(2 * 3 * 64 * 96, dtype=np.uint16).reshape(2, 3, 64, 96)
    how: dict[str, Any] = {"photometric": "minisblack"}
    if kind in ("tiled", "pyramid"):
        how["tile"] = (32, 32)
    if kind == "compressed":
        how |= {"compression": "zlib", "rowsperstrip": 16}
    if kind == "strips":
        how["rowsperstrip"] = 16
    below = 2 if kind == "pyramid" else 0
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order, ome=True) as writer:
        writer.write(pixels, subifds=below, metadata={"axes": "CZYX", "Channel": {"Name": ["µ", "GFP"]}}, **how)
        for level in range(1, below + 1):
            writer.write(pixels[:, :, :: 2**level, :: 2**level], subfiletype=1, **how)
    return pixels


def data_ranges(path: Path) -> list[tuple[int, int, str]]:
    """Return offset, size and hash of each strip and tile, of all pages and levels."""
    import tifffile

    found = []
    content = path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        for page in tiff.pages:
            for level in [page, *(page.pages or ())]:
                for offset, size in zip(level.dataoffsets, level.databytecounts, strict=True):
                    found.append((offset, size, hashlib.sha256(content[offset : offset + size]).hexdigest()))
    return found


class Killed(BaseException):
    """The process is gone: nothing that comes after runs."""


class FailingSystem(System):
    """Fails at the n-th call that changes a file, and counts these.

    Parameters
    ----------
    at : int
        Number of the call, from 0; negative for none.
    code : int
        Error number to fail with once; 0 for the end of the process, after which every call fails.
    torn : bool
        Whether half of a large write gets through before.
    lasting : bool
        Whether writes go on failing, as on a full disk.
    """

    def __init__(self, at: int = -1, code: int = 0, *, torn: bool = False, lasting: bool = False) -> None:
        self.at, self.code, self.torn, self.lasting = at, code, torn, lasting
        self.calls = 0
        self.names: list[str] = []
        self.dead = False

    def _pass(self, name: str) -> bool:
        if self.dead:
            raise Killed
        self.names.append(name)
        self.calls += 1
        number = self.calls - 1
        hit = number == self.at or (self.lasting and 0 <= self.at <= number and name == "write")
        return not hit

    def _fail(self) -> None:
        if self.code:
            raise OSError(self.code, errno.errorcode[self.code])
        self.dead = True
        raise Killed

    def write(self, fd: int, offset: int, data: bytes | memoryview) -> int:
        if not self._pass("write"):
            if self.torn and len(data) > 1024:
                super().write(fd, offset, data[: len(data) // 2])
            self._fail()
        return super().write(fd, offset, data)

    def fsync(self, fd: int) -> None:
        if not self._pass("fsync"):
            self._fail()
        super().fsync(fd)

    def truncate(self, fd: int, length: int) -> None:
        if not self._pass("truncate"):
            self._fail()
        super().truncate(fd, length)

    def chmod(self, fd: int, mode: int) -> None:
        if not self._pass("chmod"):
            self._fail()
        super().chmod(fd, mode)

    def replace(self, source: Path, target: Path) -> None:
        if not self._pass("replace"):
            self._fail()
        super().replace(source, target)

    def unlink(self, path: Path) -> None:
        if not self._pass("unlink"):
            self._fail()
        super().unlink(path)
