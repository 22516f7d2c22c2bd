"""Renaming: what refers to a file by its name stays right, or the set keeps its names."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pytest
import tifffile

import make_ome_sets
from embedding import make_block, sha
from make_dv import make_dv
from make_lif import image, project
from make_metamorph import make_stk
from make_mm import make_singles, make_stack
from make_oif import MAIN, make_oif
from nbo_extract import api
from nbo_extract.deposit._named_in import ome_text
from nbo_extract.deposit.names import propose
from nbo_extract.deposit.renames import Plan, plan_renames
from nbo_extract.errors import WriteError
from nbo_extract.registry import find_reader
from nbo_extract.walk_sets import files_of
from nbo_extract.writers._ifd import Kind
from nbo_extract.writers._set_files import find_set
from nbo_extract.writers.ome_set import embed_set
from nbo_extract.writers.omexml import strip
from nbo_extract.writers.tiff import embed_tiff, read_base_xml

KEEP = (
    "the files of this set keep their names; rename them in the program that wrote them, or convert the image to "
    "OME-TIFF"
)
KINDS = {"full": make_ome_sets.full, "companion": make_ome_sets.with_companion, "master": make_ome_sets.with_master}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    return made


def below(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def carry_out(plan: Plan, folder: Path) -> None:
    """Do what a caller does: link what stays as it is, have the rest written."""
    for old in below(plan.root):
        new = plan.files.get(old, old)
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        if new not in plan.rewritten:
            os.link(plan.root / old, folder / new)
    plan.apply(folder)
    plan.verify(folder)


def make_named(folder: Path, kind: str, **how: Any) -> tuple[list[str], dict[str, str]]:
    """Make a set of which files have names that are refused; return its names, the one to read from first."""
    files = KINDS[kind](folder, 3)
    odd = {"cells_Z1.ome.tif": "cells_Z+1 µ.ome.tif", "cells.companion.ome": "cells&.companion.ome"}
    odd |= {"cells_master.ome.tif": "cells'ä.ome.tif"}
    for path in files:
        text = text_of(path)
        for old, new in odd.items():
            text = text.replace(f'"{old}"'.encode(), f'"{escape(new)}"'.encode())
        if path.suffix == ".ome":
            path.write_bytes(text)
        else:
            make_ome_sets.write(path, files.index(path), text.decode(), **how)
        path.rename(path.with_name(odd.get(path.name, path.name)))
    names = [odd.get(p.name, p.name) for p in files]
    lead = names[-1] if kind == "companion" else names[0]
    return [lead, *(n for n in names if n != lead)], propose(names)


def text_of(path: Path) -> bytes:
    text = ome_text(path)
    assert text is not None
    return text


def seen(path: Path, root: Path) -> set[str]:
    return {Path(f).relative_to(root).as_posix() for f in files_of(str(path), find_reader(str(path)))}


HOW: list[dict[str, Any]] = [{}, {"big": True}, {"order": ">"}]


@pytest.mark.parametrize(("kind", "how"), [*(("full", h) for h in HOW), ("companion", {}), ("master", {})])
def test_a_set_of_ome_tiffs_reads_as_one_under_new_names(
    root: Path, tmp_path: Path, kind: str, how: dict[str, Any]
) -> None:
    names, mapping = make_named(root, kind, **how)
    before = {n: sha(root / n) for n in names}
    plan = plan_renames(root, mapping, [names])
    assert plan.refused == ()
    assert plan.files.items() >= mapping.items()
    out = tmp_path / "out"
    carry_out(plan, out)
    assert below(out) == sorted(mapping.get(n, n) for n in names)
    assert {n: sha(root / n) for n in names} == before
    for old in names:
        new = mapping.get(old, old)
        assert len(seen(root / old, root)) == len(names)
        assert seen(out / new, out) == set(below(out))
        # A copy is a file of its own; all else is the original.
        assert (out / new).samefile(root / old) is (new not in plan.rewritten)
        text = text_of(root / old).decode()
        for o, n in mapping.items():
            text = text.replace(f'"{escape(o)}"', f'"{n}"')
        assert text_of(out / new).decode() == text
        if new.endswith(".tif"):
            assert np.array_equal(tifffile.imread(out / new), tifffile.imread(root / old))
            # Each byte is where it was but for the offset of the first directory.
            a, b = (root / old).read_bytes(), (out / new).read_bytes()
            assert b[:4] + b[16 : len(a)] == a[:4] + a[16:]
    if kind != "companion":
        assert tifffile.imread(out / mapping.get(names[0], names[0])).shape == (3, 32, 48)


def test_what_is_rewritten_is_told(root: Path) -> None:
    names, mapping = make_named(root, "full")
    plan = plan_renames(root, mapping, [names])
    assert mapping == {"cells_Z+1 µ.ome.tif": "cells_Zplus1 u.ome.tif"}
    how = "its OME-XML states the new names of files in one place"
    assert plan.rewritten == {
        "cells_Zplus1 u.ome.tif": how,
        "cells_Z0.ome.tif": how,
        "cells_Z2.ome.tif": how,
    }
    assert plan.files == {**mapping, "cells_Z0.ome.tif": "cells_Z0.ome.tif", "cells_Z2.ome.tif": "cells_Z2.ome.tif"}
    assert plan.sets == (tuple(names),)


def test_members_with_pixels_alone_are_linked_where_their_metadata_file_keeps_its_name(root: Path) -> None:
    files = make_ome_sets.with_companion(root, 2)
    mapping = {"cells_Z1.ome.tif": "plane 1.ome.tif"}
    plan = plan_renames(root, mapping, [["cells.companion.ome", "cells_Z0.ome.tif", "cells_Z1.ome.tif"]])
    assert list(plan.rewritten) == ["cells.companion.ome"]
    assert files[0].exists()


def test_a_file_that_names_itself_names_itself_anew(root: Path, tmp_path: Path) -> None:
    make_ome_sets.write(root / "a+.ome.tif", 0, make_ome_sets.ome(make_ome_sets.uuid(0), ["a+.ome.tif"]))
    plan = plan_renames(root, {"a+.ome.tif": "aplus.ome.tif"}, [])
    carry_out(plan, tmp_path / "out")
    assert b'FileName="aplus.ome.tif"' in text_of(tmp_path / "out" / "aplus.ome.tif")


def test_a_folder_that_is_renamed_as_a_whole_is_linked(root: Path, tmp_path: Path) -> None:
    (root / "Tag 1+").mkdir()
    files = make_ome_sets.full(root / "Tag 1+", 2)
    make_oif(root / "Tag 1+" / "cell.oif")
    old = [f.relative_to(root).as_posix() for f in files]
    plan = plan_renames(root, propose(below(root)), [old, [p for p in below(root) if "cell" not in p]])
    assert (plan.rewritten, plan.refused, plan.sets) == ({}, (), ())
    carry_out(plan, tmp_path / "out")
    assert seen(tmp_path / "out" / "Tag 1plus" / files[0].name, tmp_path / "out") == {
        "Tag 1plus/cells_Z0.ome.tif",
        "Tag 1plus/cells_Z1.ome.tif",
    }


def test_names_that_lead_into_a_folder_are_right_from_the_new_place(root: Path, tmp_path: Path) -> None:
    (root / "µ").mkdir()
    names = ["a.ome.tif", "µ/b.ome.tif"]
    for z, name in enumerate(names):
        text = make_ome_sets.ome(make_ome_sets.uuid(z), names) if not z else make_ome_sets.binary_only("a", "b")
        make_ome_sets.write(root / name, z, text)
    plan = plan_renames(root, {"µ/b.ome.tif": "u/b.ome.tif"}, [names])
    assert list(plan.rewritten) == ["a.ome.tif"]
    carry_out(plan, tmp_path / "out")
    assert b'FileName="u/b.ome.tif"' in text_of(tmp_path / "out" / "a.ome.tif")
    assert seen(tmp_path / "out" / "a.ome.tif", tmp_path / "out") == {"a.ome.tif", "u/b.ome.tif"}


def test_an_embedded_block_stays_and_can_be_taken_out(root: Path, tmp_path: Path) -> None:
    path = make_ome_sets.write(root / "a+.ome.tif", 0, make_ome_sets.ome(make_ome_sets.uuid(0), ["a+.ome.tif"]))
    before = read_base_xml(path)
    embed_tiff(path, make_block("Skop"))
    carry_out(plan_renames(root, {"a+.ome.tif": "aplus.ome.tif"}, []), tmp_path / "out")
    text = text_of(tmp_path / "out" / "aplus.ome.tif")
    assert b'Name="Skop"' in text
    assert before is not None
    assert strip(text) == before.replace(b"a+.ome.tif", b"aplus.ome.tif")


def test_a_set_with_embedded_blocks_can_be_restored_to_its_new_names(root: Path, tmp_path: Path) -> None:
    names, mapping = make_named(root, "companion")
    found = find_set(root / names[0])
    assert found is not None
    embed_set(found, make_block("Skop"))
    out = tmp_path / "out"
    carry_out(plan_renames(root, mapping, [names]), out)
    text = (out / mapping[names[0]]).read_bytes()
    assert b'Name="Skop"' in text
    assert b'FileName="cells_Zplus1 u.ome.tif"' in strip(text)


def test_a_classic_tiff_that_would_grow_too_long_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_ome_sets.write(root / "a+.ome.tif", 0, make_ome_sets.ome(make_ome_sets.uuid(0), ["a+.ome.tif"]))
    plan = plan_renames(root, {"a+.ome.tif": "a.ome.tif"}, [])
    old = Kind.__init__

    def small(self: Kind, order: str, big: bool) -> None:
        old(self, order, big)
        self.limit = path.stat().st_size + 100

    monkeypatch.setattr(Kind, "__init__", small)
    with pytest.raises(WriteError) as caught:
        plan.apply(tmp_path / "out")
    assert caught.value.message == (
        f"{path} is a classic TIFF of {path.stat().st_size} bytes, and with other names in its OME-XML it would pass "
        "the 4 GiB that this format can address: convert it to BigTIFF"
    )
    assert below(tmp_path / "out") == []


def test_what_cannot_be_written_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    make_ome_sets.write(root / "a+.ome.tif", 0, make_ome_sets.ome(make_ome_sets.uuid(0), ["a+.ome.tif"]))
    plan = plan_renames(root, {"a+.ome.tif": "b/a.ome.tif"}, [])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b").write_text("in the way")
    with pytest.raises(WriteError) as caught:
        plan.apply(tmp_path / "out")
    assert caught.value.message == f"{tmp_path / 'out' / 'b' / 'a.ome.tif'} could not be written: file exists"
    assert below(tmp_path / "out") == ["b"]


def test_a_link_in_the_way_is_replaced_and_the_original_stays(root: Path, tmp_path: Path) -> None:
    names, mapping = make_named(root, "full")
    plan = plan_renames(root, mapping, [names])
    out = tmp_path / "out"
    out.mkdir()
    before = [sha(root / n) for n in names]
    for old in names:
        os.link(root / old, out / mapping.get(old, old))
    plan.apply(out)
    plan.verify(out)
    assert [sha(root / n) for n in names] == before
    assert not (out / "cells_Z0.ome.tif").samefile(root / "cells_Z0.ome.tif")


def test_originals_are_never_written(root: Path) -> None:
    names, mapping = make_named(root, "full")
    plan = plan_renames(root, mapping, [names])
    with pytest.raises(WriteError) as caught:
        plan.apply(root)
    assert caught.value.message == (
        f"{root / 'cells_Z0.ome.tif'} is an original, which is never changed: choose another folder for the copies"
    )


def test_a_set_that_does_not_read_as_one_is_told(root: Path, tmp_path: Path) -> None:
    names, mapping = make_named(root, "full")
    plan = plan_renames(root, mapping, [names])
    out = tmp_path / "out"
    plan.apply(out)
    (out / "cells_Zplus1 u.ome.tif").unlink()
    with pytest.raises(WriteError) as caught:
        plan.verify(out)
    assert caught.value.message == (
        f"{out / 'cells_Z0.ome.tif'} does not find cells_Zplus1 u.ome.tif of its set any more: leave the names of this "
        "set as they were"
    )


def test_damaged_ome_xml_keeps_its_set(root: Path) -> None:
    text = make_ome_sets.ome(make_ome_sets.uuid(0), ["a+.ome.tif"]).replace("</OME>", "")
    make_ome_sets.write(root / "a+.ome.tif", 0, text)
    plan = plan_renames(root, {"a+.ome.tif": "a.ome.tif"}, [])
    assert plan.files == {}
    (told,) = plan.refused
    assert told[0] == "a+.ome.tif"
    assert told[1].startswith(
        f"{root / 'a+.ome.tif'}: its OME-XML is not well-formed UTF-8 XML (no element found, byte "
    )
    assert told[1].endswith(f"): {KEEP}")


# -- files of the makers of microscopes ------------------------------------------------------------------------


def test_files_that_find_each_other_by_name_are_renamed_together(root: Path, tmp_path: Path) -> None:
    make_oif(root / "cell+.oif")
    make_dv(root / "a&.dv")
    (root / "a&.dv.log").write_text("Image File: a&.dv\n")
    mapping = propose(below(root))
    oif = [p for p in below(root) if p.startswith("cell")]
    plan = plan_renames(root, mapping, [oif, ["a&.dv", "a&.dv.log"]])
    assert plan.refused == ()
    assert plan.files == mapping
    assert plan.rewritten == {}
    out = tmp_path / "out"
    carry_out(plan, out)
    assert seen(out / "cellplus.oif", out) == {mapping[p] for p in oif}
    assert seen(out / "aand.dv", out) == {"aand.dv", "aand.dv.log"}


def test_half_of_what_belongs_together_is_not_renamed(root: Path) -> None:
    make_dv(root / "a+.dv")
    (root / "a+.dv.log").write_text("x\n")
    mapping = {"a+.dv": "a.dv", "a+.dv.log": "b.dv.log"}
    plan = plan_renames(root, mapping, [["a+.dv", "a+.dv.log"]])
    told = f"a+.dv belongs together with a+.dv.log, and would not find it under the name b.dv.log: {KEEP}"
    assert plan.files == {}
    assert plan.refused == (
        ("a+.dv", told),
        ("a+.dv.log", f"a+.dv.log keeps its name, because its set does: {told}"),
    )


def test_names_in_settings_are_not_changed(root: Path) -> None:
    main = {**MAIN, "ProfileSaveInfo": {"IniFileName0": '"-P1-s_µ.pty"'}}
    make_oif(root / "cell.oif", main, {"s_µ.pty": b""})
    plan = plan_renames(root, propose(below(root)), [["cell.oif", *(p for p in below(root) if p != "cell.oif")]])
    assert plan.files == {}
    assert plan.refused == (
        ("cell.oif.files/s_µ.pty", f"cell.oif states the name s_µ.pty, and it is never changed: {KEEP}"),
    )


def test_a_project_keeps_the_names_of_its_files(root: Path) -> None:
    xml = project(image("one"))
    (root / "one+.xlif").write_bytes(b"\xff\xfe" + xml.encode("utf-16-le"))
    (root / "p.xlef").write_text(
        '<?xml version="1.0"?><LMSDataContainerHeader Version="2"><Element Name="p"><Memory/><Children>'
        '<Reference File="one%2B.xlif" UUID="1"/></Children></Element></LMSDataContainerHeader>'
    )
    plan = plan_renames(root, {"one+.xlif": "one.xlif"}, [["p.xlef", "one+.xlif"]])
    assert plan.refused == (("one+.xlif", f"p.xlef states the name one+.xlif, and it is never changed: {KEEP}"),)


def test_single_images_named_in_a_text_keep_their_names(root: Path) -> None:
    first = make_singles(root, version=1)
    text = (root / "metadata.txt").read_text()
    (root / "metadata.txt").write_text(text.replace(first.name, "img_\\u00b5.tif"))
    first.rename(root / "img_µ.tif")
    files = below(root)
    plan = plan_renames(root, propose(files), [["img_µ.tif", *(f for f in files if f != "img_µ.tif")]])
    assert plan.refused == (("img_µ.tif", f"metadata.txt states the name img_µ.tif, and it is never changed: {KEEP}"),)


def test_stacks_keep_the_beginning_of_the_file_that_leads_them(root: Path) -> None:
    for name in ("run+_w1GFP_s1.stk", "run+_w2Cy+5_s1.stk"):
        make_stk(root / name)
    (root / "run+.nd").write_text('"NDInfoFile", Version 1.0\n"EndFile"\n')
    plan = plan_renames(root, propose(below(root)), [[p] for p in below(root) if p.endswith("stk")])
    told = (
        "run+.nd finds run+_w2Cy+5_s1.stk by its own name, and would not find it under the name "
        f"runplus_w2Cyplus5_s1.stk: {KEEP}"
    )
    assert plan.files == {}
    assert dict(plan.refused)["run+.nd"] == told
    assert len(plan.refused) == 3
    (root / "run+_w2Cy+5_s1.stk").unlink()
    plan = plan_renames(root, propose(below(root)), [["run+_w1GFP_s1.stk"]])
    assert plan.refused == ()
    assert plan.files == {"run+.nd": "runplus.nd", "run+_w1GFP_s1.stk": "runplus_w1GFP_s1.stk"}


def test_what_stays_behind_is_found_on_the_disk(root: Path) -> None:
    for name in ("A.nd", "a.nd", "a_w1GFP.stk"):
        (root / name).write_text("x")
    plan = plan_renames(root, {"a.nd": "a_2.nd"}, [])
    told = f"a.nd finds a_w1GFP.stk by its own name, and would not find it under the name a_w1GFP.stk: {KEEP}"
    assert (plan.files, plan.refused) == ({}, (("a.nd", told),))


def test_what_is_not_submitted_is_not_asked(root: Path) -> None:
    for name in ("a.nd", "a_w1+.tif"):
        (root / name).write_text("x")
    (root / "metadata.txt").write_text("a_w1+.tif")
    mapping, sets = {"a_w1+.tif": "b.tif"}, [["a_w1+.tif"]]
    alone = ["a_w1+.tif"]
    assert plan_renames(root, mapping, sets, submitted=alone).files == mapping
    text = plan_renames(root, mapping, sets, submitted=[*alone, "metadata.txt"])
    assert text.refused == (("a_w1+.tif", f"metadata.txt states the name a_w1+.tif, and it is never changed: {KEEP}"),)
    leader = plan_renames(root, mapping, sets, submitted=[*alone, "a.nd"])
    told = f"a.nd finds a_w1+.tif by its own name, and would not find it under the name b.tif: {KEEP}"
    assert leader.refused == (("a_w1+.tif", told),)


def test_a_folder_beside_a_file_follows_its_name(root: Path) -> None:
    (root / "_a+_" / "stack1").mkdir(parents=True)
    (root / "_a+_" / "stack1" / "frame_t.ets").write_text("x")
    (root / "a+.vsi").write_text("x")
    mapping = propose(below(root))
    assert plan_renames(root, mapping, []).files == {
        "_a+_/stack1/frame_t.ets": "_aplus_/stack1/frame_t.ets",
        "a+.vsi": "aplus.vsi",
    }
    told = f"a+.vsi finds _a+_/stack1/frame_t.ets by its own name, and would not find it under the name b/t.ets: {KEEP}"
    plan = plan_renames(root, {"a+.vsi": "a.vsi", "_a+_/stack1/frame_t.ets": "b/t.ets"}, [])
    assert dict(plan.refused)["a+.vsi"] == told


def test_an_index_that_no_set_holds_counts_as_well(root: Path) -> None:
    (root / "Images").mkdir()
    (root / "Images" / "r01+.tiff").write_text("x")
    (root / "Images" / "Index.idx.xml").write_text("<URL>r01+.tiff</URL>")
    plan = plan_renames(root, {"Images/r01+.tiff": "Images/r01.tiff"}, [])
    assert plan.refused == (
        ("Images/r01+.tiff", f"Images/Index.idx.xml states the name r01+.tiff, and it is never changed: {KEEP}"),
    )


def test_our_sidecars_are_not_asked(root: Path) -> None:
    make_dv(root / "a+.dv")
    (root / "a+.dv.nbo.xml").write_text('<x File="a+.dv"/>')
    mapping = propose(below(root))
    plan = plan_renames(root, mapping, [["a+.dv", "a+.dv.nbo.xml"]])
    assert (plan.files, plan.refused) == (mapping, ())


def test_a_stack_with_ome_xml_and_tags_of_its_software_reads_as_one(root: Path, tmp_path: Path) -> None:
    names = [f"a+_{n}.ome.tif" for n in (0, 1)]
    for z, name in enumerate(names):
        make_stack(root / name, ome=make_ome_sets.ome(make_ome_sets.uuid(z), names).encode(), position=z)
    mapping = propose(names)
    plan = plan_renames(root, mapping, [names])
    assert plan.refused == ()
    out = tmp_path / "out"
    carry_out(plan, out)
    assert seen(out / "aplus_0.ome.tif", out) == set(mapping.values())
    assert api.extract(out / "aplus_0.ome.tif").origin.format == api.extract(root / names[0]).origin.format


def test_the_folder_of_an_ome_zarr_is_renamed_as_it_is(root: Path) -> None:
    (root / "a+.ome.zarr").mkdir()
    plan = plan_renames(root, {"a+.ome.zarr": "aplus.ome.zarr"}, [["a+.ome.zarr"]])
    assert (plan.files, plan.rewritten, plan.refused) == ({"a+.ome.zarr": "aplus.ome.zarr"}, {}, ())


# -- names that cannot be given --------------------------------------------------------------------------------


def test_names_that_cannot_be_given_are_refused(root: Path) -> None:
    for name in ("a", "b", "c", "d", "e"):
        (root / name).write_text(name)
    mapping = {"a": "e", "b": "x+", "c": "x", "d": "X", "z": "y"}
    assert plan_renames(root, mapping, []).refused == (
        ("a", "a cannot be named e: another file has that name"),
        ("b", "b cannot be renamed: x+ holds '+': allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )"),
        ("d", "d cannot be named X: c gets that name"),
        ("z", "z is not there, so that it cannot be named y"),
    )


def test_a_name_that_is_kept_is_not_given_to_another(root: Path) -> None:
    for name in ("a", "b"):
        (root / name).write_text(name)
    assert plan_renames(root, {"a": "b", "b": "x+"}, []).refused == (
        ("a", "a cannot be named b: another file keeps that name"),
        ("b", "b cannot be renamed: x+ holds '+': allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )"),
    )


def test_two_files_may_swap_names(root: Path, tmp_path: Path) -> None:
    names = [f.name for f in make_ome_sets.full(root, 2)]
    plan = plan_renames(root, dict(zip(names, reversed(names), strict=True)), [names])
    carry_out(plan, tmp_path / "out")
    assert np.array_equal(tifffile.imread(tmp_path / "out" / names[0]), tifffile.imread(root / names[0]))


def test_the_order_of_what_is_given_does_not_matter(root: Path) -> None:
    names, mapping = make_named(root, "companion")
    one = plan_renames(root, mapping, [names])
    other = plan_renames(root, dict(reversed(mapping.items())), [names])
    assert one == other
    assert list(one.files) == sorted(one.files)


# -- Bio-Formats -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_bio_formats_reads_renamed_sets_as_one(root: Path, tmp_path: Path, kind: str) -> None:
    jar = os.environ.get("NBO_BIOFORMATS_JAR", "")
    if not Path(jar).is_file():
        pytest.skip("NBO_BIOFORMATS_JAR does not name a bioformats_package.jar")
    names, mapping = make_named(root, kind)
    out = tmp_path / "out"
    carry_out(plan_renames(root, mapping, [names]), out)
    shutil.rmtree(root)
    path = out / mapping.get(names[-1], names[-1])
    call = ["java", "-cp", jar, "loci.formats.tools.ImageInfo", "-no-upgrade", "-nopix", "-omexml", str(path)]
    told = subprocess.run(call, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert "Checking file format [OME-TIFF]" in told
    assert "SizeZ = 3" in told
    assert "No validation errors found." in told
