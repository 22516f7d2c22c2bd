"""The engine: small tables over small trees, exact nodes, sources and findings."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nbo_extract.lift import Lift, lift, unmapped
from nbo_extract.model import Source
from nbo_extract.record import PlaneColumns, RawRecord
from nbo_extract.tables import compile_table
from nbo_extract.tables_check import problems

if TYPE_CHECKING:
    from nbo_extract.model import Document, Fact, Node

INSTRUMENT = """
[[element]]
id = "instrument"
name = "Instrument"
"""
IMAGE = """
[[element]]
id = "image"
name = "Image"
each = ["Scene", "."]
key = "string(@n)"
keep = true
[[element]]
id = "pixels"
name = "Pixels"
parent = "image"
keep = true
[[element]]
id = "channel"
name = "Channel"
parent = "pixels"
each = ["C", "/*/C"]
[element.facts]
Name = "@name"
"""


def block(name: str, element: str, parent: str, each: str, rows: str, more: str = "") -> str:
    """One block; ``each`` as TOML."""
    head = f'[[element]]\nid = "{name}"\nname = "{element}"\nparent = "{parent}"\neach = {each}\n'
    return f"{head}{more}\n[element.facts]\n{rows}\n"


def lens(rows: str, more: str = "", each: str = '"//Lens"') -> str:
    """Table of objectives: one a Lens."""
    return INSTRUMENT + block("lens", "Objective", "instrument", each, rows, more)


def record(xml: str, planes: dict[str, PlaneColumns] | None = None) -> RawRecord:
    return RawRecord("folder/image.v", "V", "v", "t", etree.fromstring(xml), planes or {})


def run(xml: str, table: str, planes: dict[str, PlaneColumns] | None = None) -> Document:
    compiled = compile_table(table, "t")
    assert problems(compiled) == []
    return Lift(record(xml, planes), compiled).run()


def show(node: Node, depth: int = 0) -> list[str]:
    """One line a node: facts in the order stated, unit in brackets, text in quotes."""
    facts = [f"{n}={f.value}{f'[{f.unit}]' if f.unit else ''}" for n, f in node.facts.items()]
    text = [f'"{node.text.value}"'] if node.text is not None else []
    return [
        "  " * depth + " ".join([node.name, *facts, *text]),
        *(line for c in node.children for line in show(c, depth + 1)),
    ]


def nodes(document: Document) -> list[str]:
    return [line[2:] for line in show(document.root)[1:]]


def lenses(xml: str, rows: str, more: str = "") -> list[str]:
    """Objectives without their IDs."""
    document = run(xml, lens(rows, more))
    return [line.strip().partition(" ")[2].partition(" ")[2] for line in nodes(document) if "Objective " in line]


def only(document: Document, name: str) -> Node:
    found = [n for n in document.root.walk() if n.name == name]
    assert len(found) == 1
    return found[0]


def fact(document: Document, name: str, attribute: str) -> Fact:
    return only(document, name).facts[attribute]


def findings(document: Document) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.message) for f in document.findings]


# ---------------------------------------------------------------------------------------------------------- instances


def test_each_takes_the_first_alternative_that_finds_any() -> None:
    table = lens('Model = "@m"', each='["A", "B", "C"]')
    xml = "<v><B m='1'/><C m='2'/><B m='3'/></v>"
    assert nodes(run(xml, table)) == [
        "Instrument ID=Instrument:0",
        "  Objective ID=Objective:0 Model=1",
        "  Objective ID=Objective:1 Model=3",
    ]


def test_an_alternative_of_empty_attributes_finds_nothing() -> None:
    table = lens('Model = "@m"', each='["A/@m", "B"]')
    assert nodes(run("<v><A m=' '/><B m='2'/></v>", table))[1:] == ["  Objective ID=Objective:0 Model=2"]


def test_an_attribute_stands_for_its_element() -> None:
    table = lens('Model = "@m"\nLensNA = "@na"', each='"A/@m"')
    assert nodes(run("<v><A m='x' na='1.4'/></v>", table))[1:] == ["  Objective ID=Objective:0 Model=x LensNA=1.4"]


def test_without_each_the_item_is_the_parents() -> None:
    table = lens('Model = "@m"', 'when = "@m"')
    assert lenses("<v><Lens m='a'/><Lens/></v>", 'Model = "@m"') == ["Model=a"]
    assert nodes(run("<v m='a'><Lens m='b'/></v>", table.replace('each = "//Lens"\n', ""))) == [
        "Instrument ID=Instrument:0",
        "  Objective ID=Objective:0 Model=a",
    ]


def test_equal_keys_are_one_instance_and_later_items_add_what_is_absent() -> None:
    xml = "<v><Lens k='1' m='a'/><Lens k='2' m='b'/><Lens k='1' m='c' na='1.2'/></v>"
    rows = 'Model = "@m"\nLensNA = "@na"'
    assert lenses(xml, rows, 'key = "string(@k)"') == ["Model=a LensNA=1.2", "Model=b"]
    assert lenses(xml, rows) == ["Model=a", "Model=b", "Model=c LensNA=1.2"]


def test_equal_keys_under_other_parents_are_other_instances() -> None:
    table = IMAGE.replace("[element.facts]\n", 'key = "string(@name)"\n[element.facts]\n')
    document = run("<v><Scene n='1'><C name='a'/><C name='a'/></Scene><Scene n='2'><C name='a'/></Scene></v>", table)
    assert [line for line in nodes(document) if "Channel" in line] == [
        "    Channel ID=Channel:0 Name=a",
        "    Channel ID=Channel:1 Name=a",
    ]


LAMPS = (
    INSTRUMENT
    + IMAGE
    + """
