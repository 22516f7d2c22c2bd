"""Measure nbo-extract beside other programs and beside the least possible, in one run that makes one table.

    python scripts/benchmark.py [--quick] [--only NAME ...] [--samples FOLDER] [--cache FOLDER]
        [--json OUT] [--markdown docs/benchmarks.md] [--against docs/benchmarks.json] [--keep JSON]

Candidates run in turn; the medians of the ratios of their rounds are what counts. Bio-Formats is measured where
``NBO_BIOFORMATS_JAR`` names its jar, or where --cache gives a folder to fetch it to; bioio, ome-types and tifffile
where they are installed. What is absent is skipped, and said. --against compares with an earlier table, and warns; it
does not fail. --keep adds what an earlier run measured, so that a run can be done in parts; --from makes the page anew
of what was measured before.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from benchmarks import files, folders, growth, guard, page, reading, writing
from benchmarks.measure import SHARE, Growth, Table, reason
from benchmarks.peers import Peers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WORKLOADS = ("start", "formats", "planes", "plate", "embed", "sizes", "convert", "growth", "folders")


def machine(peers: Peers, begun: float) -> dict[str, Any]:
    """Return the facts of this machine and of this run."""
    model = ""
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": f"{model or platform.processor()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        "load of the machine at the end": f"{os.getloadavg()[0]:.1f}",
        "the run took": f"{(time.monotonic() - begun) / 60:.1f} minutes",
        "versions": peers.versions(),
    }


def measure(
    given: argparse.Namespace, table: Table, peers: Peers, folder: Path, say: Callable[[str], None]
) -> dict[str, list[Growth]]:
    """Run the workloads that are asked for; one that fails does not end the others."""
    grown: dict[str, list[Growth]] = {}
    quick = given.quick

    def formats() -> None:
        made = files.made_files(folder, table.skip)
        made["CZI with 0.5 MB of XML"] = files.long_czi(folder)
        reading.formats(table, peers, made, {} if quick else files.real_files(given.samples), quick)

    def growing() -> None:
        grown["planes"] = growth.by_planes(folder, quick)
        grown["channels"] = growth.by_channels(folder, quick)

    def many_files() -> None:
        time_taken, memory = folders.folders(table, peers, folder, quick)
        grown["files"], grown["memory"] = [time_taken], [memory]

    work: dict[str, Callable[[], object]] = {
        "start": lambda: reading.starting(table, 9),
        "formats": formats,
        "planes": lambda: reading.planes(table, peers, folder, quick),
        "plate": lambda: reading.plates(table, peers, folder, quick),
        "embed": lambda: writing.embedding(table, peers, folder, quick),
        "sizes": lambda: writing.sizes(table, peers, folder, quick),
        "convert": lambda: writing.conversion(table, peers, folder, quick),
        "growth": growing,
        "folders": many_files,
    }
    for name in given.only or WORKLOADS:
        begun = time.monotonic()
        say(f"{name}:")
        try:
            work[name]()
        except Exception as error:  # what has been measured is not lost
            if given.strict:
                raise
            table.skip(name, reason(error))
        say(f"  {time.monotonic() - begun:.0f} s")
        if given.json:  # a run that is stopped leaves what it measured
            facts = {"versions": peers.versions()}
            given.json.write_text(guard.dumped(facts, table.rows, grown, table.skipped), encoding="utf-8")
    return grown


def tell(
    given: argparse.Namespace,
    facts: Mapping[str, Any],
    table: Table,
    grown: Mapping[str, Sequence[Growth]],
    say: Callable[[str], None],
) -> None:
    """Write what is asked for, and compare."""
    if given.json:
        given.json.write_text(guard.dumped(facts, table.rows, grown, table.skipped), encoding="utf-8")
    if given.markdown:
        kept = page.notes(given.markdown.read_text(encoding="utf-8")) if given.markdown.exists() else ""
        text = page.page(facts, table.rows, grown, table.skipped, kept)
        growth.draw(grown, given.markdown.parent / "pictures")
        given.markdown.write_text(text, encoding="utf-8")
    if given.against:
        _, before, _, _ = guard.loaded(given.against)
        worse, compared = guard.compare(table.rows, {row.key: row for row in before})
        for warning in worse:
            say(f"warning: {warning}")
        say(f"{compared} ratios compared with {given.against}, {len(worse)} worse by more than {guard.TOLERANCE:.0%}")


def main(args: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the part that the guard compares, in about two minutes")
    parser.add_argument("--only", action="append", choices=WORKLOADS, metavar="NAME", help=", ".join(WORKLOADS))
    parser.add_argument("--samples", type=Path, metavar="FOLDER", help="folder of real files to read as well")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where the jar of Bio-Formats is fetched to")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where files are made; gone at the end")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all that was measured")
    parser.add_argument("--markdown", type=Path, metavar="OUT", help="write the page, and its pictures beside it")
    parser.add_argument("--against", type=Path, metavar="JSON", help="compare ratios with those of an earlier run")
    parser.add_argument("--keep", type=Path, metavar="JSON", help="take in what this earlier run measured besides")
    parser.add_argument("--from", dest="from_", type=Path, metavar="JSON", help="measure nothing; take this")
    parser.add_argument("--strict", action="store_true", help="end at the first workload that fails")
    given = parser.parse_args(args)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(text, flush=True)

    table = Table(say, 5.0 if given.quick else SHARE)
    if given.from_:
        facts, rows, grown, skipped = guard.loaded(given.from_)
        table.rows, table.skipped = rows, skipped
        tell(given, facts, table, grown, say)
        return 0
    warnings.simplefilter("ignore")
    peers = Peers(given.cache)
    for name, why in peers.absent.items():
        table.skip(name, why)
    with tempfile.TemporaryDirectory(dir=given.work) as place:
        # An installed program has its byte code beside it; a run from sources is not to be slower for the lack of it.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = os.path.join(place, "bytecode")
        grown = measure(given, table, peers, Path(place), say)
    if given.keep:
        keep(given.keep, table, grown)
    tell(given, machine(peers, begun), table, grown, say)
    return 0


def keep(path: Path, table: Table, grown: dict[str, list[Growth]]) -> None:
    """Take in what an earlier run measured and this one did not."""
    _, rows, before, skipped = guard.loaded(path)
    known = {row.key for row in table.rows}
    table.rows.extend(row for row in rows if row.key not in known)
    table.skipped = {**skipped, **table.skipped}
    for name, series in before.items():
        grown.setdefault(name, series)


if __name__ == "__main__":
    sys.exit(main())
