"""Inject faults into embedding and restoring, and see that files stay old or new, and can always be undone.

    python scripts/inject_faults.py [--quick] [--seed 1] [--random 1000] [--rounds 200] [--target NAME]... \
        [--no-bioformats] [--folder DIR]

Kinds of fault: the process is killed before, within and behind each change of the disk; the power is cut, so that what
was not safe on the disk is lost in every subset; SIGKILL from outside at random instants; each call fails, once and for
good; a write takes a part; two processes write at once; another program changes the file meanwhile. What each leaves is
opened with tifffile or zarr and, for TIFF, with Bio-Formats (NBO_BIOFORMATS_JAR), embedded into, and restored. Exit
status 1 if anything does not hold. All is the same for a seed, except for the random instants.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import faults_campaigns as campaigns
from faults_foreign import foreign_writers
from faults_target import Target, Worker
from faults_worker import SETS

TARGETS = ("classic", "big", "pyramid", "planes", *SETS, "zarr-0.4", "zarr-0.5")


def campaign(target: Target, tally: campaigns.Tally, options: argparse.Namespace, share: int) -> None:
    """Inject all kinds of faults into a target."""
    chance = random.Random(f"{options.seed} {target.name}")
    campaigns.check_shim(target, tally)
    campaigns.kills(target, tally, step=5 if options.quick else 1)
    if options.quick:
        campaigns.random_kills(target, tally, 12, chance)
        campaigns.two_writers(target, tally, 12, options.seed)
        return
    campaigns.power_cuts(target, tally)
    campaigns.errors(target, tally)
    campaigns.random_kills(target, tally, share, chance)
    campaigns.two_writers(target, tally, options.rounds, options.seed)
    if target.name != "set-companion":  # where the file that is named is none of those that change
        foreign_writers(target, tally)


def table(tally: campaigns.Tally) -> str:
    """Return the counts as a table."""
    lines = [f"{'target':13} {'kind':24} {'points':>6} {'old':>6} {'new':>6} {'between':>7} {'violations':>10}  more"]
    for (target, kind), counts in tally.counts.items():
        known = ("points", "old", "new", "between", "violations")
        more = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if name not in known)
        points, old, new, between, violations = (counts[name] for name in known)
        lines.append(f"{target:13} {kind:24} {points:6} {old:6} {new:6} {between:7} {violations:10}  {more}".rstrip())
    total = sum(counts["points"] for counts in tally.counts.values())
    lines.append(f"{total} points, {len(tally.violations)} violations")
    return "\n".join(lines)


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a sample that takes seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--random", type=int, default=1000, help="random instants, over all targets")
    parser.add_argument("--rounds", type=int, default=200, help="rounds of two writers, for each target")
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--no-bioformats", action="store_true")
    parser.add_argument("--folder", help="where the files are made; by default in the folder for temporary files")
    options = parser.parse_args()
    names = options.target or TARGETS
    tally = campaigns.Tally()
    began = time.monotonic()
    worker = Worker()
    try:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            for name in names:
                java = not options.no_bioformats
                target = Target(name, Path(folder), worker, java=java)
                campaign(target, tally, options, -(-options.random // len(names)))
                print(f"{name}: {len(target.verdicts)} contents, {time.monotonic() - began:.0f} s", file=sys.stderr)
    finally:
        worker.close()
    print(table(tally))
    for violation in tally.violations[:200]:
        print(violation)
    return 1 if tally.violations else 0


if __name__ == "__main__":
    sys.exit(main())
