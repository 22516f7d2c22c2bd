"""Key-value pairs for OMERO, read as the plug-in omero-metadata documents that it reads them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.api import extract
from nbo_extract.errors import UsageError
from nbo_extract.export_omero import (
    MOST_COLUMNS,
    ImagePairs,
    columns_of,
    load_keys,
    own_keys,
    pairs_of,
    to_csv,
    to_yaml,
)
from nbo_extract.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]

NAMESPACE = "https://nbo-extract.org/ns/omero/1"


# -- the plug-in's rules ----------------------------------------------------------------------------------------------


def table_of(text: str) -> tuple[list[str], list[list[str]]]:
    """Read a CSV: types in the first row, names in the second, and a column that the plug-in adds."""
    first, names, *rows = csv.reader(io.StringIO(text), delimiter=",")
    assert first[0].startswith("# header ")
    types = [first[0].removeprefix("# header "), *first[1:]]
    assert set(types) <= set("dlsb") | {"plate", "well", "image", "dataset", "roi"}
    assert len(types) == len(names)
    assert all(names)
    assert len(set(names)) == len(names)
    assert all(len(row) == len(names) for row in rows)
    # HDF5 has no slash in names, and a description would follow two per cent signs.
    assert not any("/" in name or "%%" in name for name in names)
    assert "Image Name" in names
    assert len(names) + 1 <= MOST_COLUMNS
    return [*names, "Image"], [[*row, "4711"] for row in rows]


def configuration_of(text: str) -> dict[str, Any]:
    """Read the YAML that we write: maps and lists by two blanks, texts as in JSON."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", "---"))]
    content, end = _block(lines, 0, 0)
    assert end == len(lines)
    assert isinstance(content, dict)
    return content


def _block(lines: list[str], at: int, indent: int) -> tuple[Any, int]:
    if lines[at].lstrip().startswith("- "):
        items = []
        while at < len(lines) and lines[at].startswith(" " * indent + "- "):
            lines[at] = " " * (indent + 2) + lines[at][indent + 2 :]
            item, at = _block(lines, at, indent + 2)
            items.append(item)
        return items, at
    found: dict[str, Any] = {}
    while at < len(lines) and re.match(rf" {{{indent}}}[a-z]", lines[at]):
        key, _, value = lines[at].strip().partition(":")
        assert key not in found
        if value.strip():
            found[key], at = json.loads(value), at + 1
        else:
            found[key], at = _block(lines, at + 1, len(lines[at + 1]) - len(lines[at + 1].lstrip()))
    return found, at


def annotations_of(table: str, configuration: str) -> list[dict[str, list[tuple[str, str]]]]:
    """Return the pairs of each row by their namespace, as the context `bulkmap` makes them."""
    names, rows = table_of(table)
    config = configuration_of(configuration)
    assert set(config) <= {"defaults", "columns", "advanced"}
    defaults = {
        "clientvalue": None, "includeclient": True, "include": True, "split": False, "type": "string",
        "visible": True, "position": -1, "clientname": None, "omitempty": False, **config["defaults"],
    }  # fmt: skip
    found = []
    for row in rows:
        groups: dict[str, list[tuple[str, str]]] = {}
        named: set[str] = set()
        for column in config["columns"]:
            group = column["group"]
            assert set(group) == {"namespace", "columns"}
            assert group["namespace"]
            assert group["columns"]
            for each in ({**defaults, **c} for c in group["columns"]):
                assert each["include"] or not each["includeclient"]
                named.add(each["name"])
                value = row[names.index(each["name"])]
                if each["include"] and not (each["omitempty"] and not value.strip()):
                    groups.setdefault(group["namespace"], []).append((each["clientname"] or each["name"], value))
        if defaults["include"]:
            groups[""] = [(n, v) for n, v in zip(names, row, strict=True) if n not in named]
        found.append(groups)
    return found


