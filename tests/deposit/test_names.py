"""The archive's rules on paths, each as a case, and names that it takes instead."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbo_extract.deposit import names

ALLOWED = "allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )"

REFUSED = [
    ("", "blank", "a path is blank: each file needs a name"),
    ("  ", "blank", "a path is blank: each file needs a name"),
    ("a/5µm.tif", "character", f"a/5µm.tif holds 'µ': {ALLOWED}"),
    ("37°C+.tif", "character", f"37°C+.tif holds '°' and '+': {ALLOWED}"),
    ("a,b;c:d.tif", "character", f"a,b;c:d.tif holds ',', ';' and ':': {ALLOWED}"),
    ("u\u0308.tif", "character", f"u\\u0308.tif holds U+0308 (COMBINING DIAERESIS): {ALLOWED}"),
    ("a\u200b.tif", "character", f"a\\u200b.tif holds U+200B (ZERO WIDTH SPACE): {ALLOWED}"),
    ("a\u00a0b.tif", "character", f"a\\xa0b.tif holds U+00A0 (NO-BREAK SPACE): {ALLOWED}"),
    ("a\tb", "character", f"a\\tb holds U+0009 (TAB): {ALLOWED}"),
    ("a\nb", "character", f"a\\nb holds U+000A (LINE FEED): {ALLOWED}"),
    ("a\udcfc.tif", "character", f"a\\udcfc.tif holds the byte 0xFC that is not UTF-8: {ALLOWED}"),
    ("a\\b.tif", "separator", "a\\b.tif holds '\\': folders are separated by '/'"),
    ("./a.tif", "relative", "./a.tif starts with './': paths start with the name of a file or folder"),
    ("a/./b.tif", "relative", "a/./b.tif holds the part '.': paths hold names of files and folders alone"),
    ("/a.tif", "absolute", "/a.tif starts with '/': paths are relative to the folder of the submission"),
    ("../a.tif", "upward", "../a.tif holds '../': paths do not lead out of the folder of the submission"),
    ("a/../b.tif", "upward", "a/../b.tif holds '../': paths do not lead out of the folder of the submission"),
    ("a../b.tif", "upward", "a../b.tif holds '../': paths do not lead out of the folder of the submission"),
    ("..", "upward", ".. holds '../': paths do not lead out of the folder of the submission"),
    ("a//b.tif", "empty-part", "a//b.tif holds '//': a folder has no name"),
    ("a/", "folder", "a/ ends with '/': files are listed, not folders"),
    (".DS_Store", "hidden", ".DS_Store is hidden, because '.DS_Store' starts with '.'"),
    ("a/.cache/b.tif", "hidden", "a/.cache/b.tif is hidden, because '.cache' starts with '.'"),
    (" a.tif", "edge-space", " a.tif has a space at an end of ' a.tif'"),
    ("a /b.tif", "edge-space", "a /b.tif has a space at an end of 'a '"),
    ("a" * 256, "long", "a" * 256 + " has a name of 256 bytes: 255 is the most"),
]
ACCEPTED = [
    "a.tif",
    "Sample 1/image (2)!.ome.tif",
    "a'b*c_d-e.czi",
    "a/b/c",
    "a..b",
    "a..",
    "b.",
    "x" * 255,
    "a/-.tif",
    "0",
]
#: Each character of ASCII that the archive refuses, but for the separators.
STRANGE = '+,;:=@&#%$~^[]{}<>|"?`'


@pytest.mark.parametrize(("path", "code", "sentence"), REFUSED)
def test_what_is_refused_is_told_exactly(path: str, code: str, sentence: str) -> None:
    assert [(p.code, p.sentence) for p in names.problems(path)] == [(code, sentence)]
    assert not names.is_accepted(path)


@pytest.mark.parametrize("path", ACCEPTED)
def test_what_is_accepted_has_no_problem_and_keeps_its_name(path: str) -> None:
    assert names.problems(path) == ()
    assert names.is_accepted(path)
    assert names.propose([path]) == {}


@pytest.mark.parametrize("character", STRANGE)
def test_each_strange_character_is_named(character: str) -> None:
    (found,) = names.problems(f"a{character}b")
    assert found.sentence == f"a{character}b holds '{character}': {ALLOWED}"


def test_all_problems_of_a_path_are_told() -> None:
    codes = [p.code for p in names.problems("./.ä//b\\c/")]
    assert codes == ["character", "separator", "relative", "empty-part", "folder", "hidden"]


# -- the archive's own rule, stated anew -----------------------------------------------------------------------


def backend_takes(path: str) -> bool:
    """Return whether the archive's server takes a path."""
    safe = re.fullmatch(r"[A-Za-z0-9 !\-_.*'()/]+", path) is not None
    return safe and not path.startswith("./") and "../" not in path and not path.endswith("/")


