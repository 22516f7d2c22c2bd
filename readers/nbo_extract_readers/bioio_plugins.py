"""Which reader plug-ins of bioio are installed, and for which endings: found out without importing any of them."""

from __future__ import annotations

import functools
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import NamedTuple

GROUP = "bioio.readers"

#: Endings by plug-in, of those that are published; the second text is the licence where it is none of BSD or MIT.
KNOWN: dict[str, tuple[tuple[str, ...], str]] = {
    "bioio-czi": ((".czi",), "GPL-3"),
    "bioio-dv": ((".dv", ".r3d"), ""),
    "bioio-emd": ((".emd",), ""),
    "bioio-imagexpress": ((".htd",), ""),
    "bioio-imzml": ((".imzml",), ""),
    "bioio-lif": ((".lif",), "its library is GPL-3"),
    "bioio-nd2": ((".nd2",), ""),
    "bioio-ome-tiff": ((".ome.tiff", ".ome.tif", ".tiff", ".tif"), ""),
    "bioio-ome-tiled-tiff": ((".ome.tiff", ".ome.tif", ".tiff", ".tif"), ""),
    "bioio-ome-zarr": ((".zarr", ".ozx"), ""),
    "bioio-qptiff": ((".qptiff",), ""),
    "bioio-sldy": ((".sldy", ".dir"), ""),
    "bioio-tifffile": ((".tif", ".tiff", ".lsm"), ""),
    "bioio-vsi": ((".vsi",), ""),
}
#: Not asked unless by name: pictures and films, which no microscope describes.
PICTURES = "bioio-imageio"
#: Never asked: what Bio-Formats says of files is read, and mended, by an adapter of its own.
LEFT_OUT = ("bioio-bioformats",)
#: Their OME is made of sizes and scales alone, and a scale without a unit becomes micrometres in it.
NO_OME = ("bioio-ome-zarr", "bioio-imageio", "bioio-tifffile")


class Plugin(NamedTuple):
    """An installed plug-in: its name, its module, the endings that it takes, and its version."""

    name: str
    module: str
    suffixes: tuple[str, ...]
    version: str


@functools.cache
def plugins() -> tuple[Plugin, ...]:
    """Return the plug-ins in the order in which they are asked: as in bioio, those of fewer kinds of endings first."""
    found = {}
    for point in entry_points(group=GROUP):
        if point.name not in LEFT_OUT:
            version = point.dist.version if point.dist is not None else ""
            found[point.name] = Plugin(point.name, point.module, _suffixes(point), version)
    return tuple(sorted(found.values(), key=lambda p: (_kinds(p.suffixes), len(p.suffixes), p.name)))


def fitting(name: str, *, any_ending: bool = False) -> list[Plugin]:
    """Return the plug-ins for a file of a lower-case name.

    Parameters
    ----------
    name : str
    any_ending : bool
        Whether the plug-ins for other endings and for pictures are asked where there is none for this one: the user
        names the reader.
    """
    first = [p for p in plugins() if p.name != PICTURES and name.endswith(p.suffixes)]
    first.sort(key=lambda p: -max(len(s) for s in p.suffixes if name.endswith(s)))
    return first or (list(plugins()) if any_ending else [])


def _kinds(suffixes: tuple[str, ...]) -> int:
    """Count endings, those that end in another one of them left out: ``.ome.tif`` is a kind of ``.tif``."""
    return sum(not any(s != t and s.endswith(t) for t in suffixes) for s in suffixes)


def _suffixes(point: EntryPoint) -> tuple[str, ...]:
    """Return the endings that a plug-in takes, with a leading dot.

    Of a plug-in that is not known here its own list is read out of its source; one that computes its list takes nothing
    unless it is asked by name.
    """
    known = KNOWN.get(point.name)
    if known is not None:
        return known[0]
    found = {s.lower() if s.startswith(".") else f".{s.lower()}" for s in _listed(point.module)}
    return tuple(sorted(found))


def _listed(module: str) -> list[str]:
    import ast
    from importlib.util import find_spec

    try:
        spec = find_spec(module.partition(".")[0])
        folders = (spec.submodule_search_locations or ()) if spec is not None else ()
        inside = module.split(".")[1:]
        places = [Path(folder, *inside, name) for folder in folders for name in ("reader_metadata.py", "__init__.py")]
        texts = [place.read_text(encoding="utf-8") for place in places if place.is_file()]
        trees = [ast.parse(text) for text in texts]
    except (ImportError, ValueError, OSError, SyntaxError):
        return []
    for node in (n for tree in trees for n in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef) and node.name == "get_supported_extensions":
            for part in ast.walk(node):
                if isinstance(part, ast.Return) and part.value is not None:
                    return _texts(part.value)
    return []


def _texts(value: object) -> list[str]:
    import ast

    try:
        made = ast.literal_eval(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, SyntaxError):
        return []
    return [s for s in made if isinstance(s, str) and s.strip(".")] if isinstance(made, list | tuple) else []
