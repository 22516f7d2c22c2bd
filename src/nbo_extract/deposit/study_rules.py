"""What the archive's form refuses in single fields of a study."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Final

from nbo_extract.deposit.model import LICENSES, SHORTEST_TITLE
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbo_extract.deposit.model import Study

_EMAIL: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_ORCID: Final = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def field_problems(name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with the text of a field, by the name of its key; parts of sentences."""
    check = _FIELDS.get(name)
    problem = check(text) if check is not None else ""
    if problem:
        yield problem
    if "\x00" in text:
        yield "holds a character that is none of a text; take it out"


def study_problems(study: Study, today: str) -> Iterator[str]:
    """Yield what is wrong with a study as a whole, where it is stated.

    Parameters
    ----------
    study : Study
    today : str
        Day before which nothing can be released; empty for none.
    """
    if study.title and len(study.title) < SHORTEST_TITLE:
        yield (
            f"study.title: {study.title!r} has {len(study.title)} characters, and the archive asks for "
            f"{SHORTEST_TITLE}; say more"
        )
    if study.release_date and today and is_day(study.release_date) and study.release_date < today:
        yield f"study.release_date: {study.release_date} is past; give a day from {today} on"


def has_contact(study: Study) -> bool:
    """Whether somebody can be asked: the archive wants an e-mail address and an organisation of one person."""
    return any(c.email and c.organisations for c in study.contacts)


def orcid_is_right(orcid: str) -> bool:
    """Whether the last character of an ORCID is the check digit of the others (ISO 7064, MOD 11-2)."""
    if not _ORCID.fullmatch(orcid):
        return False
    total = 0
    digits = orcid.replace("-", "")
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    return digits[-1] == "0123456789X"[(12 - total % 11) % 11]


def _email(text: str) -> str:
    return "" if _EMAIL.fullmatch(text) else f"{text!r} is no e-mail address; write one@institute.org"


def _orcid(text: str) -> str:
    if orcid_is_right(text):
        return ""
    if _ORCID.fullmatch(text):
        return f"{text} is no ORCID, because its last digit does not fit the others; check it at orcid.org"
    return f"{text!r} is no ORCID; write it as 0000-0002-1825-0097, without the address"


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, as ``2027-03-14``."""
    try:
        return bool(_DATE.fullmatch(text)) and datetime.date.fromisoformat(text) is not None
    except ValueError:
        return False


def _date(text: str) -> str:
    return "" if is_day(text) else f"{text!r} is no day; write it as 2027-03-14"


def _license(text: str) -> str:
    if text in LICENSES:
        return ""
    return f"the archive does not offer {text!r}; {meant(text, LICENSES, f'choose {_offered()}')}"


def _offered() -> str:
    return " or ".join(LICENSES)


def _taxon(text: str) -> str:
    return "" if text.isascii() and text.isdigit() else f"{text!r} is no number in the NCBI taxonomy; human is 9606"


def _url(text: str) -> str:
    good = text.startswith(("http://", "https://", "ftp://")) and not any(c.isspace() for c in text)
    return "" if good else f"{text!r} is no address of a page; write https://..."


_FIELDS: Final[dict[str, Callable[[str], str]]] = {
    "email": _email,
    "orcid": _orcid,
    "release_date": _date,
    "license": _license,
    "ncbi_taxon": _taxon,
    "url": _url,
}
