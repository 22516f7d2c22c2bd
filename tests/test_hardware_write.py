"""Writing Micro-Meta App files: what goes there and back, what is told where it does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbo_extract.errors import HardwareError
from nbo_extract.hardware import Hardware, drop_dangling, load_hardware
from nbo_extract.hardware_checks import drop_cycles
from nbo_extract.hardware_forms import tables
from nbo_extract.hardware_write import to_micro_meta
from nbo_extract.hardware_write_parts import Raw, dump
from nbo_extract.model import Document, Fact, Node
from nbo_extract.schema import load
from nbo_extract.values import canonical
from nbo_extract.xmlio import from_xml, to_xml
from random_documents import Maker
from sample_hardware import make_hardware

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.schema import Declaration

SCHEMA = load()
READ, WRITE = tables()
COMMENTS = READ["description-namespace"]
STANDS = SCHEMA.members("MicroscopeStandGroup")


def described(*parts: Node, annotations: tuple[Node, ...] = ()) -> Hardware:
    """Make a description of parts, as one that was read from NBO XML."""
    instrument = Node("Instrument", {"ID": Fact("Instrument:1"), "Name": Fact("Scope")}, list(parts))
    return of_instrument(instrument, annotations)


def of_instrument(instrument: Node, annotations: tuple[Node, ...] = ()) -> Hardware:
    groups = [Node("StructuredAnnotations", children=list(annotations))] if annotations else []
    document = Document(Node("OME", children=[instrument, *groups])).arrange()
    return Hardware("scope.xml", "0" * 64, "scope.xml", document)


def part(name: str, **facts: str) -> Node:
    """Make a part with plain facts."""
    return Node(name, {key: Fact(value) for key, value in facts.items()})


def stand() -> Node:
    return part("InvertedMicroscopeStand", ID="InvertedMicroscopeStand:s", Name="Stand")


def comment(identifier: str, text: str, **facts: str) -> Node:
    node = part("CommentAnnotation", ID=identifier, **facts)
    node.children.append(Node("Value", text=Fact(text)))
    return node


def component(text: str, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)["components"][number]
    return found


def told(hardware: Hardware) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.message) for f in to_micro_meta(hardware).findings]


def again(path: Path, text: str) -> Hardware:
    path.write_text(text, encoding="utf-8")
    return load_hardware(path)


# -- the sample and a real file ---------------------------------------------------------------------------------------


def test_the_sample_goes_there_and_back(tmp_path: Path) -> None:
    make_hardware(tmp_path / "scope.json")
    first = load_hardware(tmp_path / "scope.json")
    xml = to_xml(first.document)
    written = to_micro_meta(again(tmp_path / "scope.xml", xml))
    assert (written.parts, written.values, written.references) == (21, 197, 9)
    second = again(tmp_path / "back.json", written.text)
    assert second.findings == ()
    assert to_xml(second.document) == xml
    assert [f.message for f in written.findings] == [
        "Filament 'Transmitted light' is written as Transmitted_LightSource_Filament, because of the word "
        "'transmitted'; NBO does not tell the role",
        "LightEmittingDiode 'Colibri 7 385' is written as Fluorescence_LightSource_LightEmittingDiode, which is "
        "assumed; NBO does not tell the role",
        "LightEmittingDiode 'Colibri 7 475' is written as Fluorescence_LightSource_LightEmittingDiode, which is "
        "assumed; NBO does not tell the role",
    ]


def test_the_real_file_loses_nothing(shared: Path, tmp_path: Path) -> None:
    path = shared / "hardware" / "micro_meta_app_abif_axiovert1.json"
    first = load_hardware(path)
    written = to_micro_meta(again(tmp_path / "scope.xml", to_xml(first.document)))
    nodes = list(first.instrument.walk())
    references = [n for n in nodes if n.name in SCHEMA.references and n.name != "AnnotationRef"]
    descriptions = [n for n in nodes if n.name == "AnnotationRef"]
    assert (written.parts, len(references), len(descriptions)) == (33, 14, 1)
    identified = written.parts + 1
    facts = sum(len(n.facts) for n in nodes if n.name not in SCHEMA.references)
    assert written.values == facts - identified + len(descriptions) == 279
    assert written.references == 14
    assert to_xml(again(tmp_path / "back.json", written.text).document) == to_xml(first.document)
    assert {f.code for f in written.findings} == {"NBO318"}
    assert all("NBO does not tell the role" in f.message for f in written.findings)


def test_bookkeeping_is_that_of_the_real_file(shared: Path) -> None:
    path = shared / "hardware" / "micro_meta_app_abif_axiovert1.json"
    original = json.loads(path.read_text(encoding="utf-8"))
    roles = {
        f"LightSource:{c['ID']}": c["Schema_ID"].rpartition("_")[0]
        for c in original["components"]
        if "LightSource" in c["Schema_ID"]
    }
    written = json.loads(to_micro_meta(load_hardware(path), roles).text)
    made = {c["ID"]: c for c in [written["MicroscopeStand"], *written["components"]]}
    keys = ("Name", "Schema_ID", "Tier", "ModelVersion", "Extension", "Domain", "Category")
    for theirs in [original["MicroscopeStand"], *original["components"]]:
        ours = made.pop(theirs["ID"])
        counters = {k for k in theirs if "_Number_Of_" in k}
        assert {k for k in ours if "_Number_Of_" in k} == counters
        for key in (*keys, *counters):
            assert _stripped(ours[key]) == _stripped(theirs[key]), (theirs["Schema_ID"], key)
        for key, value in ours.items():
            if isinstance(value, (int, float, str)):
                assert (type(value), value) == (type(theirs[key]), _stripped(theirs[key])), (theirs["Schema_ID"], key)
    assert made == {}
    for key, links in written["linkedFields"].items():
        for name, link in links.items():
            assert original["linkedFields"][key][name] == link


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def test_the_tables_are_those_of_the_application(shared: Path) -> None:
    published = json.loads((shared / "nbo" / "micro_meta_app_schema_v2.01.1.json").read_text(encoding="utf-8"))
    schemas = {s["ID"].removesuffix(".json"): s for s in published}
    instrument = SCHEMA.element("Instrument")
    missing = []
    for name in instrument.children:
        kind = instrument.child(name)
        assert kind is not None
        if name in SCHEMA.references:
            continue
        if kind.group == "LightSourceGroup":
            here = sorted(s.rpartition("_")[0] for s in schemas if s.endswith(f"LightSource_{name}"))
            certain = WRITE["roles"]["certain"].get(name)
            assert here == [certain] if certain else WRITE["roles"]["assumed"][name] in here and len(here) == 2
        elif name not in schemas:
            missing.append(name)
        else:
            schema = schemas[name]
            assert (schema["tier"], schema["extension"].strip()) == (kind.tier, (kind.extension or "").strip())
            assert (schema["domain"], schema["category"]) == (kind.domain, kind.category)
            _same_fields(kind, schema["properties"])
    assert sorted(missing) == sorted(WRITE["no-schema"])


def _same_fields(kind: Declaration, properties: dict[str, Any]) -> None:
    """Demand that the form has NBO's attributes, and NBO's children but for those of the table."""
    assert {n for n in kind.attributes if n not in properties} == set()
    for name in kind.children:
        if name in WRITE["no-place"] or name == "AnnotationRef":
            continue
        use = kind.use(name)
        assert use is not None
        if name in SCHEMA.references:
            key = name.removesuffix("Ref") if name != "Pump" else name
            assert properties[key]["type"] == ("string" if use.maximum == 1 else "array"), (kind.name, name)
        else:
            form = "string" if name in WRITE["files"] else "array"
            assert properties[name]["type"] == form, (kind.name, name)


# -- random microscopes -----------------------------------------------------------------------------------------------


def microscope(seed: int) -> Hardware:
    """Make a random Instrument of all that NBO has, with a stand and an objective at least."""
    maker = Maker(seed, size=60)
    instrument = maker.node(SCHEMA.element("Instrument"), 0)
    if instrument.first(*STANDS) is None:
        instrument.children.append(stand())
    instrument.children.append(part("Objective", ID="Objective:o"))
    for node in instrument.walk():
        for child in [c for c in node.children if c.name in SCHEMA.references]:
            attribute, targets = SCHEMA.references[child.name]
            pool = [n.id for n in instrument.children if n.name in targets and n.id]
            if pool:
                child.put(attribute, maker.random.choice(pool))
            else:
                node.children.remove(child)
    hardware = of_instrument(instrument)
    drop_dangling(hardware.document, "scope.xml")
    drop_cycles(hardware.document, "scope.xml")
    return hardware


def restricted(hardware: Hardware) -> Hardware:
    """Take away what the application has no place for, independently of what the writer does."""
    instrument = hardware.instrument
    kind = SCHEMA.element("Instrument")
    stands = [n for n in instrument.children if n.name in STANDS]
    instrument.children = [
        n
        for n in instrument.children
        if n.name not in WRITE["no-schema"] and n.name != "AnnotationRef" and all(n is not s for s in stands[1:])
    ]
    renamed = {n.id: f"{_of(kind, n).id_kind}:{n.id.partition(':')[2]}" for n in instrument.children}
    for node in instrument.children:
        _plain(node, _of(kind, node), depth=1)
        node.put("ID", renamed[node.id])
        for child in list(node.children):
            if child.name in SCHEMA.references:
                attribute = SCHEMA.references[child.name][0]
                target = child.get(attribute) or ""
                if target in renamed:
                    child.facts = {attribute: Fact(renamed[target])}
                else:
                    node.children.remove(child)
    _values(instrument, kind)
    hardware.document.arrange()
    return hardware


def _of(kind: Declaration, node: Node) -> Declaration:
    found = kind.child(node.name)
    assert found is not None
    return found


def _plain(node: Node, kind: Declaration, depth: int) -> None:
    _values(node, kind)
    kept = []
    for child in node.children:
        gone = child.name in (*WRITE["no-place"], *WRITE["files"], "AnnotationRef")
        if gone or (depth > 1 and child.name in SCHEMA.references):
            continue
        if child.name not in SCHEMA.references:
            _plain(child, _of(kind, child), depth + 1)
            if not child.facts and not child.children:
                continue
        kept.append(child)
    node.children = kept


def _values(node: Node, kind: Declaration) -> None:
    for name, fact in list(node.facts.items()):
        type_ = kind.attributes[name].type
        number = fact.number
        if name in kind.unit_names or (type_.numeric and number is None) or (name in READ["zero"]["*"] and number == 0):
            del node.facts[name]
        elif not type_.numeric or type_.integer:
            node.facts[name] = Fact(canonical(fact.value, type_), fact.unit)


SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_what_the_application_holds_comes_back_equal(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.getbasetemp()
    hardware = restricted(microscope(seed))
    xml = to_xml(hardware.document)
    written = to_micro_meta(hardware)
    back = again(folder / "back.json", written.text)
    assert to_xml(back.document) == xml
    assert from_xml(xml) == back.document
    assert [f.message for f in written.findings if "NBO does not tell the role" not in f.message] == []
    assert to_micro_meta(back, _roles(written.text)).text == written.text


def _roles(text: str) -> dict[str, str]:
    return {
        f"LightSource:{c['ID']}": c["Schema_ID"].rpartition("_")[0]
        for c in json.loads(text)["components"]
        if "LightSource" in c["Schema_ID"]
    }


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_what_does_not_come_back_is_told(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.getbasetemp()
    hardware = microscope(seed)
    written = to_micro_meta(hardware)
    back = again(folder / "back.json", written.text)
    instances = {(f.instance, f.attribute) for f in written.findings}
    parts = {n.id.partition(":")[2]: n for n in back.instrument.children}
    for node in hardware.instrument.children:
        if node.name in SCHEMA.references:
            continue
        other = parts.get(node.id.partition(":")[2]) or parts.get(node.id)
        if other is None:
            assert (node.id, "") in instances
            continue
        for name, fact in node.facts.items():
            now = other.facts.get(name)
            same = now is not None and (now.unit == fact.unit) and _equal(now, fact)
            assert same or (node.id, name) in instances, (node.id, name, fact.value)
        for name in {c.name for c in node.children}:
            if len(other.all(name)) != len([c for c in node.all(name) if _states_something(c)]):
                assert (node.id, name) in instances, (node.id, name)


def _states_something(node: Node) -> bool:
    return bool(node.facts) or any(map(_states_something, node.children))


def _equal(one: Fact, other: Fact) -> bool:
    if one.number is not None and other.number is not None:
        return one.number == other.number
    words = {"1": "true", "0": "false"}
    return words.get(one.value, one.value) == words.get(other.value, other.value.strip())


# -- single rules -----------------------------------------------------------------------------------------------------


def test_values_keep_their_types_and_digits() -> None:
    objective = part("Objective", ID="Objective:o", Name="63x", LensNA="1.40", Magnification="63", DIC="true")
    objective.put("WorkingDistance", "0.3000000000000001", "mm")
    text = to_micro_meta(described(stand(), objective)).text
    assert '"LensNA": 1.40,' in text
    assert '"WorkingDistance": 0.3000000000000001,' in text
    made = component(text)
    assert (made["Magnification"], made["DIC"], made["WorkingDistanceUnit"]) == (63, True, "mm")
    assert list(made)[:8] == ["Name", "ID", "Tier", "Schema_ID", "ModelVersion", "Extension", "Domain", "Category"]


@pytest.mark.parametrize(("text", "number"), [("+1.5", "1.5"), (".5", "0.5"), ("007", "7"), ("5.", "5")])
def test_numbers_that_json_cannot_spell_are_spelt_otherwise(text: str, number: str) -> None:
    made = to_micro_meta(described(stand(), part("Objective", ID="Objective:o", LensNA=text)))
    assert f'"LensNA": {number}' in made.text
    assert made.findings == ()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("LensNA", "INF", "Objective 'Lens': LensNA 'INF' is no number that JSON can hold; it is left out"),
        ("LensNA", "high", "Objective 'Lens': LensNA 'high' is no number that JSON can hold; it is left out"),
        ("DIC", "maybe", "Objective 'Lens': DIC 'maybe' is no truth value that JSON can hold; it is left out"),
    ],
)
def test_values_that_json_does_not_have(name: str, value: str, message: str) -> None:
    objective = part("Objective", ID="Objective:o", Name="Lens", **{name: value})
    assert told(described(stand(), objective)) == [("NBO317", "warning", message)]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("LensNA", "0", "Objective 'Lens': LensNA cannot be 0, which the form writes for a blank"),
        ("CatalogNumber", "999", "Objective 'Lens': CatalogNumber '999' is a placeholder, not a value"),
        ("ImmersionType", "Soup", "Objective 'Lens': ImmersionType 'Soup' is not among NBO's values for "
         "ImmersionTypeList"),
    ],
)  # fmt: skip
def test_values_that_would_not_be_read_again(name: str, value: str, reason: str) -> None:
    objective = part("Objective", ID="Objective:o", Name="Lens", **{name: value})
    message = f"Objective 'Lens': {name} {value!r} does not read back from the application's file ({reason})"
    assert told(described(stand(), objective)) == [("NBO318", "warning", message)]


def test_a_unit_without_its_value() -> None:
    objective = part("Objective", ID="Objective:o", Name="Lens", WorkingDistanceUnit="mm")
    assert told(described(stand(), objective)) == [
        ("NBO317", "info", "Objective 'Lens': WorkingDistanceUnit mm without a value is left out")
    ]


def test_parts_without_a_schema_and_references_to_them() -> None:
    laser = part("Laser", ID="LightSource:l", Name="488")
    laser.add("AcoustoOpticalDeviceRef", ID="AcoustoOpticalTuneableFilter:a")
    scanner = part("RasterScanner", ID="RasterScanner:r", Name="Scan head")
    tunable = part("AcoustoOpticalTuneableFilter", ID="AcoustoOpticalTuneableFilter:a")
    assert told(described(stand(), laser, scanner, tunable)) == [
        (
            "NBO317",
            "warning",
            "AcoustoOpticalTuneableFilter 'AcoustoOpticalTuneableFilter:a' (1 value), which model 2.01.0 does not "
            "have, is left out",
        ),
        (
            "NBO317",
            "warning",
            "Laser '488': AcoustoOpticalDeviceRef AcoustoOpticalTuneableFilter:a has no place in the application; "
            "it is left out",
        ),
        ("NBO317", "warning", "RasterScanner 'Scan head' (2 values), which model 2.01.0 does not have, is left out"),
    ]


def test_a_second_stand_and_none() -> None:
    second = part("UprightMicroscopeStand", ID="UprightMicroscopeStand:u", Name="Other")
    lens = part("Objective", ID="Objective:o")
    assert told(described(stand(), second, lens)) == [
        (
            "NBO317",
            "warning",
            "UprightMicroscopeStand 'Other' (2 values), and a file has room for one stand, is left out",
        )
    ]
    assert told(described(lens)) == [
        ("NBO318", "warning", "no stand is described, without which the application has no microscope")
    ]


def test_a_stand_alone_is_no_microscope() -> None:
    with pytest.raises(HardwareError) as caught:
        to_micro_meta(described(stand()))
    assert caught.value.message == (
        "scope.xml: a Micro-Meta App file holds at least one part besides the stand, and there is none that it has a "
        "place for; describe more of the microscope"
    )


def test_ids_that_are_one_in_the_application(tmp_path: Path) -> None:
    lens, camera = part("Objective", ID="Objective:0:1", Name="Lens"), part("CCD", ID="Detector:0:1", Name="Camera")
    hardware = described(stand(), lens, camera, part("CMOS", Name="Nameless", ID="urn:x/y"))
    written = to_micro_meta(hardware)
    assert [(f.code, f.message) for f in written.findings] == [
        ("NBO318", "CMOS 'Nameless' is given the ID urn:x-y instead of urn:x/y"),
    ]
    back = again(tmp_path / "scope.json", written.text)
    assert [n.id for n in back.instrument.children][1:] == ["Objective:0:1", "Detector:0:1", "Detector:urn:x-y"]


def test_the_microscope_may_have_the_id_of_a_part(tmp_path: Path) -> None:
    hardware = described(stand(), part("Objective", ID="Objective:1", Name="Lens"))
    written = to_micro_meta(hardware)
    assert written.findings == ()
    assert to_xml(again(tmp_path / "scope.json", written.text).document) == to_xml(hardware.document)
    other = of_instrument(Node("Instrument", {"ID": Fact("urn:a/b")}, [part("Objective", ID="Objective:1"), stand()]))
    assert [m for _, _, m in told(other)] == ["Instrument 'urn:a/b' is given the ID urn:a-b instead of urn:a/b"]


def test_a_description_of_the_microscope_itself(tmp_path: Path) -> None:
    hardware = described(
        stand(),
        part("Objective", ID="Objective:1"),
        annotations=(comment("Annotation:1", "In room 3.", Namespace=COMMENTS),),
    )
    hardware.instrument.add("AnnotationRef", ID="Annotation:1")
    written = to_micro_meta(hardware)
    assert json.loads(written.text)["Description"] == "In room 3."
    assert written.findings == ()
    assert to_xml(again(tmp_path / "scope.json", written.text).document) == to_xml(hardware.document.arrange())


def test_a_part_without_an_id_is_given_one_always_the_same() -> None:
    one, two = (to_micro_meta(described(stand(), part("Objective", Name="Lens"))) for _ in range(2))
    assert one.text == two.text
    made = component(one.text)["ID"]
    assert [f.message for f in one.findings] == [
        f"Objective 'Lens' is given the ID {made} because every part has one there, and it had none"
    ]


def test_references_and_links(tmp_path: Path) -> None:
    cube = part("FilterCube", ID="FilterCube:c", Name="Cube")
    cube.add("ExcitationFilterRef", ID="Filter:x")
    turret = part("FilterCubeTurret", ID="FilterCubeTurret:t")
    turret.add("FilterCubeRef", ID="FilterCube:c")
    pump, laser = part("Laser", ID="LightSource:p"), part("Laser", ID="LightSource:l")
    laser.add("Pump", ID="LightSource:p")
    hardware = described(stand(), part("ExcitationFilter", ID="Filter:x"), cube, turret, pump, laser)
    written = to_micro_meta(hardware)
    made = {c["ID"]: c for c in json.loads(written.text)["components"]}
    assert made["c"]["ExcitationFilter"] == "ExcitationFilter/x"
    assert made["t"]["FilterCube"] == ["FilterCube/c"]
    assert made["l"]["Pump"] == "Fluorescence_LightSource_Laser/p"
    assert json.loads(written.text)["linkedFields"] == {
        "Fluorescence_LightSource_Laser_l": {"Pump": {"schemaType": "Fluorescence_LightSource_Laser", "value": "p"}},
        "FilterCube_c": {"ExcitationFilter": {"schemaType": "FilterCube", "value": "x"}},
        "FilterCubeTurret_t": {"FilterCube": {"schemaType": "FilterCubeTurret", "value": ["c"]}},
    }
    assert written.references == 3
    assert to_xml(again(tmp_path / "scope.json", written.text).document) == to_xml(hardware.document)


def test_comments_become_descriptions(tmp_path: Path) -> None:
    lens = part("Objective", ID="Objective:o", Name="Lens")
    lens.add("AnnotationRef", ID="Annotation:o")
    own = comment("Annotation:o", "Scratched.", Namespace=COMMENTS)
    hardware = described(stand(), lens, annotations=(own,))
    written = to_micro_meta(hardware)
    assert component(written.text)["Description"] == "Scratched."
    assert written.findings == ()
    assert to_xml(again(tmp_path / "scope.json", written.text).document) == to_xml(hardware.document)


def test_of_a_file_the_name_is_kept(tmp_path: Path) -> None:
    def specified(**facts: str) -> Hardware:
        lens = part("Objective", ID="Objective:o", Name="Lens")
        file = part("SpecsFile", ID="Annotation:o-SpecsFile", Namespace=READ["file-namespace"])
        file.add("BinaryFile", FileName="lens.pdf", **facts)
        lens.children.append(file)
        return described(stand(), lens)

    plain = to_micro_meta(specified())
    assert component(plain.text)["SpecsFile"] == "lens.pdf"
    assert plain.findings == ()
    assert to_xml(again(tmp_path / "scope.json", plain.text).document) == to_xml(specified().document)
    assert told(specified(Size="12")) == [
        ("NBO317", "warning", "Objective 'Lens': of its SpecsFile 'lens.pdf' only the name is kept")
    ]


def test_other_annotations_are_told() -> None:
    camera = part("CCD", ID="Detector:o", Name="Camera")
    for name in ("Annotation:1", "Annotation:2"):
        camera.add("AnnotationRef", ID=name)
    annotations = (comment("Annotation:1", "One"), comment("Annotation:2", "Two"), comment("Annotation:3", "Three"))
    hardware = described(stand(), camera, annotations=annotations)
    assert component(to_micro_meta(hardware).text)["Description"] == "One"
    assert [(c, m) for c, _, m in told(hardware)] == [
        ("NBO317", "CCD 'Camera': the annotation Annotation:2 has no place in the application; it is left out"),
        (
            "NBO317",
            "CommentAnnotation 'Annotation:3', to which no part refers, has no place in the application; "
            "it is left out",
        ),
        ("NBO318", "CCD 'Camera': of the comment Annotation:1 only the text is kept, as its description"),
    ]


@pytest.mark.parametrize(
    ("name", "element", "role", "why"),
    [
        ("488", "Laser", "Fluorescence_LightSource", None),
        ("TL LED", "LightEmittingDiode", "Transmitted_LightSource", "because of the word 'tl'"),
        ("LED", "LightEmittingDiode", "Fluorescence_LightSource", "which is assumed"),
        ("Epi and transmitted", "LightEmittingDiode", "Fluorescence_LightSource", "which is assumed"),
        ("Lamp", "Filament", "Transmitted_LightSource", "which is assumed"),
        ("Fluorescence", "Filament", "Fluorescence_LightSource", "because of the word 'fluorescence'"),
    ],
)
def test_roles_of_light_sources(name: str, element: str, role: str, why: str | None) -> None:
    hardware = described(stand(), part(element, ID="LightSource:1", Name=name))
    made = component(to_micro_meta(hardware).text)
    assert (made["Schema_ID"], made["Category"]) == (f"{role}_{element}.json", role)
    message = f"{element} {name!r} is written as {role}_{element}, {why}; NBO does not tell the role"
    assert told(hardware) == ([("NBO318", "info", message)] if why else [])
    known = to_micro_meta(hardware, {"LightSource:1": "Fluorescence_LightSource"})
    assert component(known.text)["Category"] == "Fluorescence_LightSource"
    assert known.findings == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_json_is_read_as_it_was(value: Any) -> None:
    assert json.loads(dump(value)) == value


def test_json_keeps_numbers() -> None:
    assert dump({"a": [Raw("1.40"), Raw("-1E300")], "b": {}}) == ('{\n "a": [\n  1.40,\n  -1E300\n ],\n "b": {}\n}')
