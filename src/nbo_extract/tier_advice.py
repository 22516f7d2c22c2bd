"""Which tier of NBO an experiment calls for, by the four criteria of the tier system."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import UsageError
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Reason:
    """What one answer says.

    Attributes
    ----------
    criterion, question, answer : str
    tier : int
        The least that it calls for.
    why : str
    """

    criterion: str
    question: str
    answer: str
    tier: int
    why: str


@dataclass(frozen=True, slots=True)
class Advice:
    """The tier that an experiment calls for.

    Attributes
    ----------
    tier : int
        The largest that an answer calls for.
    title, asks : str
        What the tier is for, and what it asks for.
    extensions : tuple of str
    calibration : dict of str to str
        Kind of calibration to how often the tier system asks for it.
    reasons : tuple of Reason
    open : tuple of (str, str, int)
        Criteria that were not answered, their questions, and the tier up to which they might lead.
    """

    tier: int
    title: str
    asks: str
    extensions: tuple[str, ...]
    calibration: dict[str, str]
    reasons: tuple[Reason, ...]
    open: tuple[tuple[str, str, int], ...]


@functools.cache
def criteria() -> dict[str, Any]:
    """Return the table of criteria and tiers."""
    path = resources.files("nbo_extract_mappings") / "schema" / "tiers.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def advise(answers: Mapping[str, str]) -> Advice:
    """Return the tier that answers to the criteria call for.

    Parameters
    ----------
    answers : dict of str to str
        Criterion (``analysis``, ``sample``, ``technology``, ``documentation``) to an answer of the table.

    Raises
    ------
    UsageError
        If there is no such criterion or answer, or nothing is answered.
    """
    table = criteria()["criterion"]
    if not answers:
        raise UsageError(f"no criterion is answered; give {_listed([f'--{c}' for c in table])}")
    reasons = []
    for name, answer in answers.items():
        if name not in table:
            raise UsageError(f"there is no criterion {name}; {meant(name, table)}")
        options = table[name]["answer"]
        if answer not in options:
            raise UsageError(f"{name}: {answer!r} is no answer; {_offered(answer, options)}")
        found = options[answer]
        reasons.append(Reason(name, table[name]["question"], answer, found["tier"], found["why"]))
    reasons.sort(key=lambda r: list(table).index(r.criterion))
    tier = max(r.tier for r in reasons)
    about = criteria()["tier"][str(tier)]
    unanswered = [
        (name, c["question"], most)
        for name, c in table.items()
        if name not in answers and (most := max(a["tier"] for a in c["answer"].values())) > tier
    ]
    return Advice(
        tier,
        about["title"],
        about["asks"],
        tuple(about["extensions"]),
        about["calibration"],
        tuple(reasons),
        tuple(unanswered),
    )


def load_answers(path: str) -> dict[str, str]:
    """Read answers from a TOML file: criterion = "answer".

    Raises
    ------
    UsageError
        If it cannot be read, or holds what is no answer.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            data = tomllib.loads(stream.read())
    except OSError as error:
        raise UsageError(f"{path}: these answers cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: these answers are no text in UTF-8; save them as such") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: this is no valid TOML: {error}") from error
    for name, value in data.items():
        if not isinstance(value, str):
            raise UsageError(f'{path}: {name} is a text such as analysis = "advanced", not {value!r}')
    return data


def _offered(answer: str, options: Mapping[str, Any]) -> str:
    return meant(answer, options, f"there are {_listed(list(options))}")


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
