"""The parts of scripts/benchmark.py that measure nothing: medians, the table, the guard, the pictures."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from lxml import etree

import benchmark
from benchmarks import budgets, files, floors, guard, page, peers, picture
from benchmarks.growth import draw, linear, stated
from benchmarks.measure import FLOOR, OURS, Failed, Growth, Row, Sample, Table, Taken, cold, exponent, in_turn, ratio
from nbo_extract.api import extract

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Node

SVG = "{http://www.w3.org/2000/svg}"


def row(what: str = "CZI, made", peer: str = "showinf", ratio: float = 0.25, **more: object) -> Row:
    facts: dict[str, object] = {"group": "Read", "way": "process", "seconds": 0.25, "other_seconds": 1.0, "pairs": 3}
    return Row(what=what, peer=peer, ratio=ratio, **(facts | more))  # type: ignore[arg-type]


def elements(path: Path, name: str) -> list[Node]:
    return [n for n in extract(path).root.walk() if n.name == name]


def test_jobs_run_in_turn_and_the_first_run_does_not_count() -> None:
    order: list[str] = []

    def job(name: str, *seconds: float) -> Taken:
        order.append(name)
        return Taken(seconds[order.count(name) - 1])

    failures: dict[str, str] = {}
    jobs = {OURS: lambda: job("a", 0.9, 0.1, 0.2, 0.6), "other": lambda: job("b", 0.9, 0.2, 0.8, 0.3)}
    found = in_turn(jobs, rounds=3, failures=failures)
    assert "".join(order) == "abababab"
    assert [t.seconds for t in found["other"].taken] == [0.2, 0.8, 0.3]
    assert found[OURS].seconds == 0.2
    # Of the pairs 1/2, 2/8 and 6/3.
    assert ratio(found[OURS], found["other"]) == pytest.approx(0.5)
    assert not failures


def test_slow_candidate_is_measured_once_and_ours_goes_on() -> None:
    runs = {OURS: 0, "slow": 0}

    def job(name: str, seconds: float) -> Taken:
        runs[name] += 1
        return Taken(seconds)

    found = in_turn({OURS: lambda: job(OURS, 0.1), "slow": lambda: job("slow", 30)}, 5, {})
    assert runs == {OURS: 6, "slow": 1}
    assert len(found["slow"].taken) == 1


def test_candidate_that_fails_is_skipped_with_its_reason_and_without_paths() -> None:
    def fails() -> Taken:
        raise ValueError("cannot open '/home/ada/image 1.czi': no plug-in")

    said: list[str] = []
    table = Table(said.append)
    table.beside("Read", "CZI", "process", {OURS: lambda: Taken(1, 50), "bioio": fails, "absent": None}, 2)
    assert table.rows == []
    assert list(table.skipped) == ["bioio: CZI, process"]
    assert "/home" not in table.skipped["bioio: CZI, process"]
    assert said == [f"  skipped: bioio: CZI, process: {table.skipped['bioio: CZI, process']}"]

    def ours() -> Taken:
        raise Failed("ends with 2: no such file")

    with pytest.raises(Failed, match="Read, CZI: ends with 2"):
        table.beside("Read", "CZI", "process", {OURS: ours}, 2)


def test_process_is_measured_with_its_memory() -> None:
    small = cold([sys.executable, "-S", "-c", "pass"])()
    large = cold([sys.executable, "-S", "-c", "b'x' * 100_000_000"])()
    assert small.peak is not None
    assert large.peak is not None
    assert 0 < small.seconds < 30
    assert 95e6 < large.peak - small.peak < 105e6
    with pytest.raises(Failed, match=r"^ends with 3: it is broken$"):
        cold([sys.executable, "-c", "import sys; print('it is broken', file=sys.stderr); sys.exit(3)"])()


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponent_of_a_known_cost(power: float) -> None:
    points = [(n, 0.01 + 0.002 * n**power) for n in (1, 10, 100, 1000, 10_000)]
    found = exponent(points)
    assert found is not None
    assert found == pytest.approx(power, abs=0.06)


def test_cost_that_does_not_grow_has_no_exponent() -> None:
    flat = Growth("memory", ((10, 50e6), (100, 52e6), (1000, 51e6)))
    assert flat.exponent is None
    assert stated(flat) == "does not grow"
    assert linear(flat)
    assert not linear(Growth("time", tuple((n, n**1.5) for n in (1.0, 10.0, 100.0, 1000.0))))


def test_guard_warns_beyond_a_quarter_and_never_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {r.key: r for r in (row(ratio=0.2), row("LIF", ratio=0.2), row("ND2", ratio=0.2))}
    now = [row(ratio=0.24), row("LIF", ratio=0.26), row("ND2", ratio=0.01), row("new", ratio=9.0)]
    worse, compared = guard.compare(now, before)
    assert compared == 3
    assert worse == ["Read, LIF, process: 0.26 of showinf, 0.2 in the table: 30% more"]

    then, later = tmp_path / "then.json", tmp_path / "later.json"
    then.write_text(guard.dumped({}, list(before.values()), {}, {}))
    later.write_text(guard.dumped({}, now, {}, {}))
    assert benchmark.main(["--from", str(later), "--against", str(then)]) == 0
    told = capsys.readouterr().out
    assert "warning: Read, LIF, process" in told
    assert "3 ratios compared" in told


def test_run_in_parts_keeps_what_was_measured_before(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    series = {"planes": [Growth("read", ((100.0, 0.25), (1000.0, 2.5)))]}
    path.write_text(guard.dumped({}, [row(ratio=0.5), row("LIF", ratio=0.5)], series, {"bioio": "is not installed"}))
    table, grown = Table(lambda _: None), {"planes": [Growth("read", ((1.0, 1.0), (2.0, 2.0)))]}
    table.add(row(ratio=0.25))
    benchmark.keep(path, table, grown)
    assert [(r.what, r.ratio) for r in table.rows] == [("CZI, made", 0.25), ("LIF", 0.5)]
    assert grown["planes"][0].points == ((1.0, 1.0), (2.0, 2.0))
    assert table.skipped == {"bioio": "is not installed"}


def test_candidate_that_would_take_too_long_is_left_out() -> None:
    table = Table(lambda _: None)
    table.add(row("10 planes", "bioio", other_seconds=4.0))
    table.add(row("10 planes", "showinf", other_seconds=1.0))
    table.leave_slow("100 planes", "Read", "10 planes", 10)
    jobs = {OURS: lambda: Taken(1.0), "bioio": lambda: Taken(40.0), "showinf": lambda: Taken(10.0)}
    table.beside("Read", "100 planes", "warm", jobs, 1)
    assert [r.peer for r in table.rows if r.what == "100 planes"] == ["showinf"]
    assert table.skipped == {"bioio: 100 planes": "needs 4 s for 10 planes"}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    grown = {"planes": [Growth("read", ((100.0, 0.25), (1000.0, 2.5)))]}
    path = tmp_path / "found.json"
    path.write_text(guard.dumped({"date": "2026-01-01"}, [row(peak=1000)], grown, {"bioio": "is not installed"}))
    assert guard.loaded(path) == ({"date": "2026-01-01"}, [row(peak=1000)], grown, {"bioio": "is not installed"})


def test_table_tells_the_floor_one_way_and_others_the_other() -> None:
    rows = [row(ratio=0.25, other_peak=200_000_000), row(peer=FLOOR, ratio=3.0, other_seconds=0.02, pairs=1)]
    assert page.table(rows).splitlines() == [
        "| what | how | nbo-extract | floor | showinf |",
        "|---|---|---|---|---|",
        "| CZI, made | process | <sub>250 ms</sub> | **3.0×** <sub>20 ms, 1 pair</sub> "
        "| **4.0×** <sub>1 s, 200 MB</sub> |",
    ]


def test_page_has_all_parts_and_keeps_its_notes() -> None:
    grown = {"files": [Growth("seconds", ((10.0, 0.5), (100.0, 2.0), (1000.0, 17.0)))]}
    facts = {"date": "2026-01-01", "versions": {"lxml": "6.0"}}
    skipped = {"bioio: LIF, warm": "no plug-in", "bioio: ND2, warm": "no plug-in"}
    first = page.page(facts, [row()], grown, skipped, "Why it is so.\n")
    assert page.notes(first) == "Why it is so.\n"
    assert "- bioio: no plug-in (LIF, warm; ND2, warm)\n" in first
    assert "lxml 6.0." in first
    assert "![Cost against files](pictures/growth-files.svg)" in first
    assert page.notes(page.page(facts, [row()], grown, skipped, page.notes(first))) == "Why it is so.\n"


def test_budgets_say_what_is_met_and_what_was_not_measured() -> None:
    memory = {"memory": [Growth("memory", ((10.0, 40e6), (100.0, 50e6), (10_000.0, 55e6)))]}
    found = {b.what: (b.measured, b.met) for b in budgets.budgets([row(ratio=0.6)], memory)}
    assert found["one CZI, process"] == ("250 ms", True)
    assert found["one CZI, process, beside `showinf`"] == ("0.60", False)
    assert found["`--help`, process"] == (None, None)
    assert found["folder, most memory of a process"] == ("1.10 times from 100 to 10,000 files", True)


def test_pictures_are_well_formed_and_name_their_axes(tmp_path: Path) -> None:
    grown = {
        "planes": [Growth("read", ((100.0, 0.01), (100_000.0, 2.0))), Growth("<embed>", ((100.0, 0.002), (1e5, 0.3)))],
        "memory": [Growth("memory", ((10.0, 40e6), (1000.0, 55e6)))],
    }
    draw(grown, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["growth-memory.svg", "growth-planes.svg"]
    tree = etree.fromstring((tmp_path / "growth-planes.svg").read_bytes())
    texts = [t.text or "" for t in tree.iter(f"{SVG}text")]
    assert {"planes of the OME-XML", "time", "100", "100,000", "1 ms", "10 s"} <= set(texts)
    assert sum(t.startswith("<embed>") for t in texts) == 1
    assert "prefers-color-scheme: dark" in (tree.findtext(f"{SVG}style") or "")
    width, height = picture.WIDTH, picture.HEIGHT
    for mark in tree.iter(f"{SVG}circle"):
        assert 0 < float(mark.get("cx", "")) < width
        assert 0 < float(mark.get("cy", "")) < height


def test_absent_programs_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NBO_BIOFORMATS_JAR", raising=False)
    monkeypatch.setattr("benchmarks.peers.importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("benchmarks.peers.shutil.which", lambda name: "/usr/bin/java")
    found = peers.Peers()
    assert found.absent == {
        "Bio-Formats": "NBO_BIOFORMATS_JAR names no jar, and no --cache is given to fetch it to",
        "bioio": "is not installed",
        "ome-types": "is not installed",
        "tifffile": "is not installed",
    }
    path = tmp_path / "image.ome.tiff"
    jobs = (found.showinf(path), found.bioformats_warm(path), found.bioio_warm(path), found.ome_types_cold(path))
    assert jobs == (None,) * 4
    monkeypatch.setattr("benchmarks.peers.shutil.which", lambda name: None)
    assert peers.Peers().absent["Bio-Formats"] == "there is no Java"


def test_jar_is_taken_from_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NBO_BIOFORMATS_JAR", raising=False)
    monkeypatch.setattr("benchmarks.peers.shutil.which", lambda name: "/usr/bin/java")
    jar = tmp_path / "bioformats" / "jars" / "bioformats_package.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()
    assert peers.Peers(tmp_path).jar == str(jar)


def test_made_files_state_what_they_are_made_for(tmp_path: Path) -> None:
    for make in (files.many_channels_tiff, files.many_channels_czi):
        assert len(elements(make(tmp_path, 7), "Channel")) == 7
    assert len(elements(files.plate(tmp_path / "plate.ome.zarr", wells=30), "Image")) == 30
    assert files._xml_length(files.long_czi(tmp_path)) == pytest.approx(500_000, rel=0.1)
    assert files.real_files(None) == {}


def test_floors_parse_the_metadata(sample_data: Path, tmp_path: Path) -> None:
    czi = floors.floor(sample_data / "widefield.czi")
    tiff = floors.floor(sample_data / "confocal.ome.tiff")
    assert czi is not None
    assert tiff is not None
    assert [tree.tag for tree in czi()] == ["ImageDocument", *["METADATA"] * 4]  # type: ignore[attr-defined]
    assert [etree.QName(tree).localname for tree in tiff()] == ["OME"]  # type: ignore[attr-defined]
    assert floors.floor(tmp_path / "image.unknown") is None


def test_committed_table_is_of_this_form() -> None:
    path = files.ROOT / "docs" / "benchmarks.json"
    if not path.exists():
        pytest.skip("nothing was measured yet")
    machine, rows, growth, _ = guard.loaded(path)
    assert machine["versions"]
    assert len({r.key for r in rows}) == len(rows)
    assert {"planes", "channels", "files"} <= set(growth)
    assert "/tmp" not in json.dumps(machine)  # noqa: S108 - no path of the machine


def test_sample_of_nothing_measured_has_no_memory() -> None:
    assert Sample([Taken(1.0), Taken(3.0)]).peak is None
    assert Sample([Taken(1.0, 10), Taken(3.0, 30)]).peak == 20