# -- pairs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def data(sample_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(sample_data, tmp_path / "data")
    monkeypatch.chdir(tmp_path / "data")
    return tmp_path / "data"


def test_two_files_become_namespaced_annotations(run: Run, data: Path) -> None:
    result = run("export", "omero", "widefield.czi", "confocal.ome.tiff", "-o", "keys.csv")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith(" keys of 2 images\nwrote keys.csv\nwrote keys-bulkmap.yml\n")
    table = (data / "keys.csv").read_text(encoding="utf-8")
    names, rows = table_of(table)
    found = annotations_of(table, (data / "keys-bulkmap.yml").read_text(encoding="utf-8"))
    assert [row[names.index("Image Name")] for row in rows] == ["widefield.czi", "confocal.ome.tiff"]
    assert [set(groups) for groups in found] == [{NAMESPACE}, {NAMESPACE}]
    pairs = dict(found[0][NAMESPACE])
    assert len(pairs) == len(found[0][NAMESPACE])
    expected = {
        "Objective Magnification": "63", "Objective NA": "1.4", "Pixel Size X": "0.072063492063492 µm",
        "Size X": "64", "Channel 1 Fluorophore": "DAPI", "Channel 2 Name": "EGFP", "Channel 1 Exposure Time": "80 ms",
        "Channel 2 Exposure Time": "150 ms", "Channel 1 Emission Wavelength": "465 nm",
        "Channel 1 Light Source Power": "20 %",
    }  # fmt: skip
    assert {key: pairs.get(key) for key in expected} == expected
    assert "Time Increment" not in pairs
    assert all(value for _, value in found[0][NAMESPACE])


def test_every_pair_is_a_fact_of_the_document(data: Path) -> None:
    for name in ("widefield.czi", "confocal.ome.tiff"):
        document = extract(data / name, planes="all")
        stated = {f.quantity for n in document.root.walk() for f in n.facts.values()}
        # NBO's words are written with blanks.
        stated |= {text.replace("_", " ") for text in stated if text.startswith(("Wide-field_", "Confocal_"))}
        made = [
            r
            for r in (*own_keys().image, *own_keys().channel)
            if not set(r.facts) & {"title", "name", "bands", "exposure"}
        ]
        plain = {r.key for r in made}
        pairs = pairs_of(document, name)[0].pairs
        checked = [v for k, v in pairs if k in plain or k.split(" ", 2)[-1] in plain]
        assert len(checked) > 20
        assert set(checked) <= stated


def test_lines_of_a_laser_are_told_where_each_was_set_and_one_fact_of_a_laser_is_told_once() -> None:
    document = Document()
    instrument = document.root.add("Instrument", ID="Instrument:0")
    instrument.add("InvertedMicroscopeStand", ID="Stand:0")
    laser = instrument.add("Laser", ID="LightSource:0", Name="WLL")
    channel = document.root.add("Image", ID="Image:0").add("Pixels", ID="Pixels:0").add("Channel", ID="Channel:0")
    channel.put("IlluminationType", "Confocal_Fluorescence_single-spot-raster-scan")
    path = channel.add("LightPath", ID="LightPath:0")
    for peak, power in (("488", "6"), ("552", "40")):
        laser.add("IlluminationWavelengthRange").put("PeakWavelength", peak, "nm")
        settings = path.add("LightSourceSettings", ID="LightSource:0", Attenuation="0.94")
        settings.put("IlluminationPowerSettings", power, "%")
    pairs = dict(pairs_of(document, "a.lif")[0].pairs)
    assert pairs["Channel 1 Light Source"] == "WLL"
    assert pairs["Channel 1 Light Source Wavelength"] == "488 nm; 552 nm"
    assert pairs["Channel 1 Light Source Power"] == "6 %; 40 %"
    assert pairs["Channel 1 Light Source Attenuation"] == "0.94"
    path.children.pop()
    pairs = dict(pairs_of(document, "a.lif")[0].pairs)
    assert "Channel 1 Light Source Wavelength" not in pairs
    assert "Channel 1 Light Source Attenuation" not in pairs
    assert pairs["Channel 1 Illumination Type"] == "Confocal Fluorescence single-spot-raster-scan"
    assert pairs["Microscope Type"] == "Inverted Microscope Stand"