def stricter(path: str) -> bool:
    """Return whether a path breaks one of the rules beside that."""
    parts = path.split("/")
    return any(not p or p[0] == "." or p != p.strip() or len(p.encode("utf-8", "surrogatepass")) > 255 for p in parts)


def made(rng: random.Random) -> str:
    pieces = ["a", "Z", "0", " ", "!", "-", "_", ".", "*", "'", "(", ")", "/", "./", "../", "//", ".tif", "µ", "°", "+"]
    pieces += ["ü", "u\u0308", "\\", "\t", "\n", "\u200b", "细", "\udcff", "&", "x" * 100]
    weights = [9] * 15 + [1] * (len(pieces) - 15)
    return "".join(rng.choices(pieces, weights, k=rng.randint(0, 9)))


def test_ten_thousand_paths_are_judged_as_the_archive_judges_them() -> None:
    rng = random.Random(8)
    paths = [made(rng) for _ in range(10_000)]
    for path in paths:
        assert names.is_accepted(path) == (not names.problems(path))
        assert names.is_accepted(path) == (backend_takes(path) and not stricter(path)), path
    taken = sum(map(names.is_accepted, paths))
    assert 500 < taken < 9_500
    proposed = names.propose(paths)
    after = [proposed.get(p, p) for p in set(paths)]
    assert all(backend_takes(p) and not stricter(p) for p in after)
    assert names.propose(after) == {}


# -- what is too alike -----------------------------------------------------------------------------------------


def test_paths_that_are_too_alike_are_told() -> None:
    nfc, nfd = "ü.tif", unicodedata.normalize("NFD", "ü.tif")
    found = names.clashes(["a.tif", "b/c.tif", "A.tif", "b/c.tif", nfc, nfd, "d.tif", "E/1.tif", "e/2.tif"])
    assert [(c.kind, c.paths, c.sentence) for c in found] == [
        ("case", ("A.tif", "a.tif"), "A.tif and a.tif differ by case alone: they are one file on some systems"),
        ("case", ("E/", "e/"), "E/ and e/ differ by case alone: they are one file on some systems"),
        ("equal", ("b/c.tif", "b/c.tif"), "b/c.tif stands 2 times: each file is listed once"),
        ("form", (nfd, nfc), "'u\\u0308.tif' and '\\xfc.tif' look the same: they are one file on some systems"),
    ]


def test_paths_that_differ_do_not_clash() -> None:
    assert names.clashes(["a.tif", "a.tiff", "b/a.tif", "c/a.tif"]) == ()


