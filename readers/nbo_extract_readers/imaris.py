"""Imaris IMS: the attributes of DataSetInfo in an HDF5 file; the data sets that hold pixels are never opened.

Source: Oxford Instruments' "Imaris 5.5 file format description". Attributes are arrays of single characters.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nbo_extract.record import RawRecord
from nbo_extract_readers._text import clean
from nbo_extract_readers._tiff_pages import decoded
from nbo_extract_readers.formats import IMARIS
from nbo_extract_readers.tiff_family import BROKEN, Family, told

if TYPE_CHECKING:
    from lxml import etree

INFO = IMARIS

_INFO = "DataSetInfo"
_MAX_GROUPS = 1000
_MAX_ATTRIBUTES = 2000
_MAX_BYTES = 1 << 16
# Each time point is an attribute of its own: there may be a hundred thousand.
_TIME_POINT = re.compile(r"TimePoint\d+$")


def missing() -> str:
    """Return what this reader lacks to work, and how to get it; empty for nothing."""
    if find_spec("h5py") is not None:
        return ""
    return f"the library h5py is not installed: pip install 'nbo-extract[{INFO.requires}]'"


def read(path: str) -> RawRecord:
    """Read the attributes of an IMS file.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``Imaris`` with a ``Group`` for each group of ``DataSetInfo``, each with its ``Attribute``s by name.

    Raises
    ------
    CorruptFileError
        If it is no HDF5 file, or has no ``DataSetInfo``.
    """
    import h5py

    with open(path, "rb"):
        pass
    found = Family(path, "Imaris")
    with told(path):
        try:
            with h5py.File(path, "r") as file:
                names = _groups(file, found)
        except (OSError, RuntimeError) as error:
            raise ValueError(f"HDF5 cannot open it ({' '.join(str(error).split())})") from error
        if not names:
            raise ValueError("it has no DataSetInfo, which makes an HDF5 file one of Imaris")
    return RawRecord(
        path=path,
        format="Imaris IMS",
        reader=INFO.name,
        vocabulary="imaris",
        tree=found.tree,
        versions={"reader": INFO.name, "h5py": h5py.__version__},
        files=(os.path.abspath(path),),
        findings=found.findings,
    )


def _groups(file: Any, found: Family) -> list[str]:
    """Add the groups of DataSetInfo; return their names."""
    from lxml import etree

    home = file.get(_INFO)
    if home is None or not hasattr(home, "keys"):
        return []
    names = [str(name) for name in home][:_MAX_GROUPS]
    for name in names:
        element = etree.SubElement(found.tree, "Group", Name=clean(name))
        try:
            _attributes(home[name], element)
        except (OSError, RuntimeError, *BROKEN) as error:
            why = " ".join(str(error).split())
            found.find("NBO102", f"the attributes of {name} cannot be read ({why}): left out", f"{_INFO}/{name}")
    return names


def _attributes(group: Any, element: etree._Element) -> None:
    from lxml import etree

    kept = [n for n in group.attrs if not _TIME_POINT.match(n) or n == "TimePoint1"]
    for name in kept[:_MAX_ATTRIBUTES]:
        stored = group.attrs.get_id(name)
        if stored.get_storage_size() > _MAX_BYTES:
            continue
        text = _text(group.attrs[name]).strip()
        if text:
            etree.SubElement(element, "Attribute", Name=clean(name)).text = clean(text)


def _text(value: Any) -> str:
    """Return the text of an attribute: characters one by one, or whole."""
    if hasattr(value, "tobytes") and getattr(getattr(value, "dtype", None), "kind", "") == "S":
        return decoded(value.tobytes().rstrip(b"\0"))
    if isinstance(value, bytes):
        return decoded(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
