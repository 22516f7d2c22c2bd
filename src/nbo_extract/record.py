"""What a reader hands over: vendor names and vendor text, nothing interpreted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from nbo_extract.findings import Finding


# Code of the finding by which a reader says that a file ends too early: what it gives is a part of the image.
CUT_OFF = "NBO108"


@dataclass(slots=True)
class PlaneColumns:
    """Facts of each plane of one image, in columns.

    Attributes
    ----------
    columns : dict of str to list of (str or None)
        Vendor name of the fact to one text a plane, None where the plane does not state it. All columns have the
        same length.
    paths : dict of str to str
        Vendor name to the vendor path that it was read from.
    """

    columns: dict[str, list[str | None]] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return max((len(c) for c in self.columns.values()), default=0)


@dataclass(slots=True)
class RawRecord:
    """The metadata of one file, or of one set of files that belong together, as the vendor wrote it.

    Attributes
    ----------
    path : str
        The file as the user named it.
    format : str
        Format for people, such as ``Zeiss CZI``.
    reader : str
        Name of the reader.
    vocabulary : str
        Name of the mapping table that knows these names.
    tree : lxml element
        The vendor tree. Dict-like sources become elements. Facts of the file's structure that stand in no XML (sizes
        from a directory, scenes) are in an element ``Structure`` of the reader beside the vendor's root.
    planes : dict of str to PlaneColumns
        Key that the tree gives an image (its ``Structure`` says which) to per-plane facts.
    versions : dict of str to str
        Versions of format, reader and libraries.
    files : tuple of str
        All files of the set, as absolute paths; the first is the one that was opened.
    findings : list of Finding
        Repairs and losses: illegal characters, truncated parts.
    supplement : RawRecord or None
        What another vocabulary says of the same images: it fills what this one leaves absent. The key of each image in
        its ``Structure`` is the place of that image among those of this record.
    """

    path: str
    format: str
    reader: str
    vocabulary: str
    tree: etree._Element
    planes: dict[str, PlaneColumns] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    supplement: RawRecord | None = None


@dataclass(frozen=True, slots=True)
class ReaderInfo:
    """A reader as the registry knows it; light to import.

    Attributes
    ----------
    name : str
        Short name, as in ``--reader NAME``.
    formats : tuple of str
        Formats for people.
    suffixes : tuple of str
        File name endings with the leading dot, lower case.
    sniff : callable
        ``sniff(head, name) -> bool``: whether the first 4096 bytes (empty for a directory) and the lower-case name,
        for a reader of directories the path, are of this format. Must not open anything but what the path itself is.
    open : str
        ``module:function`` that takes a path text and returns a RawRecord.
    directory : bool
        Whether a dataset is a directory.
    archives : bool
        Whether a dataset may be a file as well, where it is a directory: an archive of it.
    remote : bool
        Whether `open` takes URLs.
    sets : bool
        Whether a dataset may be several files, of which any stands for all.
    members : str
        ``module:function`` that takes a path text and returns the files of its set as the record's `files` lists them,
        without reading more than that takes; raises nothing but `NboExtractError`. Empty where an image is one file.
    rank : int
        Readers of a lower rank are asked first. 0: own reader of one format; from 10 on: adapters to libraries that
        read many.
    requires : str
        Extra of nbo-extract that the reader needs, such as ``ims``; empty where every installation has all of it.
    way : callable or None
        ``way(name) -> str``: how to get what the reader needs for a file of this lower-case name, where that is more
        than its extra; empty where nothing is missing or known.
    status : str
        ``module:function`` that returns a list of lines for people: what the reader needs and has. Without it, the
        reader is ready where its module can be imported. The first line begins with ``ready`` where it is.
    install : str
        ``module:function`` that installs what the reader needs; takes a function that is told the progress.
    refine : str
        ``module:function`` that takes a path text which this reader was chosen for, and returns the name of the
        reader that knows its content better; empty where that is this one. Asked only where the user names no reader.
    pixels : str
        ``module:function`` that takes a path text and returns a `PixelFile`; empty where the reader knows metadata
        alone.
    """

    name: str
    formats: tuple[str, ...]
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes, str], bool]
    open: str
    directory: bool = False
    archives: bool = False
    remote: bool = False
    sets: bool = False
    members: str = ""
    rank: int = 0
    requires: str = ""
    way: Callable[[str], str] | None = None
    status: str = ""
    install: str = ""
    refine: str = ""
    pixels: str = ""
