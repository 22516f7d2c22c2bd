"""Per-plane columns of a record to the plane table of each Pixels."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nbo_extract import units
from nbo_extract.counting import counted
from nbo_extract.findings import Finding
from nbo_extract.functions import FUNCTIONS
from nbo_extract.model import PlaneTable, Source
from nbo_extract.values import all_canonical, canonical, shortest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.lift import Instance, Lift
    from nbo_extract.record import PlaneColumns
    from nbo_extract.schema import Attribute, Declaration
    from nbo_extract.tables import PlaneRow, PlaneRules

_AXES = ("TheT", "TheC", "TheZ")
_REMEMBERED = 10_000
_LOST = "more than NBO can hold"  # compared by identity: no text of a source is this very object


def add_planes(lift: Lift) -> None:
    """Give each Pixels of a run its planes, where any plane states more than its place."""
    rules = lift.table.planes
    plane = lift.schema.element("Plane")
    if rules is None:
        return
    channels: dict[int, list[Instance]] = {}
    for channel in lift.instances.get(rules.channel_block, []):
        pixels = channel.of(rules.block)
        if pixels is not None:
            channels.setdefault(id(pixels), []).append(channel)
    for instance in lift.instances.get(rules.block, []):
        key = lift.rows.text(lift.rows.evaluate(rules.key, instance.scope))[0]
        columns = lift.record.planes.get(key)
        if columns is None or not len(columns):
            continue
        _Planes(lift, rules, instance, columns, plane, channels.get(id(instance), [])).build()


@dataclass(slots=True)
class _Order:
    """The planes in the order of T, C and Z.

    Attributes
    ----------
    rows : sequence of int
        Row of each plane; the first, where tiles of a mosaic share it.
    places : tuple of three lists of int
        Index of each plane along T, C and Z.
    shared : dict of int to list of int
        Place in `rows` to all rows of a plane that has several.
    """

    rows: Sequence[int]
    places: tuple[list[int], list[int], list[int]]
    shared: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, axes: list[list[int]]) -> _Order:
        """Return the order of rows with these indices along T, C and Z."""
        t, c, z = axes
        places = zip(t, c, z, strict=True)
        if all(before < after for before, after in itertools.pairwise(places)):
            return cls(range(len(t)), (t, c, z))
        order = sorted(range(len(t)), key=lambda row: (t[row], c[row], z[row]))
        rows: list[int] = []
        shared: dict[int, list[int]] = {}
        for row in order:
            last = rows[-1] if rows else -1
            if rows and (t[row], c[row], z[row]) == (t[last], c[last], z[last]):
                shared.setdefault(len(rows) - 1, [last]).append(row)
            else:
                rows.append(row)
        return cls(rows, ([t[r] for r in rows], [c[r] for r in rows], [z[r] for r in rows]), shared)

    def pick(self, column: list[str | None], by: list[str | None]) -> list[str | None]:
        """Return a column in this order: of tiles that share a plane the first that states something in `by`."""
        if isinstance(self.rows, range):
            return column
        found = [column[row] for row in self.rows]
        for number, rows in self.shared.items():
            found[number] = next((column[r] for r in rows if by[r]), None)
        return found


def _texts(numbers: list[int]) -> list[str | None]:
    """Return numbers as texts, equal ones as one object."""
    known: dict[int, str] = {}
    return [known.get(n) or known.setdefault(n, str(n)) for n in numbers]


class _Planes:
    """Planes of one Pixels."""

    def __init__(
        self,
        lift: Lift,
        rules: PlaneRules,
        pixels: Instance,
        columns: PlaneColumns,
        plane: Declaration,
        channels: list[Instance],
    ) -> None:
        self.lift = lift
        self.rules = rules
        self.pixels = pixels
        self.columns = columns
        self.plane = plane
        self.channels = channels  # in the order of TheC
        self.lost: dict[str, int] = {}

    def build(self) -> None:
        """Make the table and hang it into the Pixels."""
        order = _Order.of(self._places())
        table: dict[str, list[str | None]] = {}
        units_of: dict[str, str] = {}
        sources: dict[str, Source] = {}
        for row_rule in self.rules.rows:
            if row_rule.attribute in table or (row_rule.derived and row_rule.derived in self.lift.skip):
                continue
            attribute = self.plane.attributes[row_rule.attribute]
            values, unit, source = self._column(row_rule, attribute, order)
            if any(v is not None for v in values):
                table[row_rule.attribute] = values
                sources[row_rule.attribute] = source
                if unit:
                    units_of[row_rule.attribute] = unit
        self._report()
        if not table:
            return
        image = self.pixels.node.id.rpartition(":")[2]
        for axis, numbers in zip(_AXES, order.places, strict=True):
            table[axis] = _texts(numbers)
        table["ID"] = [f"Plane:{image}-{t}-{c}-{z}" for t, c, z in zip(*order.places, strict=True)]
        names = sorted(table)
        self.pixels.node.planes = PlaneTable({n: table[n] for n in names}, dict(sorted(units_of.items())), sources)

    def _places(self) -> list[list[int]]:
        """Index of each row along T, C and Z."""
        out = []
        for axis in _AXES:
            column = self.columns.columns.get(self.rules.index.get(axis, ""), [])
            starts = [int(v) if v is not None and v.lstrip("-").isdigit() else 0 for v in column]
            if not starts:
                starts = [0] * len(self.columns)
            if self.rules.rank:
                rank = {value: n for n, value in enumerate(sorted(set(starts)))}
                starts = [rank[v] for v in starts]
            out.append(starts)
        return out

    def _column(
        self,
        rule: PlaneRow,
        attribute: Attribute,
        order: _Order,
    ) -> tuple[list[str | None], str, Source]:
        unit = rule.to or (units.normalise(rule.unit) if rule.unit else "")
        file = self.lift.rows.file
        name = f"{self.lift.table.name}:{rule.id}"
        stated = Source("derived" if rule.derived else "embedded", file, "", "", name, rule.derived)
        argument = (
            self.lift.rows.text(self.lift.rows.evaluate(rule.argument, self.pixels.scope))[0] if rule.argument else ""
        )
        given = self.columns.columns.get(rule.unit_column, []) if rule.unit_column else []
        if rule.channel_first:
            by_channel = self._by_channel(rule, attribute, order, unit, stated)
            if None not in by_channel[0]:
                return by_channel
        for column in rule.columns:
            texts = self.columns.columns.get(column)
            if texts is None:
                continue
            if given and not rule.to:
                unit = next((units.normalise(u) for u in given if u), unit)
            units_given = order.pick(given, texts) if given else []
            values = self._values(rule, attribute, order.pick(texts, texts), units_given, argument, unit)
            if any(v is not None for v in values):
                return values, unit, replace(stated, path=self.columns.paths.get(column, column))
        return self._by_channel(rule, attribute, order, unit, stated)

    def _values(
        self,
        rule: PlaneRow,
        attribute: Attribute,
        texts: list[str | None],
        given: list[str | None],
        argument: str,
        unit: str,
    ) -> list[str | None]:
        """Return the values of a column; `given` are the units, where there is a column of them."""
        if not given and not rule.function and (not unit or not rule.unit or units.normalise(rule.unit) == unit):
            plain = self._plain(rule, attribute, texts)
            if plain is not None:
                return plain
        values: list[str | None] = []
        # Many planes say the same: each text is converted once.
        known: dict[tuple[str, str], str | None] = {}
        for text, stated in zip(texts, given or itertools.repeat(None), strict=False):
            if not text:
                values.append(None)
                continue
            said = (text, stated or rule.unit)
            if said in known:
                value = known[said]
            else:
                if len(known) >= _REMEMBERED:
                    known.clear()
                value = known[said] = self._value(rule, attribute, text, argument, said[1], unit)
            values.append(value if value is not _LOST else self._kept(rule, value))
        return values

    def _plain(self, rule: PlaneRow, attribute: Attribute, texts: list[str | None]) -> list[str | None] | None:
        """Return a column as it is, where each of its texts is a number as NBO writes it; None where one is not."""
        absent = {*rule.absent, *self.lift.table.absent, "", None}
        for start in range(0, len(texts), _REMEMBERED):
            stretch = set(texts[start : start + _REMEMBERED])
            if not stretch.isdisjoint(absent) or not all_canonical(filter(None, stretch), attribute.type):
                return None
        return texts

    def _by_channel(
        self, rule: PlaneRow, attribute: Attribute, order: _Order, unit: str, source: Source
    ) -> tuple[list[str | None], str, Source]:
        """Give each plane the fact that its channel states once for all of its planes."""
        if rule.channel is None:
            return [None] * len(order.rows), unit, source
        stated: list[str | None] = []
        for channel in self.channels:
            text, item = self.lift.rows.text(self.lift.rows.evaluate(rule.channel, channel.scope))
            value = self._value(rule, attribute, text, "", rule.unit, unit)
            stated.append(self._kept(rule, value))
            source = replace(source, path=source.path or self.lift.rows.place(item))
        return [stated[c] if c < len(stated) else None for c in order.places[1]], unit, source

    def _kept(self, rule: PlaneRow, value: str | None) -> str | None:
        """Return a plane's value; count one that NBO cannot hold, and state none."""
        if value is not _LOST:
            return value
        self.lost[rule.attribute] = self.lost.get(rule.attribute, 0) + 1
        return None

    def _value(
        self, rule: PlaneRow, attribute: Attribute, text: str | None, argument: str, source_unit: str, unit: str
    ) -> str | None:
        """Return a plane's value, None where it states none, ``_LOST`` where NBO cannot hold it."""
        if not text or text in rule.absent or text in self.lift.table.absent:
            return None
        result = FUNCTIONS[rule.function]([text, argument]) if rule.function else text
        if result is None:
            return None
        try:
            if unit and source_unit:
                result = units.convert(shortest(result), source_unit, unit)
            return canonical(result, attribute.type)
        except ValueError:
            return _LOST

    def _report(self) -> None:
        for attribute, count in self.lost.items():
            message = f"Plane {attribute}: {counted(count, 'value is', 'values are')} not what NBO can hold; left out"
            self.lift.document.findings.append(
                Finding("NBO152", "warning", message, self.lift.record.path, "Plane", self.pixels.node.id, attribute)
            )
