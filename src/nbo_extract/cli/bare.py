"""What is told of files with `--redact`: their names alone, and no computer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbo_extract.privacy import bare_text
from nbo_extract.stores import last_part

if TYPE_CHECKING:
    from nbo_extract.cli.work import Outcome


def bare_outcome(outcome: Outcome) -> Outcome:
    """Return what became of an image, without its folder."""
    name = _name(outcome.path)
    summary = replace(outcome.summary, path=name) if outcome.summary is not None else None
    return replace(
        outcome,
        path=name,
        message=bare_text(outcome.message, outcome.path),
        summary=summary,
        stated_in=_name(outcome.stated_in),
        config=_name(outcome.config),
        warned=tuple(bare_text(w, outcome.path) for w in outcome.warned),
        told=tuple(bare_text(t, outcome.path) for t in outcome.told),
    )


def _name(path: str) -> str:
    return last_part(path) if path else ""
