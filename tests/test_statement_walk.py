"""The walk names a statement that could read or change rows of two workspaces."""

from typing import Any

import pytest
from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from bot.asks import service as asks
from bot.errors import UserError
from bot.runtime import Runtime, Workspace
from bot.workspace import members
from handlers.interactions import parse_id
from models import (
    Answer,
    Ask,
    Base,
    Channel,
    Installation,
    Member,
    OutboxItem,
    Reaction,
)
from tests import conftest
from tests.foreign_ids import FOREIGN, ForeignId, marked
from tests.statement_walk import crossing
from tests.two_workspaces import TABLES
from tests.unbound_statements import UNBOUND
from tests.workspace_bounds import OWNED_TABLES, unbound

DIALECTS = [sqlite.dialect(), postgresql.dialect(paramstyle="pyformat")]
IN_WORKSPACE = Ask.installation_id == 1
OTHER = aliased(Ask)

COUNTS = (
    select(Answer.ask_id, func.count().label("n")).group_by(Answer.ask_id).subquery()
)

BOUND = [
    select(Ask, COUNTS.c.n)
    .outerjoin(COUNTS, COUNTS.c.ask_id == Ask.id)
    .where(IN_WORKSPACE),
    delete(Ask).where(tuple_(Ask.id).in_(select(Ask.id).where(IN_WORKSPACE).limit(9))),
    select(Ask).where(IN_WORKSPACE, Ask.id.not_in(select(Answer.ask_id))),
    select(Ask).where(IN_WORKSPACE, Ask.asker == "U1"),
    select(Ask).where(Ask.id == 1),
    select(Ask).where(tuple_(Ask.installation_id, Ask.asker).in_([(1, "U1")])),
    select(Ask, Answer).join(Answer, Answer.ask_id == Ask.id).where(IN_WORKSPACE),
    select(Answer.id).where(Answer.ask_id.in_([1, 2])),
    select(Ask)
    .outerjoin(
        Member,
        and_(
            Member.installation_id == Ask.installation_id, Member.slack_id == Ask.asker
        ),
    )
    .where(IN_WORKSPACE),
    select(Ask).where(or_(and_(IN_WORKSPACE, Ask.asker == "U1"), Ask.id == 2)),
    # A condition on rows that have to exist is one on the row itself.
    select(Answer).where(exists().where(Ask.id == Answer.ask_id, IN_WORKSPACE)),
    select(Answer).where(Answer.ask_id.in_(select(Ask.id).where(IN_WORKSPACE))),
    # Of the subquery's rows, only those of this workspace's asks matter.
    select(Ask).where(
        IN_WORKSPACE, Ask.id.in_(select(Answer.ask_id).where(Answer.author == "U1"))
    ),
    select(
        Ask.id,
        select(func.count()).where(Answer.ask_id == Ask.id).scalar_subquery(),
    ).where(IN_WORKSPACE),
    select(select(Ask.id).where(IN_WORKSPACE).subquery()),
    select(select(Ask.asker).where(IN_WORKSPACE).cte("ours").c.asker),
    union_all(
        select(Ask.id).where(IN_WORKSPACE),
        select(Channel.id).where(Channel.installation_id == 1),
    ),
    select(OTHER)
    .join(Ask, Ask.installation_id == OTHER.installation_id)
    .where(IN_WORKSPACE),
    update(Ask).where(IN_WORKSPACE).values(title="x"),
    delete(Reaction).where(
        Reaction.ask_id.in_(select(Ask.id).where(IN_WORKSPACE).limit(9))
    ),
]
CROSSING = [
    (select(Ask), ["asks"]),
    (select(Ask).where(Ask.asker == "U1", Ask.channel_id.is_not(None)), ["asks"]),
    (select(func.count()).select_from(Answer).where(Answer.ts == "1.1"), ["answers"]),
    # Slack's ids are the same in two workspaces.
    (
        select(Ask).join(Member, Member.slack_id == Ask.asker).where(IN_WORKSPACE),
        ["members"],
    ),
    (
        select(Ask)
        .join(OutboxItem, OutboxItem.subject_id == Ask.id)
        .where(IN_WORKSPACE),
        ["outbox"],
    ),
    (select(Ask).where(or_(IN_WORKSPACE, Ask.asker == "U1")), ["asks"]),
    (select(Ask).where(~IN_WORKSPACE), ["asks"]),
    # It chooses among the joined rows only.
    (
        select(Ask).outerjoin(
            Channel, and_(Channel.id == Ask.channel_id, Channel.installation_id == 1)
        ),
        ["asks"],
    ),
    (
        select(Answer).where(~exists().where(Ask.id == Answer.ask_id, IN_WORKSPACE)),
        ["answers"],
    ),
    (
        select(Ask).where(
            IN_WORKSPACE, Ask.id.in_(select(Answer.ask_id).order_by(Answer.id).limit(1))
        ),
        ["answers"],
    ),
    (
        select(Ask).where(
            IN_WORKSPACE, Ask.asker.in_(select(Member.slack_id).where(Member.is_bot))
        ),
        ["members"],
    ),
    (
        union_all(select(Ask.id).where(IN_WORKSPACE), select(Channel.id)),
        ["channels"],
    ),
    (update(Member).where(Member.slack_id == "U1").values(name="x"), ["members"]),
    (delete(Ask).where(Ask.source == "command:1"), ["asks"]),
    (select(Installation).where(Installation.bot_id == "B0"), ["installations"]),
]


