"""The page of a report: every text is escaped, nothing is fetched, and the same files give the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from nbo_extract import check, extract, merge
from nbo_extract.model import Document, Fact, Node
from nbo_extract.profiles import Profile
from nbo_extract.report.collect import Count, FileReport, Message, collect, failed
from nbo_extract.report.render import Report, Settings, common_folder, embedded_json, level, percent, split_path

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = "2024-03-14T22:00:00"
EVIL = ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<!--", 'a & b\'s "c"', "\u2028]]>"]


def evil_document(text: str) -> Document:
    """Return a document in which every text that may be free is this one."""
    pixels = Node("Pixels", {"ID": Fact("Pixels:0"), "SizeX": Fact("1")})
    channel = Node("Channel", {"ID": Fact("Channel:0"), "Name": Fact(text)})
    channel.children.append(Node("Fluorophore", {"ID": Fact("F:0"), "Name": Fact(text)}))
    pixels.children.append(channel)
    image = Node("Image", {"ID": Fact("Image:0"), "Name": Fact(text), "AcquisitionDate": Fact(text)})
    image.children.append(pixels)
    root = Node("OME")
    root.children.append(image)
    return Document(root)


def page(text: str, *, inline: int) -> str:
    document = evil_document(text)
    part = collect(document, check(document), path=f"{text}/{text}.czi")
    message = Message("NBO999", "warning", text, text)
    report = Report(Settings(text, Profile(name="own", title=text), "2024-03-14", (text,), inline))
    report.add(FileReport(**{f: getattr(part, f) for f in part.__slots__} | {"findings": (message,), "stand": text}))
    report.add(failed(f"{text}.lif", f"{text}: cannot be read"))
    report.problems.append(text)
    return report.html()


def tags(made: str) -> list[str]:
    found = html.fromstring(made).xpath("//*[not(self::wbr)]")
    assert isinstance(found, list)
    return [str(getattr(e, "tag", "")) for e in found]


@pytest.mark.parametrize("inline", [0, 10_000], ids=["tables", "in full"])
@pytest.mark.parametrize("text", EVIL)
def test_every_text_is_escaped(text: str, inline: int) -> None:
    made = page(text, inline=inline)
    # The same elements as with a harmless text: nothing of it became markup.
    assert tags(made) == tags(page("harmless", inline=inline))
    assert not html.fromstring(made).xpath("//@*[starts-with(name(), 'on')]")
    assert html.fromstring(made).findtext(".//h1") == text


@pytest.mark.parametrize("inline", [0, 10_000], ids=["tables", "in full"])
def test_nothing_is_fetched(inline: int) -> None:
    made = page("harmless", inline=inline)
    assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"'(]?(?:https?:)?//", made)
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', made)
    assert policy is not None
    assert policy[1].startswith(("default-src 'none'", "default-src &#39;none&#39;"))
    assert "script-src 'unsafe" not in policy[1]


@given(st.lists(st.text(), max_size=5))
def test_data_in_a_script_cannot_end_it(texts: list[str]) -> None:
    import json

    data = embedded_json([*texts, *EVIL])
    assert not set(data) & set("<>&\u2028\u2029")
    assert json.loads(data) == [*texts, *EVIL]


def test_the_same_files_give_the_same_bytes(sample_data: Path) -> None:
    made = []
    for _ in range(2):
        report = Report(Settings("x"))
        for name in ("widefield.czi", "confocal.ome.tiff"):
            document = merge(extract(sample_data / name), [sample_data / "microscope.json"])
            report.add(collect(document, check(document), path=name))
        made.append(report.html())
    assert made[0] == made[1]
    assert "DAPI" in made[0]
    assert "Plan-Apochromat 63x/1.4 Oil DIC M27" in made[0]


def another(one: FileReport, number: int) -> FileReport:
    """Return a file that differs from another one by its name, its place and its time, as images of one night do."""
    words = {"well 0000": f"well {number:04}", NIGHT: f"2024-03-14T22:{number // 60 % 60:02}:{number % 60:02}"}

    def told(text: str) -> str:
        return words.get(text, text)

    elements = tuple(e._replace(values=tuple(v._replace(value=told(v.value)) for v in e.values)) for e in one.elements)
    setups = tuple(s._replace(images=tuple((told(n), z, told(d)) for n, z, d in s.images)) for s in one.setups)
    path = f"night/plate_{number % 7}/well_{number:04}.czi"
    return replace(one, path=path, elements=elements, setups=setups)


def test_a_thousand_images_are_less_than_5_megabytes(sample_data: Path) -> None:
    report = Report(Settings("many"))
    document = merge(extract(sample_data / "widefield.czi"), [sample_data / "microscope.json"])
    document.images[0].facts |= {"Name": Fact("well 0000"), "AcquisitionDate": Fact(NIGHT)}
    one = collect(document, check(document, tier=3, level="should"))
    for number in range(1000):
        report.add(another(one, number))
    made = report.html()
    assert 500_000 < len(made.encode()) < 5_000_000
    assert made.count("<tr") > 1000
    assert made.count("well 0999") > 0


def test_levels_and_shares() -> None:
    assert [level(Count(*c)) for c in ((0, 0, 1), (0, 3, 0), (1, 3, 0), (2, 3, 0), (9, 10, 0), (3, 3, 0))] == list(
        "n01234"
    )
    assert level(None) == "n"
    # Never 100 where something is missing.
    assert (percent(Count(999, 1000, 0)), percent(Count(0, 0, 0)), percent(Count(5, 5, 0))) == (99, 100, 100)


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        ([], ""),
        (["a/b/c.czi"], "a/b/"),
        (["a/b/c.czi", "a/bb/c.czi"], "a/"),
        (["/x/y.czi", "/z/y.czi"], ""),
        (["y.czi", "a/y.czi"], ""),
        (["s3://bucket/a.zarr/", "s3://bucket/b.zarr"], "s3://bucket/"),
    ],
)
def test_common_folder(paths: list[str], folder: str) -> None:
    assert common_folder(paths) == folder


def test_split_path() -> None:
    assert split_path("a/b/c.czi") == ("a/b/", "c.czi")
    assert split_path("c.czi") == ("", "c.czi")
    assert split_path("a/c.zarr/") == ("a/", "c.zarr/")
