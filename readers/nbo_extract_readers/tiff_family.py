"""Which family a TIFF belongs to, by the tags of its first directory; and what the readers of families share."""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING

from nbo_extract.errors import CorruptFileError, NboExtractError
from nbo_extract.findings import Finding
from nbo_extract.record import CUT_OFF, RawRecord
from nbo_extract_readers._ome_xml import looks_like_ome
from nbo_extract_readers._text import clean
from nbo_extract_readers._tiff import description_text, read_first_directory
from nbo_extract_readers._tiff_pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from nbo_extract.findings import Severity
    from nbo_extract.record import PlaneColumns, ReaderInfo
    from nbo_extract_readers._tiff import FirstDirectory
    from nbo_extract_readers._tiff_pages import Directory

# What libraries and `struct` raise at damaged bytes.
BROKEN = (
    struct.error, ArithmeticError, AttributeError, EOFError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip
# Directories that are looked at for whether the file is whole: a stack may have a hundred thousand.
_CHECKED = 64
_BY_TAG = (
    (34412, "zeiss-lsm"), (33628, "metamorph"), (33629, "metamorph"), (34361, "fluoview"), (34362, "fluoview"),
    (65420, "hamamatsu-ndpi"), (51123, "micro-manager"),
)  # fmt: skip
_BY_DESCRIPTION = (
    (b"<MetaData>", "metamorph"), (b"Aperio ", "aperio-svs"), (b"ImageJ=", "imagej"), (b"state.", "scanimage"),
    (b"scanimage.SI.", "scanimage"), (b"frameNumbers = ", "scanimage"),
)  # fmt: skip
_DESCRIPTION, _SOFTWARE = 270, 305


def family(path: str) -> str:
    """Return the name of the reader that knows the family of a TIFF, empty for OME-TIFF and plain TIFF.

    Parameters
    ----------
    path : str

    Notes
    -----
    Costs one directory and, where no tag tells, its description. Damage is left to the reader of all TIFFs.
    """
    try:
        with open(path, "rb") as handle:
            pages = Pages(handle, wide=path.lower().endswith(".ndpi"))
            found = family_of(pages, pages.directory(pages.first))
        # Micro-Manager lets ImageJ write its single images.
        return "micro-manager" if found in ("", "imagej") and beside_metadata(path) else found
    except (OSError, *BROKEN):
        return ""


def family_of(pages: Pages, first: Directory) -> str:
    """Return the name of the reader that the tags of a first directory call for, empty for none."""
    entries = first.entries
    for code, name in _BY_TAG:
        if code in entries:
            return name
    for code, starts in ((_SOFTWARE, ((b"SI.", "scanimage"),)), (_DESCRIPTION, _BY_DESCRIPTION)):
        entry = entries.get(code)
        text = b"" if entry is None else pages.bytes_at(entry.at, min(entry.length, 64)).lstrip()
        found = next((name for start, name in starts if text.startswith(start)), "")
        if found:
            return found
    return ""


def beside_metadata(path: str) -> bool:
    """Whether an image lies beside the metadata that Micro-Manager writes in a text."""
    folder, name = os.path.split(os.path.abspath(path))
    return name.startswith("img_") and os.path.isfile(os.path.join(folder, "metadata.txt"))


class Family:
    """What is read of one file of a family: the tree, findings, and the first directory."""

    def __init__(self, path: str, root: str) -> None:
        from lxml import etree

        self.path = path
        self.tree = etree.Element(root)
        self.structure = etree.Element("Structure")
        self.findings: list[Finding] = []

    def find(self, code: str, message: str, source: str, severity: Severity = "warning") -> None:
        """Add a finding about this file."""
        self.findings.append(Finding(code, severity, message, file=os.path.basename(self.path), source=source))

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Read a part that may be damaged while the others are not: a finding says that it is left out."""
        try:
            yield
        except BROKEN as error:
            self.find("NBO102", f"{name} cannot be read ({' '.join(str(error).split())}): left out", name)

    def tags(self) -> FirstDirectory:
        """Add the tags of the first directory that describe."""
        directory = read_first_directory(self.path)
        if directory.description is not None and not looks_like_ome(directory.description):
            directory.tags.insert(0, ("ImageDescription", description_text(directory.description)))
        for name, text in directory.tags:
            self.tag(name, text)
        return directory

    def tag(self, name: str, text: str) -> None:
        """Add a tag."""
        from lxml import etree

        etree.SubElement(self.structure, "Tag", {"Name": name}).text = clean(text)

    def made(
        self,
        info: ReaderInfo,
        title: str,
        planes: dict[str, PlaneColumns] | None = None,
        files: Sequence[str] = (),
        **versions: str,
    ) -> RawRecord:
        """Put all together, the structure behind what the vendor's software noted.

        Parameters
        ----------
        info : ReaderInfo
            Its name is that of the vocabulary, too.
        title : str
            The format for people.
        planes : dict of str to PlaneColumns, optional
        files : sequence of str
            Absolute paths; the file itself where none are given.
        versions : str
            Beside the name of the reader.
        """
        self.tree.append(self.structure)
        return RawRecord(
            path=self.path,
            format=title,
            reader=info.name,
            vocabulary=info.name,
            tree=self.tree,
            planes=planes or {},
            versions={**versions, "reader": info.name},
            files=tuple(files) or (os.path.abspath(self.path),),
            findings=self.findings,
        )

    def check_end(self, pages: Pages, needed: int = 0) -> None:
        """Say so where directories, or pixels that they name, lie behind the end of the file.

        Parameters
        ----------
        pages : Pages
        needed : int
            Bytes that the file has at least, by what else it says.
        """
        end = max(needed, pages.end(_CHECKED))
        if end > pages.size:
            message = (
                f"the file is cut off or damaged: it has {pages.size} bytes and names data up to byte {end}; copy it "
                "again from where it was written"
            )
            self.find(CUT_OFF, message, "File", "error")

    def image(self, key: str, **sizes: object) -> etree._Element:
        """Add an image of the structure."""
        from lxml import etree

        image = etree.SubElement(self.structure, "Image", Key=key)
        for name, value in sizes.items():
            if value is not None:
                image.set(name, clean(str(value)))
        return image


@contextlib.contextmanager
def quiet_tifffile() -> Iterator[None]:
    """Keep what the library logs of damaged files from the user: findings say it."""
    import logging

    logger = logging.getLogger("tifffile")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextlib.contextmanager
def told(path: str) -> Iterator[None]:
    """Put damage in one sentence."""
    try:
        yield
    except OSError as error:
        raise NboExtractError(
            f"{path} cannot be read ({error.strerror or error}); check that it exists and that you may open it."
        ) from error
    except BROKEN as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise CorruptFileError(
            f"{path} is cut off or damaged: {why}; copy it again from where it was written"
        ) from error