[[element]]
id = "path"
name = "LightPath"
parent = "channel"
[[element]]
id = "lamp"
parent = "path"
into = "instrument"
each = "Lamp"
key = "string(@id)"
kind = [
    { from = "@type", words = "light_source_zeiss" },
    { from = "@other", words = "light_source_zeiss", otherwise = "silent" },
]
name = "GenericExcitationSource"
[element.facts]
Name = "@id"
Type = { from = "@make" }
[[element]]
id = "settings"
name = "LightSourceSettings"
parent = "path"
each = "Use"
[element.facts]
ID = { from = "@of", ref = "lamp" }
Attenuation = "@attenuation"
"""
)


def test_into_puts_the_node_elsewhere_once_and_references_find_it() -> None:
    xml = (
        "<v><Scene><C name='a'><Use of='L2' attenuation='0.5'/><Lamp id='L1' type='Laser'/></C>"
        "<C name='b'><Lamp id='L1' type='Laser'/><Lamp id='L2' type='Filament'/><Use of='L1'/></C></Scene></v>"
    )
    document = run(xml, LAMPS)
    assert nodes(document) == [
        "Instrument ID=Instrument:0",
        "  Laser ID=LightSource:0 Name=L1",
        "  Filament ID=LightSource:1 Name=L2",
        "Image ID=Image:0",
        "  Pixels ID=Pixels:0",
        "    Channel ID=Channel:0 Name=a",
        "      LightPath ID=LightPath:0",
        # Refers forward: the lamp is met later, in another channel.
        "        LightSourceSettings Attenuation=0.5 ID=LightSource:1",
        "    Channel ID=Channel:1 Name=b",
        "      LightPath ID=LightPath:1",
        "        LightSourceSettings ID=LightSource:0",
    ]
    assert document.findings == []


def test_a_reference_to_what_the_file_does_not_describe() -> None:
    document = run("<v><Scene><C name='a'><Use of='L7' attenuation='0.5'/></C></Scene></v>", LAMPS)
    assert "        LightSourceSettings Attenuation=0.5" in [*nodes(document), *[f"  {n}" for n in nodes(document)]]
    assert findings(document) == [
        ("NBO154", "info", "the file refers to LightSourceSettings 'L7', which it does not describe")
    ]
    assert document.findings[0].source == "/v/Scene/C/Use/@of"
    assert document.findings[0].file == "folder/image.v"


@pytest.mark.parametrize(
    ("lamp", "element"),
    [
        ("type='Laser'", "Laser"),
        ("other='HalogenLamp'", "Filament"),
        # Known to say nothing, or not known and silent: the name of the block holds.
        ("other='Torch'", "GenericExcitationSource"),
        ("", "GenericExcitationSource"),
    ],
)
def test_kind_gives_the_element(lamp: str, element: str) -> None:
    document = run(f"<v><Scene><C name='a'><Lamp id='L' {lamp}/></C></Scene></v>", LAMPS)
    assert [n.name for n in document.instruments[0].children] == [element]
    assert document.findings == []


def test_no_kind_and_no_name_make_no_node() -> None:
    table = LAMPS.replace('name = "GenericExcitationSource"\n', "")
    document = run("<v><Scene><C name='a'><Lamp id='L' other='Torch'/><Use of='L'/></C></Scene></v>", table)
    assert document.instruments == []
    assert [f.code for f in document.findings] == ["NBO154"]


def test_an_element_that_has_no_place_is_a_finding() -> None:
    table = compile_table(IMAGE.replace('name = "Channel"', 'name = "Objective"'), "t")
    document = Lift(record("<v><C name='a'/></v>"), table).run()
    assert nodes(document) == ["Image ID=Image:0", "  Pixels ID=Pixels:0"]
    assert findings(document) == [("NBO152", "warning", "Objective has no place in Pixels in the NBO model")]
    assert document.findings[0].source == "/v/C"


def test_rows_that_the_kind_has_no_attribute_for_are_passed_over() -> None:
    document = run("<v><Scene><C name='a'><Lamp id='L' make='x'/></C></Scene></v>", LAMPS)
    assert nodes(document)[1] == "  GenericExcitationSource ID=LightSource:0 Name=L"


BANDS = """
[[element]]
id = "filter"
name = "EmissionFilter"
parent = "instrument"
each = "F"
[element.facts]
Name = "@name"
[[element]]
id = "band"
name = "TransmittanceRange"
parent = "filter"
each = "@name"
expand = "filter_bands"
key = "@centre"
[element.facts]
Wavelength = { from = "@centre", unit = "nm", derived = true }
FWHMBandwidth = { from = "@width", unit = "nm" }
"""


def test_expand_makes_items_of_one_text_whose_place_is_the_texts() -> None:
    document = run("<v><F name='BP 500-550 + 610/20'/><F name='Plate'/></v>", INSTRUMENT + BANDS)
    assert nodes(document) == [
        "Instrument ID=Instrument:0",
        "  EmissionFilter ID=Filter:0 Name=BP 500-550 + 610/20",
        "    TransmittanceRange Wavelength=525[nm] FWHMBandwidth=50[nm]",
        "    TransmittanceRange Wavelength=610[nm] FWHMBandwidth=20[nm]",
        "  EmissionFilter ID=Filter:1 Name=Plate",
    ]
    band = document.instruments[0].children[0].children[1]
    assert band.facts["Wavelength"].source == Source(
        "derived", "image.v", "/v/F[1]/@name/@centre", "", "t:band.Wavelength"
    )


def test_variables_are_of_table_block_and_item() -> None:
    table = (
        '[variables]\nroot = "/v"\nfactor = "$root/@factor"\n'
        + INSTRUMENT
        + """
