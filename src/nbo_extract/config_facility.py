"""The table `[facility]` of a configuration: whom a Methods section thanks, and the template that it is written with.

It is no statement about an image, and goes into no Document.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

from nbo_extract.errors import ConfigError
from nbo_extract.suggesting import fold_key, meant

KEYS = ("name", "rrid", "acknowledgement", "address", "website", "methods_template")
# A facility has one of SCR_; others, of antibodies or cell lines, have the same form with letters of their own.
_RRID = re.compile(r"(?:RRID:\s?)?(?P<id>SCR_\d+|(?!SCR_)[A-Za-z]+_[A-Za-z0-9:_-]+)")


@dataclass(frozen=True, slots=True)
class Facility:
    """An imaging facility.

    Attributes
    ----------
    name : str
    rrid : str
        With its prefix: ``RRID:SCR_017697``.
    acknowledgement : str
        The sentence that it wants; empty where one is made of the rest.
    address, website : str
    methods_template : str
        Path of a template, or of a folder of them.
    """

    name: str = ""
    rrid: str = ""
    acknowledgement: str = ""
    address: str = ""
    website: str = ""
    methods_template: str = ""

    def thanks(self, *, redact: bool = False) -> str:
        """Return the acknowledgement: the given one, or one that is made of name, address, RRID and website.

        Parameters
        ----------
        redact : bool
            Make it of the rest, because the given one may name people.
        """
        if self.acknowledgement and not redact:
            missing = self.rrid if self.rrid and self.rrid.removeprefix("RRID:") not in self.acknowledgement else ""
            return f"{self.acknowledgement.rstrip('.')} ({missing})." if missing else self.acknowledgement
        if not self.name:
            return ""
        the = "" if self.name.casefold().startswith("the ") else "the "
        place = f", {self.address}" if self.address else ""
        known = "; ".join(filter(None, (self.rrid, self.website)))
        return f"Images were acquired at {the}{self.name}{place}{f' ({known})' if known else ''}."


def read_facility(table: Any, path: str) -> Facility:
    """Read the table.

    Parameters
    ----------
    table : object
        As TOML gives it.
    path : str
        Of the configuration.

    Raises
    ------
    ConfigError
        If anything in it is wrong; a sentence with file, key and cause.
    """
    if not isinstance(table, dict):
        raise ConfigError(f'{path}: facility: this is a table; write [facility] and name = "..."')
    names = {fold_key(k): k for k in KEYS}
    found: dict[str, str] = {}
    for key, value in table.items():
        name = names.get(fold_key(key))
        if name is None:
            raise ConfigError(f"{path}: facility.{key}: there is no such key; {meant(key, KEYS)}")
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{path}: facility.{key}: this takes a text")
        found[name] = " ".join(value.split())
    if not found.get("name") and not found.get("acknowledgement") and set(found) - {"methods_template"}:
        raise ConfigError(f"{path}: facility: without a name nothing can be acknowledged; give name or acknowledgement")
    if "rrid" in found:
        rrid = _RRID.fullmatch(found["rrid"])
        if rrid is None:
            raise ConfigError(f"{path}: facility.rrid: {found['rrid']!r} is no RRID; write it as RRID:SCR_017697")
        found["rrid"] = f"RRID:{rrid['id']}"
    if "website" in found and not re.fullmatch(r"https?://\S+", found["website"]):
        raise ConfigError(f"{path}: facility.website: {found['website']!r} is no address; it begins with https://")
    if "methods_template" in found:
        place = os.path.normpath(os.path.join(os.path.dirname(path), found["methods_template"]))
        if not os.path.exists(place):
            cause = f"there is no {place}; paths are relative to the configuration"
            raise ConfigError(f"{path}: facility.methods_template: {cause}")
        found["methods_template"] = place
    return Facility(**found)
