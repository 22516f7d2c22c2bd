"""Compiling mapping tables and checking them against the NBO model: exact messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nbo_extract.errors import MappingTableError
from nbo_extract.tables import Nodes, compile_table, load_table, table_names
from nbo_extract.tables_check import check_table, problems

if TYPE_CHECKING:
    from collections.abc import Callable

INSTRUMENT = """
[[element]]
id = "instrument"
name = "Instrument"
each = "Stand"
"""
OBJECTIVE = (
    INSTRUMENT
    + """
[[element]]
id = "objective"
name = "Objective"
parent = "instrument"
each = "Lens"
"""
)
IMAGE = """
[[element]]
id = "image"
name = "Image"
keep = true
[[element]]
id = "pixels"
name = "Pixels"
parent = "image"
keep = true
"""


def facts(text: str, block: str = OBJECTIVE) -> str:
    return f"{block}\n[element.facts]\n{text}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = [", "mapping table t: Invalid value (at end of document)"),
        ("[other]\n", "mapping table t: the table: unknown key other"),
        ("[table]\nvendor = 'x'\n", "mapping table t: table: unknown key vendor"),
        ("[[element]]\nname = 'Image'\n", "mapping table t: Image: a block needs an id"),
        ("[[element]]\neach = 'a'\n", "mapping table t: ?: a block needs an id"),
        (INSTRUMENT + "wen = 'a'\n", "mapping table t: instrument: unknown key wen"),
        (facts("LensNA = { form = 'NA' }"), "mapping table t: objective.LensNA: unknown key form"),
        (
            facts("LensNA = [{ from = 'NA' }, { from = 'a', absence = ['0'] }]"),
            "mapping table t: objective.LensNA#2: unknown key absence",
        ),
        (
            facts("LensNA = 3"),
            "mapping table t: objective.LensNA: a row is a text, a list of texts or a table of keys, not 3",
        ),
        (facts("LensNA = 'NA['"), "mapping table t: objective.LensNA: Invalid expression in NA["),
        (facts("LensNA = { from = 'NA', when = '@(' }"), "mapping table t: objective.LensNA: Invalid expression in @("),
        (INSTRUMENT + "key = 'a b'\n", "mapping table t: instrument: Invalid expression in a b"),
        (
            INSTRUMENT + "[element.let]\na = ')'\n",
            "mapping table t: instrument.let.a: Invalid expression in )",
        ),
        ("[variables]\nmd = '//['\n", "mapping table t: variables.md: Invalid expression in //["),
        (INSTRUMENT + INSTRUMENT, "mapping table t: two blocks have the id instrument"),
        (
            INSTRUMENT + "parent = 'stand'\n",
            "mapping table t: instrument: there is no block stand",
        ),
        (INSTRUMENT + "into = 'stand'\n", "mapping table t: instrument: there is no block stand"),
        (
            "[variables]\ninstrument = 'a'\n" + INSTRUMENT,
            "mapping table t: instrument is a block and a variable: inside the block, $name is its item",
        ),
        (IMAGE + "[planes]\nblock = 'pixels'\nindex = {}\n", "mapping table t: planes: needs key"),
        (
            IMAGE + "[planes]\nblock = 'pixels'\nindex = {}\nkey = '@k'\nsize = 1\n",
            "mapping table t: planes: unknown key size",
        ),
        (
            IMAGE + "[planes]\nblock = 'pixels'\nindex = {}\nkey = '@k'\n[planes.facts]\nPositionX = { from = 'X' }\n",
            "mapping table t: planes.PositionX: unknown key from",
        ),
    ],
)
def test_a_table_that_does_not_hold_together(text: str, message: str) -> None:
    with pytest.raises(MappingTableError) as caught:
        compile_table(text, "t")
    assert caught.value.message == message


def test_unknown_table() -> None:
    with pytest.raises(MappingTableError) as caught:
        load_table("olympus")
    assert caught.value.message == "there is no mapping table olympus; is olympus-oif meant?"
    assert check_table("olympus") == [caught.value.message]


def test_what_a_row_may_be() -> None:
    table = compile_table(
        "[table]\nname='n'\ntitle='T'\nversion=2\nabsent=['-']\n"
        + facts("Model = 'A'\nLensNA = ['B', 'C']\nMagnification = [{ from = 'D' }, { from = ['E', 'F'], min = 1 }]"),
        "t",
    )
    assert (table.name, table.title, table.version, table.absent) == ("n", "T", "2", frozenset("-"))
    rows = table.blocks[1].rows
    assert [(r.id, [p.text for p in r.paths], r.minimum) for r in rows] == [
        ("objective.Model", ["A"], None),
        ("objective.LensNA", ["B", "C"], None),
        ("objective.Magnification", ["D"], None),
        ("objective.Magnification#2", ["E", "F"], 1),
    ]
    assert [b.id for b in table.children["instrument"]] == ["objective"]
    assert [b.id for b in table.children[""]] == ["instrument"]


def test_variables_of_a_path() -> None:
    table = compile_table("[variables]\na = '$b'\nb = '$c/x[$b = $d]'\n", "t")
    assert (table.variables["a"].names, table.variables["a"].variable) == (("b",), "b")
    assert (table.variables["b"].names, table.variables["b"].variable) == (("c", "b", "d"), "")


FOUND = [
    # The elements and where they stand.
    (IMAGE.replace('"Pixels"', '"Pixel"'), ["t, pixels: the NBO model has no Pixel in Image"]),
    (OBJECTIVE.replace('parent = "instrument"', ""), ["t, objective: the NBO model has no Objective in OME"]),
    (INSTRUMENT.replace('name = "Instrument"', ""), ["t, instrument: names no element"]),
    (
        IMAGE + "[[element]]\nid = 'lens'\nname = 'Objective'\nparent = 'pixels'\ninto = 'image'\n",
        ["t, lens: the NBO model has no Objective in Image"],
    ),
    # Attributes, values, units.
    (facts("NA = 'NA'"), ["t, objective: NA: the NBO model has no such attribute in Objective"]),
    (
        facts("ImmersionType = { value = 'Honey' }"),
        ["t, objective: ImmersionType: the value 'Honey' is not among NBO's values for ImmersionTypeList"],
    ),
    (
        facts("LensNA = { value = 'high' }"),
        ["t, objective: LensNA: the value 'high' is not a number"],
    ),
    (
        facts("ImmersionType = { from = 'a', words = 'contrast' }"),
        [
            f"t, objective: ImmersionType: the value '{word}' is not among NBO's values for ImmersionTypeList"
            for word in (
                "Brightfield",
                "Darkfield",
                "Differential Intensity Contrast (DIC)",
                "Fluorescence",
                "HoffmanModulation",
                "ObliqueIllumination",
                "PhaseContrast",
                "PolarizedLight",
                "VarelConrast",
            )
        ],
    ),
    (
        facts("WorkingDistance = 'WD'"),
        ["t, objective: WorkingDistance: states no unit, but the value has one in the NBO model"],
    ),
    (
        facts("WorkingDistance = { from = 'WD', unit = 's' }"),
        ["t, objective: WorkingDistance: the unit s is not among NBO's for WorkingDistanceUnit"],
    ),
    (
        facts("WorkingDistance = { from = 'WD', unit = 'm', to = 's' }"),
        [
            "t, objective: WorkingDistance: the unit s is not among NBO's for WorkingDistanceUnit",
            "t, objective: WorkingDistance: m and s are of different dimensions",
        ],
    ),
    (
        facts("WorkingDistance = { from = 'WD', unit = 'parsnip' }"),
        ["t, objective: WorkingDistance: the unit parsnip is not among NBO's for WorkingDistanceUnit"],
    ),
    (
        facts("LensNA = { from = 'NA', unit = 'mm' }"),
        ["t, objective: LensNA: has a unit, but the NBO model has none here: `to` has to name the one that NBO fixes"],
    ),
    (
        facts("LensNA = { from = 'NA', unit_from = '@unit' }"),
        ["t, objective: LensNA: has a unit, but the NBO model has none here: `to` has to name the one that NBO fixes"],
    ),
    (
        IMAGE
        + "[[element]]\nid = 'channel'\nname = 'Channel'\nparent = 'pixels'\n"
        + "[[element]]\nid = 'path'\nname = 'LightPath'\nparent = 'channel'\n"
        + facts(
            "' ConfocalFieldNumber' = '@n'",
            "[[element]]\nid = 'scan'\nname = 'ConfocalScannerSettings'\nparent = 'path'\n",
        ),
        ["t, scan:  ConfocalFieldNumber: no XML can carry this attribute: its published name holds blanks"],
    ),
    # What a row refers to.
    (facts("LensNA = { from = 'NA', with = 'guess' }"), ["t, objective: LensNA: there is no function guess"]),
    (facts("Model = { from = 'M', words = 'dictionary' }"), ["t, objective: Model: there is no word table dictionary"]),
    (
        facts("Model = { from = 'M', words = 'immersion', otherwise = 'drop' }"),
        ["t, objective: Model: otherwise is drop; it can be keep or silent"],
    ),
    (facts("Model = { absent = ['0'] }"), ["t, objective: Model: has no from, args, value or ref"]),
    (facts("Model = '$lens/Model'"), ["t, objective: Model: unknown variable $lens in $lens/Model"]),
    (facts("Model = { from = 'M', when = '$a' }"), ["t, objective: Model: unknown variable $a in $a"]),
    ("[variables]\na = '$b/x'\n", ["t, $a: unknown variable $b in $b/x"]),
    (OBJECTIVE + "when = '$w'\n", ["t, objective: unknown variable $w in $w"]),
    (OBJECTIVE + "key = '$k'\n", ["t, objective: unknown variable $k in $k"]),
    (
        # `each` finds the items: what is computed for each item does not exist yet.
        INSTRUMENT.replace('"Stand"', '"$own"') + "[element.let]\nown = '@a'\n",
        ["t, instrument: unknown variable $own in $own"],
    ),
    (OBJECTIVE + "expand = 'all'\n", ["t, objective: there is no expander all"]),
    (
        IMAGE + "[[element]]\nid = 'ref'\nname = 'InstrumentRef'\nparent = 'image'\n[element.facts]\n"
        "ID = { ref = 'instrument' }\n",
        ["t, ref: ID: refers to block instrument, which does not exist"],
    ),
    (facts("ID = { ref = 'instrument' }"), ["t, objective: ID: Objective is no reference in the NBO model"]),
    (OBJECTIVE + "text = '.'\n", ["t, objective: has a text, but the element has none in the NBO model"]),
    # Kinds of an element.
    (
        OBJECTIVE + "kind = { from = 'a', words = 'nowhere', with = 'guess' }\n",
        ["t, objective: there is no function guess", "t, objective: there is no word table nowhere"],
    ),
    # Planes.
    (
        IMAGE + "[planes]\nblock = 'pixel'\nchannel_block = 'channel'\nindex = {}\nkey = '@k'\n",
        ["t, planes: there is no block pixel", "t, planes: there is no block channel"],
    ),
    (
        IMAGE + "[planes]\nblock = 'pixels'\nindex = {}\nkey = '@k'\n[planes.facts]\n"
        "Position = 'X'\nPositionX = 'X'\nPositionY = { column = 'Y', unit = 's' }\n"
        "PositionZ = { column = 'Z', unit = 'µm', with = 'guess' }\n",
        [
            "t, planes: the NBO model has no attribute Position in Plane",
            "t, planes: PositionX: states no unit, but the value has one in the NBO model",
            "t, planes: PositionY: the unit s is not among NBO's for PositionYUnit",
            "t, planes: PositionZ: there is no function guess",
        ],
    ),
]


@pytest.mark.parametrize(("text", "messages"), FOUND)
def test_problems(text: str, messages: list[str]) -> None:
    assert problems(compile_table(text, "t")) == messages


@pytest.mark.parametrize("wanted", ["b", "", None, "none"])
def test_path_of_same_attributes_finds_as_xpath_does(wanted: str | None) -> None:
    text = INSTRUMENT + "[element.let]\nlit = '$lamps[@Id = $item/@Ref]'"
    path = compile_table(text, "made").children[""][0].let["lit"]
    tree = etree.fromstring("<L><Lamp Id='a'/><Lamp Id='b'/><Lamp/><Lamp Id=''/><Lamp Id='b'/></L>")
    lamps = list(tree)
    item = etree.SubElement(tree, "Item", {} if wanted is None else {"Ref": wanted})
    plain: Callable[..., object] = etree.XPath(path.text)
    for given in (lamps, Nodes(lamps), [], "b"):
        if isinstance(given, list):
            assert path.find(item, lamps=given, item=[item]) == plain(item, lamps=given, item=[item])
        else:
            with pytest.raises(etree.XPathEvalError):
                path.find(item, lamps=given, item=[item])


def test_problems_are_all_listed_not_the_first() -> None:
    table = compile_table(facts("NA = 'NA'\nModel = { from = '$x', with = 'guess' }"), "t")
    assert problems(table) == [
        "t, objective: NA: the NBO model has no such attribute in Objective",
        "t, objective: Model: unknown variable $x in $x",
        "t, objective: Model: there is no function guess",
    ]


def test_a_sound_table_has_no_problems() -> None:
    text = facts("LensNA = 'NA'\nWorkingDistance = { from = 'WD', unit_from = '@u', to = 'mm' }")
    assert problems(compile_table(text, "t")) == []


def test_a_row_may_be_for_one_of_several_kinds() -> None:
    """A block of several elements has rows that only some of them have an attribute for."""
    kinds = 'kind = [{ value = "CameraSettings", when = "a" }, { value = "PointDetectorSettings", when = "b" }]\n'
    path = (
        "[[element]]\nid = 'channel'\nname = 'Channel'\nparent = 'pixels'\n"
        "[[element]]\nid = 'path'\nname = 'LightPath'\nparent = 'channel'\n"
    )
    head = IMAGE + path + f"[[element]]\nid = 'detector'\nparent = 'path'\n{kinds}"
    assert (
        problems(compile_table(facts("Binning = { value = '2x2' }\nVoltage = { from = 'V', unit = 'V' }", head), "t"))
        == []
    )
    assert problems(compile_table(facts("Airy = 'V'", head), "t")) == [
        "t, detector: Airy: the NBO model has no such attribute in CameraSettings or PointDetectorSettings"
    ]


@pytest.mark.parametrize("name", table_names())
def test_every_table_that_ships_is_sound(name: str) -> None:
    assert check_table(name) == []
    ids = [row.id for block in load_table(name).blocks for row in (*block.kinds, *block.rows)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", table_names())
def test_every_table_that_ships_is_compiled_once(name: str) -> None:
    assert load_table(name) is load_table(name)


# ----------------------------------------------------------------------------------------------- parts of a table

PART = "[table]\nextends = 't'\n"
COLUMNS = (
    IMAGE
    + """
