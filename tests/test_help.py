"""Help, hints and shell completion, as a person meets them."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from commands import Result
from nbo_extract.cli.app import program
from nbo_extract.cli.examples import EXAMPLES
from nbo_extract.cli.group import DEFAULT
from nbo_extract.cli.shells import SCRIPTS
from nbo_extract.suggesting import close_names, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command and group that users see."""
    yield path
    for name, command in sorted(group.commands.items()):
        if name == DEFAULT and not path:
            continue
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(commands(program))


@pytest.fixture
def data(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with the sample data alone, as a newcomer has it, and go there."""
    shutil.copytree(sample_data, tmp_path / "work" / "sample_data")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


# -- examples ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_ends_with_examples(path: tuple[str, ...], run: Callable[..., Result]) -> None:
    result = run(*path, "--help")
    assert (result.code, result.err) == (0, "")
    shown = result.out.partition("\nExamples:\n")[2].splitlines()
    assert 1 <= len(shown) <= 3
    assert [line.removeprefix("  ") for line in shown] == list(EXAMPLES[path])
    start = " ".join(("nbo-extract", *path))
    assert any(line.startswith(start) for line in EXAMPLES[path])
    # So that none is wrapped by a terminal of the usual width.
    assert all(len(line) <= 100 for line in EXAMPLES[path])


def test_there_are_no_examples_of_other_commands() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_examples_run(path: tuple[str, ...], run: Callable[..., Result], data: Path) -> None:
    for line in EXAMPLES[path]:
        name, *args = shlex.split(line)
        assert name == "nbo-extract"
        result = run(*args)
        # 1: something is missing for a tier, which is what is asked.
        assert result.code in (0, 1), result.err
        assert result.out or (data / args[-1]).exists()


@pytest.mark.parametrize("group", ["config", "hardware", "mappings"])
def test_a_group_without_a_command_shows_its_help(group: str, run: Callable[..., Result]) -> None:
    result = run(group)
    assert (result.code, result.out) == (2, "")
    assert result.err == run(group, "--help").out


# -- options ----------------------------------------------------------------------------------------------------------


def options_of(path: tuple[str, ...]) -> list[str]:
    """Return the long names of the options of a command; of the program, those of the default one, too."""
    found: click.Command = program
    for name in path:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    own = found.get_params(click.Context(found))
    if not path:
        own = [*program.commands[DEFAULT].params, *own]
    return [p.opts[-1] for p in own if isinstance(p, click.Option)]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_shows_each_option_once(path: tuple[str, ...], run: Callable[..., Result]) -> None:
    text = run(*path, "--help").out.partition("\nOptions:\n")[2]
    shown = [line.split() for line in text.splitlines() if line.startswith("  -")]
    assert sorted(words[1] if words[0].endswith(",") else words[0] for words in shown) == sorted(options_of(path))


def test_what_people_need_first_stands_first(run: Callable[..., Result]) -> None:
    text = run("--help").out
    first = text.partition("\nOptions:\n")[2].partition("\n\n")[0]
    names = [line.split()[1 if "," in line.split()[0] else 0] for line in first.splitlines() if line[2] == "-"]
    assert names[:6] == ["--hardware", "--output", "--embed", "--dry-run", "--tier", "--profile"]
    assert {"--verbose", "--quiet"} <= set(names)
    headings = [line[:-1] for line in text.splitlines() if line.endswith(":") and line[0] != " "]
    assert headings == [
        "Options", "What is checked", "Which images", "Output", "Image and description", "How images are read",
        "Many images", "Commands", "Examples",
    ]  # fmt: skip


@pytest.mark.parametrize("path", [p for p in [(), *COMMANDS] if p in EXAMPLES], ids=" ".join)
def test_no_summary_of_a_command_is_cut(path: tuple[str, ...], run: Callable[..., Result]) -> None:
    commands = run(*path, "--help").out.partition("\nCommands:\n")[2].partition("\n\n")[0]
    assert "..." not in commands


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ((), "Tier to check against; where given, exit 1 if it is not met. [1]"),
        (("check",), "Tier to check against. [1]"),
        (("gaps",), "Tier whose missing fields are asked for. [1]"),
        (("report",), "Tier to report on. [1]"),
        (("watch",), "Tier to check against. [1]"),
        (("hardware", "check"), "Tier to check against. [1]"),
    ],
)
def test_each_command_says_what_its_tier_is_for(path: tuple[str, ...], said: str, run: Callable[..., Result]) -> None:
    text = run(*path, "--help").out
    told = text.partition("--tier [1|2|3]")[2].partition("\n  -")[0]
    assert " ".join(told.split()) == said


# -- hints ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["a.czi", "--hardwear", "x"], "there is no option --hardwear; is --hardware meant?"),
        (["a.czi", "--dryrun"], "there is no option --dryrun; is --dry-run meant?"),
        (["a.czi", "--quux"], "there is no option --quux; see nbo-extract --help"),
        (["a.czi", "-x"], "there is no option -x; see nbo-extract --help"),
        (["check", "a", "--teir", "1"], "there is no option --teir of check; is --tier meant?"),
        (["check", "a", "--embed"],
         "there is no option --embed of check, it is one of nbo-extract PATH; see nbo-extract check --help"),
        (["mappings", "show", "a", "--most", "1"],
         "there is no option --most of mappings show, it is one of mappings coverage; "
         "see nbo-extract mappings show --help"),
        (["hardware", "sho", "x"], "there is no command sho of hardware; is show meant?"),
        (["hardware", "quux"], "there is no command quux of hardware; see nbo-extract hardware --help"),
        (["chek", "a.czi"], "chek: there is no such file or folder; is the command check meant?"),
        (["wide-field.czi"], "wide-field.czi: there is no such file; is widefield.czi meant?"),
        (["quux"], "quux: there is no such file or folder; check the path"),
        (["a.czi", "--format", "jsn"],
         "invalid value for '--format': 'jsn' is not one of 'xml', 'json', 'jsonld'; is json meant?"),
        (["a.czi", "--format", "yaml"],
         "invalid value for '--format': 'yaml' is not one of 'xml', 'json', 'jsonld'; see nbo-extract --help"),
        (["check", "a", "--profile", "remb"], "there is no profile remb; is rembi meant?"),
        (["widefield.czi", "--reader", "olympus"], "there is no reader olympus; is olympus-oif meant?"),
        (["widefield.czi", "--reader", ".lif"], "there is no reader .lif; is leica meant?"),
        (["widefield.czi", "--reader", "Nikon ND2"], "there is no reader Nikon ND2; is nd2 meant?"),
        (["a", "--skip-rule", "lazer-name"],
         "invalid value for '--skip-rule': there is no rule lazer-name; is laser-name meant?"),
        (["a", "--extensions", "core,basc"],
         "invalid value for '--extensions': 'basc' is no extension of NBO; is basic meant?"),
        (["mappings", "show", "czi"], "there is no mapping table czi; is zeiss-czi meant?"),
        (["mappings", "check", "nikon-nd"], "there is no mapping table nikon-nd; is nikon-nd2 meant?"),
        (["schema", "objektive"], "the NBO model has no element objektive; is Objective or ObjectiveSettings meant?"),
        (["check", "--explain", "NBO20"], "there is no finding NBO20; is NBO210 or NBO205 or NBO204 meant?"),
        (["tier", "--analysis", "quantitativ"], "analysis: 'quantitativ' is no answer; is quantitative meant?"),
        (["completion", "zhs"], "there is no completion for zhs; is zsh meant?"),
        (["completion", "powershell"], "there is no completion for powershell; there are bash, zsh, fish"),
        (["doctor", "--install", "aicsimage"], "there is no reader aicsimage; is aicsimageio meant?"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_what_may_be_meant(
    args: list[str], message: str, run: Callable[..., Result], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data / "sample_data")
    assert run(*args) == Result(2, "", f"nbo-extract: {message}\n")


def test_meant() -> None:
    assert meant("catalognumber", ["CatalogNumber", "Model"]) == "is CatalogNumber meant?"
    assert meant("x", ["one", "two"]) == "there are one, two"
    assert meant("x", ["one", "two"], "look it up") == "look it up"
    assert meant("on", ["one", "once", "none"], most=2) == "is one or once meant?"
    assert meant("lif", ["nd2", "leica"], words={"lif": "leica"}) == "is leica meant?"
    assert meant("x", []) == "there are "


def test_two_words_for_one_name_are_one_suggestion() -> None:
    assert close_names("nikon", ["nikkon"], most=2, words={"nikon": "nd2", "nikon nd": "nd2"}) == ["nd2", "nikkon"]


# -- completion -------------------------------------------------------------------------------------------------------


def answers(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result], *words: str) -> list[tuple[str, str]]:
    """Ask as the scripts do; the last word is the one that is being written."""
    monkeypatch.setenv("_NBO_EXTRACT_COMPLETE", "bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(("nbo-extract", *words, ".")))
    result = run()
    assert (result.code, result.err) == (0, "")
    return [(line.split("\t")[0], line.split("\t")[1]) for line in result.out.splitlines()]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["che"], [("plain", "check"), ("file", "che")]),
        (["--hardw"], [("plain", "--hardware")]),
        (["a.czi", "--hardw"], [("plain", "--hardware")]),
        (["a.czi", ""], [("file", "")]),
        (["a.czi", "--hardware", "mic"], [("file", "mic")]),
        (["a.czi", "--format", ""], [("plain", "xml"), ("plain", "json"), ("plain", "jsonld")]),
        (["a.czi", "--format", "=", "x"], [("plain", "xml")]),
        (["a.czi", "--format", "="], [("plain", "xml"), ("plain", "json"), ("plain", "jsonld")]),
        (["a.czi", "--reader", "ome"], [("plain", "ome-tiff"), ("plain", "ome-zarr")]),
        (["check", "a", "--profile", "rem"], [("plain", "rembi"), ("file", "rem")]),
        (["check", "--extensions", "core,b"], [("plain", "core,basic")]),
        (["check", "--explain", "NBO20"], [("plain", f"NBO20{n}") for n in range(1, 6)]),
        (["config", ""], [("plain", "check"), ("plain", "init"), ("plain", "show")]),
        (["mappings", "show", "zeiss-"], [("plain", "zeiss-czi"), ("plain", "zeiss-lsm")]),
        (["schema", "ObjectiveS"], [("plain", "ObjectiveSettings")]),
        (["tier", "--sample", ""], [("plain", "fixed"), ("plain", "live")]),
        (["a", "--skip-rule", "las"], [("plain", "laser-name")]),
        (["watch", "in", "-o", "o"], [("dir", "o")]),
        (["doctor", "--install", ""], [("plain", "aicsimageio")]),
        (["completion", ""], [("plain", "bash"), ("plain", "fish"), ("plain", "zsh")]),
        (["'my ima"], [("file", "my ima")]),
    ],
)
def test_what_may_follow(
    words: list[str], wanted: list[tuple[str, str]], run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = answers(monkeypatch, run, *words)
    assert set(wanted) <= set(found)
    assert all(word.startswith(words[-1].lstrip("'=")) for _, word in found)


def test_every_command_is_offered_first(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(monkeypatch, run, "")
    assert [word for kind, word in found if kind == "plain"] == [path[0] for path in COMMANDS if len(path) == 1]
    assert ("file", "") in found


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_scripts_are_understood_by_their_shells(shell: str, run: Callable[..., Result], tmp_path: Path) -> None:
    text = run("completion", shell).out
    assert text == SCRIPTS[shell].lstrip("\n")
    if (program := shutil.which(shell)) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(text, encoding="utf-8")
    done = subprocess.run([program, "-n", str(tmp_path / "script")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def in_shell(shell: str, text: str, folder: Path) -> str:
    """Run lines in a shell that finds the nbo-extract of this environment; its standard output."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment["HOME"] = str(folder)
    options = {"bash": ["--norc", "--noprofile"], "fish": ["--no-config"], "zsh": ["-f"]}[shell]
    done = subprocess.run(
        [path, *options, "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Make a folder with names that completion has to keep whole."""
    (tmp_path / "alpha one.czi").touch()
    (tmp_path / "alpha").mkdir()
    return tmp_path


def test_bash(files: Path) -> None:
    text = """
source <(nbo-extract completion bash)
compopt() { :; }
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nbo_extract nbo-extract; printf '<%s>' "${COMPREPLY[@]}"; echo; }
complete -p nbo-extract
ask nbo-extract chec
ask nbo-extract alpha
ask nbo-extract a.czi --read
ask nbo-extract a.czi --format = xm
ask nbo-extract config ''
ask nbo-extract watch alpha -o al
"""
    lines = in_shell("bash", text, files).splitlines()
    assert lines[0].endswith("-F _nbo_extract nbo-extract")
    assert [sorted(line[1:-1].split("><")) for line in lines[1:]] == [
        ["check"], ["alpha", "alpha one.czi"], ["--reader"], ["xml"], ["check", "init", "show"], ["alpha"],
    ]  # fmt: skip


def test_fish(files: Path) -> None:
    asked = [
        "nbo-extract chec", "nbo-extract alpha", "nbo-extract a.czi --read", "nbo-extract a.czi --format=xm",
        "nbo-extract a.czi --hardware=alpha", "nbo-extract config ",
    ]  # fmt: skip
    text = "nbo-extract completion fish | source\n" + "".join(f"complete -C '{line}'; echo =\n" for line in asked)
    found = [block.splitlines() for block in in_shell("fish", text, files).split("=\n")[:-1]]
    assert [sorted(line.split("\t")[0] for line in block) for block in found] == [
        ["check"], ["alpha one.czi", "alpha/"], ["--reader"], ["--format=xml"],
        ["--hardware=alpha one.czi", "--hardware=alpha/"], ["check", "init", "show"],
    ]  # fmt: skip


class Terminal:
    """A shell in a pseudo-terminal, as zsh needs it to complete."""

    def __init__(self, *command: str, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", *command],
            cwd=folder,
            env={**os.environ, "PATH": path, "TERM": "dumb", "HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.keys, self.screen = self.process.stdin.fileno(), self.process.stdout.fileno()

    def type(self, text: str, until: str, quiet: float = 1.0) -> str:
        """Press keys; what is shown until then, and until nothing more comes."""
        os.write(self.keys, text.encode())
        seen, end = "", time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([self.screen], [], [], quiet)[0]:
                seen += os.read(self.screen, 65536).decode(errors="replace")
            elif until in seen:
                return seen
        raise AssertionError(f"{until!r} is not shown: {seen!r}")

    def close(self) -> None:
        """End the shell."""
        with self.process:
            self.process.kill()


def test_zsh(files: Path) -> None:
    if (program := shutil.which("zsh")) is None:
        pytest.skip("zsh is not installed")
    shell = Terminal(program, "-f", "-i", folder=files)
    try:
        start = "PS1=; autoload -Uz compinit; compinit -u -D; source <(nbo-extract completion zsh); echo rea''dy\n"
        shell.type(start, "ready")
        for typed, shown in (
            ("nbo-extract chec", "nbo-extract check "),
            ("nbo-extract a.czi --read", "--reader "),
            ("nbo-extract a.czi --format=xm", "--format=xml "),
            ("nbo-extract a.czi --hardware=alpha\\ o", "--hardware=alpha\\ one.czi "),
            ("nbo-extract config ", "Write a configuration with comments"),
        ):
            # Ctrl-U empties the line again.
            shell.type(f"{typed}\t", shown)
            shell.type("\x15", "", 0.2)
    finally:
        shell.close()