[[element]]
id = "lens"
name = "Objective"
parent = "instrument"
each = "//Lens"
[element.let]
own = "$other/Name"
other = "$root/Part[@id = $item/@part]"
[element.facts]
Model = "$own"
Name = "$lens/@part"
CatalogNumber = "$factor"
"""
    )
    parts = "<Part id='a'><Name>A</Name></Part><Part id='b'><Name>B</Name></Part>"
    xml = f"<v factor='7'><Lens part='b'/><Lens part='a'/>{parts}</v>"
    assert nodes(run(xml, table)) == [
        "Instrument ID=Instrument:0",
        "  Objective ID=Objective:0 Model=B Name=b CatalogNumber=7",
        "  Objective ID=Objective:1 Model=A Name=a CatalogNumber=7",
    ]


def test_the_item_of_an_enclosing_block_is_a_variable_of_its_name() -> None:
    table = IMAGE + block("dye", "Fluorophore", "channel", '"//Dye[@c = $channel/@name]"', 'Name = "@d"')
    document = run("<v><C name='1'/><C name='2'/><Dye c='2' d='GFP'/><Dye c='1' d='DAPI'/></v>", table)
    assert [line.strip() for line in nodes(document)[2:]] == [
        "Channel ID=Channel:0 Name=1",
        "Fluorophore ID=Fluorophore:0 Name=DAPI",
        "Channel ID=Channel:1 Name=2",
        "Fluorophore ID=Fluorophore:1 Name=GFP",
    ]


def test_a_variable_that_names_itself_is_empty() -> None:
    table = '[variables]\na = "$b"\nb = "$a/x"\n' + lens('Model = ["$a", "@m"]')
    assert nodes(run("<v><Lens m='x'/></v>", table))[1:] == ["  Objective ID=Objective:0 Model=x"]


def test_keep_holds_a_node_that_states_nothing() -> None:
    assert nodes(run("<v/>", IMAGE)) == ["Image ID=Image:0", "  Pixels ID=Pixels:0"]
    assert nodes(run("<v/>", IMAGE.replace("keep = true\n", ""))) == []


def test_what_states_nothing_is_dropped_with_the_references_to_it() -> None:
    table = (
        lens('Model = "@m"')
        + IMAGE
        + '[[element]]\nid="used"\nname="ObjectiveSettings"\nparent="image"\n[element.facts]\nID = { ref = "lens" }\n'
        + 'MeasuredRefractiveIndex = "@ri"\n'
        + '[[element]]\nid="ref"\nname="InstrumentRef"\nparent="image"\n[element.facts]\nID = { ref = "instrument" }\n'
    )
    assert nodes(run("<v><Lens/></v>", table)) == ["Image ID=Image:0", "  Pixels ID=Pixels:0"]
    assert nodes(run("<v ri='1.5'><Lens/></v>", table))[1] == "  ObjectiveSettings MeasuredRefractiveIndex=1.5"
    assert nodes(run("<v><Lens m='x'/></v>", table))[2:] == [
        "Image ID=Image:0",
        "  InstrumentRef ID=Instrument:0",
        "  ObjectiveSettings ID=Objective:0",
        "  Pixels ID=Pixels:0",
    ]


def test_a_reference_without_a_key_prefers_the_instance_of_its_own_item() -> None:
    plate = """