def test_images_are_called_as_the_importer_calls_them(data: Path) -> None:
    document = extract(data / "widefield.czi")
    assert [p.name for p in pairs_of(document, "a b.czi")] == ["a b.czi"]
    other = extract(data / "widefield.czi").images[0]
    document.root.children.append(other)
    document.images[0].put("Name", "Scene 1")
    other.facts.pop("Name", None)
    assert [p.name for p in pairs_of(document, "a b.czi")] == ["a b.czi [Scene 1]", "a b.czi [1]"]


def test_the_same_images_give_the_same_bytes_and_are_written_over(run: Run, data: Path) -> None:
    for _ in range(2):
        assert run("export", "omero", "widefield.czi", "-o", "keys.csv").code == 0
        kept = (data / "keys.csv").read_bytes(), (data / "keys-bulkmap.yml").read_bytes()
    assert run("export", "omero", "widefield.czi", "-o", "keys.csv", "--workers", "1").code == 0
    assert kept == ((data / "keys.csv").read_bytes(), (data / "keys-bulkmap.yml").read_bytes())
    assert run("export", "omero", "widefield.czi", "-o", "-").out.encode() == kept[0]


def test_plain_pairs_as_json(run: Run, data: Path) -> None:
    assert run("export", "omero", "widefield.czi", "-o", "keys.json").code == 0
    content = json.loads((data / "keys.json").read_text(encoding="utf-8"))
    assert content["namespace"] == NAMESPACE
    assert [i["name"] for i in content["images"]] == ["widefield.czi"]
    assert ["Objective NA", "1.4"] in content["images"][0]["pairs"]
    assert not (data / "keys-bulkmap.yml").exists()


def test_a_dataset_is_a_column_for_projects(run: Run, data: Path) -> None:
    assert run("export", "omero", "widefield.czi", "-o", "keys.csv", "--dataset", "Exp, 1").code == 0
    names, rows = table_of((data / "keys.csv").read_text(encoding="utf-8"))
    assert rows[0][names.index("Dataset Name")] == "Exp, 1"


def test_texts_of_any_kind_come_back() -> None:
    nasty = 'a,"b"; ü λ\u2028: - #x'
    images = [ImagePairs(f"{nasty}.czi", (("Objective", nasty),)), ImagePairs("empty.czi", ())]
    keys = columns_of(images)
    found = annotations_of(to_csv(images, keys), to_yaml(keys, "x.csv", NAMESPACE))
    assert found == [{NAMESPACE: [("Objective", nasty)]}, {}]


