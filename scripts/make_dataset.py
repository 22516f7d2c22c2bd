"""Make a folder of many datasets for measurements and tests: copies of the sample data, each with its own identity.

    python scripts/make_dataset.py OUT --count 10000 --mix czi=50,ome-tiff=30,ome-zarr=20 --damaged 1% --odd-names

No two copies are equal: identifiers, names and dates differ, at fixed places and of fixed length, so that copying is
quick. The same options give the same bytes. --from FOLDER copies the images of any folder; --dry makes OME-TIFFs of
less than a kilobyte.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"
MIX = "czi=50,ome-tiff=30,ome-zarr=20"
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
LOCKED = "locked"
_OME_UUID = re.compile(rb"<OME\s[^>]*?UUID=\"(urn:uuid:[0-9a-fA-F-]{36})\"")
_NAME = re.compile(rb"(?:<Document>\s*<Name>|<Image\s[^>]*?Name=\"|\"name\": \")([^<\"]{9,})")
_DATE = re.compile(rb"(?:<AcquisitionDateAndTime>|<AcquisitionDate>)\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)")
# Formats whose readers take what follows the image for nothing.
_TRAILING = (".tif", ".tiff", ".stk", ".lsm", ".dv")
_DRY = (
    '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
    'UUID="urn:uuid:00000000-0000-0000-0000-000000000000"><Image ID="Image:0" Name="image 00000000">'
    "<AcquisitionDate>2024-03-14T10:26:30</AcquisitionDate>"
    '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="1" SizeY="1" SizeZ="1" SizeC="1" SizeT="1">'
    '<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData IFD="0" PlaneCount="1"/></Pixels></Image></OME>'
)


@dataclass(frozen=True)
class Template:
    """A dataset to be copied: files below its root (or itself, of the name ''), and where its identity stands."""

    kind: str
    suffix: str
    files: tuple[tuple[str, bytes], ...]
    #: File number, position, length, and what is there: guid, uuid, name, date.
    places: tuple[tuple[int, int, int, str], ...]

    def made(self, identity: bytes, number: int) -> list[tuple[str, bytearray]]:
        """Return the files of a copy."""
        files = [(name, bytearray(content)) for name, content in self.files]
        hexa = identity.hex()
        seconds = number % 86400
        values = {
            "guid": identity,
            "uuid": f"urn:uuid:{hexa[:8]}-{hexa[8:12]}-{hexa[12:16]}-{hexa[16:20]}-{hexa[20:32]}".encode(),
            "date": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}".encode(),
        }
        for file, at, length, what in self.places:
            value = values[what] if what in values else f"image {number:08}".encode()[-length:].ljust(length)
            files[file][1][at : at + length] = value
        if self.suffix.endswith(_TRAILING) and not any(p[3] in ("uuid", "guid") for p in self.places):
            files[0][1].extend(identity)
        return files


def template(path: Path) -> Template:
    """Take in a file or an OME-Zarr folder."""
    name = path.name.lower()
    suffix = next((s for s in (".ome.tiff", ".ome.tif", ".ome.zarr") if name.endswith(s)), path.suffix.lower())
    kind = {"": "file", ".ome.tif": "ome-tiff", ".ome.zarr": "ome-zarr", ".zarr": "ome-zarr"}.get(suffix, suffix[1:])
    kind = "ome-tiff" if suffix == ".ome.tiff" else kind
    inner = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    files = tuple((p.relative_to(path).as_posix() if path.is_dir() else "", p.read_bytes()) for p in inner)
    return Template(kind, path.name[-len(suffix) :] if suffix else "", files, tuple(_places(files)))


def _places(files: Sequence[tuple[str, bytes]]) -> list[tuple[int, int, int, str]]:
    places: list[tuple[int, int, int, str]] = []
    for number, (name, content) in enumerate(files):
        if content.startswith(b"ZISRAWFILE"):
            places += [(number, 48, 16, "guid"), (number, 64, 16, "guid")]
        uuid = _OME_UUID.search(content)
        if uuid is not None:
            places += [(number, m.start(), 45, "uuid") for m in re.finditer(re.escape(uuid[1]), content)]
        if not name or name in ("zarr.json", ".zattrs"):
            places += [(number, m.start(1), len(m[1]), "name") for m in list(_NAME.finditer(content))[:1]]
            places += [(number, m.start(1), 8, "date") for m in list(_DATE.finditer(content))[:1]]
    return places


def dry() -> Template:
    """Return a stand-in: the smallest OME-TIFF."""
    text = _DRY.encode() + b"\0"
    tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (270, 2, len(text), 0)]
    tags += [(273, 4, 1, 0), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, 1, 1)]
    at = 8 + 2 + 12 * len(tags) + 4
    values = {270: at, 273: at + len(text)}
    table = b"".join(struct.pack("<HHII", code, kind, n, values.get(code, value)) for code, kind, n, value in tags)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + table + bytes(4)
    files = (("", head + text + b"\x80"),)
    return Template("ome-tiff", ".ome.tif", files, tuple(_places(files)))


def _odd(number: int, name: str) -> str:
    """Return a name that is hard to read, of six forms."""
    forms: tuple[Callable[[str], str], ...] = (
        lambda n: f"line\n{n}",
        lambda n: os.fsdecode(b"caf\xe9 \xff ") + n,
        lambda n: f" two  spaces {n}",
        lambda n: "/".join(["deep" * 25] * 3) + f"/{n}",
        lambda n: f"µm 細胞 {n}",
        lambda n: f"-o'\"$(x)*?{n}",
    )
    return forms[number % len(forms)](name)


def _damaged(files: list[tuple[str, bytearray]], how: int) -> None:
    """Damage the file that holds the metadata: cut off, its head zeroed, or empty."""
    content = next((c for n, c in files if n in ("zarr.json", ".zattrs")), files[0][1])
    if how == 0:
        del content[len(content) // 3 :]
    elif how == 1:
        content[:512] = bytes(min(512, len(content)))
    else:
        content.clear()


def _write(path: str, files: list[tuple[str, bytearray]], size: int) -> None:
    for name, content in files:
        place = os.path.join(path, *name.split("/")) if name else path
        try:
            descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(place))
            descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        try:
            os.write(descriptor, content)
            if size > len(content) and not name:
                os.ftruncate(descriptor, size)
        finally:
            os.close(descriptor)


def make(out: Path, options: argparse.Namespace) -> dict[str, int]:
    """Make the folder and return how many there are of each kind, and of damaged ones."""
    chance = random.Random(options.seed)
    templates = _templates(options)
    weights = _weights(options, templates)
    kinds = chance.choices([k for k, _ in weights], [w for _, w in weights], k=options.count)
    damaged = set(chance.sample(range(options.count), round(options.count * options.damaged)))
    odd = max(1, options.count // max(6, options.count // 100))
    counts: dict[str, int] = {}
    for number, kind in enumerate(kinds):
        of_kind = templates[kind]
        one = of_kind[number % len(of_kind)]
        identity = hashlib.sha256(f"{options.seed}:{number}".encode()).digest()[:16]
        files = one.made(identity, number)
        counts[kind] = counts.get(kind, 0) + 1
        if number in damaged:
            _damaged(files, number % 3)
            counts["damaged"] = counts.get("damaged", 0) + 1
        name = f"{number:07}{one.suffix}"
        if options.odd_names and number % odd == 0:
            name = _odd(number // odd, name)
        # Zeros at the end of a damaged file would hide that it is cut off.
        size = 0 if number in damaged else options.size
        _write(os.path.join(out, f"{number // options.per_folder:05}", name), files, size)
    if options.odd_names:
        _write(os.path.join(out, LOCKED, "image.czi"), [("", bytearray(b"ZISRAWFILE"))], 0)
        os.chmod(os.path.join(out, LOCKED), 0)
    return counts


def _templates(options: argparse.Namespace) -> dict[str, list[Template]]:
    if options.dry:
        return {"ome-tiff": [dry()]}
    folder = options.from_ or SAMPLES
    found: dict[str, list[Template]] = {}
    for path in sorted(folder.iterdir()):
        zarr = path.is_dir() and path.suffix == ".zarr"
        if (zarr or path.is_file()) and not path.name.startswith(".") and path.suffix not in (".json", ".toml"):
            one = template(path)
            found.setdefault(one.kind, []).append(one)
    if not found:
        raise SystemExit(f"make_dataset: {folder}: holds no file to be copied")
    return found


def _weights(options: argparse.Namespace, templates: dict[str, list[Template]]) -> list[tuple[str, float]]:
    given = options.mix or (MIX if options.from_ is None and not options.dry else "")
    if not given:
        return [(kind, float(len(found))) for kind, found in sorted(templates.items())]
    weights = []
    for part in given.split(","):
        kind, equals, weight = part.strip().partition("=")
        if kind not in templates or not equals or not weight.replace(".", "", 1).isdecimal():
            known = ", ".join(sorted(templates))
            raise SystemExit(f"make_dataset: --mix {part!r} is not understood; write KIND=PARTS, kinds are {known}")
        weights.append((kind, float(weight)))
    return weights


def _share(text: str) -> float:
    value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _size(text: str) -> int:
    if text == "small":
        return 0
    number, unit = re.fullmatch(r"(\d+(?:\.\d+)?)([KMG]?)B?", text).groups()  # type: ignore[union-attr]
    return round(float(number) * UNITS[unit])


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def main(args: Sequence[str] | None = None) -> int:
    """Make what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="make_dataset", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to be made; must not exist, or be empty")
    parser.add_argument("--count", type=_positive, required=True, metavar="N", help="number of datasets")
    parser.add_argument("--mix", metavar="LIST", help=f"kinds with their parts [{MIX}; all alike with --from]")
    parser.add_argument("--from", dest="from_", type=Path, metavar="FOLDER", help="copy the files of this folder")
    parser.add_argument("--dry", action="store_true", help="make stand-ins of less than a kilobyte")
    parser.add_argument(
        "--size",
        type=_size,
        default=0,
        metavar="SIZE",
        help="length of each file, such as 20MB, by a hole at its end",
    )
    parser.add_argument("--per-folder", type=_positive, default=500, metavar="N", help="datasets a folder [500]")
    parser.add_argument("--damaged", type=_share, default=0.0, metavar="SHARE", help="share to be damaged, such as 1%%")
    parser.add_argument("--odd-names", action="store_true", help="names that are hard to read, and a locked folder")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed, other identities [1]")
    options = parser.parse_args(args)
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        parser.error(f"{options.out}: is there already; give a new folder")
    counts = make(options.out, options)
    print(f"{options.out}: {options.count} datasets, " + ", ".join(f"{n} {k}" for k, n in sorted(counts.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