[[element]]
id = "plate"
name = "Plate"
[element.facts]
Name = "@plate"
[[element]]
id = "well"
name = "Well"
parent = "plate"
each = "Scene"
[element.facts]
Row = "@row"
[[element]]
id = "sample"
name = "WellSample"
parent = "well"
[element.facts]
Index = "@n"
[[element]]
id = "here"
name = "ImageRef"
parent = "sample"
[element.facts]
ID = { ref = "image" }
"""
    document = run("<v plate='P'><Scene n='5' row='0'/><Scene n='7' row='1'/></v>", IMAGE + plate)
    assert [(n.name, n.id) for n in document.root.walk() if n.name == "ImageRef"] == [
        ("ImageRef", "Image:0"),
        ("ImageRef", "Image:1"),
    ]


def test_text_of_an_element() -> None:
    table = IMAGE + '[[element]]\nid="d"\nname="Description"\nparent="image"\neach="Note"\ntext="."\n'
    document = run("<v><Note>  two\n lines </Note></v>", table)
    assert nodes(document)[1] == '  Description "two\n lines"'
    text = only(document, "Description").text
    assert text is not None
    assert text.source == Source("embedded", "image.v", "/v/Note", "", "t:d.text")


def test_ids_are_numbered_in_the_order_of_the_file_and_say_where_from() -> None:
    document = run("<v><Scene><C name='a'/></Scene><Scene n='1'><C name='b'/></Scene></v>", IMAGE)
    assert [i.id for i in document.images] == ["Image:0", "Image:1"]
    assert document.images[1].facts["ID"].source == Source(
        "derived", "image.v", "/v/Scene[2]", "", "numbered in the order of the file"
    )


# --------------------------------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("attributes", "rows", "result"),
    [
        # Alternatives: paths of a row, then rows.
        ("a='1' b='2'", 'LensNA = ["@a", "@b"]', "LensNA=1"),
        ("a=' ' b='1.20'", 'LensNA = ["@a", "@b"]', "LensNA=1.2"),
        ("b='1.3'", 'LensNA = [{ from = "@a" }, { from = "@b" }]', "LensNA=1.3"),
        ("a='zero' b='1.3'", 'LensNA = [{ from = "@a" }, { from = "@b" }]', "LensNA=1.3"),
        # Conditions and constants.
        ("a='1' b='x'", 'LensNA = { from = "@a", when = "@b = \'x\'" }', "LensNA=1"),
        ("a='1' b='y'", 'LensNA = { from = "@a", when = "@b = \'x\'" }', ""),
        ("b='x'", 'DIC = { value = "true", when = "@b" }', "DIC=true"),
        ("", 'DIC = { value = "true", when = "@b" }', ""),
        # Results of XPath that are no nodes.
        ("a='1' b='2'", 'DIC = "boolean(@a)"', "DIC=true"),
        ("a='1' b='2'", 'Magnification = "@a + @b"', "Magnification=3"),
        ("a='1'", 'Magnification = "@a + @b"', ""),
        ("a='p' b='q'", 'Model = "concat(@a, @b)"', "Model=pq"),
        # Functions of one text and of several; all have to be stated, but for the joining ones.
        ("a='63x/1.4'", 'LensNA = { from = "@a", with = "lens_na" }', "LensNA=1.4"),
        ("a='63x' b='40x/1.2'", 'LensNA = { from = ["@a", "@b"], with = "lens_na" }', "LensNA=1.2"),
        ("a='4' b='2.5'", 'Magnification = { args = ["@a", "@b"], with = "product" }', "Magnification=10"),
        ("a='4'", 'Magnification = { args = ["@a", "@b"], with = "product" }', ""),
        ("a='4'", 'Model = { args = ["@a", "@b"], with = "words_joined" }', "Model=4"),
        # Absent, of the row and of the table.
        ("a='0' b='1'", 'LensNA = { from = ["@a", "@b"], absent = ["0"] }', "LensNA=1"),
        ("a='0'", 'LensNA = "@a"', "LensNA=0"),
        ("a='n/a' b='1'", 'LensNA = ["@a", "@b"]', "LensNA=1"),
        ("a='n/a' b='Z'", 'Model = { args = ["@a", "@b"], with = "words_joined" }', "Model=Z"),
        ("a='0' b='2'", 'Magnification = { args = ["@a", "@b"], with = "product", absent = ["0"] }', ""),
        # Bounds are inclusive.
        ("a='1.7'", 'LensNA = { from = "@a", min = 0.01, max = 1.7 }', "LensNA=1.7"),
        ("a='0.01'", 'LensNA = { from = "@a", min = 0.01, max = 1.7 }', "LensNA=0.01"),
        # Units: always written out, converted exactly.
        ("a='190'", 'WorkingDistance = { from = "@a", unit = "um" }', "WorkingDistance=190[µm]"),
        ("a='190'", 'WorkingDistance = { from = "@a", unit = "µm", to = "mm" }', "WorkingDistance=0.19[mm]"),
        ("a='0.19' u='mm'", 'WorkingDistance = { from = "@a", unit_from = "@u" }', "WorkingDistance=0.19[mm]"),
        ("a='7' u='in'", 'WorkingDistance = { from = "@a", unit_from = "@u", to = "mm" }', "WorkingDistance=177.8[mm]"),
        ("a='7'", 'WorkingDistance = { from = "@a", unit_from = "@u", unit = "µm" }', "WorkingDistance=7[µm]"),
        ("a='0.29999999999999999'", 'WorkingDistance = { from = "@a", unit = "m" }', "WorkingDistance=0.3[m]"),
        ("a='1.3999999999999999'", 'LensNA = "@a"', "LensNA=1.4"),
        ("a='1.3999999999999999'", 'Model = "@a"', "Model=1.3999999999999999"),
        # Words.
        ("a='OIL'", 'ImmersionType = { from = "@a", words = "immersion_zeiss" }', "ImmersionType=Mineral Oil"),
        ("a='Unknown'", 'ImmersionType = { from = "@a", words = "immersion_zeiss" }', ""),
        ("a='a|b'", 'Model = { from = "@a", words = "immersion_zeiss", otherwise = "keep" }', "Model=a|b"),
        ("a='Unknown'", 'Model = { from = "@a", words = "immersion_zeiss", otherwise = "keep" }', ""),
        ("a='a|b'", 'ImmersionType = { from = "@a", words = "immersion_zeiss", otherwise = "silent" }', ""),
    ],
)  # fmt: skip
def test_row(attributes: str, rows: str, result: str) -> None:
    document = run(
        f"<v><Lens s='1' {attributes}/></v>", '[table]\nabsent = ["n/a"]\n' + lens(f'{rows}\nManufacturer = "@s"')
    )
    assert nodes(document)[1].strip() == f"Objective ID=Objective:0 {result} Manufacturer=1".replace("  ", " ")


def test_a_unit_that_nbo_fixes_is_not_written() -> None:
    table = """
