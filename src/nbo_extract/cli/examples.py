"""Examples that the help of each command ends with; all run on the folder sample_data."""

from __future__ import annotations

from typing import Final

#: Words of a command to lines that run as they stand, in this order; those of the program itself have no words.
EXAMPLES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    (): (
        "nbo-extract sample_data/widefield.czi --hardware sample_data/microscope.json -o results",
        "nbo-extract sample_data --hardware sample_data/microscope.json -o results",
        "nbo-extract sample_data/confocal.ome.tiff --embed --dry-run",
    ),
    ("check",): (
        "nbo-extract check sample_data/confocal.ome.tiff --tier 1 --extensions core",
        "nbo-extract check sample_data/confocal.ome.tiff --profile rembi",
    ),
    ("completion",): (
        "nbo-extract completion bash",
        "nbo-extract completion fish",
    ),
    ("config",): ("nbo-extract config init", "nbo-extract config show sample_data/widefield.czi"),
    ("config", "check"): ("nbo-extract config init", "nbo-extract config check nbo-extract.toml"),
    ("config", "init"): ("nbo-extract config init sample_data",),
    ("config", "show"): ("nbo-extract config show sample_data/widefield.czi",),
    ("deposit",): (
        "nbo-extract deposit sample_data -o submission --hardware sample_data/microscope.json",
        "nbo-extract deposit --check submission",
    ),
    ("doctor",): ("nbo-extract doctor", "nbo-extract doctor --json"),
    ("export",): ("nbo-extract export omero sample_data -o keys.csv",),
    ("export", "omero"): ("nbo-extract export omero sample_data -o keys.csv",),
    ("gaps",): (
        "nbo-extract gaps sample_data/widefield.czi --hardware sample_data/microscope.json -o gaps.xlsx",
        "nbo-extract gaps sample_data --tier 2 -o gaps.csv",
    ),
    ("hardware",): ("nbo-extract hardware show sample_data/microscope.json",),
    ("hardware", "check"): ("nbo-extract hardware check sample_data/microscope.json --tier 1",),
    ("hardware", "convert"): ("nbo-extract hardware convert sample_data/microscope.json -o microscope.xml",),
    ("hardware", "show"): ("nbo-extract hardware show sample_data/microscope.json --verbose",),
    ("mappings",): ("nbo-extract mappings list", "nbo-extract mappings show zeiss-czi"),
    ("mappings", "check"): ("nbo-extract mappings check zeiss-czi",),
    ("mappings", "coverage"): ("nbo-extract mappings coverage sample_data/widefield.czi --most 5",),
    ("mappings", "list"): ("nbo-extract mappings list",),
    ("mappings", "rules"): ("nbo-extract mappings rules",),
    ("mappings", "show"): ("nbo-extract mappings show zeiss-czi",),
    ("methods",): (
        "nbo-extract methods sample_data/widefield.czi --hardware sample_data/microscope.json",
        "nbo-extract methods sample_data --short",
    ),
    ("report",): ("nbo-extract report sample_data --hardware sample_data/microscope.json -o report.html",),
    ("restore",): (
        "nbo-extract sample_data/confocal.ome.tiff --embed",
        "nbo-extract restore sample_data/confocal.ome.tiff",
    ),
    ("schema",): ("nbo-extract schema Objective", "nbo-extract schema --tier 1 -o tier-1.xsd"),
    ("tier",): ("nbo-extract tier --analysis quantitative --sample live",),
    ("watch",): ("nbo-extract watch sample_data --hardware sample_data/microscope.json -o results --settle 0 --once",),
}
