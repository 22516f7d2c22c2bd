"""TIFFs without any description: a block brings OME-XML that is made from what they state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedding import sha
from nbo_extract import embed, extract, restore
from nbo_extract.errors import WriteError
from nbo_extract.jsonio import to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KINDS: dict[str, dict[str, Any]] = {
    "grey": {"shape": (64, 70), "dtype": "uint16"},
    "colours": {"shape": (64, 70, 3), "dtype": "uint8", "photometric": "rgb", "tile": (32, 32)},
    "compressed": {"shape": (64, 70), "dtype": "float32", "compression": "zlib"},
    "bigtiff": {"shape": (64, 70), "dtype": "uint8", "bigtiff": True, "byteorder": ">"},
}


def make(path: Path, shape: tuple[int, ...], dtype: str, **how: Any) -> Any:
    import numpy as np
    import tifffile

    pixels = (np.arange(int(np.prod(shape))) % 251).reshape(shape).astype(dtype)
    tifffile.imwrite(path, pixels, description=None, metadata=None, **how)
    return pixels


@pytest.fixture(params=KINDS)
def plain(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Any]:
    path = tmp_path / "cells.tif"
    return path, make(path, **KINDS[request.param])


def test_readers_see_an_ome_tiff_with_the_same_pixels(plain: tuple[Path, Any]) -> None:
    import numpy as np
    import ome_types
    import tifffile

    path, pixels = plain
    original = sha(path)

    assert embed(path, extract(path), verify_pixels=True).state == "embedded"

    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        ome_types.validate_xml(tiff.ome_metadata or "")
        assert np.array_equal(tiff.series[0].asarray().squeeze(), pixels)
    ome = ome_types.from_tiff(path)
    stated = ome.images[0].pixels
    assert (stated.size_x, stated.size_y, stated.size_z, stated.size_t) == (70, 64, 1, 1)
    assert len(ome.images[0].annotation_refs) == 1
    assert restore(path).state == "restored"
    assert sha(path) == original


def test_again_changes_nothing_and_the_file_itself_still_says_nothing(plain: tuple[Path, Any]) -> None:
    path, _ = plain
    before = extract(path)
    embed(path, before)
    first = sha(path)

    now = extract(path, embedded=False)

    assert to_json(now) == to_json(before)
    assert embed(path, now).state == "unchanged"
    assert sha(path) == first


def test_what_another_program_made_of_it_is_read(plain: tuple[Path, Any]) -> None:
    import tifffile

    path, _ = plain
    embed(path, extract(path))
    with tifffile.TiffFile(path) as tiff:
        text = tiff.ome_metadata or ""
    named = text.replace('<Image ID="Image:0"', '<Image ID="Image:0" Name="by hand"', 1)
    assert named != text
    tifffile.tiffcomment(path, named.encode())

    again = extract(path, embedded=False)

    assert again.origin.format == "OME-TIFF"
    assert again.images[0].get("Name") == "by hand"


def test_pages_of_which_nothing_is_said_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    make(path, (5, 32, 32), "uint8", photometric="minisblack")
    original = sha(path)

    with pytest.raises(WriteError) as caught:
        embed(path, extract(path))

    assert str(caught.value).startswith(f"{path}: it has 5 pages and does not say whether they are focal planes, ")
    assert str(caught.value).endswith("; write a sidecar instead (leave out --embed)")
    assert sha(path) == original


def test_a_description_of_another_program_is_not_written_over(tmp_path: Path) -> None:
    import numpy as np
    import tifffile

    path = tmp_path / "notes.tif"
    tifffile.imwrite(path, np.zeros((8, 8), "uint8"), description="slide 3", metadata=None)
    original = sha(path)

    with pytest.raises(WriteError, match=r"notes\.tif is a TIFF without OME-XML, so that nothing can be embedded"):
        embed(path, extract(path))

    assert sha(path) == original


def test_in_a_folder_a_tiff_with_a_description_of_its_own_gets_a_sidecar(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    import numpy as np
    import tifffile

    make(tmp_path / "plain.tif", (8, 8), "uint8")
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 8, 8), "uint8"), imagej=True)
    before = sha(tmp_path / "stack.tif")

    done = run(tmp_path, "--embed")

    assert (done.code, done.err) == (0, "")
    assert sorted(p.name for p in tmp_path.glob("*.tif*")) == ["plain.tif", "stack.tif", "stack.tif.nbo.xml"]
    assert sha(tmp_path / "stack.tif") == before
    assert b"ns/nbo/" in (tmp_path / "plain.tif").read_bytes()
