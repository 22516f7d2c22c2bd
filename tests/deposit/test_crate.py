"""Crates: what they state, that other readers agree, and that no text breaks them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, Dataset, Graph, Namespace, URIRef
from rdflib.term import BNode
from rocrate.rocrate import ROCrate

from deposit_cases import full, minimal
from nbo_extract.deposit.crate import FILE_LIST, IMAGE, METADATA, to_crate
from nbo_extract.deposit.crate_check import check_crate
from nbo_extract.deposit.model import Association, Biosample, Component, File, Specimen, Study, Submission

ROOT = Path(__file__).parents[2]
# What rdflib uses of itself.
pytestmark = pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph):DeprecationWarning")
BIA = Namespace("http://bia/")
SCHEMA = Namespace("http://schema.org/")


def entities(submission: Submission) -> dict[str, dict[str, Any]]:
    graph = json.loads(to_crate(submission)[0])["@graph"]
    return {e["@id"]: e for e in graph}


def of(submission: Submission, kind: str) -> list[dict[str, Any]]:
    return [e for e in entities(submission).values() if kind in e["@type"]]


def rows(submission: Submission) -> pd.DataFrame:
    """Return the file list as pandas reads it, with all cells as texts."""
    return pd.read_csv(io.StringIO(to_crate(submission)[1]), delimiter="\t", dtype=str, keep_default_na=False)


def graph(submission: Submission) -> Graph:
    """Return a crate as triples, with the context of RO-Crate 1.1 from a package."""
    content = json.loads(to_crate(submission)[0])
    base = json.loads((files("rocrate") / "data" / "ro-crate.jsonld").read_text(encoding="utf-8"))
    assert base["@id"] == content["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    content["@context"][0] = base["@context"]
    read = Dataset()
    read.parse(data=json.dumps(content), format="json-ld", publicID="file:///crate/")
    triples = Graph()
    for subject, predicate, value, _ in read.quads():
        triples.add((subject, predicate, value))
    return triples


@pytest.mark.parametrize("submission", [full(), minimal()], ids=["full", "minimal"])
def test_a_crate_passes(submission: Submission) -> None:
    metadata, listed = to_crate(submission)
    problems = check_crate(metadata, {FILE_LIST: listed}.get)
    assert [p.message for p in problems if p.severity == "error"] == []
    # The word NA in a fact is told; nothing else is.
    assert [p.rule for p in problems] == ["empty-word"] * (submission == full())


def test_what_a_small_crate_states() -> None:
    found = entities(minimal())
    assert list(found)[:2] == [METADATA, "./"]
    assert found["./"] == {
        "@id": "./",
        "@type": ["Dataset", "bia:Study"],
        "name": "A title that is long enough",
        "contributor": [{"@id": "#Contributor-A"}],
        "description": "Text",
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "datePublished": "2027-01-01",
        "keyword": ["word"],
        "hasPart": [{"@id": FILE_LIST}, {"@id": "#Dataset-C"}],
        "accessionId": "",
    }
    assert found["#ImageAcquisitionProtocol-I"] == {
        "@id": "#ImageAcquisitionProtocol-I",
        "@type": ["bia:ImageAcquisitionProtocol"],
        "title": "I",
        "protocolDescription": "Parameters",
        "imagingInstrumentDescription": "Microscope",
        "imagingMethodName": ["bright-field"],
        "fbbiId": ["http://purl.obolibrary.org/obo/FBbi_00000243"],
    }
    assert found["#Dataset-C"]["associatedSpecimen"] == {"@id": "#Specimen-S%20P"}
    assert to_crate(minimal())[1] == (
        "file_path\tdataset\tsize_in_bytes\ttype\tlabel\tassociated_specimen\tassociated_image_acquisition_protocol\t"
        "sha256\na.tif\t#Dataset-C\t3\thttp://bia/Image\t\t#Specimen-S%20P\t#ImageAcquisitionProtocol-I\t\n"
    )


def test_every_stated_text_is_in_the_crate() -> None:
    metadata, listed = to_crate(full())
    texts = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        else:
            texts.add(value)

    walk(json.loads(metadata))
    assert {
        "Zoë Müller", "zoe@example.org", "data curator", "Umeå University", "10.1000/x,y", "123", 2026, "On spindles",
        "Müller Z, Li B", "Code", "siRNA, 24 h", "Homo sapiens", "human", "HeLa Kyoto cells", "From cervix", "4% PFA",
        "DMEM", "confocal microscopy", "my method", "Fluorescence", "tubulin", "Counted by hand", "by beads", "1 0 0",
        "All spindles", "Müller lab\nPaid by the ERC.\nERC 101, b; VR", "https://orcid.org/0000-0002-1825-0097",
    } <= texts  # fmt: skip
    assert "a" * 64 in listed


def test_rows() -> None:
    found = rows(full())
    assert list(found["file_path"]) == ["data/a 1.czi", "data/b.nd2", "metadata/a 1.nbo.xml"]
    # Metadata of images belong to the component and have no type; a report belongs to none.
    assert list(found["type"]) == [IMAGE, IMAGE, ""]
    assert list(found["dataset"]) == ["#Dataset-Spindles", "#Dataset-Embryos", "#Dataset-Spindles"]
    assert list(found["size_in_bytes"]) == ["100", "20", "7"]
    assert list(found["label"]) == ['a, "1"', "b", "a 1"]
    # Two biosamples in the first component: which one an image shows is open.
    assert list(found["associated_specimen"]) == ["", "#Specimen-Fly%20Live", ""]
    assert list(found["associated_image_acquisition_protocol"]) == [
        "#ImageAcquisitionProtocol-Confocal%2C%2063x",
        "#ImageAcquisitionProtocol-Wide-field",
        "",
    ]
    assert list(found["Plate"]) == ["", "P1 x", ""]


def test_nbo_columns_are_described_and_bound_to_nothing() -> None:
    columns = {e["columnName"]: e.get("propertyUrl") for e in of(full(), "csvw:Column")}
    assert list(columns) == list(rows(full()).columns)
    assert {k: columns[k] for k in ("sha256", "Objective", "Plate", "Note")} == dict.fromkeys(
        ("sha256", "Objective", "Plate", "Note")
    )
    assert columns["file_path"] == "http://bia/filePath"


def test_titles_of_facts_that_are_taken() -> None:
    file = File("a.tif", 1, component="C", label="L", facts={"label": "x", "sha256": "y", "z\n": "1", "z": "2"})
    found = rows(replace(minimal(), files=(file,), columns=("label",)))
    assert {t: found[t][0] for t in ("label", "label (2)", "sha256 (2)", "z", "z (2)")} == {
        "label": "L",
        "label (2)": "x",
        "sha256 (2)": "y",
        "z": "1",
        "z (2)": "2",
    }


def test_channels_stand_where_they_are_unambiguous() -> None:
    (fixed, live) = of(full(), "bia:SpecimenImagingPreparationProtocol")
    assert [r["@id"] for r in fixed["signalChannelInformation"]] == [
        "#SignalChannel-Fixed%2C%20stained%20DAPI",
        "#SignalChannel-Fixed%2C%20stained%20GFP",
    ]
    assert "signalChannelInformation" not in live
    # The same preparation, imaged in two ways: it is open which channels are in which image.
    first, second = full().components
    both = replace(second, associations=(Association("Fly", "Fixed, stained", "Wide-field"),))
    assert of(replace(full(), components=(first, both)), "bia:SignalChannel") == []


def test_what_is_open_is_left_out_of_rows() -> None:
    first, second = full().components
    both = replace(
        second,
        associations=(*second.associations, Association("Fly", "Live", "Confocal, 63x"), Association("x", "y", "z")),
    )
    case = replace(full(), components=(first, both))
    found = entities(case)["#Dataset-Embryos"]
    assert [r["@id"] for r in found["associatedImageAcquisitionProtocol"]] == [
        "#ImageAcquisitionProtocol-Wide-field",
        "#ImageAcquisitionProtocol-Confocal%2C%2063x",
    ]
    assert "associatedSpecimen" not in found
    row = rows(case).iloc[1]
    assert (row["associated_image_acquisition_protocol"], row["associated_specimen"]) == ("", "")
    # An acquisition that is named and not there may have had other channels.
    unknown = replace(first, associations=(*first.associations, Association("Fly", "Fixed, stained", "z")))
    assert of(replace(full(), components=(unknown, second)), "bia:SignalChannel") == []


def test_growth_belongs_to_a_biosample_that_was_grown_in_one_way() -> None:
    hela, fly = of(full(), "bia:BioSample")
    assert hela["growthProtocol"] == {"@id": "#Protocol-Growth%20of%20Fixed%2C%20stained"}
    # Flies are in two preparations, one of which states no growth.
    assert "growthProtocol" not in fly


def test_same_titles_get_ids_of_their_own() -> None:
    twice = replace(minimal(), specimens=(Specimen("P", "a"), Specimen("P", "b")), components=())
    assert [e["@id"] for e in of(twice, "bia:SpecimenImagingPreparationProtocol")] == [
        "#SpecimenImagingPreparationProtocol-P",
        "#SpecimenImagingPreparationProtocol-P-2",
    ]


def test_one_taxon_for_all_biosamples_of_it() -> None:
    samples = (Biosample("a", "Mus musculus", taxon="10090"), Biosample("b", "Mus musculus", taxon="10090"))
    assert len(of(replace(minimal(), biosamples=samples), "bia:Taxon")) == 1
    samples = (samples[0], Biosample("b", "Mus musculus", "mouse", "10090"))
    assert len(of(replace(minimal(), biosamples=samples), "bia:Taxon")) == 2


def test_the_accession_and_the_name_of_the_list() -> None:
    metadata, listed = to_crate(full(), "lists/all files.tsv", accession="S-BIAD1")
    found = {e["@id"]: e for e in json.loads(metadata)["@graph"]}
    assert found["./"]["accessionId"] == "S-BIAD1"
    assert "lists/all%20files.tsv" in found
    assert [p.rule for p in check_crate(metadata, {"lists/all files.tsv": listed}.get)] == ["empty-word"]


def test_same_input_same_bytes() -> None:
    assert to_crate(full()) == to_crate(full())


@pytest.mark.parametrize("submission", [full(), minimal()], ids=["full", "minimal"])
def test_rdflib_reads_what_is_written(submission: Submission) -> None:
    found = graph(submission)
    root = URIRef("file:///crate/")
    assert str(found.value(root, SCHEMA.name)) == submission.study.title
    assert {str(o) for o in found.objects(root, SCHEMA.keywords)} == set(submission.study.keywords)
    assert len(list(found.subjects(RDF.type, BIA.Dataset))) == len(submission.components)
    assert len(list(found.subjects(RDF.type, BIA.FileList))) == 1
    # The archive's rule: what is referred to is there, and all but the descriptor are referred to.
    subjects = {s for s in found.subjects() if not isinstance(s, BNode)}
    outside = set(found.objects(None, RDF.type)) | set(
        found.objects(None, URIRef("http://purl.org/dc/terms/conformsTo"))
    )
    referred = {o for o in found.objects() if isinstance(o, URIRef)} - outside
    assert referred <= subjects
    assert subjects - referred == {URIRef("file:///crate/" + METADATA)}


def test_every_key_has_a_term() -> None:
    content = json.loads(to_crate(full())[0])
    stated = sum(len(v) if isinstance(v, list) else 1 for e in content["@graph"] for k, v in e.items() if k != "@id")
    # A key without a term would be dropped from the triples.
    assert len(graph(full())) == stated


def test_rocrate_reads_what_is_written(tmp_path: Path) -> None:
    metadata, listed = to_crate(full())
    (tmp_path / METADATA).write_text(metadata, encoding="utf-8")
    (tmp_path / FILE_LIST).write_text(listed, encoding="utf-8")
    crate = ROCrate(tmp_path)
    assert crate.name == full().study.title
    assert crate.root_dataset["datePublished"] == "2027-03-14"
    assert [p["displayName"] for p in crate.root_dataset["contributor"]] == ["Zoë Müller", "Bo Li"]
    assert {e.id for e in crate.get_entities() if "bia:ImageAcquisitionProtocol" in e.type} == {
        "#ImageAcquisitionProtocol-Confocal%2C%2063x",
        "#ImageAcquisitionProtocol-Wide-field",
    }


TEXTS = st.text(max_size=12) | st.lists(st.sampled_from(list('",#[]()<>\\\t\n µü%')), max_size=6).map("".join)


@settings(max_examples=50)
@given(st.lists(TEXTS, min_size=7, max_size=7), st.booleans())
def test_no_text_breaks_a_crate(texts: list[str], image: bool) -> None:
    a, b, c, d, e, title, fact = texts
    e = e or "component"
    contact = replace(minimal().study.contacts[0], name=b)
    study = replace(minimal().study, title=title, description=a, contacts=(contact,))
    case = replace(
        minimal(),
        study=study,
        biosamples=(Biosample(c, a, b, "1", d, e, (a,)),),
        specimens=(Specimen(d, a, b),),
        components=(Component(e, a, "f", (Association(c, d, "I"),)),),
        files=(File("x.tif", 1, "0", "image" if image else "metadata", e, a, {fact: b}),),
    )
    metadata, listed = to_crate(case)
    problems = check_crate(metadata, {FILE_LIST: listed}.get)
    assert {p.rule for p in problems} <= ({"missing"} if not title else set()) | {"empty-word"}
    found = entities(case)
    assert [s["title"] for s in found.values() if "bia:BioSample" in s["@type"] and c] == [c] * bool(c)
    row = rows(case).iloc[0]
    assert row["dataset"] in found and found[row["dataset"]]["name"] == e
    assert row.iloc[-1].split() == b.translate(dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")).split()


def test_a_submission_with_nothing_in_it_is_written_and_refused() -> None:
    metadata, listed = to_crate(Submission(Study("")))
    assert [p.message for p in check_crate(metadata, {FILE_LIST: listed}.get)] == [
        "The bia:Study ./ has an empty name.",
        "The bia:Study ./ has no contributor, which the archive demands.",
        "The bia:Study ./ has an empty datePublished.",
        f"{FILE_LIST} has no rows.",
    ]


def validator() -> str:
    """Return an interpreter that has roc-validator, or nothing."""
    if find_spec("rocrate_validator"):
        return sys.executable
    return os.environ.get("NBO_ROC_PYTHON", "")


@pytest.mark.skipif(
    not validator(),
    reason="no roc-validator: install the extra 'crate' into an environment and name its python in NBO_ROC_PYTHON",
)
def test_roc_validator_without_the_network(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    metadata, listed = to_crate(full())
    broken = json.loads(metadata)
    del broken["@graph"][1]["datePublished"]
    broken["@graph"][3]["notATerm"] = "x"
    for folder, text in ((good, metadata), (bad, json.dumps(broken))):
        folder.mkdir()
        (folder / METADATA).write_text(text, encoding="utf-8")
        (folder / FILE_LIST).write_text(listed, encoding="utf-8")
    # A proxy that is not there: nothing may be fetched.
    none = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | none
    script = ROOT / "scripts" / "validate_crate.py"
    done = subprocess.run(
        [validator(), str(script), "good", "bad"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    first, second = done.stdout.splitlines()
    assert (first, done.returncode) == ("good: valid", 1)
    assert "datePublished" in second
    assert "notATerm" in second
