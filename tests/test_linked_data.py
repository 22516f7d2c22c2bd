"""JSON-LD as linked data: to RDF and back without loss, with types, links and provenance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import rdflib
import rdflib.compare
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, Dataset, Literal, URIRef
from rdflib.namespace import PROV, XSD

from linked_data import TERMS, from_rdf
from nbo_extract.jsonio import from_jsonld, provenance_json, to_json, to_jsonld
from nbo_extract.model import Document, Fact, Node, Origin, Source
from random_documents import Maker, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

# Its parsers use what it has deprecated itself.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated, use Dataset:DeprecationWarning")
NBO = rdflib.Namespace(TERMS)


@pytest.fixture(autouse=True, scope="module")
def _lexical_forms() -> Iterator[None]:
    """Keep values as they are written: rdflib would write 0.10 as 0.1."""
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    yield
    rdflib.NORMALIZE_LITERALS = before


def graph_of(document: Document) -> Dataset:
    return Dataset().parse(data=to_jsonld(document), format="json-ld")


def through_quads(graph: Dataset) -> Dataset:
    return Dataset().parse(data=graph.serialize(format="nquads"), format="nquads")


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from([10, 40]))
def test_a_document_comes_back_from_quads_with_its_provenance(seed: int, size: int) -> None:
    document = Maker(seed, size=size).document().arrange()
    back = from_rdf(through_quads(graph_of(document)))
    assert back == document
    assert to_json(back) == to_json(document)
    assert provenance_json(back) == provenance_json(document)


@pytest.mark.parametrize("seed", range(5))
def test_the_graph_is_the_same_whatever_reads_it(seed: int) -> None:
    document = Maker(seed).document().arrange()
    first, second = graph_of(document), through_quads(graph_of(document))
    assert rdflib.compare.isomorphic(first.default_graph, second.default_graph)
    assert to_jsonld(from_jsonld(to_jsonld(document))) == to_jsonld(document)


def scope() -> Document:
    document = Document(origin=Origin("/d/a.czi", versions={"nbo-extract": "0.1.0"}, hardware={"scope.json": "00ff"}))
    instrument = document.root.add("Instrument", ID="Instrument:0")
    objective = instrument.add("Objective", ID="Objective:0", Model="Plan 63x")
    described = Source("hardware", "scope.json", "Objective/x")
    objective.put(
        "LensNA", "1.40", source=Source("embedded", "a.czi", "Metadata/NA", "1,40", "zeiss-czi:objective.LensNA")
    )
    objective.put("WorkingDistance", "0.19", "mm", described)
    objective.put("DIC", "true", source=described)
    image = document.root.add("Image", ID="Image:0", AcquisitionDate="2024-05-01")
    image.add("InstrumentRef", ID="Instrument:0")
    return document.arrange()


def the(graph: Dataset, subject: object, predicate: URIRef) -> object:
    (found,) = [o for _, _, o, _ in graph.quads((subject, predicate, None, None))]  # type: ignore[arg-type]
    return found


def test_elements_are_classes_values_are_typed_and_references_lead_somewhere() -> None:
    graph = graph_of(scope())
    document = next(iter(graph.subjects(RDF.type, NBO.Document)))
    assert str(document).startswith("https://nbo-extract.org/id/")
    objective = URIRef(f"{document}#Objective:0")
    assert (objective, RDF.type, NBO.Objective) in graph.default_graph
    assert the(graph, the(graph, objective, NBO.LensNA), RDF.value) == Literal("1.40", datatype=XSD.float)
    assert the(graph, the(graph, objective, NBO.DIC), RDF.value) == Literal("true", datatype=XSD.boolean)
    assert the(graph, the(graph, objective, NBO.WorkingDistance), NBO.unit) == Literal("mm")
    assert the(graph, the(graph, objective, NBO.Model), RDF.value) == Literal("Plan 63x")
    reference = next(iter(graph.subjects(RDF.type, NBO.InstrumentRef)))
    assert the(graph, reference, NBO.target) == URIRef(f"{document}#Instrument:0")
    date = the(graph, URIRef(f"{document}#Image:0"), NBO.AcquisitionDate)
    assert the(graph, date, RDF.value) == Literal("2024-05-01", datatype=XSD.date)


def test_provenance_is_in_the_words_of_prov() -> None:
    graph = graph_of(scope())
    document = next(iter(graph.subjects(RDF.type, NBO.Document)))
    value = the(graph, URIRef(f"{document}#Objective:0"), NBO.LensNA)
    source = the(graph, value, PROV.wasDerivedFrom)
    assert (source, RDF.type, PROV.Entity) in graph.default_graph
    assert the(graph, source, PROV.value) == Literal("1,40")
    assert the(graph, source, NBO.path) == Literal("Metadata/NA")
    assert the(graph, source, NBO.rule) == Literal("zeiss-czi:objective.LensNA")
    file = the(graph, source, PROV.wasDerivedFrom)
    assert the(graph, file, NBO.name) == Literal("a.czi")
    activity = the(graph, document, PROV.wasGeneratedBy)
    assert (activity, RDF.type, PROV.Activity) in graph.default_graph
    used = {str(o).partition("#")[2] for _, _, o, _ in graph.quads((activity, PROV.used, None, None))}  # type: ignore[arg-type]
    assert used == {"files/a.czi", "files/scope.json"}
    assert the(graph, URIRef(f"{document}#files/scope.json"), NBO.sha256) == Literal("00ff")
    agent = the(graph, activity, PROV.wasAssociatedWith)
    assert (agent, RDF.type, PROV.SoftwareAgent) in graph.default_graph
    assert the(graph, agent, NBO.version) == Literal("0.1.0")


def test_a_document_is_named_by_what_it_says() -> None:
    first, second, third = (json.loads(to_jsonld(d))["@id"] for d in (scope(), scope(), Document()))
    assert first == second != third
    with_sidecar = json.loads(to_jsonld(scope(), sidecar={"any": "thing"}))
    assert with_sidecar["@id"] == first and with_sidecar["sidecar"] == {"any": "thing"}


def test_an_id_that_looks_like_a_source_is_none() -> None:
    document = Document()
    document.root.add("Instrument", ID="sources/0")
    document.root.children[0].put("ID", "sources/0", source=Source("user", "a b/ü.json"))
    linked = json.loads(to_jsonld(document))
    assert linked["root"]["children"][0]["@id"] == "#sources%2F0"
    assert linked["sources"][0]["of"] == "#files/a%20b%2F%C3%BC.json"
    assert from_rdf(through_quads(graph_of(document))) == document


def test_an_attribute_of_two_types_is_a_text_where_both_are_stated() -> None:
    document = Document()
    document.root.add("Instrument").add("Objective", DIC="true")
    context = json.loads(to_jsonld(document))["@context"]
    assert context["DIC"] == {"@context": {"value": {"@id": "rdf:value", "@type": "xsd:boolean"}}}
    document.root.children[0].children.append(Node("Prism", {"DIC": Fact("DIC")}))
    assert "DIC" not in json.loads(to_jsonld(document))["@context"]


def test_every_element_of_nbo_survives_the_graph() -> None:
    from nbo_extract.schema import load

    for name in ("Objective", "Laser", "Channel", "XMLAnnotation", "Plane", "MapAnnotation", "Row", "UUID"):
        kind = next(d for d in load().walk() if d.name == name)
        document = whole(kind)
        assert document is not None
        document.arrange()
        assert from_rdf(through_quads(graph_of(document))) == document, name
