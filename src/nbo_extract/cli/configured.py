"""The configurations of a run: found once for each folder, read once, with the descriptions that they name."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.cli.group import Refusal
from nbo_extract.errors import ConfigError, NboExtractError
from nbo_extract.stores import is_url, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.config import Config
    from nbo_extract.stored import Stored


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration with the descriptions that it names.

    Attributes
    ----------
    config : Config
    stored : tuple of Hardware, StatementSet or CalibrationSet
        What `hardware` names: the descriptions of which the image's is chosen, and all else.
    pinned : dict of str to tuple of these
        What the files hold that rules name, by their paths.
    """

    config: Config
    stored: tuple[Stored, ...] = ()
    pinned: dict[str, tuple[Stored, ...]] = field(default_factory=dict)

    @property
    def fills(self) -> bool:
        """Whether it may complete an image."""
        return bool(self.stored or self.pinned or self.config.entries)


@dataclass(frozen=True, slots=True)
class Configured:
    """Which configuration is for which image.

    Attributes
    ----------
    folders : dict of str to str
        Folder of images to the path of its configuration, empty where there is none.
    loaded : dict of str to (Loaded or str)
        Path to the configuration, or to the sentence that says why it cannot be used.
    forced : str
        Path of the one that is used for all images.
    """

    folders: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, Loaded | str] = field(default_factory=dict)
    forced: str = ""

    def of(self, path: str) -> Loaded | None:
        """Return the configuration of an image.

        Raises
        ------
        ConfigError
            If it cannot be used: then the image is not worked on, because what it says would be left out silently.
        """
        place = self.forced or self.folders.get(folder_of(path), "")
        found = self.loaded.get(place)
        if isinstance(found, str):
            raise ConfigError(f"{shown(path)}: its configuration cannot be used: {found}")
        return found


def folder_of(path: str) -> str:
    """Folder from which the configuration of an image is looked for upward; empty for a URL."""
    return "" if is_url(path) else os.path.dirname(os.path.abspath(path))


def configure(paths: Iterable[str], given: str | None, *, wanted: bool) -> Configured:
    """Find and read the configurations of images.

    Parameters
    ----------
    paths : iterable of str
    given : str, optional
        The one that is used for all images.
    wanted : bool
        Whether configurations are used at all.

    Raises
    ------
    Refusal
        If the one that was given cannot be used, or none is wanted and one is given.
    """
    if given is not None:
        if not wanted:
            raise Refusal("--config names a configuration, and --no-config wants none; leave one of them out")
        place = as_file(given)
        try:
            return Configured(loaded={place: load_with_hardware(place)}, forced=place)
        except NboExtractError as error:
            raise Refusal(error.message) from error
    if not wanted:
        return Configured()
    from nbo_extract.config_keys import find_config

    known: dict[str, str] = {}
    folders = {folder: find_config(folder, known) for folder in dict.fromkeys(map(folder_of, paths)) if folder}
    loaded: dict[str, Loaded | str] = {}
    for place in dict.fromkeys(filter(None, folders.values())):
        try:
            loaded[place] = load_with_hardware(place)
        except NboExtractError as error:
            loaded[place] = error.message
    return Configured(folders, loaded)


def as_file(path: str) -> str:
    """Path of a configuration that the user names by itself, or by its folder."""
    from nbo_extract.config_keys import NAME

    return os.path.join(path, NAME) if os.path.isdir(path) else path


def load_with_hardware(path: str) -> Loaded:
    """Read a configuration and the descriptions that it names.

    Raises
    ------
    ConfigError
        If anything in them cannot be used.
    """
    from nbo_extract.config import load_config

    config = load_config(path)
    stored = [s for place in config.hardware for s in _load(place, f"{path}: hardware")]
    pinned: dict[str, tuple[Stored, ...]] = {}
    for rule in config.rules:
        if rule.hardware not in pinned:
            key = f"{path}: {rule.key}.hardware"
            pinned[rule.hardware] = _load(rule.hardware, key)
            if not any(map(is_microscope, pinned[rule.hardware])):
                raise ConfigError(f"{key}: {rule.hardware} describes no microscope; name a hardware description")
    return Loaded(config, without_repetition(stored), pinned)


def is_microscope(stored: Stored) -> bool:
    """Whether a stored file describes a microscope."""
    from nbo_extract.hardware import Hardware

    return isinstance(stored, Hardware) and stored.kind == "microscope"


def without_repetition(stored: Iterable[Stored]) -> tuple[Stored, ...]:
    """Return what is stored, each content once."""
    return tuple({(type(s).__name__, s.sha256): s for s in stored}.values())


def _load(path: str, key: str) -> tuple[Stored, ...]:
    from nbo_extract.cli.inputs import load_told

    try:
        return load_told([path])
    except Refusal as error:
        raise ConfigError(f"{key}: {error.message}") from error