def texts(statement: Any) -> list[tuple[str, str]]:
    return [
        (dialect.name, str(statement.compile(dialect=dialect))) for dialect in DIALECTS
    ]


@pytest.mark.parametrize("statement", BOUND)
def test_a_statement_of_one_workspace_is_bound(statement: Any):
    for dialect, text in texts(statement):
        assert unbound(text, dialect) == [], text


@pytest.mark.parametrize(("statement", "tables"), CROSSING)
def test_a_statement_that_may_cross_is_named(statement: Any, tables: list[str]):
    for dialect, text in texts(statement):
        assert unbound(text, dialect) == tables, text


FOREIGN_ID: ColumnElement[int] = literal_column(FOREIGN)
WITH_FOREIGN_ID = [
    (select(Ask).where(Ask.id == FOREIGN_ID, IN_WORKSPACE), []),
    (select(Answer).join(Ask).where(Answer.id == FOREIGN_ID, IN_WORKSPACE), []),
    # The ask was read before.
    (select(Answer).where(Answer.id == FOREIGN_ID, Answer.ask_id == 1), []),
    (select(Ask).where(Ask.id == FOREIGN_ID), ["asks"]),
    (select(Answer).where(Answer.ask_id.in_([1, FOREIGN_ID])), ["answers"]),
    (
        select(Answer).join(Ask).where(Ask.id == FOREIGN_ID, Ask.asker == "U1"),
        ["answers", "asks"],
    ),
    (update(Ask).where(Ask.id == FOREIGN_ID).values(title="x"), ["asks"]),
]


@pytest.mark.parametrize(("statement", "tables"), WITH_FOREIGN_ID)
def test_an_id_of_a_payload_binds_nothing(statement: Any, tables: list[str]):
    for dialect, text in texts(statement):
        assert unbound(text, dialect) == tables, text


@pytest.mark.deep_on_postgresql
def test_the_ids_of_payloads_are_marked_in_statements(
    rt: Runtime, workspace: Workspace
):
    with pytest.raises(UserError), rt.read(workspace) as tx:
        asks.get(tx, parse_id("7"))
    own_dialect = rt.autocommit.dialect.name
    # Earlier tests may have executed others.
    marked_texts = [
        text
        for (dialect, text), origin in conftest._compiled.statements().items()
        if origin == "bot/asks/service.py get"
        and dialect == own_dialect
        and FOREIGN in text
    ]
    assert marked_texts
    assert [unbound(text, own_dialect) for text in marked_texts] == [[]] * len(
        marked_texts
    )


def test_only_the_ids_of_payloads_are_marked():
    seven = ForeignId("7")
    assert marked("a = ? AND b = '?' AND c = ?", (1, seven)) == (
        f"a = ? AND b = '?' AND c = {FOREIGN}"
    )
    assert marked("a = %(a)s AND b = %(b)s", {"a": seven, "b": 7}) == (
        f"a = {FOREIGN} AND b = %(b)s"
    )
    assert marked("a = ?", (7,)) is None


def test_each_table_of_workspaces_is_known():
    assert {table.name for table in TABLES} == OWNED_TABLES
    assert set(Base.metadata.tables) > OWNED_TABLES


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_programs_statements_are_known_by_their_function(
    rt: Runtime, workspace: Workspace
):
    own = select(Member.name).where(Member.slack_id == "U0TEST")
    with rt.read(workspace) as tx:
        assert members.find(tx, "U0TEST") is None
        assert tx.session.scalar(own) is None
    executed = conftest._compiled.statements()
    assert "bot/workspace/members.py find" in conftest._compiled.functions["sqlite"]
    assert not [text for name, text in executed if text == texts(own)[0][1]]


def test_the_list_excuses_a_function(monkeypatch: pytest.MonkeyPatch):
    [statement, _] = texts(select(Ask))
    executed = {statement: "bot/asks/queries.py all_of_them"}
    [line] = crossing(executed, None)
    assert line.startswith("bot/asks/queries.py all_of_them: asks\n")
    monkeypatch.setitem(UNBOUND, "bot/asks/queries.py all_of_them", "a reason")
    assert crossing(executed, None) == []
