"""A submission out of its parts: what the images state, what the user says of the study, and the files themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nbo_extract.deposit.facts import columns
from nbo_extract.deposit.model import Association, Component, File, Submission
from nbo_extract.deposit.part import titled
from nbo_extract.walk_names import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbo_extract.deposit.model import Acquisition, FileKind
    from nbo_extract.deposit.part import Part
    from nbo_extract.deposit.study import Portion, Told

#: Columns beside those of the facts.
TYPE: Final = "File type"
ORIGINAL: Final = "Original name"
#: Names of file lists: of one component, and of each of several.
ONE_LIST, MANY_LISTS = "file_list.tsv", "file_list_{}.tsv"


@dataclass(frozen=True, slots=True)
class Placed:
    """A file that is in the submission.

    Attributes
    ----------
    path : str
        Within the submission.
    size : int
    sha256 : str
    kind : {'image', 'metadata', 'other'}
    type : str
        What it is, for people.
    owner : str
        Path, from the folder of the images, of the image that it belongs to; its own where it belongs to none.
    original : str
        What it was called, where it is called otherwise now.
    """

    path: str
    size: int
    sha256: str
    kind: FileKind
    type: str
    owner: str
    original: str = ""


@dataclass(slots=True)
class Grouping:
    """Which component each image is of.

    Attributes
    ----------
    portions : list of Portion
        The components, in their order.
    of : dict of str to int
        Path of an image, from the folder of the images, to the number of its component.
    problems : list of str
        Sentences on images that are of none or of several, and on patterns that nothing has.
    """

    portions: list[Portion] = field(default_factory=list)
    of: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def titles() -> tuple[str, ...]:
    """Return the titles of all columns that a file list can have."""
    return (TYPE, *(c.title for c in columns()), ORIGINAL)


def grouped_by_user(portions: Sequence[Portion], owners: Iterable[str], name: str) -> Grouping:
    """Give each image, and each other file, to the component whose patterns it has.

    Parameters
    ----------
    portions : sequence of Portion
    owners : iterable of str
        Paths from the folder of the images.
    name : str
        Of the file that states the portions.
    """
    found = Grouping(list(portions))
    globs = [Globs(p.files) for p in portions]
    for path in owners:
        having = [n for n, glob in enumerate(globs) if glob.match(path)]
        if len(having) == 1:
            found.of[path] = having[0]
        elif having:
            names = " and ".join(repr(portions[n].name) for n in having)
            found.problems.append(f"{path}: it is in the study components {names}; change their files in {name}")
        else:
            found.problems.append(
                f"{path}: it is in no study_component; add it to the files of one in {name}, or leave it out with "
                "--exclude"
            )
    for portion, glob in zip(portions, globs, strict=True):
        found.problems += [
            f"{name}: study_component {portion.name!r}: no image is called {pattern!r}; check its files"
            for pattern in glob.unmatched
        ]
    return found


def grouped_by_setting(parts: Mapping[str, Part], owners: Iterable[str] = ()) -> Grouping:
    """Make one component of all images that were taken alike.

    Parameters
    ----------
    parts : mapping of str to Part
        Path of an image to what is said of it.
    owners : iterable of str
        Paths of all files that are of no other; those of no image go to the first component.
    """
    from nbo_extract.deposit.study import Portion

    called = titled(s for part in parts.values() for s in part.settings)
    groups: dict[tuple[Acquisition, ...], list[str]] = {}
    for path, part in parts.items():
        groups.setdefault(part.settings, []).append(path)
    found = Grouping()
    for number, (settings, paths) in enumerate(groups.items()):
        titles = " and ".join(called[s].title for s in settings) or "Images"
        found.portions.append(Portion(titles, described(titles, [parts[p] for p in paths]), tuple(paths)))
        found.of.update(dict.fromkeys(paths, number))
    for path in owners:
        found.of.setdefault(path, 0)
    return found


def described(title: str, parts: Sequence[Part]) -> str:
    """Describe a component by what is known of it: how many images, taken how, showing what."""
    number = "One image file" if len(parts) == 1 else f"{len(parts)} image files, taken alike"
    channels = list(dict.fromkeys(t for p in parts if (t := p.facts.get("Channel"))))
    shown = f" Channels: {channels[0]}." if len(channels) == 1 else ""
    return f"{number}: {title}.{shown}"


def assemble(
    told: Told,
    parts: Mapping[str, Part],
    acquisitions: Mapping[Acquisition, Acquisition],
    grouping: Grouping,
    placed: Sequence[Placed],
) -> Submission:
    """Make the submission.

    Parameters
    ----------
    told : Told
        What the user says of the study.
    parts : mapping of str to Part
        Path of an image, from the folder of the images, to what is said of it.
    acquisitions : mapping of Acquisition to Acquisition
        As parts state them, to how they are called and completed.
    grouping : Grouping
        Without problems.
    placed : sequence of Placed

    Returns
    -------
    Submission
    """
    many = len(grouping.portions) > 1
    components = []
    for number, portion in enumerate(grouping.portions):
        mine = [p for path, p in parts.items() if grouping.of[path] == number]
        ways = [acquisitions[s].title for s in dict.fromkeys(s for p in mine for s in p.settings)]
        name = MANY_LISTS.format(number + 1) if many else ONE_LIST
        components.append(Component(portion.name, portion.description, name, _associations(told, portion, ways)))
    files = [_file(p, parts, grouping, components) for p in placed]
    return Submission(
        told.study,
        told.biosamples,
        told.specimens,
        tuple(acquisitions.values()),
        told.analyses,
        told.correlations,
        tuple(components),
        tuple(sorted(files, key=lambda f: f.path)),
        titles(),
    )


def _associations(told: Told, portion: Portion, ways: list[str]) -> tuple[Association, ...]:
    """Return which biosample, prepared how, was taken how: each pair with each way."""
    biosamples = portion.biosamples or tuple(b.title for b in told.biosamples if b.title)
    specimens = portion.specimens or tuple(s.title for s in told.specimens if s.title)
    if not biosamples or not specimens:
        return ()
    longest = max(len(biosamples), len(specimens))
    pairs = zip(_as_many(biosamples, longest), _as_many(specimens, longest), strict=True)
    return tuple(Association(b, s, way, portion.correlation, portion.analysis) for b, s in pairs for way in ways)


def _as_many(titles: tuple[str, ...], number: int) -> tuple[str, ...]:
    return titles * number if len(titles) == 1 else titles


def _file(placed: Placed, parts: Mapping[str, Part], grouping: Grouping, components: Sequence[Component]) -> File:
    part = parts.get(placed.owner)
    facts = {TYPE: placed.type}
    if part is not None and placed.kind == "image":
        facts |= part.facts
    if placed.original:
        facts[ORIGINAL] = placed.original
    label = part.label if part is not None and placed.kind == "image" else ""
    component = components[grouping.of[placed.owner]].name
    return File(placed.path, placed.size, placed.sha256, placed.kind, component, label, facts)
