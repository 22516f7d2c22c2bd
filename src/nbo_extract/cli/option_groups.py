"""Groups in which the help of a command with many options shows them: what people need first stands first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import click

#: A command with fewer options shows them in one group, as they are declared.
MANY: Final = 12
_FIRST: Final = "Options"
#: Names of parameters, by the heading that they stand under.
_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    _FIRST: ("hardware", "output", "embed", "dry_run", "tier", "profile"),
    "What is checked": ("extensions", "level", "literal", "xsd", "junit", "explain", "profiles"),
    "Which images": ("include", "exclude", "from_file"),
    "Output": ("format_", "convert", "compression", "ngff", "planes", "redact", "backup", "verify_pixels"),
    "Image and description": ("matches", "prefer", "remember", "config", "no_config"),
    "How images are read": ("reader", "partial", "no_derive", "skip_rules", "no_sidecar", "follow_links"),
    "Many images": (
        "workers", "journal", "no_journal", "force", "retry_failed", "as_json", "no_summary", "scheduler",
    ),
}  # fmt: skip
# The last name is that of the option --help in newer versions of click.
_LAST: Final = ("General", ("verbose", "quiet", "version", "help", "_click_default_help"))


def grouped(parameters: Sequence[click.Parameter]) -> Iterator[tuple[str, list[click.Parameter]]]:
    """Yield the groups that have options of these, each with its heading.

    Options that are in no group are what a command is about: they stand in the first one, the general ones last.
    """
    if len(parameters) < MANY:
        yield _FIRST, list(parameters)
        return
    left = {p.name: p for p in parameters}
    groups = {
        heading: [left.pop(name) for name in names if name in left] for heading, names in (*_GROUPS.items(), _LAST)
    }
    groups[_FIRST] += [*left.values(), *groups.pop(_LAST[0])]
    yield from ((heading, group) for heading, group in groups.items() if group)
