"""Whether a description is one of a whole microscope: versions, stand, minimum parts, what is no statement in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbo_extract.applicability import rules
from nbo_extract.calibration import named_parts, not_one
from nbo_extract.counting import counted
from nbo_extract.hardware import label
from nbo_extract.hardware_forms import FORMS, tables
from nbo_extract.hardware_write_parts import comment_of, role_of
from nbo_extract.model import Fact
from nbo_extract.parts import fold
from nbo_extract.schema import load
from nbo_extract.stating import microscopes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nbo_extract.applicability import Kinds
    from nbo_extract.calibration import CalibrationSet
    from nbo_extract.checking import CheckReport
    from nbo_extract.findings import Finding
    from nbo_extract.hardware import Hardware
    from nbo_extract.hardware_forms import Form
    from nbo_extract.model import Node
    from nbo_extract.schema import Use

State = Literal["fine", "remark", "wrong"]
_STANDS, _LIGHTS = "MicroscopeStandGroup", "LightSourceGroup"
_TRANSMITTED = "Transmitted_LightSource"
_TOOL = "IntensityCalibrationTool"
_DANGLING, _CIRCLE, _PLACEHOLDER, _NO_PLACE = "NBO306", "NBO314", "NBO304", "NBO309"
_VALUE = "NBO308"
#: No word of NBO's, of the wrong type, with a comma, in a unit of another kind.
_UNREADABLE = ("NBO305", _VALUE, "NBO315", "NBO316")
_OLDER = "NBO319"


@dataclass(frozen=True, slots=True)
class Line:
    """One point of a description.

    Attributes
    ----------
    subject : str
        Such as ``Stand``.
    state : {'fine', 'remark', 'wrong'}
    text : str
    details : tuple of str
        What it is about, one by one.
    """

    subject: str
    state: State
    text: str
    details: tuple[str, ...] = ()


def kinds_of_microscope(hardware: Hardware, form: Form) -> Kinds:
    """Return what the microscope is for, where its light sources tell: transmitted light alone; else nothing."""
    schema = load(hardware.document.version)
    lights = hardware.instrument.all(*schema.members(_LIGHTS))
    read, write = tables()
    index = hardware.document.index()
    for light in lights:
        role = form.roles.get(light.id, "")
        if not role:
            comment = comment_of(light, index, read["description-namespace"])
            said, how = role_of(light, comment.text if comment else "", write["roles"])
            role = said if how.startswith("because") else ""
        if role != _TRANSMITTED:
            return ()
    return (frozenset({"transmitted"}),) if lights else ()


def describe(hardware: Hardware, form: Form) -> list[Line]:
    """Say what a description of a microscope is made of, and what is wrong with it.

    Parameters
    ----------
    hardware : Hardware
    form : Form
        Of its file.
    """
    return [
        _version(hardware, form),
        _stand(hardware),
        _parts(hardware, kinds_of_microscope(hardware, form)),
        _placeholders(hardware),
        _told(hardware, "Dangling references", (_DANGLING,), "leads to no part", "lead to no part"),
        _told(hardware, "Circular references", (_CIRCLE,), "leads back to its part", "lead back to their parts"),
        _told(hardware, "Unreadable values", _UNREADABLE, "is not read", "are not read"),
        _without_place(hardware),
    ]


def _version(hardware: Hardware, form: Form) -> Line:
    stated = f"model {form.model}" if form.model else "no model version"
    application = f", application {form.application}" if form.application else ""
    if form.rule == "micro-meta-app" and not application:
        application = ", application not stated"
    older = tuple(f.message for f in hardware.findings if f.code == _OLDER)
    text = f"{FORMS[form.rule]}, {stated}{application}"
    if older:
        count = counted(len(older), "component is", "components are")
        return Line("Version", "wrong", f"{text}; {count} of another model", older)
    return Line("Version", "fine", text)


def _stand(hardware: Hardware) -> Line:
    stands = hardware.instrument.all(*load(hardware.document.version).members(_STANDS))
    # Reading refuses a description of two stands.
    return Line("Stand", "fine", label(stands[0])) if stands else Line("Stand", "wrong", "none is described")


def _parts(hardware: Hardware, kinds: Kinds) -> Line:
    """Count the parts that NBO's Instrument has to have; what the kind of microscope does not need is a remark."""
    there, missing, remarks = [], [], []
    for use in _demanded(hardware):
        found = hardware.instrument.all(use.name, *load(hardware.document.version).members(use.name))
        name = use.name.removesuffix("Group")
        reason = _reason(use.name, kinds)
        if found:
            there.append(f"{len(found)} {name}")
        elif reason:
            remarks.append(f"{name} is not needed: {reason}")
        else:
            missing.append(name)
    if missing:
        return Line("Minimum parts", "wrong", f"missing: {', '.join(missing)}", tuple(remarks))
    return Line("Minimum parts", "remark" if remarks else "fine", ", ".join(there), tuple(remarks))


def _demanded(hardware: Hardware) -> Iterator[Use]:
    for use in load(hardware.document.version).element("Instrument").uses:
        if use.minimum > 0 and use.name != _STANDS:
            yield use


def _reason(name: str, kinds: Kinds) -> str:
    found = (r for r in rules().get(("Instrument", name), ()) if r.effect == "excuse" and r.only)
    return next((r.reason for r in found if kinds and all(r.only in k for k in kinds)), "")


def _blank(finding: Finding) -> bool:
    """Whether a finding is about a 0 that the form writes for a blank."""
    return finding.code == _VALUE and finding.attribute in tables()[0]["zero"]["*"] and Fact(finding.value).number == 0


