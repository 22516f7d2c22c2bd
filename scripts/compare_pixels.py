"""Compare the pixels that our readers give with those of Bio-Formats, plane by plane; a table file × image × equal.

    python scripts/compare_pixels.py FILE … [--planes 50]

A difference says at which plane, how many pixels differ, and the first values.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from nbo_extract import extract
from nbo_extract.errors import NboExtractError
from nbo_extract.pixels import fits, open_pixels

if TYPE_CHECKING:
    from nbo_extract.pixels import PixelImage


def shape(image: PixelImage) -> str:
    """Return sizes and type in one text."""
    samples = f"×{image.samples}" if image.samples > 1 else ""
    return f"T{image.t} C{image.c} Z{image.z} Y{image.y} X{image.x}{samples} {image.dtype}"


def pick(image: PixelImage, most: int, random_: random.Random) -> list[tuple[int, int, int]]:
    """Return the planes to compare: all, or as many by chance."""
    total = image.t * image.c * image.z
    chosen = range(total) if total <= most else sorted(random_.sample(range(total), most))
    return [(i // (image.c * image.z), i // image.z % image.c, i % image.z) for i in chosen]


def rectangle(image: PixelImage, random_: random.Random, largest: int = 4 << 20) -> tuple[slice, slice]:
    """Return a whole plane, or of a large one a rectangle by chance."""
    if image.y * image.x <= largest:
        return slice(0, image.y), slice(0, image.x)
    height, width = min(image.y, 1500), min(image.x, 1500)
    top, left = random_.randrange(image.y - height + 1), random_.randrange(image.x - width + 1)
    return slice(top, top + height), slice(left, left + width)


def turned(ours: PixelImage, theirs: PixelImage) -> str:
    """Compare where Bio-Formats takes a scan along X and Z for planes of X and Y."""
    for t in range(ours.t):
        for c in range(ours.c):
            for y in range(ours.y):
                rows = [ours.read(t, c, z, slice(y, y + 1), slice(0, ours.x))[0] for z in range(ours.z)]
                plane = theirs.read(t, c, y, slice(0, theirs.y), slice(0, theirs.x))
                if not numpy.array_equal(numpy.stack(rows), plane):
                    return f"DIFFERS at T={t} C={c} Y={y}"
    return "equal with Y and Z exchanged (all planes): a scan along X and Z, which Bio-Formats calls X and Y"


def compare(ours: PixelImage, theirs: PixelImage, most: int) -> str:
    """Return ``equal``, or the first difference."""
    if (ours.y, ours.z) != (theirs.y, theirs.z) and (ours.y, ours.z, ours.x) == (theirs.z, theirs.y, theirs.x):
        return turned(ours, theirs)
    if shape(ours) != shape(theirs):
        return f"sizes differ: {shape(ours)}, Bio-Formats {shape(theirs)}"
    random_ = random.Random(1)
    planes = pick(ours, most, random_)
    for place in planes:
        y, x = rectangle(ours, random_)
        a, b = ours.read(*place, y, x), theirs.read(*place, y, x)
        if a.shape != b.shape or not numpy.array_equal(a, b, equal_nan=a.dtype.kind in "fc"):
            count = int((a != b).sum()) if a.shape == b.shape else -1
            return f"DIFFERS at T,C,Z={place}: {count} of {a.size} values, {a.ravel()[:4]} not {b.ravel()[:4]}"
        top, left = random_.randrange(ours.y), random_.randrange(ours.x)
        bottom, right = random_.randrange(top, ours.y) + 1, random_.randrange(left, ours.x) + 1
        if (bottom - top) * (right - left) <= 4 << 20:
            part = ours.read(*place, slice(top, bottom), slice(left, right))
            whole = (y, x) == (slice(0, ours.y), slice(0, ours.x))
            if whole and not numpy.array_equal(part, a[top:bottom, left:right], equal_nan=a.dtype.kind in "fc"):
                return f"a rectangle of T,C,Z={place} is not that of the plane"
    return f"equal ({len(planes)} of {ours.t * ours.c * ours.z} planes)"


def report(path: str, most: int) -> int:
    """Print the rows of a file; return how many images are not equal."""
    try:
        ours = open_pixels(path)
    except NboExtractError as error:
        print(f"{path}\n    {error.message}")
        return 1
    print(f"{path}: {ours.reader}; {fits(extract(path), ours) or 'fits its Document'}")
    if ours.reader.startswith("Bio-Formats"):
        ours.close()
        print("    not compared: its own reader gives no pixels of it")
        return 1
    try:
        theirs = open_pixels(path, "bioformats")
    except NboExtractError as error:
        print(f"    {error.message}")
        for number, image in enumerate(ours.images):
            print(f"    {number}  {shape(image)}  not compared")
        ours.close()
        return 1
    if len(ours.images) != len(theirs.images):
        print(f"    {len(ours.images)} images, Bio-Formats has {len(theirs.images)}")
    bad = 0
    for number, (a, b) in enumerate(zip(ours.images, theirs.images, strict=False)):
        try:
            verdict = compare(a, b, most)
        except NboExtractError as error:
            verdict = f"ERROR {error.message}"
        bad += not verdict.startswith("equal")
        print(f"    {number}  {shape(a)}  {verdict}")
    ours.close()
    theirs.close()
    return bad


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--planes", type=int, default=60)
    parser.add_argument("--made", nargs="*", help="compare the files that the tests make, too: all, or those named")
    given = parser.parse_args()
    bad = sum(report(path, given.planes) for path in given.files)
    if given.made is not None:
        from make_pixels import MAKERS

        for name, make in MAKERS.items():
            if given.made and name not in given.made:
                continue
            with tempfile.TemporaryDirectory(prefix=f"{name}_") as folder:
                bad += report(str(make(Path(folder))[0]), given.planes)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
