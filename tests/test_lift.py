"""The engine: instances, keys, references, and whole lifts."""

from __future__ import annotations

import pickle

import pytest
from lxml import etree

from lifting import IMAGE, INSTRUMENT, block, findings, lens, lenses, nodes, only, record, run
from nbo_extract.coverage import unmapped
from nbo_extract.lift import Lift, lift
from nbo_extract.model import Source
from nbo_extract.record import RawRecord
from nbo_extract.tables import compile_table


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
Wavelength = { from = "@centre", unit = "nm", derived = "filter-name" }
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
        "derived", "image.v", "/v/F[1]/@name/@centre", "", "t:band.Wavelength", "filter-name"
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
