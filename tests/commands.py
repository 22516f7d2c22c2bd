"""What a run of the command line leaves; the fixture `run` of conftest gives it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Result:
    """What a run left."""

    code: int
    out: str
    err: str
