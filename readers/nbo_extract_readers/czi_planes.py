"""Facts of each plane of a CZI: where it stands, and what its sub-block says of stage, focus, time and detector."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from nbo_extract.record import PlaneColumns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbo_extract_readers.zisraw import Directory, ZisrawFile

# What the columns of one file may cost in memory: a million planes with stage, focus and time need about this.
MAX_COLUMN_BYTES = 400 << 20
_CELL_BYTES = 8
_TEXT_BYTES = 56


class PlaneReader:
    """Reads planes scene by scene and keeps count of what went wrong.

    Attributes
    ----------
    planes : int
        Planes asked for so far.
    elsewhere : int
        Planes whose sub-block lies in another file of the set.
    """

    def __init__(self, file: ZisrawFile, directory: Directory, parts: Mapping[int, ZisrawFile] | None = None) -> None:
        from nbo_extract_readers.vendor_xml import LeafReader

        self.files = {file.header.part: file, **(parts or {})}
        self.directory = directory
        self.leaves = LeafReader()
        self.planes = 0
        self.elsewhere = 0
        self.counts: dict[str, int] = {}
        self.room = MAX_COLUMN_BYTES
        self.size = file.size
        # Each byte of a file belongs to one sub-block at most; a directory whose entries say otherwise is damaged.
        self.readable = sum(f.size for f in self.files.values())
        self.numbers: dict[int, str] = {}

    def read(self, rows: Sequence[int]) -> PlaneColumns:
        """Return the planes of one scene.

        Parameters
        ----------
        rows : sequence of int
            Directory indices in the order of the planes.

        Returns
        -------
        PlaneColumns
            First the dimensions (start index), then what the sub-blocks state, by its path in their METADATA.
        """
        self.planes += len(rows)
        columns = self._places(rows)
        paths = {name: f"SubBlock/DirectoryEntry/{name}" for name in columns}
        own = set(columns)
        last: dict[str, str] = {}
        for plane in self._reading_order(rows):
            for path, text in self._metadata(rows[plane]).items():
                name = path if path not in own else f"METADATA/{path}"
                if name not in columns:
                    if not self._afford(len(rows) * _CELL_BYTES):
                        break
                    columns[name] = [None] * len(rows)
                    paths[name] = f"SubBlock/METADATA/{path}"
                if last.get(name) != text:
                    if not self._afford(_TEXT_BYTES + len(text)):
                        break
                    last[name] = text
                columns[name][plane] = last[name]
        return PlaneColumns(columns, paths)

    def _reading_order(self, rows: Sequence[int]) -> list[int]:
        """Return the planes in the order of the file: on a network drive or a hard disk anything else costs seeks."""
        positions = array("q", (self.directory.place(row)[0] for row in rows))
        order = sorted(range(len(rows)), key=positions.__getitem__)
        if len(self.files) > 1:
            order.sort(key=lambda plane: self.directory.place(rows[plane])[1])
        return order

    def _places(self, rows: Sequence[int]) -> dict[str, list[str | None]]:
        names = self.directory.names
        order = [*"TCZ", *sorted(names - set("TCZMXY")), "M", "X", "Y"]
        columns: dict[str, list[str | None]] = {n: [None] * len(rows) for n in order if n in names}
        for plane, row in enumerate(rows):
            for dimension in self.directory.entry(row).dimensions:
                columns[dimension.name][plane] = self._number(dimension.start)
        return {name: column for name, column in columns.items() if any(v is not None for v in column)}

    def _number(self, value: int) -> str:
        text = self.numbers.get(value)
        if text is None:
            text = self.numbers[value] = str(value)
        return text

    def _afford(self, cost: int) -> bool:
        if cost > self.room:
            self.room = 0
            self._note("left")
            return False
        self.room -= cost
        return True

    def _metadata(self, row: int) -> dict[str, str]:
        position, part = self.directory.place(row)
        file = self.files.get(part)
        if file is None:
            self.elsewhere += 1
            return {}
        if self.room <= 0 or self.readable <= 0:
            self._note("left")
            return {}
        data, problem = file.subblock(position, self.directory.raw(row))
        if problem:
            self._note(problem)
        if not data:
            return {}
        self.readable -= len(data)
        found, parsed = self.leaves.leaves(data, "METADATA")
        if parsed.problem:
            self._note("malformed")
        elif parsed.repaired:
            self._note("repaired")
        return found

    def _note(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def problems(self) -> list[tuple[str, str]]:
        """Return code and message of what went wrong in all scenes read so far, one a kind."""
        texts = {
            "damaged": ("NBO102", "have a damaged sub-block: what the file says of them is missing"),
            "differs": ("NBO102", "are described otherwise by their sub-block than by the directory, which is used"),
            "repaired": ("NBO103", "had illegal characters in their metadata, which were replaced"),
            "malformed": ("NBO104", "have metadata that are not well-formed, which are left out"),
            "beyond": (
                "NBO105",
                f"reach beyond the end of the file ({self.size} bytes), which is cut off: what it said of them "
                "there is missing",
            ),
            "left": (
                "NBO107",
                "have metadata that would need more memory than this reader may use, which are left out",
            ),
        }
        return [
            (code, f"{self.counts[kind]} of {self.planes} planes {text}")
            for kind, (code, text) in texts.items()
            if kind in self.counts
        ]
