"""Damage copies of image files and see that each gives a partial result or one sentence, in time and memory.

    python scripts/fuzz.py FILE... [--cuts 300] [--flips 300] [--seed 1] [--reader NAME] [--json OUT]

Each file is cut off at random places and gets random bytes changed, always the same for a seed. Each damaged copy goes
through extract, check and the XML writer. Exit status 1 if anything but an error of the package comes out, a copy
takes more than 10 s, or the process grows by more than 1 GB.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

SECONDS = 10.0
MEGABYTES = 1024
#: Bytes changed in one copy: a single one mostly hits pixels, many mostly the same place of failure.
FLIPS = (1, 2, 4, 8, 64)


def damaged(data: bytes, kind: str, chance: random.Random) -> bytes:
    """Return a damaged copy: cut off, or with bytes changed, half of the time near the beginning or the end."""
    if kind == "cut":
        return data[: chance.randrange(len(data))]
    copy = bytearray(data)
    edge = min(len(copy), 65536)
    for _ in range(chance.choice(FLIPS)):
        place = chance.randrange(len(copy))
        if chance.random() < 0.5:
            place = chance.choice((chance.randrange(edge), len(copy) - 1 - chance.randrange(edge)))
        copy[place] = chance.randrange(256)
    return bytes(copy)


def one(path: str, reader: str | None) -> str:
    """Run one file through all stages; return how it ended."""
    from nbo_extract import check, extract
    from nbo_extract.errors import NboExtractError
    from nbo_extract.xmlio import to_xml

    try:
        document = extract(path, reader=reader, partial=True)
        check(document)
        to_xml(document)
    except NboExtractError as error:
        return f"refused: {type(error).__name__}" if "\n" not in error.message else f"LINES {error.message}"
    except Exception:
        return "TRACEBACK " + traceback.format_exc()
    return "read with findings" if document.findings else "read"


def campaign(path: str, cuts: int, flips: int, seed: int, reader: str | None) -> dict[str, Any]:
    """Damage one file many times; return counts, the slowest case and what went wrong."""
    data = Path(path).read_bytes()
    ends: dict[str, int] = {}
    bad: list[str] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / Path(path).name
        place.write_bytes(data)
        one(str(place), reader)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for kind, count in (("cut", cuts), ("flip", flips)):
            for number in range(count):
                place.write_bytes(damaged(data, kind, random.Random(f"{seed} {kind} {number}")))
                start = time.perf_counter()
                end = one(str(place), reader)
                taken = time.perf_counter() - start
                slowest = max(slowest, taken)
                state = end.split(" ", 1)[0] if end[0].isupper() else end
                ends[state] = ends.get(state, 0) + 1
                if end[0].isupper() or taken > SECONDS:
                    bad.append(f"{kind} {number} ({taken:.1f} s): {end}")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    if grown > MEGABYTES:
        bad.append(f"the process grew by {grown} MB")
    return {"file": path, "ends": ends, "slowest": slowest, "grown_mb": grown, "bad": bad}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--cuts", type=int, default=300)
    parser.add_argument("--flips", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    results = []
    # A process of its own for each file: memory is measured from a fresh start.
    context = multiprocessing.get_context("spawn")
    for path in given.files:
        with context.Pool(1) as pool:
            result = pool.apply(campaign, (path, given.cuts, given.flips, given.seed, given.reader))
        results.append(result)
        ends = ", ".join(f"{count} {end}" for end, count in sorted(result["ends"].items()))
        print(f"{os.path.basename(path)}: {ends}; slowest {result['slowest']:.2f} s, grew {result['grown_mb']} MB")
        for text in result["bad"][:5]:
            print("   ", text)
        sys.stdout.flush()
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))
    return 1 if any(r["bad"] for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
