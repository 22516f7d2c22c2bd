"""Shell completion: the scripts for bash, zsh and fish, and what may follow where the user is."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem, ShellComplete

from nbo_extract.cli.group import OK, Refusal
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Callable

#: Environment variable by which a script asks the program: its value is the name of the shell.
ASKED: Final = "_NBO_EXTRACT_COMPLETE"

# Answers are lines of kind, word and help with tabs between them. The kind is `plain`, `file` or `dir`; of the latter
# two the shell finds the names itself.
_BASH = r"""
# nbo-extract: completion for bash
_nbo_extract() {
    local line kind word current="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    while IFS= read -r line; do
        kind="${line%%$'\t'*}"
        word="${line#*$'\t'}"
        word="${word%%$'\t'*}"
        case "$kind" in
            plain)
                COMPREPLY+=("$word")
                ;;
            file | dir)
                # Names with blanks stay whole, folders get a slash.
                compopt -o filenames
                while IFS= read -r line; do
                    COMPREPLY+=("$line")
                done < <(compgen -A "${kind/dir/directory}" -- "$current")
                ;;
        esac
    done < <(COMP_WORDS="$(printf '%s\n' "${COMP_WORDS[@]:0:COMP_CWORD+1}" .)" \
        _NBO_EXTRACT_COMPLETE=bash "$1" 2>/dev/null)
}
complete -o nosort -F _nbo_extract nbo-extract
"""
_ZSH = r"""
#compdef nbo-extract
# nbo-extract: completion for zsh
_nbo_extract() {
    local line kind word told
    local -a plain described typed
    typed=("${(@)words[1,CURRENT]}")
    local files="" folders=""
    # After --option= the value alone is completed.
    compset -P '--*='
    while IFS= read -r line; do
        kind="${line%%$'\t'*}"
        line="${line#*$'\t'}"
        word="${line%%$'\t'*}"
        told="${line#*$'\t'}"
        case "$kind" in
            plain)
                if [[ -n "$told" ]]; then
                    described+=("${word//:/\\:}:$told")
                else
                    plain+=("$word")
                fi
                ;;
            file) files=1 ;;
            dir) folders=1 ;;
        esac
    done < <(COMP_WORDS="$(printf '%s\n' "${(@)typed}" .)" _NBO_EXTRACT_COMPLETE=zsh "${words[1]}" 2>/dev/null)
    (( ${#described} )) && _describe -V 'nbo-extract' described
    (( ${#plain} )) && compadd -V nbo-extract -a plain
    [[ -n "$folders" ]] && _path_files -/
    [[ -n "$files" ]] && _path_files
    return 0
}
if [[ "${zsh_eval_context[-1]}" == loadautofunc ]]; then
    _nbo_extract "$@"
else
    compdef _nbo_extract nbo-extract
fi
"""
_FISH = r"""
# nbo-extract: completion for fish
function _nbo_extract
    set -l current (commandline -ct)
    set -l typed (commandline -opc)
    set -l words (string join \n -- $typed "$current" . | string collect)
    # After --option= the value alone is completed.
    set -l before (string match -r -- '^--[^=]*=' $current)
    set -l value (string replace -r -- '^--[^=]*=' '' $current)
    for line in (env COMP_WORDS="$words" _NBO_EXTRACT_COMPLETE=fish $typed[1] 2>/dev/null)
        set -l parts (string split \t -- $line)
        switch $parts[1]
            case plain
                if test -n "$parts[3]"
                    printf '%s\t%s\n' "$before$parts[2]" $parts[3]
                else
                    printf '%s\n' "$before$parts[2]"
                end
            case file
                printf '%s\n' "$before"(__fish_complete_path $value)
            case dir
                printf '%s\n' "$before"(__fish_complete_directories $value)
        end
    end
end
complete --no-files --keep-order --command nbo-extract --arguments '(_nbo_extract)'
"""
SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(shell: str) -> str:
    """Return the script for a shell.

    Raises
    ------
    Refusal
        If there is none for it.
    """
    if shell not in SCRIPTS:
        raise Refusal(f"there is no completion for {shell}; {meant(shell, SCRIPTS)}")
    return SCRIPTS[shell].lstrip("\n")


def show(shell: str) -> int:
    """Print the script for a shell and return the exit code."""
    click.echo(script(shell), nl=False)
    return OK


def answer(program: click.Command, shell: str) -> int:
    """Answer a script that asks what may follow; print lines and return the exit code."""
    _fill(program)
    click.echo(_Answer(program, {}, "nbo-extract", ASKED).complete(), nl=False)
    return OK


class _Answer(ShellComplete):
    """What click knows of completing, with our own form of question and answer."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the finished words, and the one that is being written."""
        # A line with a dot comes last: an empty word before it, where nothing is written yet, would be lost.
        words = _joined(os.environ.get("COMP_WORDS", "").removesuffix("\n.").split("\n"))
        return [_unquoted(w) for w in words[1:-1]], _unquoted(words[-1]) if len(words) > 1 else ""

    def format_completion(self, item: CompletionItem) -> str:
        """Return one line."""
        told = " ".join((item.help or "").split())
        return f"{item.type}\t{item.value}\t{told}\n"

    def complete(self) -> str:
        """Return all lines, each once."""
        args, incomplete = self.get_completion_args()
        lines = map(self.format_completion, self.get_completions(args, incomplete))
        return "".join(dict.fromkeys(lines))


def _joined(words: list[str]) -> list[str]:
    """Put together what bash takes apart at ``=``: the value of an option is a word of its own for click."""
    found: list[str] = []
    for number, word in enumerate(words):
        last = number == len(words) - 1
        if word == "=" and len(found) > 1 and found[-1].startswith("--"):
            if last:
                found.append("")
        else:
            found.append(word)
    return found


def _unquoted(word: str) -> str:
    try:
        return "".join(shlex.split(word))
    except ValueError:
        # A quotation mark that is not closed yet.
        return word.strip("'\"")


# -- values -----------------------------------------------------------------------------------------------------------


class _Known(click.ParamType):  # type: ignore[type-arg]  # generic for types alone
    """A text, of which the values are known."""

    name = "text"

    def __init__(self, values: Callable[[], list[str]], kind: str = "", *, listed: bool = False) -> None:
        self.values, self.kind, self.listed = values, kind, listed

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the values that begin so, and that files may follow."""
        before, comma, last = incomplete.rpartition(",") if self.listed else ("", "", incomplete)
        found = [CompletionItem(f"{before}{comma}{v}") for v in self.values() if v.startswith(last)]
        return [*found, CompletionItem(incomplete, type=self.kind)] if self.kind else found


def _readers() -> list[str]:
    from nbo_extract.registry import readers

    return sorted(r.name for r in readers())


def _installable() -> list[str]:
    from nbo_extract.registry import readers

    return sorted(r.name for r in readers() if r.install)


def _profiles() -> list[str]:
    from nbo_extract.profiles import profile_names

    return list(profile_names())


def _tables() -> list[str]:
    from nbo_extract.tables import table_names

    return list(table_names())


def _rules() -> list[str]:
    from nbo_extract.tables import load_rules

    return [*load_rules(), "all"]


def _elements() -> list[str]:
    from nbo_extract.schema import load

    return list(load().names)


def _codes() -> list[str]:
    from nbo_extract.explanations import explanations

    return sorted(explanations())


def _extensions() -> list[str]:
    from nbo_extract.requirements import EXTENSIONS

    return list(EXTENSIONS)


def _answers(criterion: str) -> Callable[[], list[str]]:
    def values() -> list[str]:
        from nbo_extract.tier_advice import criteria

        return list(criteria()["criterion"][criterion]["answer"])

    return values


def _nothing() -> list[str]:
    return []


#: Names of options and arguments to what stands for their values.
_VALUES: Final[dict[str, _Known]] = {
    "reader": _Known(_readers),
    "install": _Known(_installable),
    "profile": _Known(_profiles, "file"),
    "name": _Known(_tables),
    "names": _Known(_tables),
    "skip_rules": _Known(_rules),
    "element": _Known(_elements),
    "explain": _Known(_codes),
    "extensions": _Known(_extensions, listed=True),
    "shell": _Known(lambda: sorted(SCRIPTS)),
    **{name: _Known(_answers(name)) for name in ("analysis", "sample", "technology", "documentation")},
}
#: What stands for values in the help, to kinds of names that the shell finds.
_PLACES: Final = {"PATH": "file", "FILE|FOLDER": "file", "FILE": "file", "LIST": "file", "FOLDER": "dir"}


def _fill(command: click.Command) -> None:
    """Tell click what the values of all options and arguments are."""
    for parameter in command.params:
        shown = (parameter.metavar or "").strip("[].")
        if parameter.name in _VALUES:
            parameter.type = _VALUES[parameter.name]
        elif shown in _PLACES:
            parameter.type = _Known(_nothing, _PLACES[shown])
    for inner in getattr(command, "commands", {}).values():
        _fill(inner)


def first_words(program: Any, ctx: click.Context, incomplete: str, default: str) -> list[CompletionItem]:
    """Return what may stand first: a command, an image, or an option of the default command."""
    found = [CompletionItem(incomplete, type="file")] if not incomplete.startswith("-") else []
    inner = click.Context(program.commands[default], info_name=default, parent=ctx, resilient_parsing=True)
    return [*found, *program.commands[default].shell_complete(inner, incomplete)]
