"""Sidecars are read back as if they were embedded, as long as their image has not changed since."""

from __future__ import annotations

import os
import shlex
import shutil
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import make_ome_sets
from nbo_extract.api import embed, extract, restore
from nbo_extract.errors import DocumentError, NboExtractError
from nbo_extract.fingerprint import fingerprint, sample
from nbo_extract.jsonio import from_json, from_jsonld, to_json
from nbo_extract.model import Source
from nbo_extract.portable import portable
from nbo_extract.sidecars import State, find_sidecar, fresh_sidecar, named_sidecar, read_sidecar, sidecar_text, state_of
from nbo_extract.xmlio import from_xml
from random_documents import Maker
from real_files import tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Result
    from nbo_extract.model import Document
    from nbo_extract.sidecars import Format, Sidecar

    Run = Callable[..., Result]

FORMS: tuple[Format, ...] = ("xml", "json", "jsonld")
SAMPLES = ("widefield.czi", "confocal.ome.tiff", "cells_v04.ome.zarr", "cells_v05.ome.zarr")
REAL = ("czi/DAPI_GFP.czi", "oib", "nd2", "dv", "lif", "tiff")
KEPT = "151 facts from microscope.json are kept from the earlier sidecar; --no-sidecar starts anew"


def write(image: Path, document: Document, form: Format = "xml") -> Path:
    path = image.with_name(f"{image.name}.nbo.{form}")
    text = sidecar_text(document, form, fingerprint(image, document.origin.files))
    path.write_text(text, encoding="utf-8", newline="")
    return path


def bare(document: Document) -> str:
    return to_json(portable(document))


@pytest.fixture(params=SAMPLES)
def image(request: pytest.FixtureRequest, data: Path) -> Path:
    name: str = request.param
    return data / name


@pytest.fixture
def data(sample_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(sample_data, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def stack(data: Path) -> Path:
    """Return an image that is larger than what is read of it, with its sidecar."""
    image = data / "large.czi"
    content = (data / "widefield.czi").read_bytes()
    image.write_bytes(content + bytes(4 << 20))
    document = extract(data / "widefield.czi")
    document.origin.files = (str(image),)
    write(image, document)
    return image


def state(image: Path) -> State:
    path = find_sidecar(image)
    assert path is not None
    return state_of(read_sidecar(path), image)


# -- what a sidecar holds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_each_form_reads_back_with_provenance(form: Format, image: Path) -> None:
    document = extract(image)
    document.images[0].put("Name", "given by hand", None, Source("user", "sheet.csv", "B7"))
    path = write(image, document, form)
    again = read_sidecar(path)
    assert to_json(again.document) == to_json(document)
    assert again.product.startswith("nbo-extract ")
    assert state_of(again) == State("fresh")
    assert to_json(extract(path)) == to_json(document)
    # The same again is the same text.
    assert sidecar_text(again.document, form, again.fingerprint) == path.read_text(encoding="utf-8")


def test_other_readers_see_the_document_alone(image: Path) -> None:
    document = extract(image)
    assert from_xml(write(image, document)) == document
    assert to_json(from_json(write(image, document, "json"))) == bare(document)
    assert to_json(from_jsonld(write(image, document, "jsonld"))) == bare(document)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(FORMS))
def test_random_documents_read_back(seed: int, form: Format) -> None:
    import tempfile

    document = Maker(seed).document().arrange()
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "a.czi")
        image.write_bytes(b"pixels")
        again = read_sidecar(write(image, document, form))
    assert bare(again.document) == bare(document)


