"""Find the tables of a statement that no condition holds to one workspace.

1. A column refers to a row if it is a table's id, or a foreign key that leads to one.
   `installation_id` refers to a workspace.
2. A table is bound if such a column is compared with a parameter: the id of a row that
   was read before leads to one workspace. An id that came in a payload binds nothing,
   as it may lead to another one (`tests/foreign_ids.py`).
3. It is also bound if such a column is compared with a column of a bound table that
   refers to the same row. People's, channels' and messages' ids of Slack bind nothing:
   they may be the same in two workspaces.
4. Of several conditions with OR, each has to bind it. The condition of an outer join
   binds the joined table only, and a subquery's conditions only its own tables, unless
   the row is required to exist in it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlalchemy import Column, Table
from sqlglot import exp

from models import Base
from tests.foreign_ids import FOREIGN

TABLES = Base.metadata.tables
INSTALLATIONS = "installations"
# Both dialects write some parameters in a way of their own.
_PARAMETER = re.compile(r"%\(\w+\)s|__\[POSTCOMPILE_\w+\]")
_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}


@dataclass(eq=False)
class Source:
    """A table in a FROM, or a query in its place with what each column shows."""

    table: str
    columns: dict[str, list["Place"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """A column of a source, and the table of the row that it refers to, if any."""

    source: Source
    row: str | None


# If all of the first are bound, then so is the second.
Link = tuple[frozenset[Source], Source]
Scope = dict[str, Source]


def unbound(sql: str, dialect: str) -> list[str]:
    """Return the tables with rows of workspaces that nothing in a statement bounds.

    The dialect is SQLAlchemy's name of it, and so are the statement's parameters.
    """
    text = _PARAMETER.sub("1", sql).replace("%%", "%")
    walk = _Walk()
    walk.visit(sqlglot.parse_one(text, dialect=_DIALECTS[dialect]), {})
    bound = walk.reached()
    return sorted(
        {
            source.table
            for source in walk.sources
            if source.table in OWNED_TABLES and source not in bound
        }
    )


def referred_row(table: str, name: str) -> str | None:
    """Return the table of the row that a column refers to."""
    if table not in TABLES or name not in TABLES[table].c:
        return None
    if (table, name) == (INSTALLATIONS, "team_id"):
        return INSTALLATIONS
    column: Column[Any] = TABLES[table].c[name]
    for key in column.foreign_keys:
        target = key.column
        return referred_row(target.table.name, target.name)
    return table if list(TABLES[table].primary_key) == [column] else None


def _is_owned(table: Table) -> bool:
    return table.name == INSTALLATIONS or any(
        not key.parent.nullable and _is_owned(key.column.table)
        for key in table.foreign_keys
        if key.column.table is not table
    )


# The tables whose rows belong to a workspace.
OWNED_TABLES = {name for name, table in TABLES.items() if _is_owned(table)}


class _Walk:
    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.links: list[Link] = []

    def reached(self) -> set[Source]:
        """Return the sources that are bound to a workspace, or to the row of an id."""
        bound: set[Source] = set()
        count = -1
        while count < len(bound):
            count = len(bound)
            bound |= {target for origins, target in self.links if origins <= bound}
        return bound

    def visit(self, query: Any, outer: Scope) -> list[list[Place]]:
        """Walk a query; return what each of its columns shows."""
        outer = dict(outer)
        for cte in query.ctes if hasattr(query, "ctes") else ():
            self._add_query(cte.this, cte.alias, outer)
        if isinstance(query, exp.Subquery):
            return self.visit(query.this, outer)
        if isinstance(query, exp.SetOperation):
            sides = [self.visit(side, outer) for side in (query.left, query.right)]
            return [left + right for left, right in zip(*sides, strict=True)]
        if isinstance(query, exp.Select | exp.Update | exp.Delete):
            return self._visit_rows(query, outer)
        for nested in _queries_in(query):
            self.visit(nested, outer)
        return []

    def _visit_rows(self, query: Any, outer: Scope) -> list[list[Place]]:
        scope: Scope = dict(outer)
        local: set[Source] = set()
        target = query.args.get("from_") or query.args.get("from")
        sources = [] if isinstance(query, exp.Select) else [query.this]
        sources += [target.this] if target else []
        joins = list(query.args.get("joins") or ())
        for each in [*sources, *(join.this for join in joins)]:
            source = self._add_source(each, scope)
            local |= {source, *_compared_inside(each, source.columns.values())}
        links: set[Link] = set()
        for join in joins:
            on = join.args.get("on")
            facts = self._facts(on, scope) if on is not None else set()
            if join.side:
                # The condition chooses among the joined rows only.
                joined = scope[join.this.alias_or_name]
                inside = _compared_inside(join.this, joined.columns.values())
                facts = {link for link in facts if link[1] in {joined, *inside}}
            links |= facts
        where = query.args.get("where")
        if where is not None:
            links |= self._facts(where.this, scope)
        # Outside, nothing follows from a condition in here, unless there is such a row.
        self.links += [link for link in links if link[1] in local]
        for part in ("expressions", "having", "order", "group", "limit", "returning"):
            self._visit_nested(query.args.get(part), scope)
        self.conditions = links
        if not isinstance(query, exp.Select):
            return []
        return [self._places(column, scope) for column in query.expressions]

    def _add_source(self, each: Any, scope: Scope) -> Source:
        if isinstance(each, exp.Subquery):
            return self._add_query(each.this, each.alias, scope)
        if isinstance(each, exp.Table) and each.name in scope:
            # A query of a WITH under another name, or under its own.
            known = scope[each.name]
            if known.columns or known.table.startswith("("):
                scope[each.alias_or_name] = known
                return known
        source = Source(each.name)
        self.sources.append(source)
        scope[each.alias_or_name] = source
        return source

    def _add_query(self, query: Any, name: str, scope: Scope) -> Source:
        places = self.visit(query, scope)
        names = [column.alias_or_name for column in query.selects]
        source = Source(f"({name})", dict(zip(names, places, strict=True)))
        scope[name] = source
        return source

    def _visit_nested(self, part: Any, scope: Scope) -> None:
        for each in part if isinstance(part, list) else [part]:
            if isinstance(each, exp.Expression):
                for nested in _queries_in(each):
                    self.visit(nested, scope)

    # What a condition says

    def _facts(self, condition: Any, scope: Scope) -> set[Link]:
        match condition:
            case exp.Paren():
                links = self._facts(condition.this, scope)
            case exp.And():
                links = self._facts(condition.left, scope)
                links |= self._facts(condition.right, scope)
            case exp.Or():
                links = self._facts(condition.left, scope)
                links &= self._facts(condition.right, scope)
            case exp.EQ():
                links = self._equal(condition.left, condition.right, scope)
            case exp.In():
                links = self._among(condition, scope)
            case exp.Not():
                # It says which rows there are not, but its subqueries' rows matter.
                self._facts(condition.this, scope)
                links = set()
            case exp.Exists():
                links = self._exists(condition, scope)
            case _:
                links = set()
                self._visit_nested(condition, scope)
        return links

    def _equal(self, left: Any, right: Any, scope: Scope) -> set[Link]:
        links = set()
        for this, that in ((left, right), (right, left)):
            if not isinstance(this, exp.Column):
                continue
            for place in self._places(this, scope):
                links |= self._compared(place, that, scope)
        if not isinstance(left, exp.Column):
            self._visit_nested(left, scope)
        if not isinstance(right, exp.Column):
            self._visit_nested(right, scope)
        return links

    def _compared(self, place: Place, that: Any, scope: Scope) -> set[Link]:
        if place.row is None:
            return set()
        if isinstance(that, exp.Column):
            return _same(place, self._places(that, scope))
        if isinstance(that, exp.Subquery):
            [shown] = self.visit(that, scope)
            return _same(place, shown)
        if that.find(exp.Column, exp.Select) or _is_foreign(that):
            return set()
        return {(frozenset(), place.source)}

    def _among(self, condition: Any, scope: Scope) -> set[Link]:
        this, query = condition.this, condition.args.get("query")
        while isinstance(this, exp.Paren):
            this = this.this
        columns = this.expressions if isinstance(this, exp.Tuple) else [this]
        shown = self.visit(query, scope) if query is not None else None
        links: set[Link] = set()
        for number, expression in enumerate(columns):
            # `+ 0` keeps a database from using an index.
            column = expression.this if _adds_nothing(expression) else expression
            if not isinstance(column, exp.Column):
                self._visit_nested(column, scope)
                continue
            for place in self._places(column, scope):
                if shown is not None:
                    links |= _same(place, shown[number])
                    inside = _compared_inside(query, [shown[number]])
                    self.links += [
                        (frozenset({place.source}), each.source)
                        for each in shown[number]
                        if each.source in inside and each.row == place.row is not None
                    ]
                elif not any(map(_is_foreign, _values(condition, number))):
                    links |= self._compared(place, exp.Placeholder(), scope)
        return links

    def _exists(self, condition: Any, scope: Scope) -> set[Link]:
        """There is such a row, so what its columns are compared with is bound, too."""
        self.visit(condition.this, scope)
        return set(self.conditions)

    def _places(self, column: Any, scope: Scope) -> list[Place]:
        while isinstance(column, exp.Alias | exp.Paren | exp.Cast):
            column = column.this
        if not isinstance(column, exp.Column):
            return []
        if column.table:
            candidates: Iterable[Source] = (
                [scope[column.table]] if column.table in scope else []
            )
        else:
            candidates = scope.values()
        for source in candidates:
            if source.columns or source.table.startswith("("):
                if column.name in source.columns:
                    return source.columns[column.name]
                continue
            if source.table in TABLES and column.name in TABLES[source.table].c:
                return [Place(source, referred_row(source.table, column.name))]
        return []


def _values(condition: Any, number: int) -> list[Any]:
    """Return the values that an IN compares its column of this number with."""
    return [
        each.expressions[number] if isinstance(each, exp.Tuple) else each
        for each in condition.expressions
    ]


def _is_foreign(value: Any) -> bool:
    return any(literal.this == FOREIGN for literal in value.find_all(exp.Literal))


def _adds_nothing(expression: Any) -> bool:
    return isinstance(expression, exp.Add) and not expression.expression.find(
        exp.Column
    )


def _same(place: Place, others: list[Place]) -> set[Link]:
    """Return the link from all others; they show the same row, or rows of many."""
    if place.row is None or not others:
        return set()
    if any(other.row != place.row for other in others):
        return set()
    return {(frozenset(other.source for other in others), place.source)}


def _compared_inside(query: Any, columns: Iterable[list[Place]]) -> set[Source]:
    """Return the sources of a query's columns that a comparison chooses rows of.

    Which other rows there are does not matter, unless the query has a limit.
    """
    if query.find(exp.Limit):
        return set()
    return {place.source for places in columns for place in places}


def _queries_in(expression: Any) -> Iterator[Any]:
    """Yield the outermost queries in an expression, which may be one itself."""
    if isinstance(expression, exp.Query):
        yield expression
        return
    for child in expression.iter_expressions():
        yield from _queries_in(child)