[[element]]
id = "experiment"
name = "Experiment"
[[element]]
id = "sample"
name = "Sample"
parent = "experiment"
[[element]]
id = "glass"
name = "CoverGlass"
parent = "sample"
[element.facts]
Thickness = { from = "@t", unit = "µm", to = "mm" }
"""
    assert [line.strip() for line in nodes(run("<v t='170'/>", table))][
        -1
    ] == "CoverGlass ID=CoverGlass:0 Thickness=0.17"


@pytest.mark.parametrize(
    ("attributes", "row", "source"),
    [
        # The raw text is kept where the value is another.
        ("a='63'", 'Magnification = "@a"', Source("embedded", "image.v", "/v/Lens/@a", "", "t:lens.Magnification")),
        ("a='63.0'", 'Magnification = "@a"', Source("embedded", "image.v", "/v/Lens/@a", "", "t:lens.Magnification")),
        (
            "a='63x/1.4'",
            'Magnification = [{ from = "@b" }, { from = "@a", with = "lens_magnification", derived = true }]',
            Source("derived", "image.v", "/v/Lens/@a", "63x/1.4", "t:lens.Magnification#2"),
        ),
        (
            "a='2' b='5'",
            'Magnification = { args = ["@c | @b", "@a"], with = "product" }',
            Source("embedded", "image.v", "/v/Lens/@b", "5; 2", "t:lens.Magnification"),
        ),
        (
            "a='2'",
            'Magnification = { value = "1" }',
            Source("derived", "image.v", "/v/Lens", "", "t:lens.Magnification"),
        ),
        ("a='1'", 'Magnification = "@a + 1"', Source("embedded", "image.v", "", "", "t:lens.Magnification")),
    ],
)
def test_source_of_a_fact(attributes: str, row: str, source: Source) -> None:
    assert fact(run(f"<v><Lens {attributes}/></v>", lens(row)), "Objective", "Magnification").source == source


def test_source_keeps_the_text_before_words_and_units() -> None:
    document = run(
        "<v><Lens i='Oil' w='0.19'/></v>",
        lens(
            'ImmersionType = { from = "@i", words = "immersion_zeiss" }\n'
            'WorkingDistance = { from = "@w", unit = "mm", to = "µm" }'
        ),
    )
    assert fact(document, "Objective", "ImmersionType").source == Source(
        "embedded", "image.v", "/v/Lens/@i", "Oil", "t:lens.ImmersionType"
    )


@pytest.mark.parametrize(
    ("attributes", "row", "code", "severity", "message"),
    [
        (
            "a='Honey'",
            'ImmersionType = { from = "@a", words = "immersion_zeiss" }',
            "NBO151",
            "info",
            "the word 'Honey' has no NBO value (word table immersion_zeiss); left out",
        ),
        ("a='1,4'", 'LensNA = "@a"', "NBO152", "warning", "Objective LensNA: '1,4' is not a number; left out"),
        (
            "a='2.4'",
            'LensNA = { from = "@a", max = 1.7 }',
            "NBO152",
            "warning",
            "Objective LensNA: '2.4' is above 1.7; left out",
        ),
        (
            "a='0'",
            'LensNA = { from = "@a", min = 0.01 }',
            "NBO152",
            "warning",
            "Objective LensNA: '0' is below 0.01; left out",
        ),
        (
            "a='maybe'",
            'DIC = "@a"',
            "NBO152",
            "warning",
            "Objective DIC: 'maybe' is neither true nor false; left out",
        ),
        (
            "a='5' u='parsec or so'",
            'WorkingDistance = { from = "@a", unit_from = "@u", to = "mm" }',
            "NBO152",
            "warning",
            "Objective WorkingDistance: '5' unit 'parsec or so' is not known; left out",
        ),
        (
            "a='far'",
            'WorkingDistance = { from = "@a", unit = "µm", to = "mm" }',
            "NBO152",
            "warning",
            "Objective WorkingDistance: 'far' 'far' is no number; left out",
        ),
        (
            "a='0'",
            'LensNA = { from = "@a", absent = ["0"] }',
            "NBO153",
            "info",
            "'0' is a placeholder, not a value; left out",
        ),
        ("a='n/a'", 'LensNA = "@a"', "NBO153", "info", "'n/a' is a placeholder, not a value; left out"),
        (
            f"a='{'x' * 90}'",
            'LensNA = "@a"',
            "NBO152",
            "warning",
            f"Objective LensNA: '{'x' * 59}…' is not a number; left out",
        ),
    ],
)
def test_finding(attributes: str, row: str, code: str, severity: str, message: str) -> None:
    document = run(
        f"<v><Lens s='1' {attributes}/></v>", '[table]\nabsent = ["n/a"]\n' + lens(f'{row}\nManufacturer = "@s"')
    )
    assert nodes(document)[1].strip() == "Objective ID=Objective:0 Manufacturer=1"
    assert findings(document) == [(code, severity, message)]
    found = document.findings[0]
    assert (found.file, found.source) == ("folder/image.v", "/v/Lens/@a")
    assert found.attribute == row.partition(" ")[0]
    assert message.startswith(f"'{found.value[:59]}") or found.value[:59] in message
    assert (found.element, found.instance) == (("Objective", "Objective:0") if code == "NBO152" else ("", ""))


@pytest.mark.parametrize(
    "row",
    [
        'ImmersionType = { from = "@a", words = "immersion_zeiss", otherwise = "silent" }',
        'Model = { from = "@a", words = "immersion_zeiss", otherwise = "keep" }',
        'LensNA = "@none"',
        'Model = { args = ["@none", "@a"], with = "words_joined", absent = ["Honey"] }',
    ],
)
def test_no_finding(row: str) -> None:
    assert run("<v><Lens a='Honey'/></v>", lens(row)).findings == []


def test_the_same_finding_is_said_once() -> None:
    table = lens('LensNA = "@a"\nMagnification = { from = "@b", absent = ["0"] }', 'key = "string(@k)"')
    document = run("<v><Lens k='1' a='x' b='0'/><Lens k='1' a='x' b='0'/></v>", table)
    assert len(document.findings) == 4  # of two places each
    table = lens('LensNA = ["/v/@a", "/v/@a"]')
    assert len(run("<v a='x'><Lens/></v>", table).findings) == 1


# ------------------------------------------------------------------------------------------------------------- planes

PLANES = (
    IMAGE
    + """
