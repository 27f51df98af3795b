"""Suggest to champions to look after an ask that nobody has answered."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, select

from bot.routing import notes, steps
from bot.routing.notifications import SUGGESTION, ask_line
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS, mentioned_ids
from bot.worklist.kind import Candidate, WorkItemKind
from bot.worklist.view import WorkItemView
from models import Ask, AskRoute, Channel, Reaction, WorkItem


def _waits(tx: Transaction) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that people were asked, twice, and nobody has answered."""
    return [
        Ask.installation_id == tx.workspace.id,
        Ask.state == "open",
        Ask.ts.is_not(None),
        Ask.is_confirmed.is_(True),
        Ask.asked_at > tx.now - steps.MAX_AGE,
        AskRoute.next_step > steps.SIDEWAYS,
    ]


def _find(tx: Transaction) -> Sequence[Candidate]:
    rows = tx.session.execute(
        select(Ask.id, Ask.channel_id, Ask.asked_at, Ask.asker)
        .join(AskRoute, AskRoute.ask_id == Ask.id)
        # Later, the message to all champions has told of it.
        .where(*_waits(tx), AskRoute.next_step <= steps.CHAMPIONS)
        .order_by(Ask.asked_at, Ask.id)
    )
    return [
        Candidate(
            str(row.id),
            row.channel_id,
            row.asked_at,
            # Nobody knows who asked without their name, not even to leave them out.
            about=None if row.asker == ANONYMOUS else row.asker,
        )
        for row in rows
    ]


def _still_open(tx: Transaction, items: Sequence[WorkItem]) -> Collection[int]:
    """Return those whose asks wait, and whose champions do not look into them yet."""
    ask_ids = {int(item.subject) for item in items}
    waiting = set(
        tx.session.scalars(
            select(Ask.id)
            .join(AskRoute, AskRoute.ask_id == Ask.id)
            .where(*_waits(tx), Ask.id.in_(ask_ids))
        )
    )
    looking = {
        (row.ask_id, row.member)
        for row in tx.session.execute(
            select(Reaction.ask_id, Reaction.member).where(
                Reaction.ask_id.in_(ask_ids),
                Reaction.meaning == "looking",
                Reaction.is_present.is_(True),
            )
        )
    }
    return {
        item.id
        for item in items
        if int(item.subject) in waiting
        and (int(item.subject), item.champion) not in looking
    }


def _render(tx: Transaction, items: Sequence[WorkItem]) -> Mapping[int, WorkItemView]:
    views: dict[int, WorkItemView] = {}
    for item in items:
        ask = tx.session.get_one(Ask, int(item.subject))
        channel = tx.session.get_one(Channel, ask.channel_id)
        parts, reason, buttons = notes.look_after(item.id, ask_line(tx, ask, channel))
        named = frozenset(mentioned_ids(ask.title)[0] | {ask.asker})
        views[item.id] = WorkItemView(parts, reason, buttons, named)
    return views


NOBODY_HAS_ANSWERED = WorkItemKind(
    name=SUGGESTION,
    position=20,
    lets_close=True,
    find=_find,
    still_open=_still_open,
    render=_render,
)
