"""Invariants that hold after any run, checked in Slack, the tables and the logs."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.engine import Database
from models import Answer, Ask, Base, Channel, Installation, OutboxItem, Reaction
from sandbox import Message, Sandbox

_GROUPS = {"channel", "here", "everyone"}
_TOKEN_PATTERN = re.compile(r"xox[abp]-\d|xapp-\d")
# The outcomes of a handled event, however often it was delivered.
_OK = 200


def check(slack: Sandbox, database: Database, logged: str = "") -> None:
    """Raise AssertionError if an invariant is broken; `logged` is the bot's log."""
    messages = list(_messages(slack))
    with database.read_session() as session:
        rows_are_unique(session)
        totals_match_reactions(session)
        acknowledged_events_are_stored(session, slack)
        rows_belong_to_the_workspace(session, slack)
        private_text_stays_private(session, slack, messages)
    outbox_items_are_posted_at_most_once(messages)
    no_group_is_mentioned(messages)
    logs_hold_no_secrets_or_text(slack, logged, messages)


def rows_are_unique(session: Session) -> None:
    """Check that each Slack object has one row (I1)."""
    tables: list[tuple[type[Base], tuple[str, ...]]] = [
        (Ask, ("channel_id", "ts")),
        (Answer, ("channel_id", "ts")),
        (OutboxItem, ("installation_id", "dedup_key")),
        (OutboxItem, ("metadata_token",)),
        (OutboxItem, ("slack_channel", "ts")),
    ]
    for model, names in tables:
        columns = [model.__table__.c[name] for name in names]
        rows = [tuple(row) for row in session.execute(select(*columns))]
        # An update or a deletion uses an existing message's ts and stores none.
        complete = [row for row in rows if None not in row]
        assert _duplicates(complete) == [], (model, names)


def totals_match_reactions(session: Session) -> None:
    """Check that an answer's totals equal those of its marks, counted anew (I2)."""
    asks = {ask.id: ask for ask in session.scalars(select(Ask))}
    marks = [r for r in session.scalars(select(Reaction)) if r.is_present]
    for answer in session.scalars(select(Answer).where(~Answer.is_deleted)):
        ask = asks[answer.ask_id]
        here = [
            mark
            for mark in marks
            if (mark.channel_id, mark.message_ts) == (answer.channel_id, answer.ts)
            and mark.member != answer.author
        ]

        def solves(mark: Reaction, asker: str = ask.asker) -> bool:
            speaks = mark.member == asker or bool(mark.can_moderate)
            return mark.meaning == "solved" and speaks

        helped = {
            m.member
            for m in here
            if m.meaning in {"helpful", "solved"} and not solves(m)
        }
        assert answer.helpful_count == len(helped), answer.ts
        if ask.reopened_at_micros == 0:
            assert answer.is_solution == any(map(solves, here)), answer.ts


def acknowledged_events_are_stored(session: Session, slack: Sandbox) -> None:
    """Check that events acknowledged with a 200 are in the tables (I4)."""
    rooms = {c.slack_id: c.id for c in session.scalars(select(Channel))}
    asks = {(a.channel_id, a.ts): a for a in session.scalars(select(Ask)) if a.ts}
    answers = {(a.channel_id, a.ts) for a in session.scalars(select(Answer))}
    marks = {
        (r.channel_id, r.message_ts, r.member, r.emoji)
        for r in session.scalars(select(Reaction))
    }
    for delivery in slack.deliveries:
        event = delivery.payload.get("event")
        if delivery.status != _OK or not isinstance(event, dict):
            continue
        if event["type"] == "message" and "subtype" not in event:
            place = rooms.get(event["channel"])
            ask = asks.get((place or 0, event.get("thread_ts") or ""))
            is_reply = ask and ask.ts != event["ts"] and ask.asker != event["user"]
            if is_reply and "bot_id" not in event:
                assert (place, event["ts"]) in answers, event["ts"]
        if event["type"] == "reaction_added":
            item = event["item"]
            place = rooms.get(item["channel"])
            if (place, item["ts"]) in answers and event["reaction"] in {"+1", "heart"}:
                key = (place, item["ts"], event["user"], event["reaction"])
                assert key in marks, key


def rows_belong_to_the_workspace(session: Session, slack: Sandbox) -> None:
    """Check that each row belongs to the installed workspace (I8)."""
    [ours] = session.scalars(select(Installation).filter_by(team_id=slack.team_id))
    for table in Base.metadata.sorted_tables:
        if "installation_id" in table.c:
            owners = set(session.scalars(select(table.c.installation_id).distinct()))
            assert owners <= {ours.id}, table.name


def private_text_stays_private(
    session: Session, slack: Sandbox, messages: list[Message]
) -> None:
    """Check that a private channel's text is only there and in direct messages (I7)."""
    rooms = {c.id: c.slack_id for c in session.scalars(select(Channel))}
    places = slack.workspace.channels
    for ask in session.scalars(select(Ask)):
        home = places.get(rooms[ask.channel_id])
        if home is None or not home.is_private or not ask.title:
            continue
        for message in messages:
            if message.channel != home.id and not places[message.channel].is_im:
                assert ask.title not in _visible_text(message), message.ts


def outbox_items_are_posted_at_most_once(messages: list[Message]) -> None:
    """Check that no outbox item was posted twice (I3)."""
    operations = [
        message.metadata["event_payload"]["operation"]
        for message in messages
        if message.metadata
    ]
    assert _duplicates(operations) == []


def no_group_is_mentioned(messages: list[Message]) -> None:
    """Check that no message mentions a group (I6)."""
    for message in messages:
        assert not _GROUPS & message.mentions, message.ts


def logs_hold_no_secrets_or_text(
    slack: Sandbox, logged: str, messages: list[Message]
) -> None:
    """Check that the logs contain no token, no secret and no member's text (I5)."""
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret):
        assert secret not in logged
    assert not _TOKEN_PATTERN.search(logged)
    for room in slack.workspace.channels.values():
        for message in room.messages.values():
            if not message.bot_id and len(message.text) > 20:
                assert message.text not in logged
    for message in messages:
        if len(message.text) > 20:
            assert message.text not in logged


def _messages(slack: Sandbox) -> Iterator[Message]:
    """Return all of the bot's messages."""
    with slack.workspace.lock:
        for room in slack.workspace.channels.values():
            for message in room.messages.values():
                if message.bot_id == slack.bot_id and not message.deleted:
                    yield message


def _visible_text(message: Message) -> str:
    return f"{message.text} {message.blocks}"


def _duplicates(things: list[Any]) -> list[Any]:
    return [thing for thing, times in Counter(things).items() if times > 1]
