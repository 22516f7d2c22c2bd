"""What stops a file. Problems about data are `nbo_extract.findings.Finding` records, not exceptions."""

from __future__ import annotations


class NboExtractError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        One sentence naming the file, the cause and the way out; shown to the user as it is.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(NboExtractError):
    """What was asked for does not exist: a rule, a reader, a name."""


class UnsupportedFormatError(NboExtractError):
    """No reader knows the content of this file."""


class CorruptFileError(NboExtractError):
    """The file is of a known format but damaged beyond a partial result."""


class MappingTableError(NboExtractError):
    """A mapping, word or schema table does not hold together."""


class HardwareError(NboExtractError):
    """A hardware description cannot be used."""


class ConfigError(NboExtractError):
    """A facility's configuration cannot be used."""


class DocumentError(NboExtractError):
    """An NBO document (XML or JSON) cannot be read or does not fit the NBO model."""


class ChangedError(NboExtractError):
    """An image changed while it was read; nothing was written."""


class WriteError(NboExtractError):
    """Nothing was written, and why."""
