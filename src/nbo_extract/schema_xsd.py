"""XML Schema 1.0 in which exactly what is asked for is required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from nbo_extract.shapes import shapes, wanted
from nbo_extract.stated_words import no_placeholder, not_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.requirements import Level
    from nbo_extract.schema import SimpleType
    from nbo_extract.shapes import Form, Group, Shape, Wanted

_ABOUT: Final = (
    "NBO {version}: {title}. Written by nbo-extract from its table of the NBO model.",
    "A document that this schema accepts misses nothing for nbo-extract check {options}, and the other way round: "
    "--literal counts demands that make no sense for some images, because XML Schema 1.0 cannot make a demand depend "
    "on what kind of image it is. What a document states must be of NBO's types; whether references lead somewhere, "
    "and IDs are unique, is for nbo-extract check.",
    "Blank texts and placeholders (na, unknown, 999) count as missing, by the patterns of the types below.",
)
_TEXTS: Final = frozenset({"xsd:string", "xsd:normalizedString", "xsd:token", "xsd:anyURI", "xsd:base64Binary"})


def to_xsd(tier: int, extensions: Iterable[str], level: Level = "must", version: str = "02-01") -> str:
    """Return an XML Schema in which what a tier asks for is required, and nothing else.

    Parameters
    ----------
    tier : {1, 2, 3}
    extensions : iterable of str
        Of ``core``, ``basic``, ``advanced``, ``calibration``.
    level : {'must', 'should'}
    version : str

    Returns
    -------
    str
        It accepts the documents for which ``check(..., literal=True)`` finds nothing missing.

    Raises
    ------
    ValueError
        If tier, level or extension is none of NBO's.
    """
    return xsd_of(wanted(tier, extensions, level, version))


def xsd_of(what: Wanted) -> str:
    """Return an XML Schema for what is asked for; see `to_xsd`."""
    return "\n".join(_Writer(what).lines()) + "\n"


class _Writer:
    def __init__(self, what: Wanted) -> None:
        self.what = what
        self.values: dict[tuple[SimpleType, Form], str] = {}
        self.names: set[str] = set()
        # Types that say the same of the same element are one: there are a hundred of Description.
        self.bodies: dict[str, str] = {}
        self.called: dict[str, str] = {}

    def lines(self) -> Iterator[str]:
        found = shapes(self.what)
        for shape in reversed(found):
            if not shape.groups:
                body = "\n".join(self._type(shape))
                self.called[shape.name] = self.bodies.setdefault(f"{shape.declaration.name}\n{body}", shape.name)
        root = found[0].declaration
        namespace = quoteattr(root.schema.namespace)
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield (
            f'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns={namespace} targetNamespace={namespace} '
            'elementFormDefault="qualified">'
        )
        yield from _annotation([t.format(**_about(self.what)) for t in _ABOUT], 1)
        yield f'  <xsd:element name="{root.name}" type="{root.name}"/>'
        for shape in found:
            if self.called.get(shape.name, shape.name) == shape.name:
                yield f'  <xsd:complexType name="{shape.name}">'
                yield from self._type(shape)
                yield "  </xsd:complexType>"
        for (kind, form), name in self.values.items():
            yield from _simple(kind, form, name)
        yield "</xsd:schema>"

    def _type(self, shape: Shape) -> Iterator[str]:
        kind = shape.declaration
        yield from _annotation(shape.remarks, 2)
        if kind.text is not None:
            yield "    <xsd:simpleContent>"
            yield f'      <xsd:extension base="{self._value(kind.text, "", f"{kind.name}.text")}">'
            yield from self._attributes(shape)
            yield "      </xsd:extension>"
            yield "    </xsd:simpleContent>"
            return
        if kind.wildcard:
            yield "    <xsd:sequence>"
            yield '      <xsd:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/>'
            yield "    </xsd:sequence>"
        elif shape.groups:
            yield "    <xsd:sequence>"
            if kind.name == "OME":
                yield from self._root(shape)
            else:
                for group in shape.groups:
                    yield from self._group(group)
            yield "    </xsd:sequence>"
        yield from self._attributes(shape)

    def _root(self, shape: Shape) -> Iterator[str]:
        """Write the children of the root, of which an image or an instrument has to be there."""
        for group in shape.groups:
            name = group.members[0][0]
            if name == "Instrument":
                image = next(g for g in shape.groups if g.members[0][0] == "Image")
                yield "      <xsd:choice>"
                yield "        <xsd:sequence>"
                yield self._element(*group.members[0], 1, None, 5) + "/>"
                yield self._element(*image.members[0], 1 if image.required else 0, None, 5) + "/>"
                yield "        </xsd:sequence>"
                if not group.required:
                    yield self._element(*image.members[0], 1, None, 4) + "/>"
                yield "      </xsd:choice>"
            elif name != "Image":
                yield from self._group(group)

    def _group(self, group: Group) -> Iterator[str]:
        least = 1 if group.required else 0
        remark = [group.remark] if group.remark else []
        if len(group.members) == 1:
            opening = self._element(*group.members[0], least, group.limits[0], 3)
            yield from _closed(opening, "xsd:element", remark, 3)
            return
        limit = 1 if group.exclusive else group.limits[0]
        yield f"      <xsd:choice{_occurs(least, limit)}>"
        yield from _annotation(remark, 4)
        for number, (name, shape) in enumerate(group.members):
            yield self._element(name, shape, 1, group.limits[number] if group.exclusive else 1, 4) + "/>"
        yield "      </xsd:choice>"

    def _element(self, name: str, shape: Shape, least: int, most: int | None, depth: int) -> str:
        called = self.called.get(shape.name, shape.name)
        return f'{"  " * depth}<xsd:element name="{name}" type="{called}"{_occurs(least, most)}'

    def _attributes(self, shape: Shape) -> Iterator[str]:
        required = {f.attribute.name for f in shape.fields if f.required}
        for field in shape.fields:
            name = field.attribute.name
            always = field.required and (not field.owners or not required.isdisjoint(field.owners))
            remarks = [field.remark] if field.remark else []
            if field.required and not always:
                remarks.append(f"asked where {' or '.join(field.owners)} is stated, which XML Schema 1.0 cannot say")
            kind = self._value(field.attribute.type, field.form, f"{shape.declaration.name}.{name}")
            use = ' use="required"' if always else ""
            yield from _closed(f'    <xsd:attribute name="{name}" type="{kind}"{use}', "xsd:attribute", remarks, 2)

    def _value(self, kind: SimpleType, form: Form, place: str) -> str:
        form = _form_of(kind, form)
        if not form and kind.name.startswith("xsd:"):
            return kind.name
        if (kind, form) not in self.values:
            name = f"value.{kind.name.removeprefix('xsd:') or place}{'.' * bool(form)}{form}"
            while name in self.names:
                name += "-"
            self.names.add(name)
            self.values[kind, form] = name
        return self.values[kind, form]


def _about(what: Wanted) -> dict[str, str]:
    return {"version": what.version, "title": what.title, "options": what.options}


def _form_of(kind: SimpleType, form: Form) -> Form:
    """Return what has to be said beyond the type: no number is blank, and no whole one is a word, as NaN is."""
    if not form or kind.enum:
        return "any" if form and any(not v.strip() for v in kind.enum) else ""
    if kind.numeric:
        return "" if form == "any" or (kind.integer and form == "measured") else form
    if kind.primitive not in _TEXTS:
        return ""
    return form


def _simple(kind: SimpleType, form: Form, name: str) -> Iterator[str]:
    yield f'  <xsd:simpleType name="{name}">'
    if form and not kind.enum:
        words = not_blank() if form == "any" else no_placeholder(measured=form == "measured")
        yield f'    <xsd:restriction base="{kind.primitive}">' if not _bound(kind) else "    <xsd:restriction>"
        if _bound(kind):
            yield "      <xsd:simpleType>"
            yield f'        <xsd:restriction base="{kind.primitive}">'
            yield from _facets(kind, kind.enum, 5)
            yield "        </xsd:restriction>"
            yield "      </xsd:simpleType>"
        yield f"      <xsd:pattern value={_attribute(words)}/>"
    else:
        yield f'    <xsd:restriction base="{kind.primitive}">'
        yield from _facets(kind, tuple(v for v in kind.enum if not form or v.strip()), 3)
    yield "    </xsd:restriction>"
    yield "  </xsd:simpleType>"


def _bound(kind: SimpleType) -> bool:
    numbers = (kind.minimum, kind.maximum, kind.above, kind.length)
    return bool(kind.patterns) or any(n is not None for n in numbers)


def _facets(kind: SimpleType, enum: Iterable[str], depth: int) -> Iterator[str]:
    pad = "  " * depth
    yield from (f"{pad}<xsd:pattern value={_attribute(p)}/>" for p in kind.patterns)
    yield from (f"{pad}<xsd:enumeration value={_attribute(v)}/>" for v in enum)
    facets = {
        "length": kind.length,
        "minExclusive": kind.above,
        # A type has one lower bound.
        "minInclusive": kind.minimum if kind.above is None else None,
        "maxInclusive": kind.maximum,
    }
    yield from (f'{pad}<xsd:{facet} value="{_number(value)}"/>' for facet, value in facets.items() if value is not None)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _attribute(text: str) -> str:
    return '"' + escape(text, {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}) + '"'


def _occurs(least: int, most: int | None) -> str:
    few = "" if least == 1 else f' minOccurs="{least}"'
    many = "" if most == 1 else f' maxOccurs="{"unbounded" if most is None else most}"'
    return few + many


def _annotation(texts: Iterable[str], depth: int) -> Iterator[str]:
    told = list(texts)
    if told:
        pad = "  " * depth
        yield f"{pad}<xsd:annotation>"
        yield from (f"{pad}  <xsd:documentation>{escape(text)}</xsd:documentation>" for text in told)
        yield f"{pad}</xsd:annotation>"


def _closed(opening: str, name: str, remarks: list[str], depth: int) -> Iterator[str]:
    if not remarks:
        yield opening + "/>"
        return
    yield opening + ">"
    yield from _annotation(remarks, depth + 1)
    yield f"{'  ' * depth}</{name}>"
