"""Who reads the pixels of a file, and whether they are those of its metadata."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy
import pytest

from nbo_extract.errors import CorruptFileError, NboExtractError, UnsupportedFormatError
from nbo_extract.model import Document
from nbo_extract.pixels import PixelFile, PixelImage, fits, open_pixels
from nbo_extract.record import ReaderInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy import ndarray

STATED = {"SizeX": "8", "SizeY": "6", "SizeZ": "2", "SizeC": "3", "SizeT": "4", "PixelType": "uint16"}


def nothing(t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
    return numpy.zeros((y.stop - y.start, x.stop - x.start), "uint16")


IMAGE = PixelImage(4, 3, 2, 6, 8, 1, "uint16", (6, 8), nothing)


def document(*channels: str, **stated: str) -> Document:
    found = Document()
    pixels = found.root.add("Image", ID="Image:0").add("Pixels", **{**STATED, **stated})
    for samples in channels:
        channel = pixels.add("Channel")
        if samples:
            channel.put("SamplesPerPixel", samples)
    return found


def file(*images: PixelImage) -> PixelFile:
    return PixelFile(images, "lib 1.0")


def test_what_agrees_fits() -> None:
    assert fits(document(), file(IMAGE)) == ""
    assert fits(document("", "1", "1"), file(IMAGE)) == ""


def test_what_is_not_stated_is_not_compared() -> None:
    found = Document()
    found.root.add("Image", ID="Image:0")
    assert fits(found, file(IMAGE)) == ""
    found.images[0].add("Pixels", SizeX="8")
    assert fits(found, file(IMAGE)) == ""


def test_colours_may_be_counted_as_channels_or_not() -> None:
    colour = replace(IMAGE, c=1, samples=3)
    assert fits(document(), file(colour)) == ""
    assert fits(document("3", SizeC="1"), file(colour)) == ""
    assert fits(document("3", SizeC="3"), file(colour)) == ""
    assert fits(document(SizeC="2"), file(colour)) == (
        "image 1 of 1: SizeC is stated as 2, the pixels have 1 channels of 3 samples (lib 1.0)"
    )


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"SizeX": "9"}, "SizeX is stated as 9, the pixels have 8"),
        ({"SizeY": "8"}, "SizeY is stated as 8, the pixels have 6"),
        ({"SizeZ": "1"}, "SizeZ is stated as 1, the pixels have 2"),
        ({"SizeT": "1"}, "SizeT is stated as 1, the pixels have 4"),
        ({"SizeC": "9"}, "SizeC is stated as 9, the pixels have 3 channels of 1 samples"),
        ({"PixelType": "float"}, "PixelType is stated as float, the pixels are uint16"),
    ],
)
def test_what_differs_is_told(stated: dict[str, str], why: str) -> None:
    assert fits(document(**stated), file(IMAGE)) == f"image 1 of 1: {why} (lib 1.0)"


def test_channels_that_differ_are_told() -> None:
    assert fits(document("", ""), file(IMAGE)) == (
        "image 1 of 1: 2 channels are described, the pixels have 3 (lib 1.0)"
    )
    assert fits(document("3", "3", "3"), file(IMAGE)) == (
        "image 1 of 1: SamplesPerPixel is stated as 3, the pixels have 1 (lib 1.0)"
    )


def test_the_number_of_images_is_compared() -> None:
    assert fits(document(), file(IMAGE, IMAGE)) == "the metadata state 1 image, the pixels (lib 1.0) are 2 images"


# -- who reads --------------------------------------------------------------------------------------------------------

Readers = dict[str, "PixelFile | NboExtractError | ImportError | None"]
_ANSWERS: Readers = {}


def answer(name: str) -> PixelFile:
    found = _ANSWERS[name]
    if isinstance(found, Exception):
        raise found
    assert found is not None
    return found


def open_own(path: str) -> PixelFile:
    return answer("own")


def open_other(path: str) -> PixelFile:
    return answer("other")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make two readers the only ones: one of a format, and an adapter."""

    def call(**answers: PixelFile | NboExtractError | ImportError | None) -> None:
        for name, found in answers.items():
            monkeypatch.setitem(_ANSWERS, name, found)
        infos = tuple(
            ReaderInfo(
                name,
                (name,),
                (".x",),
                (lambda head, path: True) if name == "own" else (lambda head, path: False),
                "none:none",
                rank=0 if name == "own" else 20,
                pixels="" if found is None else f"test_open_pixels:open_{name}",
            )
            for name, found in answers.items()
        )
        monkeypatch.setattr("nbo_extract.registry.readers", lambda: infos)

    return call


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "a.x"
    found.write_bytes(b"x")
    return found


def test_the_reader_of_the_metadata_reads_the_pixels(install: Callable[..., None], path: Path) -> None:
    install(own=file(IMAGE), other=file())
    assert open_pixels(path).images == (IMAGE,)


@pytest.mark.parametrize("lack", [None, UnsupportedFormatError("no"), ImportError("no module")])
def test_an_adapter_reads_what_it_cannot(
    lack: NboExtractError | ImportError | None, install: Callable[..., None], path: Path
) -> None:
    other = file(IMAGE)
    install(own=lack, other=other)
    assert open_pixels(path) is other
    with pytest.raises(UnsupportedFormatError):
        open_pixels(path, "own")
    assert open_pixels(path, "other") is other


def test_what_is_damaged_is_not_offered_to_others(install: Callable[..., None], path: Path) -> None:
    install(own=CorruptFileError("cut off"), other=file(IMAGE))
    with pytest.raises(CorruptFileError, match=r"^cut off$"):
        open_pixels(path)


def test_all_reasons_are_told(install: Callable[..., None], path: Path) -> None:
    install(own=ImportError("No module named 'lib'"), other=NboExtractError(f"{path}: it has no Java"))
    with pytest.raises(UnsupportedFormatError) as caught:
        open_pixels(path)
    assert caught.value.message == (
        f"{path}: the reader own cannot read pixels, a library is missing (No module named 'lib'); install it with "
        "pip install 'nbo-extract[convert]'; it has no Java"
    )


def test_types_that_ome_has_not_are_refused(install: Callable[..., None], path: Path) -> None:
    closed: list[bool] = []
    install(own=PixelFile((replace(IMAGE, dtype="float16"),), "lib", lambda: closed.append(True)))
    with pytest.raises(UnsupportedFormatError) as caught:
        open_pixels(path)
    assert caught.value.message == f"{path}: its pixels are of the type float16, which OME has not"
    assert closed == [True]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormatError) as caught:
        open_pixels(tmp_path / "no.czi")
    assert caught.value.message == f"{tmp_path / 'no.czi'}: there is no such file; check the path"


def test_what_no_reader_takes_is_refused_as_for_metadata(tmp_path: Path) -> None:
    path = tmp_path / "no.txt"
    path.write_bytes(b"plain text")
    with pytest.raises(UnsupportedFormatError, match="not an image that can be read"):
        open_pixels(path, None)
