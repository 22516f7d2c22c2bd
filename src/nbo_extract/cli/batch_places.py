"""What a run on folders looks for, and where it writes: beside the images, into a folder, or into the images."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbo_extract.batch.results import REPORT, TABLE, place_of
from nbo_extract.cli.converting import converted_name, is_named_as
from nbo_extract.cli.group import Refusal
from nbo_extract.cli.inputs import DOCUMENTS, refuse_url, sidecar_of
from nbo_extract.errors import WriteError
from nbo_extract.stores import is_url, plain
from nbo_extract.walk import Stream, is_folder_of_images

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.cli.work import Format, Goal
    from nbo_extract.converting.conversion import Kind
    from nbo_extract.walk import Unit


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run looks and writes.

    Attributes
    ----------
    goal : {'write', 'embed', 'convert'}
    output : str
        Folder that is written to; empty for beside or into the images.
    form : {'xml', 'json', 'jsonld'}
    convert : {'ome-tiff', 'ome-zarr'} or None
    reader : str or None
    """

    goal: Goal
    output: str = ""
    form: Format = "xml"
    convert: Kind | None = None
    reader: str | None = None

    def folder(self, paths: Sequence[str]) -> str:
        """Return the folder that a run writes to: the one that was asked for, else the first that is worked on."""
        if self.output:
            return self.output
        return next((p for p in map(plain, paths) if is_folder_of_images(p)), ".")

    def made(self, paths: Sequence[str]) -> str:
        """Return the folder that a run writes to, made where it is not there.

        Raises
        ------
        Refusal
            If it cannot be made.
        """
        from nbo_extract.cli.work import make_folder

        folder = self.folder(paths)
        try:
            make_folder(Path(folder))
        except WriteError as error:
            raise Refusal(error.message) from error
        return folder

    def stream(self, paths: Sequence[str], chosen: Chosen) -> Stream:
        """Find the images that paths stand for; what a run writes besides is passed over."""
        folder = self.folder(paths)
        return Stream(
            map(plain, paths),
            self.reader,
            joined=self.goal == "embed",
            include=chosen.include,
            exclude=chosen.exclude,
            skip=[str(place_of(folder, name)) for name in (TABLE, REPORT)],
        )

    def planned(self, walked: Stream, folders: dict[str, str]) -> Iterator[tuple[Unit, str]]:
        """Yield each image with the file that is written for it, and note one image of each folder."""
        from nbo_extract.api import embeddable

        output = os.path.abspath(self.output) if self.output else ""
        for unit in walked.units():
            target = ""
            if self.goal == "embed":
                # Who names a vendor file is told that it is never modified; in a folder such files stand beside others.
                named = os.path.abspath(unit.path) in walked.named
                target = "" if named or embeddable(unit.path) else sidecar_of(unit, self.output, self.form)
            elif self.convert is not None:
                # What an earlier run wrote into the folder is not converted.
                if os.path.commonpath([os.path.abspath(unit.path), output]) == output:
                    continue
                target = os.path.join(self.output, *converted_name(unit.relative, self.convert).split("/"))
            else:
                target = sidecar_of(unit, self.output, self.form)
            folders.setdefault("" if is_url(unit.path) else os.path.dirname(os.path.abspath(unit.path)), unit.path)
            yield unit, target

    # -- what is refused ----------------------------------------------------------------------------------------------

    def refuse_output(self) -> None:
        """Refuse an output that is no folder.

        Raises
        ------
        Refusal
        """
        output = self.output
        if not output:
            return
        refuse_url(output)
        if os.path.exists(output) and not os.path.isdir(output):
            raise Refusal(
                f"{output}: this is a file, and the images of a folder would be written to it; give a folder with -o"
            )
        named = is_named_as(output, self.convert) if self.convert is not None else output.lower().endswith(DOCUMENTS)
        if named and not os.path.isdir(output):
            raise Refusal(f"{output}: one file cannot hold the images of a folder; give a folder with -o")
