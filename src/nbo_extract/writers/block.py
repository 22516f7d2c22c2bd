"""What is embedded, and what a writer reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

NBO_VERSION: Final = "02-01"
#: All that this product embeds is recognised by this start of the namespace, whatever version wrote it.
OWN_NAMESPACES: Final = "https://nbo-extract.org/ns/"
NBO_NAMESPACE: Final = f"{OWN_NAMESPACES}nbo/{NBO_VERSION}"
PROVENANCE_NAMESPACE: Final = f"{OWN_NAMESPACES}provenance/1"
SIDECAR_NAMESPACE: Final = f"{OWN_NAMESPACES}sidecar/1"

State = Literal["embedded", "unchanged", "restored", "written", "dry-run"]


@dataclass(frozen=True, slots=True)
class CoreFill:
    """An attribute that OME-XML lacks and that is known.

    Attributes
    ----------
    element : str
        ID of the element, such as ``Objective:0``, or its path below ``OME`` with one-based places among siblings of
        the same name, such as ``Image[1]/Pixels[1]/Channel[2]/DetectorSettings[1]``.
    attribute : str
        OME name of the attribute.
    value : str
        As it is to be read back; escaping is the writer's work.
    """

    element: str
    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class Block:
    """All that is embedded into one image.

    Attributes
    ----------
    nbo_xml : str
        NBO document with the prefix ``nbo``: one root, no XML declaration.
    provenance_json : str
        Where each fact came from.
    jsonld : str
        The document as JSON-LD, for OME-Zarr.
    core_fills : tuple of CoreFill
        OME attributes that are absent and known.
    product_version : str
        Version of nbo-extract that made the block.
    """

    nbo_xml: str
    provenance_json: str
    jsonld: str = "{}"
    core_fills: tuple[CoreFill, ...] = ()
    product_version: str = ""


@dataclass(frozen=True, slots=True)
class Safety:
    """What is asked of a writer beyond what it always does.

    Attributes
    ----------
    follow_links : bool
        Whether what symbolic links point to, and files with hard links, may be changed.
    backup : bool
        Whether a copy of what will be changed is kept beside it, as ``<name>.nbo-backup``, before anything is written.
    verify_pixels : bool
        Whether the image data are hashed before and after, and what was written is undone where they differ.
    """

    follow_links: bool = False
    backup: bool = False
    verify_pixels: bool = False


#: What is always done, and nothing beyond.
PLAIN: Final = Safety()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a writer did.

    Attributes
    ----------
    path : Path or str
        The image or sidecar; of a remote store its URL, without what may be secret.
    state : {'embedded', 'unchanged', 'restored', 'written', 'dry-run'}
        ``unchanged``: the file held just this already, or had nothing to restore, and was not touched.
        ``written``: a sidecar.
    bytes_added : int
        By how much the files grew in this call, or would grow; negative where they shrink.
    diff : str
        Unified diff of the metadata text against the original, for a dry run.
    backup : str
        Path of the copy that was kept, if one was asked for.
    verified : int
        Number of pieces of image data that were the same before and after, if that was asked for.
    more : int
        Further files of the image that changed, or would change, with this one.
    interrupted : bool
        Whether an earlier run had been interrupted in the middle of the files of the image.
    """

    path: Path | str
    state: State
    bytes_added: int
    diff: str = ""
    backup: str = ""
    verified: int = 0
    more: int = 0
    interrupted: bool = False