def _placeholders(hardware: Hardware) -> Line:
    found = [f.message for f in hardware.findings if f.code == _PLACEHOLDER or _blank(f)]
    if not found:
        return Line("Placeholders", "fine", "none")
    return Line("Placeholders", "remark", f"{len(found)} in the place of values", tuple(found))


def _told(hardware: Hardware, subject: str, codes: tuple[str, ...], one: str, many: str) -> Line:
    found = [f for f in hardware.findings if f.code in codes and not _blank(f)]
    if not found:
        return Line(subject, "fine", "none")
    # What is a note alone, such as a record that is left of a deleted part, is nothing wrong with the microscope.
    state: State = "remark" if subject.startswith("D") and all(f.severity == "info" for f in found) else "wrong"
    text = counted(len(found), one, many)
    return Line(subject, state, text, tuple(f.message for f in found))


def _without_place(hardware: Hardware) -> Line:
    found = tuple(f.message for f in hardware.findings if f.code == _NO_PLACE)
    text = f"{len(found)} left out" if found else "none"
    return Line("Without a place in NBO", "remark" if found else "fine", text, found)


# -- settings of an image ---------------------------------------------------------------------------------------------


def outside(finding: Finding, settings: Hardware, descriptions: Iterable[Hardware]) -> bool:
    """Whether a finding is about a reference of settings to a microscope that is described elsewhere, or not given."""
    schema = load(settings.document.version)
    attribute, targets = schema.references.get(finding.element, ("", frozenset()))
    if finding.code not in ("NBO211", "NBO213") or finding.attribute != attribute:
        return False
    given = _microscope_of(settings, descriptions)
    leads_out = not targets.isdisjoint({"Instrument", *schema.element("Instrument").children})
    return leads_out and (given is None or finding.value in given.document.index())


def describe_settings(settings: Hardware, report: CheckReport, descriptions: Iterable[Hardware]) -> list[Line]:
    """Say of which microscope settings are, and what is wrong with them.

    Parameters
    ----------
    settings : Hardware
    report : CheckReport
        Of their document.
    descriptions : iterable of Hardware
        Of microscopes, given with them.
    """
    described = list(descriptions)
    versions = settings.document.origin.versions
    application = f", application {versions['application']}" if "application" in versions else ""
    lines = [Line("Version", "fine", f"{FORMS['settings']}, model {versions.get('model', 'not stated')}{application}")]
    given = _microscope_of(settings, described)
    unchecked = {(f.element, f.value) for f in report.findings if outside(f, settings, ())}
    if given is not None:
        lines.append(Line("Microscope", "fine", given.path))
    elif settings.instrument_id:
        references = counted(len(unchecked), "reference to it is", "references to it are")
        told = f"{settings.instrument_id} is not described here; {references} not checked"
        lines.append(Line("Microscope", "remark", told))
    else:
        lines.append(Line("Microscope", "wrong", "the settings do not say of which microscope they are"))
    wrong = tuple(f.message for f in report.findings if f.severity == "error" and not outside(f, settings, described))
    text = f"{len(wrong)} not allowed" if wrong else "all allowed"
    blank = [f.message for f in settings.findings if f.code == _PLACEHOLDER or _blank(f)]
    return [
        *lines,
        Line("Values and references", "wrong" if wrong else "fine", text, wrong),
        Line("Placeholders", "remark", f"{len(blank)} in the place of values", tuple(blank))
        if blank
        else Line("Placeholders", "fine", "none"),
        _told(settings, "Dangling references", (_DANGLING,), "leads to nothing", "lead to nothing"),
        _told(settings, "Unreadable values", _UNREADABLE, "is not read", "are not read"),
        _without_place(settings),
    ]


def _microscope_of(settings: Hardware, descriptions: Iterable[Hardware]) -> Hardware | None:
    return next((d for d in descriptions if d.instrument.id == settings.instrument_id), None)


# -- records of calibration -------------------------------------------------------------------------------------------


def describe_records(given: CalibrationSet, descriptions: Iterable[Hardware]) -> list[Line]:
    """Say of which microscope records are, and which of the parts that they name its description does not have.

    Parameters
    ----------
    given : CalibrationSet
    descriptions : iterable of Hardware
        Given with it.
    """
    counted = f"{len(given.records)} of {given.microscope}"
    lines = [Line("Records", "fine", counted)]
    fitting = [h for h in descriptions if fold(given.microscope) in {fold(n) for n in microscopes(h.document)}]
    if len(fitting) != 1:
        many = f"{len(fitting)} of the descriptions given with it are" if fitting else "no description given with it is"
        return [*lines, Line("Microscope", "wrong", f"{many} of {given.microscope!r}; give the one that is meant")]
    lines.append(Line("Microscope", "fine", fitting[0].path))
    wrong = [*_strangers(given, fitting[0]), *_tools(given, fitting[0])]
    count = sum(len(r.about) for r in given.records)
    if wrong:
        return [*lines, Line("Parts", "wrong", f"{len(wrong)} not found", tuple(wrong))]
    return [*lines, Line("Parts", "fine", f"{count} named, all described")]


def _strangers(given: CalibrationSet, hardware: Hardware) -> Iterator[str]:
    """Yield what is wrong with the parts that records name, by the same rule as where records are used."""
    for record in given.records:
        for key, wanted in record.about:
            fitting = named_parts([hardware.instrument], record.node.name, key, wanted)
            if len(fitting) != 1:
                yield f"{record.place}: {key} {wanted!r} {not_one(fitting)}"


def _tools(given: CalibrationSet, hardware: Hardware) -> Iterator[str]:
    tools: Sequence[Node] = [*given.tools, *hardware.instrument.all(_TOOL)]
    known = {t.get("Name") for t in tools}
    for record in given.records:
        if record.tool and record.tool not in known:
            yield f"{record.place}: tool {record.tool!r} is described neither in the file nor with the microscope"