def test_xml_is_valid_by_the_published_schema(image: Path, shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(image, extract(image))
    assert "<sidecar xmlns=" in path.read_text(encoding="utf-8")
    assert tool(shared, "validate_nbo").main([str(path)]) == 0, capsys.readouterr().out


def test_random_documents_stay_valid(shared: Path, tmp_path: Path) -> None:
    schema = tool(shared, "validate_nbo").relaxed_schema()
    from lxml import etree

    for seed in range(40):
        document = Maker(seed).document().arrange()
        before = etree.fromstring(sidecar_text(document, "xml").encode())
        assert schema.validate(before), schema.error_log


@pytest.mark.parametrize("place", REAL)
def test_real_files_read_back(place: str, shared: Path, tmp_path: Path) -> None:
    found = shared / "samples" / place
    files = sorted(p for p in found.iterdir() if p.is_file()) if found.is_dir() else [found]
    done = 0
    for file in files:
        try:
            document = extract(file)
        except NboExtractError:
            continue
        state = fingerprint(file, document.origin.files)
        for form in FORMS:
            path = tmp_path / f"{file.name}.nbo.{form}"
            path.write_text(sidecar_text(document, form, state), encoding="utf-8", newline="")
            again = read_sidecar(path)
            assert bare(again.document) == bare(document), (file, form)
            assert state_of(again, file) == State("fresh")
        done += 1
    assert done


# -- whether it is for the image as it is now -------------------------------------------------------------------------


def test_the_time_of_modification_does_not_count(stack: Path) -> None:
    os.utime(stack, (1, 1))
    assert state(stack) == State("fresh")


def test_an_appended_byte_is_seen(stack: Path) -> None:
    size = stack.stat().st_size
    with stack.open("ab") as file:
        file.write(b"x")
    assert state(stack) == State("stale", f"its size was {size:,} bytes, is {size + 1:,}")


def test_a_changed_byte_is_seen_wherever_a_sample_is_taken(stack: Path) -> None:
    content = stack.read_bytes()
    pieces = sample(len(content))
    assert len(pieces) == 18
    assert pieces[0][0] == 0
    assert sum(pieces[-1]) == len(content)
    assert all(sum(a) <= b[0] for a, b in pairwise(pieces))
    for at in (pieces[0][0] + 9, pieces[9][0], pieces[9][0] + pieces[9][1] - 1, len(content) - 1):
        stack.write_bytes(content[:at] + b"\xa5" + content[at + 1 :])
        assert state(stack) == State("stale", "its content has changed")
    stack.write_bytes(content)
    assert state(stack) == State("fresh")


def test_the_sample_of_a_huge_file_is_small() -> None:
    assert sum(length for _, length in sample(100 << 30)) == 1536 << 10
    assert sample(1536 << 10) == [(0, 1536 << 10)]
    assert sample(0) == [(0, 0)]


def test_image_and_sidecar_renamed_together_stay_fresh(stack: Path) -> None:
    stack.rename(stack.with_name("other.czi"))
    stack.with_name("large.czi.nbo.xml").rename(stack.with_name("other.czi.nbo.xml"))
    assert state(stack.with_name("other.czi")) == State("fresh")
    moved = stack.parent / "elsewhere"
    moved.mkdir()
    for name in ("other.czi", "other.czi.nbo.xml"):
        shutil.move(stack.with_name(name), moved / name)
    assert state(moved / "other.czi") == State("fresh")


@pytest.mark.parametrize("image", SAMPLES[1:], indirect=True)
def test_an_embedded_block_is_no_change(image: Path) -> None:
    document = extract(image)
    path = write(image, document)
    before = path.read_bytes()
    embed(image, document)
    assert state(image) == State("fresh")
    assert write(image, document).read_bytes() == before
    restore(image)
    assert state(image) == State("fresh")


@pytest.mark.parametrize("make", [make_ome_sets.full, make_ome_sets.with_companion, make_ome_sets.with_master])
def test_a_block_in_a_set_is_no_change(make: Callable[[Path, int], list[Path]], tmp_path: Path) -> None:
    members = make(tmp_path, 4)
    document = extract(members[0])
    assert len(document.origin.files) == len(members)
    write(members[0], document)
    embed(members[0], document)
    assert state(members[0]) == State("fresh")
    restore(members[0])
    assert state(members[0]) == State("fresh")
    members[-1].write_bytes(members[-1].read_bytes() + b"\n")
    assert state(members[0]).kind == "stale"


@pytest.mark.parametrize("image", SAMPLES[2:], indirect=True)
def test_changed_metadata_of_a_store_are_seen(image: Path) -> None:
    write(image, extract(image))
    file = next(p for p in (image / "zarr.json", image / ".zattrs") if p.exists())
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"micrometer"', '"nanometer"'), encoding="utf-8")
    assert state(image) == State("stale", f"the content of {file.name} has changed")
    file.unlink()
    assert state(image) == State("stale", f"its metadata file {file.name} is not there")


def test_members_of_a_set_count(data: Path) -> None:
    members = [data / f"part{n:03}.tif" for n in range(40)]
    for number, member in enumerate(members):
        member.write_bytes(bytes([number]) * 10)
    notes = data / "metadata.txt"
    notes.write_text("exposure 5")
    files = [str(p) for p in [*members, notes]]
    taken = fingerprint(members[0], files)
    assert taken is not None
    assert taken == fingerprint(members[0], reversed(files))
    names = [f.name for f in taken.files]
    assert names == [".", "metadata.txt", *(p.name for p in members[1:])]
    # The image itself, the file of metadata, and some.
    assert [f.name for f in taken.files if f.sha256][:3] == [".", "metadata.txt", "part001.tif"]
    assert sum(bool(f.sha256) for f in taken.files) == 17
    path = data / "part000.tif.nbo.json"
    path.write_text(sidecar_text(extract(data / "widefield.czi"), "json", taken), encoding="utf-8")
    assert state(members[0]) == State("fresh")
    notes.write_text("exposure 6")
    assert state(members[0]) == State("stale", "the content of metadata.txt has changed")
    members[39].write_bytes(b"x")
    assert state(members[0]) == State("stale", "the size of part039.tif was 10 bytes, is 1")
    members[20].unlink()
    assert state(members[0]) == State("stale", "its file part020.tif is not there")


def test_what_cannot_be_told(stack: Path, data: Path) -> None:
    path = data / "large.czi.nbo.xml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("nbo-sample-1", "nbo-sample-9"), encoding="utf-8")
    assert state(stack) == State("unknown", "this version does not know how it says so (nbo-sample-9)")
    path.write_text(sidecar_text(extract(data / "widefield.czi"), "xml"), encoding="utf-8")
    assert state(stack) == State("unknown", "it does not say for which state")
    assert fresh_sidecar(stack)[0] is None
    stack.unlink()
    assert state_of(read_sidecar(path)) == State("unknown", "large.czi is not there")


# -- edited, damaged --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_what_a_person_edits_is_what_the_person_states(form: Format, data: Path) -> None:
    image = data / "widefield.czi"
    path = write(image, extract(image), form)
    text = path.read_text(encoding="utf-8")
    assert "widefield two-channel" in text
    changed = text.replace('"widefield two-channel"', '"by hand"', 1)
    path.write_text(changed, encoding="utf-8")
    sidecar = named_sidecar(path)
    fact = sidecar.document.images[0].facts["Name"]
    assert (fact.value, fact.source) == ("by hand", Source("user", path.name, "OME/Image[0]"))
    assert [(f.code, f.severity, f.message) for f in sidecar.document.findings if f.code == "NBO173"] == [
        (
            "NBO173",
            "info",
            f"{path.name} was edited by hand since it was written: 1 fact is taken as what a person states",
        )
    ]
    # All else keeps its source.
    others = [
        f.source.kind
        for n in sidecar.document.root.walk()
        for key, f in n.facts.items()
        if f.source is not None and f.value != "by hand"
    ]
    assert "user" not in others
    # Written again, it is what is stated; nothing was edited since.
    path.write_text(sidecar_text(sidecar.document, form, sidecar.fingerprint), encoding="utf-8", newline="")
    again = named_sidecar(path).document
    assert again.images[0].facts["Name"].source == fact.source
    assert "NBO173" not in {f.code for f in again.findings}


def test_what_a_person_takes_out_is_told(data: Path) -> None:
    image = data / "widefield.czi"
    path = write(image, extract(image))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(' Name="widefield two-channel"', "", 1), encoding="utf-8")
    sidecar = named_sidecar(path)
    assert sidecar.document.images[0].get("Name") is None
    assert [f.message for f in sidecar.document.findings if f.code == "NBO173"] == [
        f"{path.name} was edited by hand since it was written: 0 facts are taken as what a person states"
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_sidecar_cut_off_anywhere_is_refused_in_a_sentence(form: Format, data: Path) -> None:
    image = data / "widefield.czi"
    path = write(image, extract(image), form)
    content = path.read_bytes()
    for size in range(0, len(content) - 2, len(content) // 23):
        path.write_bytes(content[:size])
        with pytest.raises(DocumentError) as told:
            named_sidecar(path)
        assert told.value.message.startswith(str(path))
        assert told.value.message.endswith(f"; run nbo-extract {data / 'widefield.czi'} to write it anew")
        assert "\n" not in told.value.message


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ('"size": ', '"size": "x", "was": ', "what it says of its image is damaged"),
        ('"name": "."', '"name": 5', "what it says of its image is damaged"),
        ('"scheme": "nbo-sample-1"', '"scheme": 1', "what it says of its image is damaged"),
        ('"facts": {"OME', '"facts": [], "was": {"OME', "what it says of itself as a sidecar is damaged"),
    ],
)
def test_a_wrong_record_is_refused(right: str, wrong: str, message: str, data: Path) -> None:
    image = data / "widefield.czi"
    path = write(image, extract(image), "json")
    head, key, tail = path.read_text(encoding="utf-8").partition('\n "sidecar"')
    spread = tail.replace('"facts": {\n   "OME', '"facts": {"OME')
    assert right in spread
    path.write_text(head + key + spread.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(DocumentError) as told:
        read_sidecar(path)
    assert told.value.message == f"{path}: {message}"


# -- the command line -------------------------------------------------------------------------------------------------


def test_the_image_is_checked_as_its_fresh_sidecar_states(run: Run, data: Path) -> None:
    assert run("widefield.czi", "--hardware", "microscope.json").code == 0
    result = run("check", "widefield.czi")
    assert result.err == ""
    assert result.out.startswith("widefield.czi  (Zeiss CZI)\n  as stated in widefield.czi.nbo.xml\n")
    assert "Instrument 'Instrument:0': Name" not in result.out
    itself = run("check", "widefield.czi", "--no-sidecar")
    assert "as stated in" not in itself.out
    assert "Instrument 'Instrument:0': Name is missing" in itself.out
    assert '"stated_in": "widefield.czi.nbo.xml"' in run("check", "widefield.czi", "--json").out
    asked = run("gaps", "widefield.czi", "-o", "-")
    assert asked.err.startswith("nbo-extract: widefield.czi: as stated in widefield.czi.nbo.xml\n")
    assert "as stated in" not in run("gaps", "widefield.czi", "-o", "-", "--no-sidecar").err
    # What is given is filled into what the image itself states.
    assert "as stated in" not in run("check", "widefield.czi", "--hardware", "microscope.json").out


def test_a_stale_sidecar_is_left_aside(run: Run, data: Path) -> None:
    assert run("widefield.czi", "--hardware", "microscope.json").code == 0
    size = (data / "widefield.czi").stat().st_size
    with (data / "widefield.czi").open("ab") as file:
        file.write(b"x")
    told = (
        f"widefield.czi.nbo.xml was written for another state of widefield.czi (its size was {size:,} bytes, is "
        f"{size + 1:,})"
    )
    result = run("check", "widefield.czi")
    assert result.code == 1
    assert result.out.splitlines()[1].startswith("  NBO170  ")
    assert f"\n  NBO170  {told}: it is not used; run nbo-extract widefield.czi again to renew it\n" in result.out
    assert "Instrument 'Instrument:0': Name is missing" in result.out
    assert f"nbo-extract: {told}: it is not used;" in run("gaps", "widefield.czi", "-o", "-").err
    # Who names it gets it, and is told.
    named = run("check", "widefield.czi.nbo.xml")
    assert f"\n  NBO170  {told}; run nbo-extract widefield.czi again to renew it\n" in named.out
    assert "Instrument 'Instrument:0': Name" not in named.out


def test_a_damaged_sidecar(run: Run, data: Path) -> None:
    assert run("widefield.czi").code == 0
    path = data / "widefield.czi.nbo.xml"
    path.write_bytes(path.read_bytes()[:3000])
    beside = run("check", "widefield.czi")
    assert beside.code == 1
    assert "\n  NBO172  widefield.czi.nbo.xml is not well-formed XML: " in beside.out
    assert "; it is not used: run nbo-extract widefield.czi again to write it anew\n" in beside.out
    named = run("check", path.name)
    assert named.code == 2
    assert named.err.startswith("nbo-extract: widefield.czi.nbo.xml is not well-formed XML: ")
    assert named.err.endswith("; run nbo-extract widefield.czi to write it anew\n")
    anew = run("widefield.czi")
    assert anew.code == 0
    assert anew.err.startswith("nbo-extract: widefield.czi.nbo.xml is not well-formed XML: ")
    assert anew.err.endswith("; it is written anew, without what it may have held\n")
    assert run("check", path.name).err == ""


def test_no_reader_is_needed_where_a_sidecar_is_fresh(run: Run, data: Path) -> None:
    document = extract(data / "widefield.czi")
    image = data / "strange.xyz"
    image.write_bytes(b"no reader takes this")
    write(image, document)
    assert run("check", "strange.xyz").out.startswith("strange.xyz  (Zeiss CZI)\n  as stated in strange.xyz.nbo.xml\n")
    filled = run("check", "strange.xyz", "--hardware", "microscope.json")
    assert filled.out.startswith("strange.xyz  (Zeiss CZI)\n  as stated in strange.xyz.nbo.xml\n")
    assert "Instrument 'Instrument:0': Name" not in filled.out
    assert "strange.xyz" in run("check", ".").out
    assert run("check", "strange.xyz", "--no-sidecar").code == 3
    image.write_bytes(b"no reader takes that")
    assert run("check", "strange.xyz").code == 3


def test_a_block_in_the_image_comes_first(run: Run, data: Path) -> None:
    assert run("confocal.ome.tiff").code == 0
    assert "as stated in" in run("check", "confocal.ome.tiff").out
    assert run("confocal.ome.tiff", "--embed", "--hardware", "microscope.json").code == 0
    assert "as stated in" not in run("check", "confocal.ome.tiff").out


def test_a_named_sidecar_is_converted_and_completed(run: Run, data: Path) -> None:
    assert run("widefield.czi").code == 0
    (data / "widefield.czi").rename(data / "tape")
    result = run("widefield.czi.nbo.xml", "--format", "json", "-o", "x.json")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("widefield.czi.nbo.xml  (Zeiss CZI)\n")
    assert result.out.endswith("\n  wrote x.json\n")
    assert "NBO171" not in (data / "x.json").read_text(encoding="utf-8")
    (data / "tape").rename(data / "widefield.czi")
    assert state_of(read_sidecar(data / "x.json")) == State("fresh")
    assert run("widefield.czi", "--format", "json", "-q").code == 0
    assert (data / "widefield.czi.nbo.json").read_bytes() == (data / "x.json").read_bytes()

    assert run("widefield.czi.nbo.json", "--hardware", "microscope.json").out.endswith(
        "\n  wrote widefield.czi.nbo.json\n"
    )
    assert run("widefield.czi", "--hardware", "microscope.json", "-o", "y.json").code == 0
    assert from_json(data / "y.json") == from_json(data / "widefield.czi.nbo.json")
    assert run("widefield.czi.nbo.json", "--embed").err.startswith(
        "nbo-extract: widefield.czi.nbo.json: a document that nbo-extract wrote, no image; left out\n"
    )


def test_a_sidecar_in_another_folder_knows_its_image(run: Run, data: Path) -> None:
    assert run("widefield.czi", "-o", "results").code == 0
    path = os.path.join("results", "widefield.czi.nbo.xml")
    assert "NBO170" not in run("check", path, "-v").out
    assert "cannot be told" not in run("check", path, "-v").out
    with (data / "widefield.czi").open("ab") as file:
        file.write(b"x")
    assert (
        "; run nbo-extract widefield.czi -o results/widefield.czi.nbo.xml again to renew it" in run("check", path).out
    )


def test_the_command_that_renews_a_sidecar_runs(run: Run, data: Path) -> None:
    folder = data / "my data"
    folder.mkdir()
    (data / "widefield.czi").rename(folder / "widefield.czi")
    assert run("my data/widefield.czi").code == 0
    for named in ("my data/widefield.czi", "my data", "my data/widefield.czi.nbo.xml"):
        with (folder / "widefield.czi").open("ab") as file:
            file.write(b"x")
        second = run("check", named).out.splitlines()[1]
        command = second.partition("; run nbo-extract ")[2].removesuffix(" again to renew it")
        assert command == "'my data/widefield.czi'", second
        assert run(*shlex.split(command)).code == 0
        assert "NBO170" not in run("check", named).out


def test_an_image_that_is_gone_is_told(run: Run, data: Path) -> None:
    assert run("widefield.czi").code == 0
    (data / "widefield.czi").unlink()
    result = run("check", "widefield.czi.nbo.xml", "-v")
    assert (
        "\n    whether widefield.czi.nbo.xml is for widefield.czi as it is now cannot be told: widefield.czi is not "
        "there\n"
    ) in result.out


def test_a_folder_of_sidecars_is_checked(run: Run, data: Path) -> None:
    assert run(".", "-q").code == 0
    assert run("widefield.czi", "--format", "json", "-q").code == 0
    whole = run("check", ".")
    assert [line for line in whole.out.splitlines() if "(" in line and not line.startswith(" ")] == [
        "confocal.ome.tiff  (OME-TIFF)", "widefield.czi  (Zeiss CZI)",
        "cells_v04.ome.zarr  (OME-Zarr)", "cells_v05.ome.zarr  (OME-Zarr)",
    ]  # fmt: skip
    (data / "widefield.czi").unlink()
    shutil.rmtree(data / "cells_v04.ome.zarr")
    partly = run("check", ".")
    assert [line for line in partly.out.splitlines() if "(" in line and not line.startswith(" ")] == [
        "cells_v04.ome.zarr.nbo.xml  (OME-Zarr)", "confocal.ome.tiff  (OME-TIFF)",
        "widefield.czi.nbo.xml  (Zeiss CZI)", "cells_v05.ome.zarr  (OME-Zarr)",
    ]  # fmt: skip
    # They are no images for what writes.
    assert "2 images: " in run(".", "--dry-run").out


# -- what a person would lose -----------------------------------------------------------------------------------------


def test_filled_facts_are_kept(run: Run, data: Path) -> None:
    assert run("widefield.czi", "--hardware", "microscope.json").code == 0
    path = data / "widefield.czi.nbo.xml"
    before = path.read_bytes()
    again = run("widefield.czi")
    assert (again.code, again.err) == (0, "")
    assert again.out.endswith(f"\n  {KEPT}\n\n  unchanged: widefield.czi.nbo.xml\n")
    assert path.read_bytes() == before
    planes = run("widefield.czi", "--planes", "none")
    assert KEPT in planes.out
    assert KEPT in run("widefield.czi").out
    # Planes are those of the image, whatever the earlier sidecar left out.
    assert path.read_bytes() == before
    anew = run("widefield.czi", "--no-sidecar")
    assert "kept" not in anew.out
    assert anew.err == ""
    assert b"microscope.json" not in path.read_bytes()
    assert "kept" not in run("widefield.czi").out


def test_what_a_stale_sidecar_held_is_told(run: Run, data: Path) -> None:
    assert run("widefield.czi", "--hardware", "microscope.json").code == 0
    size = (data / "widefield.czi").stat().st_size
    with (data / "widefield.czi").open("ab") as file:
        file.write(b"x")
    result = run("widefield.czi", "-q")
    assert (result.code, result.out, result.err) == (
        0,
        "",
        "nbo-extract: widefield.czi.nbo.xml: 151 facts from microscope.json are not kept, because it was written for "
        f"another state of widefield.czi (its size was {size:,} bytes, is {size + 1:,}); give microscope.json with "
        "--hardware to have them again\n",
    )
    assert run("widefield.czi", "-q").err == ""


def test_another_description_takes_the_place_of_the_first(run: Run, data: Path) -> None:
    assert run("widefield.czi", "--hardware", "microscope.json").code == 0
    shutil.copy(data / "microscope.json", data / "newer.json")
    result = run("widefield.czi", "--hardware", "newer.json")
    assert result.err == (
        "nbo-extract: widefield.czi.nbo.xml: 151 facts from microscope.json are not kept; give microscope.json with "
        "--hardware to have them again\n"
    )
    assert run("widefield.czi", "--hardware", "newer.json").err == ""


def test_a_conversion_tells_what_it_replaces(run: Run, data: Path) -> None:
    assert run("widefield.czi", "--hardware", "microscope.json").code == 0
    assert run("widefield.czi", "--format", "json").code == 0
    result = run("widefield.czi.nbo.json", "-o", "widefield.czi.nbo.xml")
    assert result.err == (
        "nbo-extract: widefield.czi.nbo.xml: 151 facts from microscope.json are not kept; give microscope.json with "
        "--hardware to have them again\n"
    )


def test_a_sidecar_describes_its_microscope(run: Run, data: Path) -> None:
    assert run("widefield.czi", "--hardware", "microscope.json").code == 0
    result = run("check", "widefield.czi", "--hardware", "widefield.czi.nbo.xml")
    assert (result.code, result.err) == (1, "")
    assert "Instrument 'Instrument:0': Name" not in result.out


def test_what_a_person_edited_is_kept(run: Run, data: Path) -> None:
    assert run("widefield.czi").code == 0
    path = data / "widefield.czi.nbo.xml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"widefield two-channel"', '"by hand"', 1), encoding="utf-8")
    result = run("widefield.czi")
    assert (
        "\n  1 fact from widefield.czi.nbo.xml is kept from the earlier sidecar; --no-sidecar starts anew\n"
        in result.out
    )
    assert from_xml(path).images[0].get("Name") == "by hand"
    assert run("widefield.czi").out.endswith("\n  unchanged: widefield.czi.nbo.xml\n")


def test_redacted_sidecars_name_no_folder(run: Run, data: Path) -> None:
    (data / "jane").mkdir()
    shutil.move(data / "widefield.czi", data / "jane" / "widefield.czi")
    assert run("jane/widefield.czi", "--redact", "-o", "results").code == 0
    sidecar: Sidecar = read_sidecar(data / "results" / "widefield.czi.nbo.xml")
    assert sidecar.fingerprint is not None
    assert sidecar.fingerprint.image == "widefield.czi"