def test_more_keys_than_a_table_has_columns_are_told(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbo_extract.export_omero.MOST_COLUMNS", 10)
    result = run("export", "omero", "widefield.czi", "-o", "keys.csv")
    assert result.code == 0
    assert re.fullmatch(
        r"nbo-extract: a table of OMERO has 10 columns, and there are \d+ keys: from '[\w ]+' on they are left out; "
        r"--format json has all of them\n",
        result.err,
    )
    names, _ = table_of((data / "keys.csv").read_text(encoding="utf-8"))
    assert len(names) == 10


def test_images_of_one_name_are_told(run: Run, data: Path) -> None:
    (data / "more").mkdir()
    shutil.copy(data / "widefield.czi", data / "more")
    result = run("export", "omero", "widefield.czi", "more", "-o", "keys.csv")
    assert result.code == 0
    assert result.err == (
        "nbo-extract: widefield.czi: 2 images have this name, and by it OMERO takes only one of them; "
        "export the images of each dataset on their own\n"
    )


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["-o", "keys.txt"],
            "keys.txt: the ending does not tell what to write; end it with .csv or .json, or give --format",
        ),
        (
            ["-o", "own.csv"],
            "own.csv: nbo-extract has not written this file and does not overwrite it; give another -o",
        ),
        (
            ["-o", "k.json", "--dataset", "x"],
            "--dataset is the name of a dataset, for a table; leave it out, or give a name and --format csv",
        ),
        (
            ["-o", "k.csv", "--keys", "no.toml"],
            "no.toml: this table of keys cannot be read ([Errno 2] No such file or directory: 'no.toml')",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(run: Run, data: Path, options: list[str], message: str) -> None:
    (data / "own.csv").write_text("a,b\n")
    result = run("export", "omero", "widefield.czi", *options)
    assert (result.code, result.err) == (2, f"nbo-extract: {message}\n")
    assert not (data / "k.csv").exists()


def test_a_configuration_of_somebody_else_is_kept(run: Run, data: Path) -> None:
    (data / "k-bulkmap.yml").write_text("mine: true\n")
    assert run("export", "omero", "widefield.czi", "-o", "k.csv").code == 2
    assert (data / "k-bulkmap.yml").read_text() == "mine: true\n"
    assert not (data / "k.csv").exists()


def test_a_file_that_cannot_be_read_costs_no_other(run: Run, data: Path) -> None:
    (data / "broken.czi").write_bytes((data / "widefield.czi").read_bytes()[:3000])
    result = run("export", "omero", "broken.czi", "widefield.czi", "-o", "k.csv")
    assert result.code == 3
    assert result.err.startswith("nbo-extract: broken.czi: ")
    assert [row[0] for row in table_of((data / "k.csv").read_text(encoding="utf-8"))[1]] == ["widefield.czi"]


OWN = 'namespace = "https://example.org/keys"\n[[image]]\nkey = "NA"\nof = "objective"\nfact = "LensNA"\n'


def test_a_facility_has_keys_of_its_own(run: Run, data: Path) -> None:
    (data / "own.toml").write_text(OWN)
    assert run("export", "omero", "widefield.czi", "-o", "k.csv", "--keys", "own.toml").code == 0
    text = (data / "k.csv").read_text(encoding="utf-8")
    assert text == "# header s,s\nImage Name,NA\nwidefield.czi,1.4\n"
    assert annotations_of(text, (data / "k-bulkmap.yml").read_text(encoding="utf-8")) == [
        {"https://example.org/keys": [("NA", "1.4")]}
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "this is no TOML"),
        (OWN.replace("namespace", "name"), "name is not known; there are namespace, image and channel"),
        ("[[image]]\n", "namespace is missing; give a URL of your own"),
        ('namespace = "x"\n', "there are no keys; give [[image]] or [[channel]]"),
        ('namespace = "x"\nimage = 1\n', "image is no list; write [[image]] above each key"),
        (OWN.replace('"NA"', '"N/A"'), "'N/A' cannot be a key: the plug-in takes it for something else"),
        (OWN.replace('"objective"', '"lens"'), "'lens' of 'NA' is no part; there are image, pixels"),
        (OWN.replace('fact = "LensNA"', "fact = 1"), "a row of image has key, of and fact, and nothing else: {"),
        (OWN + OWN.partition("\n")[2], "'NA' is there twice; a key is one column"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_used_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        load_keys(str(path))
    assert raised.value.message.startswith(f"{path}: {message}")


def test_redacted_pairs_name_nobody(run: Run, data: Path) -> None:
    (data / "asample").mkdir()
    shutil.copy(data / "widefield.czi", data / "asample")
    result = run("export", "omero", "asample", "-o", "k.csv", "--redact")
    assert result.code == 0
    assert "asample" not in (data / "k.csv").read_text() + (data / "k-bulkmap.yml").read_text() + result.out