# -- what to name them -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("5µm.tif", "5um.tif"),
        ("5μm.tif", "5um.tif"),
        ("37°C.czi", "37degC.czi"),
        ("Küche/Größe.ome.tif", "Kueche/Groesse.ome.tif"),
        (unicodedata.normalize("NFD", "Küche.tif"), "Kueche.tif"),
        ("é²Ⅳ½.tif", "e2IV1-2.tif"),
        ("GFP+DAPI.nd2", "GFPplusDAPI.nd2"),
        ("a & b.tif", "a and b.tif"),
        ("x[1]{2}.tif", "x(1)(2).tif"),
        ("细胞 1.tif", "_ 1.tif"),
        ("a\u200bb.tif", "ab.tif"),
        ("a\tb.tif", "a_b.tif"),
        ("a\\b.tif", "a_b.tif"),
        ("./a.tif", "a.tif"),
        ("/a//b.tif", "a/b.tif"),
        ("../a.tif", "unnamed/a.tif"),
        (".hidden", "hidden"),
        (" a .tif ", "a .tif"),
        ("a../b.tif", "a/b.tif"),
        ("", "unnamed"),
        ("/", "unnamed"),
        ("µ" * 300 + ".ome.tif", "u" * 247 + ".ome.tif"),
        ("a\udcfc.tif", "a_.tif"),
    ],
)
def test_new_names_can_be_read(old: str, new: str) -> None:
    assert names.propose([old]) == {old: new}


def test_new_names_are_free() -> None:
    paths = ["a+.tif", "aplus.tif", "APLUS_2.tif", "5µ.tif", "5μ.tif"]
    assert names.propose(paths) == {"5µ.tif": "5u.tif", "5μ.tif": "5u_2.tif", "a+.tif": "aplus_3.tif"}


def test_case_alone_is_not_enough() -> None:
    assert names.propose(["A.tif", "a.tif", "a.xml", "x.TIF", "x.tif"]) == {
        "a.tif": "a_2.tif",
        "a.xml": "a_2.xml",
        "x.tif": "x_2.tif",
    }


def test_files_that_belong_together_are_renamed_together() -> None:
    paths = ["a+.dv", "a+.dv.log", "aplus.txt", "b&.oif", "b&.oif.files/s_C001.tif"]
    assert names.propose(paths) == {
        "a+.dv": "aplus_2.dv",
        "a+.dv.log": "aplus_2.dv.log",
        "b&.oif": "band.oif",
        "b&.oif.files/s_C001.tif": "band.oif.files/s_C001.tif",
    }


def test_a_folder_is_renamed_once_for_all_that_it_holds() -> None:
    paths = ["Tag 1+/a.tif", "Tag 1+/b/c.tif", "Tag 1+/b/µ.tif", "tag 1plus/a.tif"]
    assert names.propose(paths) == {
        "Tag 1+/a.tif": "Tag 1plus_2/a.tif",
        "Tag 1+/b/c.tif": "Tag 1plus_2/b/c.tif",
        "Tag 1+/b/µ.tif": "Tag 1plus_2/b/u.tif",
    }


def test_many_equal_names_are_fast() -> None:
    paths = [f"{chr(0x4E00 + n // 100)}{chr(0x4E00 + n % 100)}.tif" for n in range(5_000)]
    assert len(set(names.propose(paths).values())) == 5_000


texts = st.text(st.sampled_from("aAbB01 ._-()'+µμüÜ°\u0308\u200b\\\n细.") | st.characters(), max_size=8)
ends = st.sampled_from(["", ".tif", ".TIF", ".ome.tif", ".dv.log", ".001"])
part = st.builds(lambda a, b: a + b, texts, ends)
paths_of = st.lists(st.lists(part, min_size=1, max_size=3).map("/".join), max_size=12)


@settings(max_examples=150, deadline=None)
@given(paths_of, st.randoms(use_true_random=False))
def test_proposals_hold_for_any_paths(paths: list[str], rng: random.Random) -> None:
    proposed = names.propose(paths)
    shuffled = list(paths)
    rng.shuffle(shuffled)
    assert list(names.propose(shuffled).items()) == list(proposed.items())
    assert set(proposed) <= set(paths)
    assert all(old != new for old, new in proposed.items())
    # What is the same file to the file system stays the same.
    same = {tuple(p for p in path.split("/") if p not in {"", "."}) or ("",) for path in paths}
    after = {proposed.get(p, p) for p in paths}
    assert len(after) == len(same)
    assert all(backend_takes(p) and not stricter(p) for p in after)
    assert names.clashes(after) == ()
    assert names.propose(after) == {}
