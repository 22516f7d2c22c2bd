"""What `--redact` leaves out: images that name people, computers and folders wherever they can, and every output."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from make_lif import image as lif_image
from make_lif import make_lif, project
from make_lsm import RECORDING, make_lsm
from make_mm import SUMMARY, make_stack
from make_nd2 import attributes, metadata, plane, write_nd2
from make_notes import make_imagej
from make_oif import MAIN, make_oib
from make_pixels_tiff import values
from nbo_extract.privacy import Noting, Private, Redactor, kind_of, private_of
from nbo_extract.registry import read
from sample_czi import SubBlock, write_czi

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]

FULL, ACCOUNT, HOST, EMAIL = "Marguerite Oldenkamp", "moldenk7", "LABPC-0815", "m.oldenkamp@example.org"
HOME = r"C:\Users\moldenk7\Private Folder\raw.czi"
UNC = r"\\fileserver9\groupshare\marguerite\raw.czi"
POSIX = "/home/moldenk7/hidden project/raw.czi"
#: What no redacted output may hold, in whatever case.
SECRETS = (
    FULL, "Oldenkamp, Marguerite", ACCOUNT, HOST, EMAIL, "Private Folder", "fileserver9", "groupshare",
    "hidden project", "secretfolder",
)  # fmt: skip
PROSE = f"by {FULL} ({ACCOUNT}, {EMAIL}) on {HOST}\nUserName = {ACCOUNT}\nfrom {UNC}\nand {HOME}\nand {POSIX}"
IN_XML = PROSE.replace("\n", "&#10;")


def ome_xml() -> str:
    first, last = FULL.split()
    return (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'<Experimenter ID="Experimenter:{ACCOUNT}" FirstName="{first}" LastName="{last}" Email="{EMAIL}" '
        f'UserName="{ACCOUNT}" Institution="MIT"/>'
        '<Instrument ID="Instrument:0"><Microscope Manufacturer="Zeiss" Model="Axio"/>'
        f'<Objective ID="Objective:0" Model="63x of {FULL}" NominalMagnification="63"/></Instrument>'
        f'<Image ID="Image:0" Name="{POSIX}"><ExperimenterRef ID="Experimenter:{ACCOUNT}"/>'
        f"<Description>{IN_XML}</Description>"
        '<InstrumentRef ID="Instrument:0"/><ObjectiveSettings ID="Objective:0"/>'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="8" SizeY="8" SizeZ="1" SizeC="1" SizeT="1">'
        f'<Channel ID="Channel:0:0" Name="DAPI {ACCOUNT}" SamplesPerPixel="1"/><TiffData/></Pixels>'
        '<AnnotationRef ID="Annotation:0"/><AnnotationRef ID="Annotation:1"/><AnnotationRef ID="Annotation:2"/></Image>'
        '<StructuredAnnotations><XMLAnnotation ID="Annotation:0"><Value>'
        f'<vendor xmlns="urn:vendor"><ComputerName>{HOST}</ComputerName><Path>{UNC}</Path>'
        f"<Note>{IN_XML}</Note></vendor>"
        "</Value></XMLAnnotation>"
        f'<MapAnnotation ID="Annotation:1"><Value><M K="UserName">{ACCOUNT}</M><M K="Saved">{HOME}</M></Value>'
        f'</MapAnnotation><CommentAnnotation ID="Annotation:2"><Value>{IN_XML}</Value></CommentAnnotation>'
        "</StructuredAnnotations></OME>"
    )


def ome_tiff(folder: Path) -> Path:
    import tifffile

    path = folder / "cells.ome.tif"
    tifffile.imwrite(
        path, values(1, 1, 1, 8, 8)[0, 0, 0], description=ome_xml().encode(), metadata=None, extratags=[
            (315, 2, 0, FULL, True), (316, 2, 0, HOST, True)
        ],
    )  # fmt: skip
    return path


def czi(folder: Path) -> Path:
    first, last = FULL.split()
    text = (
        "<ImageDocument><Metadata><Information>"
        f"<User Id='U'><DisplayName>{FULL}</DisplayName><FirstName>{first}</FirstName><LastName>{last}</LastName>"
        f"<Email>{EMAIL}</Email><UserName>{ACCOUNT}</UserName></User>"
        f"<Document><UserName>{ACCOUNT}</UserName><Name>{POSIX}</Name><Description>{IN_XML}</Description>"
        f"<Comment>{IN_XML}</Comment><Title>{HOME}</Title></Document>"
        "<Image><SizeX>8</SizeX><SizeY>8</SizeY><SizeC>1</SizeC><PixelType>Gray16</PixelType>"
        f"<Dimensions><Channels><Channel Id='Channel:0' Name='DAPI {ACCOUNT}'/></Channels></Dimensions></Image>"
        f"<Instrument><Microscopes><Microscope Id='M' Name='Axio {HOST}'><System>Axio of {FULL}</System></Microscope>"
        "</Microscopes></Instrument></Information>"
        f"<HardwareSetting><ComputerName>{HOST}</ComputerName></HardwareSetting>"
        f"<Experiment><ImagePath>{UNC}</ImagePath></Experiment></Metadata></ImageDocument>"
    )
    path = folder / "cells.czi"
    write_czi(path, text.encode(), [SubBlock({"C": 0}, 8, 8, pixels=bytes(128))])
    return path


def oib(folder: Path) -> Path:
    main = {
        **MAIN,
        "File Info": {"UserName": f'"{ACCOUNT}"', "Artist": f'"{FULL}"', "Path": f'"{UNC}"', "DataName": f'"{HOME}"'},
        "Version Info": {"SystemName": '"FLUOVIEW FV1000"', "ComputerName": f'"{HOST}"'},
        "Acquisition Parameters Common": {
            **MAIN["Acquisition Parameters Common"],
            "UserComment": f'"by {FULL} {EMAIL} on {HOST} {HOME}"',
        },
    }
    return make_oib(folder / "cells.oib", main)


def micro_manager(folder: Path) -> Path:
    # No field has the full name, and nothing tells it from other words then.
    prose = PROSE.replace(FULL, "me")
    summary = {
        **SUMMARY, "UserName": ACCOUNT, "ComputerName": HOST, "Directory": POSIX, "Prefix": HOME, "Comment": prose,
        "Comments": prose,
    }  # fmt: skip
    return make_stack(folder / "cells_MMStack.ome.tif", summary)


def imagej(folder: Path) -> Path:
    return make_imagej(folder / "cells.tif", f"ImageJ=1.54f\nimages=1\nInfo={PROSE}\nlabel={HOME}\n")


def zarr_store(folder: Path) -> Path:
    path = folder / "cells.ome.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=3)
    group.create_array("0", data=values(1, 1, 1, 8, 8)[0, 0, 0])
    scale = [{"type": "scale", "scale": [1.0, 1.0]}]
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    multiscales = [{"name": f"{POSIX}", "axes": axes, "datasets": datasets, "metadata": {"description": PROSE}}]
    omero = {"name": f"cells of {FULL}", "channels": [{"label": f"DAPI {ACCOUNT}", "color": "0000FF"}]}
    content: Any = {"version": "0.5", "multiscales": multiscales, "omero": omero}
    group.attrs["ome"] = content
    (path / "OME").mkdir()
    (path / "OME" / "METADATA.ome.xml").write_text(ome_xml())
    (path / "OME" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    return path


def lsm(folder: Path) -> Path:
    recording = {
        **RECORDING,
        "User": ACCOUNT,
        "Name": HOME,
        "Description": PROSE.replace(FULL, "me"),
        "Notes": f"Computer: {HOST}",
    }
    return make_lsm(folder / "cells.lsm", recording)


def lif(folder: Path) -> Path:
    note = f'<Attachment Name="User" UserName="{ACCOUNT}" ComputerName="{HOST}" Author="{FULL}" Path="{UNC}"/>'
    image = lif_image(f"{ACCOUNT} {FULL}").replace("</Image></Data>", f"{note}</Image></Data>")
    return make_lif(folder / "cells.lif", project(image))


def nd2(folder: Path) -> Path:
    planes = metadata([plane("DAPI of " + ACCOUNT, 1)], [{}])
    # The author, as NIS-Elements calls whoever was logged in.
    text = {1: PROSE, 4: ACCOUNT, 5: f"Computer Name: {HOST}\r\nUser: {FULL}", 6: HOME, 13: UNC}
    return write_nd2(folder / "cells.nd2", attributes=attributes(1, 1), metadata=planes, text=text)


def tiff(folder: Path) -> Path:
    import tifffile

    path = folder / "cells.tif"
    tags = [(315, 2, 0, FULL, True), (316, 2, 0, HOST, True), (269, 2, 0, HOME, True), (285, 2, 0, UNC, True)]
    image, text = values(1, 1, 1, 8, 8)[0, 0, 0], PROSE.replace("²", "2")
    tifffile.imwrite(path, image, description=text, software=f"by {ACCOUNT}", metadata=None, extratags=tags)
    return path


IMAGES: dict[str, Callable[[Path], Path]] = {
    "ome-tiff": ome_tiff,
    "czi": czi,
    "oib": oib,
    "micro-manager": micro_manager,
    "imagej": imagej,
    "ome-zarr": zarr_store,
}
#: Of fewer outputs.
MORE: dict[str, Callable[[Path], Path]] = {"lsm": lsm, "lif": lif, "nd2": nd2, "tiff": tiff}
#: What the command line writes: name of an output, options. `-o` follows; {out} is a folder.
OUTPUTS: dict[str, tuple[str, ...]] = {
    "xml": ("{image}", "--format", "xml", "-o", "{out}/r.nbo.xml"),
    "json": ("{image}", "--format", "json", "-o", "{out}/r.nbo.json"),
    "jsonld": ("{image}", "--format", "jsonld", "-o", "{out}/r.nbo.jsonld"),
    "ome-tiff": ("{image}", "--convert", "ome-tiff", "-o", "{out}/r.ome.tiff"),
    "ome-zarr": ("{image}", "--convert", "ome-zarr", "-o", "{out}/r.ome.zarr"),
    "xlsx": ("gaps", "{image}", "-o", "{out}/r.xlsx"),
    "csv": ("gaps", "{image}", "-o", "{out}/r.csv"),
    "html": ("report", "{image}", "-o", "{out}/r.html"),
    "md": ("methods", "{image}", "-o", "{out}/r.md"),
    "keys": ("export", "omero", "{image}", "-o", "{out}/k.csv"),
    "junit": ("check", "{image}", "--junit", "{out}/r.xml"),
    "folder": ("{folder}", "-o", "{out}", "--exclude", "microscope.json"),
    "printed": ("{image}", "-o", "-", "--format", "json"),
    "printed-check": ("check", "{image}", "--json"),
}
#: No pixels, or nothing that can be converted.
NO_PIXELS = {"oib", "micro-manager"}


def contents(path: Path) -> bytes:
    """Return all that is in a file, also what is packed in it, in lower case."""
    data = path.read_bytes()
    found = [data]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            found += [packed.read(name) for name in packed.namelist()]
    found += [_inflate(data[m.start() :]) for m in re.finditer(rb"[\x78\x58][\x01\x5e\x9c\xda]", data)]
    found += [base64.b64decode(m.group()[: len(m.group()) // 4 * 4]) for m in re.finditer(rb"[A-Za-z0-9+/]{60,}", data)]
    # What is written in two bytes a letter, and what JSON or XML escapes.
    found += [part.replace(b"\0", b"") for part in found[:1]]
    found += [re.sub(rb"&#(?:x0*a|10);", b"\n", part).replace(b"\\\\", b"\\") for part in found[:1]]
    return b"\n".join(found).lower()


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, 1 << 22)
    except zlib.error:
        return b""


def told(folder: Path, printed: str) -> dict[str, list[str]]:
    """Return the secrets that each file below a folder holds, and what was printed."""
    found: dict[str, list[str]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".nbo-extract")):
        text = contents(path)
        secret = [s for s in SECRETS if s.lower().encode() in text]
        if secret:
            found[path.name] = secret
    secret = [s for s in SECRETS if s.lower() in printed.lower().replace("\\\\", "\\")]
    return found | ({"printed": secret} if secret else {})


def made(run: Run, image: Path, output: str, out: Path, *more: str) -> dict[str, list[str]]:
    out.mkdir()
    args = [a.format(image=image, out=out, folder=image.parent) for a in OUTPUTS[output]]
    result = run(*args, *more)
    assert result.code in (0, 1), result.err
    # What is said on the console may call a file as it was given; what is printed as a result may not.
    return told(out, result.out if output.startswith("printed") else "")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "secretfolder" / ACCOUNT
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("kind", IMAGES)
def test_no_output_tells_what_is_redacted(run: Run, place: Path, tmp_path: Path, kind: str) -> None:
    image = IMAGES[kind](place)
    leaks: dict[str, object] = {}
    for output in OUTPUTS:
        if output.startswith("ome-") and kind in NO_PIXELS:
            continue
        found = made(run, image, output, tmp_path / output, "--redact")
        if found:
            leaks[output] = found
    assert leaks == {}


@pytest.mark.parametrize("kind", MORE)
def test_other_formats_tell_it_neither(run: Run, place: Path, tmp_path: Path, kind: str) -> None:
    image = MORE[kind](place)
    leaks = {o: made(run, image, o, tmp_path / o, "--redact") for o in ("json", "html", "csv", "printed-check")}
    assert not any(leaks.values()), leaks
    assert made(run, image, "json", tmp_path / "plain")["r.nbo.json"]


@pytest.mark.parametrize("kind", IMAGES)
def test_the_same_outputs_tell_it_where_nothing_is_redacted(run: Run, place: Path, tmp_path: Path, kind: str) -> None:
    image = IMAGES[kind](place)
    silent = [o for o in ("json", "html", "junit", "folder") if not made(run, image, o, tmp_path / o)]
    assert silent == []


def test_a_folder_with_a_configuration_descriptions_and_damaged_files(
    run: Run, place: Path, tmp_path: Path, sample_data: Path
) -> None:
    first, last = FULL.split()
    (place / "hardware").mkdir()
    shutil.copy(sample_data / "microscope.json", place / "hardware" / "scope.json")
    shutil.copy(sample_data / "widefield.czi", place)
    (place / "broken.czi").write_bytes(czi(place).read_bytes()[:700])
    (place / "nbo-extract.toml").write_text(
        'hardware = ["hardware/scope.json"]\n[experimenter]\n'
        f'UserName = "{ACCOUNT}"\nFirstName = "{first}"\nLastName = "{last}"\nEmail = "{EMAIL}"\n'
    )
    out = tmp_path / "out"
    out.mkdir()
    for args in (
        [place, "-o", out / "all"],
        ["report", place, "-o", out / "r.html"],
        ["check", place, "--junit", out / "j.xml"],
        ["gaps", place, "-o", out / "g.csv"],
        ["export", "omero", place, "-o", out / "k.csv"],
    ):
        assert run(*args, "--redact").code == 3
    assert told(out, run("check", place, "--json", "--redact").out) == {}
    names = {p.name for p in out.rglob("*") if p.is_file()}
    assert {"summary.csv", "report.html", "widefield.czi.nbo.xml", "k-bulkmap.yml", "g.csv", "j.xml"} <= names
    assert "broken.czi" in (out / "all" / "summary.csv").read_text(encoding="utf-8")
    assert "scope.json" in (out / "all" / "widefield.czi.nbo.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["czi", "ome-zarr"])
def test_a_submission_tells_it_in_the_images_alone(run: Run, place: Path, tmp_path: Path, kind: str) -> None:
    IMAGES[kind](place)
    out = tmp_path / "submission"
    done = run("deposit", place, "-o", out, "--draft", "--redact", "--files", "copy")
    assert done.code == 0, done.err
    found = told(out, "")
    assert set(found) <= {p.name for p in (out / "data").iterdir()} and found
    assert "the image itself names" in done.err or "NBO155" in (out / "report.html").read_text(encoding="utf-8")
    plain = tmp_path / "plain"
    assert run("deposit", place, "-o", plain, "--draft", "--files", "copy").code == 0
    assert not set(told(plain, "")) <= {p.name for p in (plain / "data").iterdir()}


def test_two_images_of_one_name_make_no_sheet_without_folders(run: Run, place: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (place / name).mkdir()
        czi(place / name)
    result = run("gaps", place, "-o", tmp_path / "g.csv", "--redact")
    first, second = place / "a" / "cells.czi", place / "b" / "cells.czi"
    assert (result.code, result.err) == (
        2,
        f"nbo-extract: {first} and {second} have the same name, and with --redact a sheet tells no folders; "
        "rename one of them, or make a sheet for each\n",
    )


def test_a_sidecar_is_redacted_after_its_image_has_gone(run: Run, place: Path, tmp_path: Path) -> None:
    image = czi(place)
    run(image, "--format", "json", "-o", tmp_path / "away.nbo.json")
    image.unlink()
    (tmp_path / "out").mkdir()
    done = run(tmp_path / "away.nbo.json", "--format", "json", "-o", tmp_path / "out" / "r.nbo.json", "--redact")
    assert done.code == 0
    # Computers are named by the image alone.
    assert told(tmp_path / "out", "") == {"r.nbo.json": [HOST]}


def test_nobody_is_missed_because_he_is_redacted(run: Run, place: Path) -> None:
    def missing(*options: str) -> set[str]:
        found = json.loads(run("check", czi(place), "--json", "--tier", "3", "--level", "should", *options).out)
        return {f["attribute"] for f in found[0]["findings"] if f.get("element") == "Experimenter"}

    assert missing("--redact") == missing()


def test_the_published_schema_is_not_asked_about_what_is_left_out(run: Run, place: Path) -> None:
    result = run("check", czi(place), "--xsd", "x.xsd", "--redact")
    assert result.code == 2
    assert "--xsd quotes what it finds wrong" in result.err


@pytest.mark.parametrize("kind", ["ome-tiff", "ome-zarr"])
def test_what_is_embedded_adds_no_secret_and_the_user_is_told(run: Run, place: Path, kind: str) -> None:
    image = IMAGES[kind](place)

    def count() -> dict[str, int]:
        files = [image] if image.is_file() else sorted(p for p in image.rglob("*") if p.is_file())
        text = b"".join(f.read_bytes() for f in files).lower()
        return {s: text.count(s.lower().encode()) for s in SECRETS}

    before = count()
    result = run(image, "--embed", "--redact")
    assert result.code == 0
    assert "NBO155 the image itself names people or computers (" in " ".join(result.out.split())
    after = count()
    # The OME-XML of the image is repeated with the block in it, as it was; nothing of the block is secret.
    grown = {s: after[s] / before[s] for s in SECRETS if before[s]}
    assert all(1 <= g <= 2 for g in grown.values()), grown
    assert not [s for s in SECRETS if after[s] and not before[s]]
    block = run(image, "-o", "-", "--format", "json").out.lower()
    assert not [s for s in (FULL, ACCOUNT, HOST, EMAIL) if s.lower() in block.replace(str(image.parent).lower(), "")]
    run(image, "--embed")
    assert sum(count().values()) > sum(after.values())
    run(image, "--embed", "--redact")
    assert count() == after


@pytest.mark.parametrize("kind", IMAGES)
def test_computers_and_accounts_are_found_where_vendors_write_them(place: Path, kind: str) -> None:
    private = private_of(read(str(IMAGES[kind](place))))
    certain = {name.casefold() for name in private.certain}
    assert ACCOUNT in certain
    assert kind in ("imagej", "ome-zarr") or HOST.casefold() in certain


# -- real files -------------------------------------------------------------------------------------------------------


def test_real_files_are_redacted(run: Run, shared: Path, tmp_path: Path) -> None:
    seen: set[str] = set()
    for image in sorted(p for p in (shared / "samples").glob("*/*") if p.is_file() and p.stat().st_size < 40 << 20):
        private = private_of(read(str(image)))
        names = private.certain | {str(shared)}
        seen |= private.certain
        for number, args in enumerate(
            ([str(image), "--format", "json", "-o"], [str(image), "-o"], ["report", str(image), "-o"])
        ):
            target = tmp_path / f"{image.name}.{number}.{('json', 'xml', 'html')[number]}"
            assert run(*args, target, "--redact").code in (0, 1)
            text = contents(target).decode("utf-8", errors="replace")
            # The name of the file itself stays.
            text = text.replace(image.name.lower(), "")
            pattern = "|".join(re.escape(n.lower()) for n in names)
            assert re.search(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", text) is None, image
            assert re.search(r"[a-z]:\\\\?(?:users|testdata|ruian)", text) is None, image
    assert {"M1SRH", "smcardle", "ruiany"} <= seen


# -- texts ------------------------------------------------------------------------------------------------------------

REDACTOR = Redactor(Private(frozenset({FULL, ACCOUNT, HOST}), frozenset({"Oldenkamp"})))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HOME, "raw.czi"),
        (UNC, "raw.czi"),
        (POSIX, "raw.czi"),
        (r"C:\Users\moldenk7", "redacted"),
        (r"D:\Andrews, Laura\July 26th 2012" + "\\", "redacted"),
        (r"\\server.uni.edu", "redacted"),
        (r"\\server\share", "redacted"),
        ("//server/share/x/raw.tif", "raw.tif"),
        ("file:///home/x/y/raw.tif", "raw.tif"),
        ("smb://server/share/raw.tif?", "raw.tif?"),
        (rf"D:\x\{ACCOUNT}.czi", "redacted.czi"),
        ("see /data/jane/raw.tif, then go", "see raw.tif, then go"),
        (r"saved as D:\a b\raw.ome.tif by me", "saved as raw.ome.tif by me"),
        ("https://example.org/a/b.html", "https://example.org/a/b.html"),
        ("488/561 and/or 1/2", "488/561 and/or 1/2"),
        ("50 mW/cm²; 12:30:00", "50 mW/cm²; 12:30:00"),
        (f"cells_{ACCOUNT}_1", "cells_redacted_1"),
        (f"{ACCOUNT}x", f"{ACCOUNT}x"),
        (f"marguerite  oldenkamp on {HOST.lower()}", "redacted on redacted"),
        ("Oldenkamp stain", "Oldenkamp stain"),
        ("a@b.org", "redacted"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert REDACTOR.text(text) == expected


def test_places_in_vendor_data_are_no_paths_of_files() -> None:
    place = "NBO151: /ImageDocument/Metadata/Information[1]/Image states 'x'"
    assert REDACTOR.sentence(place) == place
    assert REDACTOR.sentence("/home/x/raw.tif: Oldenkamp is odd") == "raw.tif: redacted is odd"


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("UserName", "account"), ("[File Info] UserName", "account"), ("m_sUserName", "account"),
        ("HostComputer", "computer"), ("Computer Name", "computer"), ("OMEName", "account"),
        ("CameraUserName", ""), ("SystemName", ""), ("UserSettingName", ""), ("Owner", ""), ("Name", ""),
    ],
)  # fmt: skip
def test_fields_that_name_somebody(field: str, kind: str) -> None:
    assert kind_of(field) == kind


def test_general_accounts_name_nobody() -> None:
    noting = Noting()
    for value in ("Guest", "admin", "???", "ab", "12345", "", "Zeiss", "LSM User", r".\Administrator"):
        noting.note("account", value, "UserName")
    assert noting.done() == Private()


_WORDS = st.text("abcdefghijklmnopqrstuvwxyzäöü", min_size=3, max_size=8)


@given(_WORDS, st.lists(_WORDS, min_size=1, max_size=4), st.sampled_from(["C:\\", "\\\\", "/home/", "file:///", "D:/"]))
def test_folders_leave_any_path(name: str, folders: list[str], start: str) -> None:
    slash = "\\" if "\\" in start else "/"
    folders = [f"<{f}>".replace("<", "q7").replace(">", "7q") for f in folders]
    left = Redactor(Private()).text(start + slash.join([*folders, f"{name}.tif"]))
    assert not [f for f in folders if f in left]
    assert left in (f"{name}.tif", "redacted")


@given(st.text(max_size=60))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once