[planes]
block = "pixels"
key = "'0'"
index = {}
[planes.facts]
ExposureTime = "Exposure"
"""
)


def test_part_adds_alternatives_behind_those_of_the_table_and_blocks_of_its_own() -> None:
    part = (
        PART
        + "[variables]\nkept = 'Kept'\n"
        + "[[element]]\nid = 'objective'\n[element.let]\nlens = 'x'\n[element.facts]\nLensNA = '$kept/NA'\nIris = 'a'\n"
        + "[[element]]\nid = 'more'\nname = 'TubeLens'\nparent = 'instrument'\n[element.facts]\nName = 'b'\n"
    )
    table = compile_table(facts("LensNA = ['NA', '@NA']"), "t", {"t/part": part})
    assert [(r.id, [p.text for p in r.paths]) for b in table.blocks for r in b.rows] == [
        ("objective.LensNA", ["NA", "@NA"]),
        ("objective.LensNA#2", ["$kept/NA"]),
        ("objective.Iris", ["a"]),
        ("more.Name", ["b"]),
    ]
    assert table.blocks[1].let["lens"].text == "x"
    assert problems(table) == []


def test_part_adds_kinds_and_columns() -> None:
    part = PART + "[[element]]\nid = 'instrument'\nkind = { value = 'Instrument', when = 'a' }\n"
    assert [k.id for k in compile_table(INSTRUMENT, "t", {"t/part": part}).blocks[0].kinds] == ["instrument.kind"]
    part = PART + "[planes.facts]\nExposureTime = { channel = 'a', unit = 's' }\nPixelDwellTime = 'b'\n"
    rules = compile_table(COLUMNS, "t", {"t/part": part}).planes
    assert rules is not None
    assert [(r.id, r.columns) for r in rules.rows] == [
        ("planes.ExposureTime", ("Exposure",)),
        ("planes.ExposureTime#2", ()),
        ("planes.PixelDwellTime", ("b",)),
    ]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("x = [", "mapping table t/part: Invalid value (at end of document)"),
        ("[table]\nname = 't'\n", "mapping table t/part: a part of t has a head [table] with extends = 't'"),
        (PART + "[planes]\nblock = 'a'\n", "mapping table t/part: planes: unknown key block"),
        (PART + "[[element]]\nid = 'objective'\neach = 'a'\n", "mapping table t/part: objective: unknown key each"),
        (PART + "[variables]\nv = 'b'\n", "mapping table t/part: variables.v: t has another"),
        (PART + "[[element]]\nid = 'instrument'\nlet = { w = 'b' }\n", "mapping table t/part: instrument.let.w: t has"),
    ],
)
def test_part_that_does_not_fit(part: str, message: str) -> None:
    text = "[variables]\nv = 'a'\n" + OBJECTIVE.replace('each = "Stand"', 'each = "Stand"\nlet = { w = "a" }')
    with pytest.raises(MappingTableError) as caught:
        compile_table(text, "t", {"t/part": part})
    assert caught.value.message.startswith(message)