[planes]
block = "pixels"
channel_block = "channel"
key = "@key"
index = { TheZ = "Z", TheC = "C", TheT = "T" }
[planes.facts]
PositionX = { column = ["X", "Stage/X"], unit = "m", to = "µm" }
PositionZ = { column = "Focus", unit = "mm", unit_column = "FocusUnit" }
ExposureTime = { column = "Exposure", unit = "ms", channel = "Exposure", absent = ["0"] }
Timestamp = { column = "Time", with = "seconds_between", arg = "/v/@start", unit = "s" }
"""
)
XML = (
    "<v start='2020-05-17T12:00:00Z'><Scene key='k'>"
    "<C name='a'><Exposure>20</Exposure></C><C name='b'><Exposure>7.50</Exposure></C></Scene></v>"
)


def planes(columns: dict[str, list[str | None]], xml: str = XML, table: str = PLANES) -> Document:
    return run(xml, table, {"k": PlaneColumns(columns, {n: f"Block/{n}" for n in columns})})


def table_of(document: Document) -> dict[str, list[str | None]]:
    found = only(document, "Pixels").planes
    return {} if found is None else found.columns


def test_planes_are_in_the_order_of_t_c_z() -> None:
    document = planes(
        {
            "T": ["1", "0", "0", "0", "0"],
            "C": ["0", "1", "1", "0", "0"],
            "Z": ["0", "1", "0", "1", "0"],
            "X": ["5e-6", "4e-6", "3e-6", "2e-6", "1e-6"],
        }
    )
    found = only(document, "Pixels").planes
    assert found is not None
    assert found.columns == {
        "ExposureTime": ["20", "20", "7.5", "7.5", "20"],
        "ID": ["Plane:0-0-0-0", "Plane:0-0-0-1", "Plane:0-0-1-0", "Plane:0-0-1-1", "Plane:0-1-0-0"],
        "PositionX": ["1", "2", "3", "4", "5"],
        "TheC": ["0", "0", "1", "1", "0"],
        "TheT": ["0", "0", "0", "0", "1"],
        "TheZ": ["0", "1", "0", "1", "0"],
    }
    assert list(found.columns) == sorted(found.columns)
    assert found.units == {"ExposureTime": "ms", "PositionX": "µm"}
    assert found.sources == {
        "ExposureTime": Source("embedded", "image.v", "/v/Scene/C[1]/Exposure", "", "t:planes.ExposureTime"),
        "PositionX": Source("embedded", "image.v", "Block/X", "", "t:planes.PositionX"),
    }


def test_an_index_is_the_rank_among_the_starts() -> None:
    columns: dict[str, list[str | None]] = {"Z": ["-3", "12", "7"], "X": ["1", "3", "2"]}
    document = planes(columns)
    assert table_of(document)["TheZ"] == ["0", "1", "2"]
    assert table_of(document)["PositionX"] == ["1000000", "2000000", "3000000"]
    literal = planes(
        {**columns, "Z": ["0", "12", "7"]}, table=PLANES.replace('key = "@key"', 'key = "@key"\nrank = false')
    )
    assert table_of(literal)["TheZ"] == ["0", "7", "12"]


def test_a_column_alternative_and_a_column_that_states_nothing() -> None:
    document = planes({"Z": ["0", "1"], "X": [None, None], "Stage/X": ["1", None]})
    assert table_of(document)["PositionX"] == ["1000000", None]
    found = only(document, "Pixels").planes
    assert found is not None
    assert found.sources["PositionX"].path == "Block/Stage/X"


def test_tiles_of_a_mosaic_share_a_plane() -> None:
    document = planes({"Z": ["0", "0", "1", "1"], "M": ["0", "1", "0", "1"], "X": [None, "2", "3", "4"]})
    assert table_of(document)["PositionX"] == ["2000000", "3000000"]
    assert table_of(document)["ID"] == ["Plane:0-0-0-0", "Plane:0-0-0-1"]


def test_a_unit_column_says_the_unit() -> None:
    document = planes({"Z": ["0", "1"], "Focus": ["1.5", "1500"], "FocusUnit": ["mm", "um"]})
    found = only(document, "Pixels").planes
    assert found is not None
    assert (found.columns["PositionZ"], found.units["PositionZ"]) == (["1.5", "1.5"], "mm")
    document = planes({"Z": ["0"], "Focus": ["2"], "FocusUnit": [None]})
    found = only(document, "Pixels").planes
    assert found is not None
    assert (found.columns["PositionZ"], found.units["PositionZ"]) == (["2"], "mm")


def test_a_fact_of_the_channel_yields_to_the_planes_own() -> None:
    document = planes({"C": ["0", "1"], "Exposure": ["1", None]})
    assert table_of(document)["ExposureTime"] == ["1", None]
    assert table_of(planes({"C": ["0", "1", "2"]}))["ExposureTime"] == ["20", "7.5", None]


def test_a_function_of_a_plane_and_one_text() -> None:
    document = planes({"Z": ["0", "1"], "Time": ["2020-05-17T12:00:01.0000005Z", "2020-05-17T14:00:00+02:00"]})
    assert table_of(document)["Timestamp"] == ["1.0000005", "0"]


def test_planes_that_state_no_more_than_their_place_are_left_out() -> None:
    bare = XML.replace("<Exposure>20</Exposure>", "").replace("<Exposure>7.50</Exposure>", "<Exposure>0</Exposure>")
    document = planes({"Z": ["0", "1"]}, bare)
    assert only(document, "Pixels").planes is None
    assert only(planes({}, XML), "Pixels").planes is None
    assert only(run(XML, PLANES, {"other": PlaneColumns({"X": ["1"]})}), "Pixels").planes is None


def test_values_that_nbo_cannot_hold_are_counted() -> None:
    document = planes({"Z": ["0", "1", "2"], "X": ["far", "1", "out"]})
    assert table_of(document)["PositionX"] == [None, "1000000", None]
    assert findings(document) == [
        ("NBO152", "warning", "Plane PositionX: 2 values are not what NBO can hold; left out")
    ]
    assert (document.findings[0].element, document.findings[0].instance) == ("Plane", "Pixels:0")


def test_each_pixels_has_planes_of_its_own() -> None:
    xml = "<v><Scene n='1' key='a'/><Scene n='2' key='b'/></v>"
    document = run(xml, PLANES, {"a": PlaneColumns({"X": ["1"]}), "b": PlaneColumns({"X": ["2"]})})
    tables = [p.planes for p in document.root.walk() if p.name == "Pixels"]
    assert [t.columns["PositionX"] for t in tables if t is not None] == [["1000000"], ["2000000"]]
    assert [t.columns["ID"] for t in tables if t is not None] == [["Plane:0-0-0-0"], ["Plane:1-0-0-0"]]


# -------------------------------------------------------------------------------------------------------- whole lifts

CZI = (
    "<CZI><ImageDocument><Metadata><Information><Image><SizeX>5</SizeX><SizeY>4</SizeY><Odd a='1'>2</Odd></Image>"
    "</Information></Metadata></ImageDocument><Structure><Scene Key='0'/></Structure></CZI>"
)


def czi() -> RawRecord:
    return RawRecord("d/x.czi", "Zeiss CZI", "czi", "zeiss-czi", etree.fromstring(CZI), versions={"format": "1.0"})


def test_lift_says_what_it_was_made_from() -> None:
    document = lift(czi())
    assert nodes(document) == [
        "Image ID=Image:0",
        "  Pixels ID=Pixels:0 SizeX=5 SizeY=4 SizeZ=1 SizeC=1 SizeT=1",
        "    MetadataOnly",
    ]
    assert (document.origin.file, document.origin.format, document.origin.reader) == ("d/x.czi", "Zeiss CZI", "czi")
    assert document.origin.versions == {"format": "1.0", "table zeiss-czi": "1"}


def test_unmapped_lists_what_no_row_read() -> None:
    assert unmapped(czi()) == [
        "/CZI/ImageDocument/Metadata/Information/Image/Odd/@a",
        "/CZI/ImageDocument/Metadata/Information/Image/Odd",
    ]


def test_same_record_same_document_and_it_pickles() -> None:
    first, second = lift(czi()), lift(czi())
    assert first == second
    assert pickle.loads(pickle.dumps(first)) == first  # noqa: S301 - our own bytes
