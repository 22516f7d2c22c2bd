"""The adapter to bioio: mock plug-ins prove the logic, the permissive real ones that it works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from fuzz import campaign
from mock_libraries import bioio_site, distribution, plugin
from nbo_extract.api import embed, extract
from nbo_extract.errors import CorruptFileError, NboExtractError, UnsupportedFormatError
from nbo_extract.model import Fact
from nbo_extract.registry import find_reader, read
from nbo_extract_readers import _library_host, bioio, bioio_plugins, formats_adapters
from table_cases import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from commands import Result

CZI = "<ImageDocument><Metadata><Information><Image><SizeX>90</SizeX></Image></Information></Metadata></ImageDocument>"
SCENES = [["Image:0", "CZYX", [2, 3, 4, 5]], ["left", "CZYX", [2, 1, 6, 7]]]


def forget() -> None:
    bioio_plugins.plugins.cache_clear()
    formats_adapters.has_bioio.cache_clear()
    _library_host.close_all()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put a folder of packages in front of all others, for this process and for workers."""
    folder = bioio_site(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(folder)
    forget()
    yield folder
    forget()


def told(folder: Path, name: str = "a.mock", **content: Any) -> str:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def message(call: Callable[[], object], kind: type[NboExtractError] = CorruptFileError) -> str:
    with pytest.raises(kind) as error:
        call()
    assert "\n" not in error.value.message
    return error.value.message


# ------------------------------------------------------------------------------------------------ which plug-ins


def test_endings_are_found_without_importing(site: Path) -> None:
    plugin(site, "bioio-odd", "[s for s in ('.odd',)]")
    plugin(site, "bioio-broken", "('.brk',)", broken=True)
    forget()
    before = set(sys.modules)
    found = {p.name: p for p in bioio_plugins.plugins()}
    assert found["bioio-mock"] == ("bioio-mock", "bioio_mock", (".mck", ".mock"), "1.5")
    assert found["bioio-odd"].suffixes == ()
    assert found["bioio-broken"].suffixes == (".brk",)
    assert not {"bioio_mock", "bioio_odd", "bioio_broken", "bioio_base"} & (set(sys.modules) - before)


def test_order_is_that_of_bioio() -> None:
    tif = (".ome.tiff", ".ome.tif", ".tiff", ".tif")
    assert bioio_plugins._kinds(tif) == 2
    assert bioio_plugins._kinds((".tif", ".tiff", ".lsm")) == 3


def test_longest_ending_first(site: Path) -> None:
    plugin(site, "bioio-ending", "['.long.mock', '.a', '.b', '.c']")
    forget()
    assert [p.name for p in bioio_plugins.fitting("x.long.mock")] == ["bioio-ending", "bioio-mock"]
    assert [p.name for p in bioio_plugins.fitting("x.mock")] == ["bioio-mock"]


def test_pictures_and_bio_formats_are_not_taken(site: Path) -> None:
    plugin(site, "bioio-imageio", "['png', 'mck']")
    plugin(site, "bioio-bioformats", "['.stk']")
    forget()
    assert bioio_plugins.fitting("a.png") == []
    assert "bioio-bioformats" not in {p.name for p in bioio_plugins.plugins()}
    assert not formats_adapters.sniff_bioio(b"x", "a.png")
    assert formats_adapters.sniff_bioio(b"x", "a.mck")
    assert not formats_adapters.sniff_bioio(b"", "a.mck")


def test_static_endings_are_those_of_the_known_plugins() -> None:
    assert set(formats_adapters.BIOIO_SUFFIXES) == {s for endings, _ in bioio_plugins.KNOWN.values() for s in endings}


# ------------------------------------------------------------------------------------------------ what they give


def test_it_is_asked_for_what_no_reader_takes(site: Path, tmp_path: Path) -> None:
    path = told(tmp_path, metadata=CZI)
    info = find_reader(path)
    assert info is not None
    assert info.name == "bioio"
    record = read(path)
    assert (record.vocabulary, record.format) == ("zeiss-czi", "bioio, bioio-mock")
    assert (record.versions["bioio-mock"], record.files) == ("1.5", (path,))


def test_translation_where_the_raw_metadata_are_unknown(site: Path, tmp_path: Path) -> None:
    ome = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="t"/></OME>'
    record = read(told(tmp_path, metadata={"Lens": 3}, ome=ome))
    assert record.vocabulary == "ome"
    assert [f.code for f in record.findings] == ["NBO160"]
    assert record.tree.findtext("Raw/Lens") == "3"
    record = read(told(tmp_path, metadata="object", xml=ome))
    assert [f.code for f in record.findings] == ["NBO160"]


def test_extents_where_the_translation_fails(site: Path, tmp_path: Path) -> None:
    path = told(
        tmp_path, metadata="raises", ome="", scenes=SCENES, channels=["DAPI", "Channel:0:1"],
        scales={"X": [0.5, "micrometer"], "Y": [0.5, None]}, type="uint8",
    )  # fmt: skip
    record = read(path)
    assert [f.message for f in record.findings][:2] == [
        "bioio gives no metadata: RuntimeError: no metadata",
        "bioio gives no ome_metadata: ValueError: 36 validation errors",
    ]
    document = extract(path)
    first, second = nodes(document, "Image")
    assert (first.get("Name"), second.get("Name")) == (None, "left")
    pixels = nodes(document, "Pixels")
    assert [(p.get("SizeX"), p.get("SizeZ"), p.get("PixelType")) for p in pixels] == [
        ("5", "3", "uint8"),
        ("7", "1", "uint8"),
    ]
    assert (pixels[0].get("PhysicalSizeX"), pixels[0].get("PhysicalSizeY")) == ("0.5", None)
    assert [c.get("Name") for c in nodes(document, "Channel")][:2] == ["DAPI", None]


def test_broken_plugin_does_not_cost_the_others(site: Path, tmp_path: Path) -> None:
    plugin(site, "bioio-broken", "['.mock']", broken=True)
    forget()
    assert bioio_plugins.fitting("a.mock")[0].name == "bioio-broken"
    assert read(told(tmp_path, metadata=CZI)).format == "bioio, bioio-mock"
    path = told(tmp_path, **{"raise": "first line\nsecond"})
    assert message(lambda: read(path)) == (
        f"{path}: bioio cannot read it (bioio-broken: ImportError: broken on purpose; bioio-mock: ValueError: first "
        "line second); copy it again, or try another reader with --reader"
    )


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_one_worker_serves_all_and_no_bad_file_stops_it(site: Path, tmp_path: Path) -> None:
    good = told(tmp_path, "good.mock", metadata=CZI)
    read(good)
    worker = _library_host.worker("bioio")
    process = worker._process
    assert message(lambda: read(told(tmp_path, "bad.mock", **{"raise": "x"})))
    (tmp_path / "none.mock").write_bytes(b"\xff no JSON")
    assert message(lambda: read(tmp_path / "none.mock"))
    assert read(good).vocabulary == "zeiss-czi"
    assert worker._process is process


def test_file_that_takes_too_long(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = told(tmp_path, "good.mock", metadata=CZI)
    read(good)
    monkeypatch.setenv("NBO_BIOIO_SECONDS", "0.5")
    path = told(tmp_path, sleep=600)
    start = time.monotonic()
    assert message(lambda: read(path)) == (
        f"{path}: bioio cannot read it (no answer within 0.5 s; NBO_BIOIO_SECONDS sets the limit); copy it again, or "
        "try another reader with --reader"
    )
    assert time.monotonic() - start < 10
    assert _library_host.worker("bioio")._process is None
    monkeypatch.setenv("NBO_BIOIO_SECONDS", "60")
    assert read(good).vocabulary == "zeiss-czi"


def test_worker_that_dies(site: Path, tmp_path: Path) -> None:
    path = told(tmp_path, exit=3)
    assert f"{path}: bioio cannot read it (its process died while it read the file (exit status 3));" in message(
        lambda: read(path)
    )
    assert read(told(tmp_path, "good.mock", metadata=CZI)).vocabulary == "zeiss-czi"


def test_worker_that_is_gone_costs_no_file(site: Path, tmp_path: Path) -> None:
    path = told(tmp_path, metadata=CZI)
    read(path)
    process = _library_host.worker("bioio")._process
    assert process is not None
    process.kill()
    process.wait()
    assert read(path).vocabulary == "zeiss-czi"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the memory of a process")
def test_worker_that_wants_too_much_memory(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBO_BIOIO_MEMORY", "500m")
    path = told(tmp_path, eat=2 << 30)
    assert "(it needs more memory than it may use; NBO_BIOIO_MEMORY sets the limit)" in message(lambda: read(path))
    assert read(told(tmp_path, "good.mock", metadata=CZI)).vocabulary == "zeiss-czi"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("NBO_BIOIO_SECONDS", "soon", "NBO_BIOIO_SECONDS is 'soon'; give it a number of seconds above 0"),
        ("NBO_BIOIO_SECONDS", "-1", "NBO_BIOIO_SECONDS is '-1'; give it a number of seconds above 0"),
        (
            "NBO_BIOIO_MEMORY",
            "much",
            "NBO_BIOIO_MEMORY is 'much'; give it a size such as 4g or 500m, or 0 for no limit",
        ),
    ],
)
def test_limit_that_is_none(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: str
) -> None:
    monkeypatch.setenv(name, value)
    path = told(tmp_path, metadata=CZI)
    assert message(lambda: read(path), UnsupportedFormatError) == f"{path}: {wanted}; see nbo-extract doctor"


def test_base_that_cannot_be_imported(site: Path, tmp_path: Path) -> None:
    (site / "bioio_base.py").write_text("raise ImportError('no dask')")
    assert "bioio cannot be imported by " in (said := message(lambda: read(told(tmp_path)), UnsupportedFormatError))
    assert said.endswith(" (ImportError: no dask); see nbo-extract doctor")


def test_interrupt_ends_the_worker(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(told(tmp_path, "good.mock", metadata=CZI))
    worker = _library_host.worker("bioio")

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(worker, "_answer", interrupted)
        with pytest.raises(KeyboardInterrupt):
            read(told(tmp_path, metadata=CZI))
    assert worker._process is None
    assert read(told(tmp_path, metadata=CZI)).vocabulary == "zeiss-czi"


def test_worker_ends_with_its_process(site: Path, tmp_path: Path) -> None:
    path = told(tmp_path, metadata=CZI)
    program = (
        "import sys; from nbo_extract.registry import read; from nbo_extract_readers._library_host import worker\n"
        "read(sys.argv[1]); print(worker('bioio')._process.pid)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    for _ in range(100):
        try:
            os.kill(int(done.stdout), 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("the worker is still there")


# ------------------------------------------------------------------------------------------------ what is missing


def test_plugin_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bioio_plugins, "plugins", tuple)
    monkeypatch.setattr("nbo_extract_readers.formats_adapters.has_bioformats", lambda: False)
    path = tmp_path / "a.vsi"
    path.write_bytes(b"x")
    way = "pip install 'bioio>=3.6,<4' bioio-vsi"
    assert way in message(lambda: read(path), UnsupportedFormatError)
    assert message(lambda: read(path, "bioio"), UnsupportedFormatError) == (
        f"{path}: no reader plug-in of bioio for it is installed; {way}"
    )
    assert bioio.way("a.lif") == "pip install 'bioio>=3.6,<4' bioio-lif (licence: its library is GPL-3)"
    assert bioio.way("a.unheard") == ""


def test_damaged_file_of_a_readable_format_is_told_of_no_library(tmp_path: Path) -> None:
    path = tmp_path / "a.czi"
    path.write_bytes(b"x")
    assert "pip install" not in message(lambda: read(path), UnsupportedFormatError)


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        (None, "not installed: pip install 'nbo-extract[bioio]'"),
        ("0.0.1", "unusable: bioio 0.0.1 is too old or an empty placeholder; pip install 'bioio>=3.6,<4'"),
        ("3.6.0", "no plug-in: bioio 3.6.0 is here, but no reader"),
    ],
)
def test_status_of_what_is_missing(monkeypatch: pytest.MonkeyPatch, version: str | None, wanted: str) -> None:
    def stated(name: str) -> str:
        if version is None:
            raise PackageNotFoundError(name)
        return version

    monkeypatch.setattr("nbo_extract_readers.bioio.metadata.version", stated)
    monkeypatch.setattr(bioio, "plugins", tuple)
    assert [line.startswith(wanted) for line in bioio.status()] == [True]


def test_doctor_tells_of_plugins(site: Path, run: Callable[..., Result]) -> None:
    distribution(site, "bioio-empty", "bioio_empty")
    forget()
    result = run("doctor")
    assert result.code == 0
    if find_spec("bioio") is not None:
        assert "bioio-mock 1.5 (.mck, .mock)\n" in result.out
        assert "bioio-empty 1.5 (by --reader bioio only)\n" in result.out


# ------------------------------------------------------------------------------------------------ the next adapter


def test_next_adapter_is_asked(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second adapter in the order knows this ending, too, and has its library.
    name = "a.vsi"
    plugin(site, "bioio-vsi", "['.vsi']")
    forget()
    monkeypatch.setattr(formats_adapters, "has_bioformats", lambda: True)
    from nbo_extract_readers import _jvm

    monkeypatch.setattr(_jvm, "call", lambda _: {"error": "FormatException: bad"})
    path = told(tmp_path, name, **{"raise": "not mine"})
    said = message(lambda: read(path))
    assert said.startswith(f"{path}: bioio cannot read it (bioio-vsi: ValueError: not mine); ")
    assert "; Bio-Formats cannot read it (FormatException: bad);" in said
    xml = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="b"/></OME>'
    answer = {"xml": xml, "format": "VSI", "version": "7", "java": "17", "files": [], "original": []}
    monkeypatch.setattr(_jvm, "call", lambda _: answer)
    assert read(path).reader == "bioformats"
    # By name it is asked alone.
    assert "Bio-Formats" not in message(lambda: read(path, "bioio"))


# ------------------------------------------------------------------------------------------------ real plug-ins


@pytest.fixture(scope="module")
def real() -> Iterator[None]:
    if find_spec("bioio_ome_tiff") is None or find_spec("bioio_ome_zarr") is None:
        pytest.skip("bioio's plug-ins for OME-TIFF and OME-Zarr are not installed")
    forget()
    yield
    forget()


def test_real_ome_tiff(real: None, sample_data: Path) -> None:
    path = sample_data / "confocal.ome.tiff"
    record = read(path, "bioio")
    assert (record.format, record.vocabulary, record.findings) == ("bioio, bioio-ome-tiff", "ome", [])
    here, there = extract(path), extract(path, reader="bioio")
    for element in ("Objective", "Channel", "Laser", "Filter", "Pixels"):
        assert [n.get("Model") for n in nodes(there, element)] == [n.get("Model") for n in nodes(here, element)]
        assert [n.get("Name") for n in nodes(there, element)] == [n.get("Name") for n in nodes(here, element)]


def test_embedded_block_is_read_through_a_library(real: None, sample_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    path.write_bytes((sample_data / "confocal.ome.tiff").read_bytes())
    document = extract(path)
    nodes(document, "Objective")[0].facts["Name"] = Fact("by hand")
    embed(path, document)
    assert nodes(extract(path, reader="bioio"), "Objective")[0].get("Name") == "by hand"
    assert nodes(extract(path, reader="bioio", embedded=False), "Objective")[0].get("Name") != "by hand"


def test_real_plugins_in_several_processes(real: None, sample_data: Path, tmp_path: Path) -> None:
    (tmp_path / "b.ome.tif").write_bytes((sample_data / "confocal.ome.tiff").read_bytes())
    (tmp_path / "c.ome.tif").write_bytes(b"II*\0" + bytes(200))
    command = [sys.executable, "-m", "nbo_extract", str(tmp_path), "--reader", "bioio", "--workers", "2", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith(f"nbo-extract: {tmp_path / 'c.ome.tif'}: bioio cannot read it (bioio-ome-tiff: ")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "b.ome.tif.nbo.xml").is_file()


@pytest.mark.parametrize("name", ["cells_v04.ome.zarr", "cells_v05.ome.zarr"])
def test_real_ome_zarr(real: None, sample_data: Path, name: str) -> None:
    record = read(sample_data / name, "bioio")
    assert (record.format, record.vocabulary) == ("bioio, bioio-ome-zarr", "library")
    own, other = (nodes(extract(sample_data / name, reader=r), "Pixels")[0] for r in (None, "bioio"))
    for attribute in ("SizeX", "SizeY", "SizeZ", "SizeC", "PhysicalSizeX", "PhysicalSizeZ", "PixelType"):
        assert other.get(attribute) == own.get(attribute)
        assert other.get(attribute) is not None


def test_damaged_copies_through_a_real_plugin(real: None, sample_data: Path) -> None:
    result = campaign(str(sample_data / "confocal.ome.tiff"), cuts=20, flips=20, seed=3, reader="bioio")
    assert result["bad"] == []
    assert sum(result["ends"].values()) == 40
