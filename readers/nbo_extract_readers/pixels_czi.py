"""Pixels of Zeiss CZI: the sub-blocks at full resolution, tiles of a mosaic put together by their places."""

from __future__ import annotations

import struct
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from nbo_extract.pixels import PixelFile
from nbo_extract_readers._planes import Recent, damaged, image, native, unsupported
from nbo_extract_readers.czi import COMPRESSIONS, PIXEL_TYPES, Scene, build_scenes

if TYPE_CHECKING:
    from numpy import ndarray

    from nbo_extract.pixels import PixelImage
    from nbo_extract_readers.zisraw import Directory, Entry, ZisrawFile

# numpy type and samples of a pixel, by the number of the vendor's pixel type. Colours are stored blue first.
_TYPES = {
    0: ("<u1", 1), 1: ("<u2", 1), 2: ("<f4", 1), 3: ("<u1", 3), 4: ("<u2", 3), 8: ("<f4", 3), 9: ("<u1", 4),
    10: ("<c8", 1), 12: ("<u4", 1), 13: ("<f8", 1),
}  # fmt: skip
_SEGMENT_HEAD, _FIXED = 32, 16
_SIZES = struct.Struct("<iiq")
_LARGEST = 1 << 31


class _Block(NamedTuple):
    """A sub-block: its row in the directory and the rectangle that it covers, from the corner of the scene."""

    row: int
    left: int
    top: int
    width: int
    height: int


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of a CZI file; see `nbo_extract.pixels.open_pixels`."""
    from nbo_extract_readers.zisraw import ZisrawFile

    with ExitStack() as stack:
        stream = stack.enter_context(open(path, "rb", buffering=0))
        source = _Source(ZisrawFile(stream, path), stack)
        images = tuple(source.image(scene) for scene in source.scenes)
        return PixelFile(images, "nbo-extract czi", stack.pop_all().close)


class _Source:
    """Sub-blocks of one file and of the other parts of its set."""

    def __init__(self, file: ZisrawFile, stack: ExitStack) -> None:
        from nbo_extract_readers.czi_parts import open_parts

        self.path = file.path
        self.directory: Directory = file.directory()
        if self.directory.problem or not len(self.directory):
            raise damaged(self.path, self.directory.problem or "its sub-block directory is empty")
        self.scenes = build_scenes(self.directory)
        part = file.header.part
        wanted = {self.directory.place(row)[1] for s in self.scenes for row in s.rows} - {part}
        self.parts = {part: file, **(open_parts(file, wanted, stack) if wanted and not part else {})}
        self.locks = {number: threading.Lock() for number in self.parts}
        self.recent = Recent()

    def image(self, scene: Scene) -> PixelImage:
        """Return a scene."""
        name = "the image" if scene.index is None else f"scene {scene.index}"
        if not scene.rows:
            raise unsupported(self.path, f"{name} has pyramid levels only, no sub-block at full resolution")
        types = {t for found in scene.pixel_types.values() for t in found}
        if len(types) > 1:
            listed = ", ".join(sorted(PIXEL_TYPES.get(t, str(t)) for t in types))
            raise unsupported(self.path, f"the channels of {name} have several pixel types ({listed})")
        kind = next(iter(types))
        if kind not in _TYPES:
            raise unsupported(self.path, f"{name} has the pixel type {PIXEL_TYPES.get(kind, kind)}, which is not read")
        packed = {c for found in scene.compressions.values() for c in found} - {0}
        unknown = sorted(packed - set(COMPRESSIONS))
        if unknown:
            raise unsupported(self.path, f"{name} is compressed by the method {unknown[0]}, which is not read")
        if 1 in packed and _TYPES[kind][1] > 1:
            # Writers differ in which colour they hand to the method as the first.
            raise unsupported(self.path, f"{name} has colours that are compressed as JPEG, whose order is not sure")
        if packed:
            import imagecodecs  # noqa: F401 - said now, not at the first plane
        return _Scene(self, scene, name, *_TYPES[kind]).image()

    def pixels(self, row: int, dtype: str, samples: int, rows: slice, columns: slice) -> ndarray:
        """Return a part of a sub-block: rows, columns, samples."""
        import numpy

        entry = self.directory.entry(row)
        sizes = {d.name: d.size for d in entry.dimensions}
        shape = (sizes["Y"], sizes["X"], samples)
        each = shape[1] * samples * numpy.dtype(dtype).itemsize
        if entry.compression:
            whole = self.recent.get(row, lambda: self._decoded(row, entry, dtype, shape))
            return whole[rows, columns]
        # What is stored as it is needs no more than these rows in memory.
        data = self._stored(entry, row, slice(rows.start * each, rows.stop * each))
        return _ordered(numpy.frombuffer(data, dtype).reshape(-1, *shape[1:])[:, columns])

    def _decoded(self, row: int, entry: Entry, dtype: str, shape: tuple[int, int, int]) -> ndarray:
        import numpy

        needed = shape[0] * shape[1] * shape[2] * numpy.dtype(dtype).itemsize
        if needed > _LARGEST:
            raise ValueError(f"its sub-block states {needed} bytes")
        values = _UNPACK[entry.compression](self._stored(entry, row), dtype, needed)
        if values.nbytes != needed:
            raise ValueError(f"its sub-block has {values.nbytes} bytes of pixels instead of {needed}")
        return _ordered(values.reshape(shape))

    def _stored(self, entry: Entry, row: int, part: slice | None = None) -> bytes:
        """Return the pixels of a sub-block as they are stored, or a part of these bytes."""
        file = self.parts.get(entry.part)
        if file is None:
            raise ValueError(f"it is in part {entry.part} of the set, which is not beside the file")
        with self.locks[entry.part]:
            head = file.read_at(entry.position, _SEGMENT_HEAD + _FIXED + 32)
            if len(head) < _SEGMENT_HEAD + _FIXED + 32 or not head.startswith(b"ZISRAWSUBBLOCK"):
                raise ValueError(f"there is no sub-block at byte {entry.position}")
            metadata, _, size = _SIZES.unpack_from(head, _SEGMENT_HEAD)
            own = head[_SEGMENT_HEAD + _FIXED :]
            # What describes a sub-block is as long as its own copy of the entry says, 256 bytes at least.
            dimensions = int.from_bytes(own[28:32], "little")
            length = 32 + 20 * dimensions if own.startswith(b"DV") else len(self.directory.raw(row))
            start = entry.position + _SEGMENT_HEAD + max(256, _FIXED + length) + metadata
            begin, end = (0, size) if part is None else (part.start, part.stop)
            if min(metadata, size) < 0 or end > size:
                raise ValueError(f"its sub-block has {size} bytes of pixels, {end} are needed")
            if start + end > file.size:
                raise ValueError("the file ends within its sub-block")
            return file.read_at(start + begin, end - begin)


class _Scene:
    """The planes of one scene."""

    def __init__(self, source: _Source, scene: Scene, name: str, dtype: str, samples: int) -> None:
        self.source = source
        self.scene = scene
        self.dtype = dtype
        self.samples = samples
        self.height, self.width = scene.bottom - scene.top, scene.right - scene.left
        for axis, span in scene.spans.items():
            if axis not in "TCZM" and scene.extent(axis) > 1:
                raise unsupported(
                    source.path, f"{name} has {scene.extent(axis)} planes along {axis}, which OME has not"
                )
            if any(size > 1 for size in span.values()):
                raise unsupported(source.path, f"{name} has sub-blocks of several planes along {axis}")
        self.places = {a: {s: i for i, s in enumerate(sorted(scene.spans.get(a, {0: 1})))} for a in "TCZ"}
        self.blocks: dict[tuple[int, int, int], list[_Block]] = {}
        for row in scene.rows:
            at = {d.name: d for d in source.directory.entry(row).dimensions}
            t, c, z = (self.places[a].get(at[a].start, 0) if a in at else 0 for a in "TCZ")
            x, y = at["X"], at["Y"]
            block = _Block(row, x.start - scene.left, y.start - scene.top, x.size, y.size)
            # The rows of a scene are in the order of M: of tiles that overlap the later one is on top.
            self.blocks.setdefault((t, c, z), []).append(block)

    def image(self) -> PixelImage:
        """Return what describes the planes."""
        first = next(iter(self.blocks.values()))
        tile = (max(b.height for b in first), max(b.width for b in first))
        sizes = {a.lower(): len(p) for a, p in self.places.items()} | {"y": self.height, "x": self.width}
        return image(sizes, self.dtype, self.read, tile, self.samples)

    def read(self, t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
        """Return a rectangle of a plane; where no tile lies, zeros."""
        import numpy

        out: ndarray = numpy.zeros((y.stop - y.start, x.stop - x.start, self.samples), self.dtype)
        out = native(out)
        blocks = self.blocks.get((t, c, z))
        if not blocks:
            raise damaged(self.source.path, "the file has no sub-block of it", t, c, z)
        for block in blocks:
            top, bottom = max(y.start, block.top), min(y.stop, block.top + block.height)
            left, right = max(x.start, block.left), min(x.stop, block.left + block.width)
            if top >= bottom or left >= right:
                continue
            rows = slice(top - block.top, bottom - block.top)
            columns = slice(left - block.left, right - block.left)
            try:
                part = self.source.pixels(block.row, self.dtype, self.samples, rows, columns)
            except _BROKEN as error:
                raise damaged(self.source.path, str(error) or type(error).__name__, t, c, z) from error
            out[top - y.start : bottom - y.start, left - x.start : right - x.start] = part
        return out if self.samples > 1 else out[..., 0]


# What the decoders raise at damaged bytes.
_BROKEN = (ValueError, TypeError, RuntimeError, ArithmeticError, LookupError, EOFError)


def _ordered(values: ndarray) -> ndarray:
    """Return pixels in native byte order, red first."""
    values = native(values)
    return _blue_last(values) if values.shape[-1] > 1 else values


def _blue_last(values: ndarray) -> ndarray:
    """Return colours red first; the fourth sample stays."""
    import numpy

    order = [2, 1, 0, *range(3, values.shape[-1])]
    return numpy.ascontiguousarray(values[..., order])


def _plain(data: bytes | bytearray, dtype: str, needed: int) -> ndarray:
    import numpy

    # Some writers pad what they store.
    return numpy.frombuffer(data[:needed], dtype)


def _jpeg(data: bytes, dtype: str, needed: int) -> ndarray:
    from imagecodecs import jpeg_decode

    return _as_stored(jpeg_decode(data))


def _jpegxr(data: bytes, dtype: str, needed: int) -> ndarray:
    from imagecodecs import jpegxr_decode

    return _as_stored(jpegxr_decode(data))


def _as_stored(values: Any) -> ndarray:
    """Return colours as the other methods store them, blue first: these decoders give red first."""
    return _blue_last(values) if values.ndim == 3 and values.shape[-1] > 1 else values


def _lzw(data: bytes, dtype: str, needed: int) -> ndarray:
    from imagecodecs import lzw_decode

    return _plain(lzw_decode(data, out=needed), dtype, needed)


def _zstd0(data: bytes, dtype: str, needed: int) -> ndarray:
    from imagecodecs import zstd_decode

    return _plain(zstd_decode(data, out=needed), dtype, needed)


def _zstd1(data: bytes, dtype: str, needed: int) -> ndarray:
    """Decode Zstandard behind a head: its length, and a chunk that says whether low and high bytes lie apart."""
    import numpy
    from imagecodecs import zstd_decode

    length = data[0]
    if length not in (1, 3) or (length == 3 and data[1] != 1):
        raise ValueError(f"the head of its compressed pixels is unknown ({data[:3].hex(' ')})")
    apart = length == 3 and bool(data[2] & 1)
    plain = zstd_decode(data[length:], out=needed)
    if not apart:
        return _plain(plain, dtype, needed)
    if len(plain) < needed or needed % 2:
        raise ValueError(f"its sub-block has {len(plain)} bytes of pixels instead of {needed}")
    halves = numpy.frombuffer(plain[:needed], "u1").reshape(2, needed // 2)
    return numpy.ascontiguousarray(halves.T).reshape(-1).view(dtype)


_UNPACK: dict[int, Any] = {
    1: _jpeg,
    2: _lzw,
    4: _jpegxr,
    5: _zstd0,
    6: _zstd1,
}
