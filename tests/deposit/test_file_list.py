"""File lists: what is written can be read, and each cause of a refusal is told with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbo_extract.deposit import file_list
from nbo_extract.deposit.model import Component, File, Study, Submission
from nbo_extract.errors import UsageError, WriteError

ALLOWED = "allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )"


def told(data: bytes) -> list[tuple[str, str]]:
    return [(p.code, p.sentence) for p in file_list.read(data, "f.tsv").problems]


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        (b"", "empty", "f.tsv is empty: its first header is 'Files'"),
        (b"Files\n", "no-file", "f.tsv lists no file"),
        (
            b"\xef\xbb\xbfFiles\na\n",
            "byte-order-mark",
            "f.tsv, line 1: a byte order mark stands before the first header, which is 'Files'",
        ),
        (
            b"files\na\n",
            "first-header",
            "f.tsv, line 1: the first header is 'files': it must be 'Files' in this spelling alone",
        ),
        (
            b'"Files"\na\n',
            "first-header",
            "f.tsv, line 1: the first header is '\"Files\"': it must be 'Files' in this spelling alone",
        ),
        (
            b" Files\na\n",
            "first-header",
            "f.tsv, line 1: the first header is ' Files': it must be 'Files' without a space",
        ),
        (b"Name\na\n", "first-header", "f.tsv, line 1: the first header is 'Name': it must be 'Files'"),
        (b"Files\tA\t\na\tb\tc\n", "blank-header", "f.tsv, line 1: the header of column 3 is blank"),
        (b"Files\tA\tA\na\tb\tc\n", "same-header", "f.tsv, line 1: columns 2 and 3 have the same header 'A'"),
        (b"Files\tA\na\n", "ragged", "f.tsv, line 2: 1 cell for 2 headers: an empty cell needs its tab"),
        (b"Files\na\tb\tc\n", "ragged", "f.tsv, line 2: 3 cells for 1 header: take a tab out"),
        (b"Files\tA\n \tb\n", "blank-path", "f.tsv, line 2: the first cell, the path of the file, is blank"),
        (b"Files\na\n\nb\n", "blank-line", "f.tsv, line 3: the line is blank"),
        (b"Files\tA\na\tb\n\t\n", "blank-line", "f.tsv, line 3: the line is blank"),
        (b"Files\na\n\n", "blank-line", "f.tsv, line 3: the line is blank"),
        (b"Files\na\nb\na\n", "same-path", "f.tsv, line 4: a stands in line 2 already"),
        (b"Files\r\na\r\nb+\r\n", "character", f"f.tsv, line 3: b+ holds '+': {ALLOWED}"),
        (b"Files\na\\b\n", "separator", "f.tsv, line 2: a\\b holds '\\': folders are separated by '/'"),
        (
            "Files\na\nµ\n".encode("latin-1"),
            "encoding",
            "f.tsv, line 3: the byte 0xB5 is not UTF-8: save the list as UTF-8",
        ),
        (
            "\ufeffFiles\na\n".encode("utf-16-le"),
            "encoding",
            "f.tsv, line 1: the list is UTF-16, not UTF-8: save it as UTF-8",
        ),
    ],
)
def test_each_cause_of_a_refusal_is_told_with_its_line(data: bytes, code: str, sentence: str) -> None:
    assert told(data) == [(code, sentence)]


def test_all_problems_are_told_in_the_order_of_lines_and_good_rows_are_kept() -> None:
    found = file_list.read(b"Files\tA\nx\t1\ny\nx\t2\n", "f.tsv")
    assert [p.code for p in found.problems] == ["ragged", "same-path"]
    assert found.rows == (("x", "1"), ("x", "2"))
    assert found.lines == (2, 4)
    assert found.paths == ("x", "x")


@pytest.mark.parametrize("data", [b"Files\na", b"Files\na\n", b"Files\r\na\r\n", b"Files\ra\r"])
def test_all_line_breaks_are_taken(data: bytes) -> None:
    found = file_list.read(data, "f.tsv")
    assert (found.headers, found.rows, found.problems) == (("Files",), (("a",),), ())


def test_quotation_marks_are_characters_like_others() -> None:
    found = file_list.read(b'Files\tA\na\t"b\n', "f.tsv")
    assert found.rows == (("a", '"b'),)
    assert found.problems == ()


# -- writing ---------------------------------------------------------------------------------------------------


def test_empty_cells_keep_their_tabs() -> None:
    assert file_list.write(["Files", "A", "B"], [["a", "", ""], ["b", " 1\t2\r\n3\udcff ", ""]]) == (
        "Files\tA\tB\na\t\t\nb\t1 2 3?\t\n"
    )


@pytest.mark.parametrize(
    ("headers", "row", "message"),
    [
        (["Files", "A"], ["a"], "a file list of 2 headers cannot hold a row of 1 cells: 'a'"),
        (
            ["Name"],
            ["a"],
            "the file list, line 1: the first header is 'Name': it must be 'Files'; nothing was written",
        ),
        (
            ["Files", "A", "A"],
            ["a", "1", "2"],
            "the file list, line 1: columns 2 and 3 have the same header 'A'; nothing was written",
        ),
        (["Files"], ["a+"], f"the file list, line 2: a+ holds '+': {ALLOWED}; nothing was written"),
        (["Files"], ["a\nb"], f"a\\nb holds U+000A (LINE FEED): {ALLOWED}; nothing was written"),
        (
            ["Files", "A"],
            ["", "1"],
            "the file list, line 2: the first cell, the path of the file, is blank; nothing was written",
        ),
    ],
)
def test_a_list_that_would_be_refused_is_not_written(headers: list[str], row: list[str], message: str) -> None:
    with pytest.raises(WriteError) as caught:
        file_list.write(headers, [row])
    assert caught.value.message == message


paths = st.text("abcAB01 !-_.*'()", min_size=1, max_size=8).map(lambda t: "a" + t + "z")


@given(st.data())
def test_what_is_written_is_read_back(data: st.DataObject) -> None:
    titles = data.draw(st.lists(st.text("abµ ", min_size=1).filter(str.strip), max_size=3, unique_by=str.strip))
    cells = st.lists(st.text(), min_size=len(titles), max_size=len(titles))
    rows = data.draw(st.lists(st.tuples(paths, cells), unique_by=lambda r: r[0], min_size=1))
    text = file_list.write(["Files", *titles], [[p, *c] for p, c in rows])
    found = file_list.read(text.encode("utf-8"), "f.tsv")
    assert found.problems == ()
    assert found.paths == tuple(p for p, _ in rows)
    assert "\r" not in text
    assert text.endswith("\n")
    assert not text.startswith("\ufeff")
    for (_, wanted), row in zip(rows, found.rows, strict=True):
        assert [" ".join(c.split()) for c in row[1:]] == [" ".join(c.replace("\0", " ").split()) for c in wanted]


# -- of submissions --------------------------------------------------------------------------------------------


def image(path: str, component: str = "One", **facts: str) -> File:
    return File(path, 1, component=component, facts=facts)


def test_what_is_the_same_in_all_is_no_column() -> None:
    files = [
        image("a", Objective="60x", Channel="DAPI", Binning="2x2"),
        image("b", Objective="60x", Channel="GFP"),
        File("a.xml", 1, kind="metadata"),
    ]
    columns = ("Channel", "Objective", "Binning", "Gain")
    assert file_list.columns_that_vary(files, columns) == (("Channel", "Binning"), {"Objective": "60x"})
    assert file_list.columns_that_vary([], columns) == ((), {})


def test_files_that_are_no_images_count_for_what_they_state() -> None:
    files = [image("a", Well="A1"), File("b.txt", 1, kind="other", facts={"Well": "A2"})]
    assert file_list.columns_that_vary(files, ("Well",)) == (("Well",), {})
    only = [File("a.txt", 1, kind="other", facts={"Well": "A1"}), File("b.txt", 1, kind="other")]
    assert file_list.columns_that_vary(only, ("Well",)) == (("Well",), {})


def submission(*components: Component, files: tuple[File, ...]) -> Submission:
    return Submission(Study("t"), components=components, files=files, columns=("Channel", "Objective"))


ONE = Component("One", "", "file_list.tsv")
TWO = (Component("One", "", "one.tsv"), Component("Two", "", "two.tsv"))
FILES = (
    image("b", Channel="GFP", Objective="60x"),
    image("a", Channel="DAPI", Objective="60x"),
    image("c", "Two", Channel="DAPI", Objective="10x"),
)


def test_one_component_has_one_list() -> None:
    assert file_list.lists(submission(ONE, files=FILES)) == {"file_list.tsv": "Files\tChannel\na\tDAPI\nb\tGFP\n"}


def test_several_components_have_a_list_each_and_one_of_all() -> None:
    assert file_list.lists(submission(*TWO, files=FILES)) == {
        "one.tsv": "Files\tChannel\na\tDAPI\nb\tGFP\n",
        "two.tsv": "Files\nc\n",
        "file_list.tsv": (
            "Files\tStudy component\tChannel\tObjective\na\tOne\tDAPI\t60x\nb\tOne\tGFP\t60x\nc\tTwo\tDAPI\t10x\n"
        ),
    }


def test_chosen_columns_stand_whether_they_vary_or_not() -> None:
    found = file_list.lists(submission(ONE, files=FILES), ("Objective", "Channel"))
    assert found == {"file_list.tsv": "Files\tObjective\tChannel\na\t60x\tDAPI\nb\t60x\tGFP\n"}
    assert file_list.lists(submission(ONE, files=FILES), ()) == {"file_list.tsv": "Files\na\nb\n"}


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        file_list.lists(submission(ONE, files=FILES), ("Gain",))
    assert caught.value.message == "there is no column 'Gain' for file lists; there are: Channel, Objective"


def test_lists_do_not_take_each_others_place() -> None:
    with pytest.raises(WriteError) as caught:
        file_list.lists(submission(ONE, TWO[1], files=FILES))
    assert caught.value.message == "file_list.tsv is the list of all files, and cannot be that of a study component"
    with pytest.raises(WriteError) as caught:
        file_list.lists(submission(TWO[0], TWO[0], files=FILES))
    assert caught.value.message == "two study components have the file list one.tsv: name one anew"
