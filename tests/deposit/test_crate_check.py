"""The checker of crates finds each thing that the archive's parser refuses, and says it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deposit_cases import full, minimal
from nbo_extract.deposit.crate import FILE_LIST, METADATA, to_crate
from nbo_extract.deposit.crate_check import check_crate
from nbo_extract.deposit.crate_profile import profile

if TYPE_CHECKING:
    from collections.abc import Callable

Graph = list[dict[str, Any]]
STUDY, LIST = "./", FILE_LIST
PATH, TYPE, PART = (
    "http://bia/filePath",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
    "http://schema.org/isPartOf",
)


def told(
    change: Callable[[Graph], object] | None = None,
    rows: Callable[[str], str] | None = None,
    context: Callable[[dict[str, Any]], object] | None = None,
    severity: str = "error",
) -> list[str]:
    """Return what is told of the small crate after changes of its entities, its list, its context."""
    metadata, listed = to_crate(minimal())
    content = json.loads(metadata)
    if change:
        change(content["@graph"])
    if context:
        context(content["@context"][1])
    listed = rows(listed) if rows else listed
    problems = check_crate(json.dumps(content), {LIST: listed}.get)
    return [p.message for p in problems if p.severity == severity]


def entity(graph: Graph, name: str) -> dict[str, Any]:
    return next(e for e in graph if e["@id"] == name)


def put(name: str, /, **values: Any) -> Callable[[Graph], object]:
    return lambda graph: entity(graph, name).update(values)


def drop(name: str, key: str) -> Callable[[Graph], object]:
    return lambda graph: entity(graph, name).pop(key)


def without(name: str) -> Callable[[Graph], object]:
    return lambda graph: graph.remove(entity(graph, name))


def test_nothing_is_wrong_with_what_is_written() -> None:
    assert told() == []
    assert told(severity="warning") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n", "Line 2 of ro-crate-metadata.json is not JSON: Expecting property name enclosed in double quotes: "
                "line 2 column 1 (char 2)."),
        ("[]", "ro-crate-metadata.json has no @graph, which lists the entities."),
    ],
)  # fmt: skip
def test_what_is_no_crate(text: str, message: str) -> None:
    assert [p.message for p in check_crate(text, lambda _: None)] == [message]


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (drop(STUDY, "accessionId"), ["The bia:Study ./ has no accessionId, which the archive demands."]),
        (put(STUDY, name=None), ["The bia:Study ./ has no name, which the archive demands."]),
        (put(STUDY, datePublished=""), ["The bia:Study ./ has an empty datePublished."]),
        (put(STUDY, datePublished="next year"),
         ["The datePublished of the bia:Study ./ should be a date such as 2027-03-14."]),
        (put(STUDY, license="CC0"), ["The license of the bia:Study ./ should be an address."]),
        (put(STUDY, keyword="word"), ["The keyword of the bia:Study ./ should be a list of texts."]),
        (put(STUDY, keyword=["a", 1]), ["The keyword of the bia:Study ./ should be a list of texts."]),
        (put(STUDY, description=["x"]), ["The description of the bia:Study ./ should be a text."]),
        (put(STUDY, contributor=[]), ["The bia:Study ./ has an empty contributor."]),
        (put(STUDY, contributor={"@id": "#Contributor-A"}),
         ["The contributor of the bia:Study ./ should be a list of references."]),
        (put(STUDY, contributor=[{"@id": "#Dataset-C"}]),
         ["The contributor of ./ refers to #Dataset-C, which should be a bia:Contributor."]),
        (put(STUDY, contributor=[{"@id": "#Nobody"}]),
         ["The contributor of ./ refers to #Nobody, which is not in the crate."]),
        (put("#Dataset-C", associatedSpecimen="S"),
         ["The associatedSpecimen of the bia:Dataset #Dataset-C should be a reference."]),
        (put("#ImageAcquisitionProtocol-I", title=None), []),
        (drop("#ImageAcquisitionProtocol-I", "title"),
         ["The bia:ImageAcquisitionProtocol #ImageAcquisitionProtocol-I has no title, which the archive demands."]),
        (put("_:col0", columnName=1), [
            "The columnName of the csvw:Column _:col0 should be a text.",
            f"The column file_path of {LIST} is not described in {METADATA}.",
            f"No column of {LIST} is bound to {PATH}.",
        ]),
        (put("#Dataset-C", **{"@type": "Dataset"}), [
            "The entity #Dataset-C should be of one class of the archive, but is of none.",
            "The hasPart of ./ refers to #Dataset-C, which should be a bia:Dataset or bia:FileList.",
            "Line 2 of ro-crate-file-list.tsv refers to #Dataset-C, which is no bia:Dataset.",
        ]),
        (put("#Contributor-A", **{"@type": ["bia:Contributor", "http://bia/Affiliation"]}), [
            "The entity #Contributor-A should be of one class of the archive, but is of bia:Contributor and "
            "bia:Affiliation.",
            "The contributor of ./ refers to #Contributor-A, which should be a bia:Contributor.",
        ]),
        (put("#Contributor-A", **{"@type": ["CreativeWork", "bia:Contributor"]}), [
            "The entity #Contributor-A should be of one class of the archive, but is of bia:Contributor and "
            "CreativeWork.",
            "The contributor of ./ refers to #Contributor-A, which should be a bia:Contributor.",
        ]),
        (lambda g: g.append(dict(entity(g, "#Contributor-A"))), ["Two entities have the @id #Contributor-A."]),
        (lambda g: g.append({"@type": "bia:Taxon"}), ["An entity of ro-crate-metadata.json has no @id."]),
        (lambda g: g.append({"@id": "#a,b", "@type": "bia:Taxon"}),
         ["The @id #a,b has a comma, which ends an ID in cells that hold several."]),
        (lambda g: g.append({"@id": "#a b", "@type": "bia:Taxon"}), ["The @id #a b should be written as #a%20b."]),
        (lambda g: g.append({"@id": "#S", "@type": "bia:Study"} | {k: v for k, v in g[1].items() if k[0] != "@"}), [
            "The bia:Study should have the @id ./, but has #S.",
            "The crate has 2 entities bia:Study, and should have one.",
        ]),
        (put(METADATA, conformsTo={"@id": "https://w3id.org/ro/crate/1.2"}),
         ["The conformsTo of ro-crate-metadata.json should refer to https://w3id.org/ro/crate/1.1."]),
        (without(METADATA), ["The crate does not describe ro-crate-metadata.json."]),
        (lambda g: g.append({"@id": "b.tsv", "@type": "bia:FileList", "tableSchema": {"@id": "_:ts0"}}),
         ["The crate has 2 file lists, and should have one."]),
        (drop("_:col1", "propertyUrl"), [f"No column of {LIST} is bound to {PART}."]),
        (put("_:col7", propertyUrl=PART), [f"Several columns of {LIST} are bound to {PART}."]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_entities(change: Callable[[Graph], object], messages: list[str]) -> None:
    assert told(change) == messages


@pytest.mark.parametrize(
    ("rows", "messages"),
    [
        (lambda t: t.replace("sha256\n", "sha256\tNew\n").replace("I\t\n", "I\t\tx\n"),
         [f"The column New of {LIST} is not described in {METADATA}."]),
        (lambda t: t.replace("sha256", "label"), [f"{LIST} has several columns label."]),
        (lambda t: t.replace("file_path", "path"), [
            f"The column path of {LIST} is not described in {METADATA}.",
            f"{LIST} has no column file_path, which {METADATA} describes.",
        ]),
        (lambda t: t + t.splitlines()[1] + "\n", [f"Lines 2 and 3 of {LIST} name the same file, a.tif."]),
        (lambda t: t.replace("a.tif", ""), [f"Line 2 of {LIST} names no file."]),
        (lambda t: t.replace("I\t\n", "I\n"), [f"Line 2 of {LIST} has 7 cells, but the head has 8."]),
        (lambda t: t.replace("#Dataset-C", "#Dataset-D"),
         [f"Line 2 of {LIST} refers to #Dataset-D, which is not in the crate."]),
        (lambda t: t.replace("#Specimen-S%20P", "#BioSample-S"),
         [f"Line 2 of {LIST} refers to #BioSample-S, which is no bia:Specimen."]),
        (lambda t: t.replace("#ImageAcquisitionProtocol-I", "['#ImageAcquisitionProtocol-I', #X]"),
         [f"Line 2 of {LIST} refers to #X, which is not in the crate."]),
        (lambda t: t.replace("a.tif", "NA"),
         [f"The archive reads the cell NA in line 2, column file_path, of {LIST} as empty."]),
        (lambda t: t.splitlines()[0] + "\n", [f"{LIST} has no rows."]),
        (lambda t: t.replace("a.tif", "a" * 200_000),
         [f"The file list {LIST} cannot be read: field larger than field limit (131072)."]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_rows(rows: Callable[[str], str], messages: list[str]) -> None:
    assert told(rows=rows) == messages


def test_a_list_that_is_not_there() -> None:
    problems = check_crate(to_crate(minimal())[0], lambda _: None)
    assert [p.message for p in problems] == [f"The file list {LIST} is not there."]


def test_a_context_that_binds_terms_otherwise() -> None:
    assert told(context=lambda c: c.update(affiliation={"@id": "schema:affiliation"})) == [
        "The @context binds affiliation to schema:affiliation, but the archive to http://schema.org/memberOf."
    ]
    # Written in full, or as a text, a term is the same.
    assert told(context=lambda c: c.update(affiliation="http://schema.org/memberOf")) == []
    assert told(context=lambda c: c.update(bia="http://other/"))[0].startswith("The @context binds acknowledgement to")
    assert told(context=lambda c: c.pop("contactEmail")) == [
        "The key contactEmail of #Contributor-A is not in the @context."
    ]
    # RO-Crate's own context has it.
    assert told(context=lambda c: c.pop("description")) == []


def test_a_context_without_that_of_ro_crate() -> None:
    content = json.loads(to_crate(minimal())[0])
    content["@context"] = content["@context"][1]
    problems = check_crate(json.dumps(content), {LIST: to_crate(minimal())[1]}.get)
    assert [p.message for p in problems] == ["The @context does not name https://w3id.org/ro/crate/1.1/context."]


def test_what_is_only_told() -> None:
    assert told(lambda g: g.append({"@id": "#T", "@type": "bia:Taxon"}), severity="warning") == [
        "Nothing refers to the entity #T."
    ]
    assert told(put("#BioSample-S", colour="red"), severity="warning") == [
        "The key colour of #BioSample-S is neither in the @context nor a term of the archive."
    ]


def sourced(cell: str, kind: str = "http://bia/Image", *, typed: bool = True) -> list[str]:
    """Return what is told of a list in which a second file names a source image."""
    url = "http://bia/associatedSourceImage"

    def change(graph: Graph) -> None:
        graph.append({"@id": "_:src", "@type": "csvw:Column", "columnName": "source", "propertyUrl": url})
        entity(graph, "_:ts0")["column"].append({"@id": "_:src"})
        if not typed:
            del entity(graph, "_:col3")["propertyUrl"]

    head = "file_path\tdataset\tsize_in_bytes\ttype\tlabel\tassociated_specimen\t"
    head += "associated_image_acquisition_protocol\tsha256\tsource\n"
    image = f"a.tif\t#Dataset-C\t1\t{kind}\tImage one\t#Specimen-S%20P\t#ImageAcquisitionProtocol-I\t\t\n"
    mask = f"b.tif\t#Dataset-C\t1\thttp://bia/AnnotationData\t\t\t\t\t{cell}\n"
    return told(change, lambda _: head + image + mask)


def test_source_images() -> None:
    assert sourced("a.tif") == sourced("Image one") == sourced("[a.tif, 'Image one']") == []
    assert sourced("c.tif") == [f"Line 3 of {LIST} names the source image c.tif, which is not in the list."]
    assert sourced("a.tif", "") == [
        f"Line 3 of {LIST} names the source image a.tif, whose type is not http://bia/Image."
    ]
    assert sourced("a.tif", typed=False) == [f"{LIST} names source images, but has no column of types."]


def test_every_key_of_the_profile_has_a_term() -> None:
    found = profile()
    keys = {key for keys in found.classes.values() for key in keys}
    assert keys == set(found.terms)
    targets = {c for keys in found.classes.values() for key in keys.values() for c in key.classes}
    assert targets <= set(found.classes)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just({"@id": "./"}),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@id", "@type", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=50)
@given(st.data())
def test_no_crate_stops_the_checker(data: st.DataObject) -> None:
    metadata, listed = to_crate(full())
    content = json.loads(metadata)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(content["@graph"]))
        if isinstance(place, dict):
            place[data.draw(st.sampled_from([*place, "@type"]))] = data.draw(JSON)
    if data.draw(st.booleans()):
        content["@graph"].append(data.draw(JSON))
    if data.draw(st.booleans()):
        content["@context"] = data.draw(JSON)
    text = data.draw(st.sampled_from([listed, listed[:150], "", "\n", '"', "a\tb\n1\t2\t3\n"]))
    problems = check_crate(json.dumps(content), {LIST: text}.get)
    assert all(p.message.endswith(".") and "\n" not in p.message for p in problems)
