"""The actions on asks, and the checks of their results."""

import json
from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule
from slack_bolt import BoltResponse
from sqlalchemy import select

from models import Answer, OutboxItem, Reaction
from models import Ask as Row
from tests.machine.machine import EVERYBODY, MEMBERS, Machine
from tests.machine.model import CANNOT_ASK, MODERATORS, ROBOT, Ask, Outcome, outcome
from tests.machine.world import COUNTERS, OPEN, QUIET, UserMessage
from tests.slack_payloads import message_event

_STATE_LABELS = {
    "open": ":white_circle: Open",
    "answered": ":speech_balloon: Answered",
    "solved": ":white_check_mark: Solved",
    "closed": ":heavy_minus_sign: Closed",
}
ANY_MEMBER = st.sampled_from(EVERYBODY)
EMOJI = st.sampled_from(
    [
        "+1",
        "heart",
        "thumbsup::skin-tone-3",
        "white_check_mark",
        "white_check_mark",
        "eyes",
        "raising_hand",
        "fire",
    ]
)
REPLICA_NUMBERS = st.integers(0, 1)


class Asks(Machine):
    def __init__(self) -> None:
        super().__init__()
        self._asks: dict[str, dict[str, Ask]] = {side.team: {} for side in self.sides}

    @property
    def asks(self) -> dict[str, Ask]:
        """The asks of the workspace whose turn it is, by source."""
        return self._asks[self.side.team]

    # People's actions in Slack, which the bot learns of later

    @rule(member=st.sampled_from(MEMBERS), where=st.sampled_from([QUIET, OPEN]))
    def say(self, member: str, where: str) -> None:
        self.side.number += 1
        self.world.say(member, f"How do I do n{self.side.number}? <!here>", where)

    @precondition(lambda self: self.repliable_messages())
    @rule(data=st.data(), member=ANY_MEMBER, thanks=st.booleans())
    def reply(self, data: st.DataObject, member: str, *, thanks: bool) -> None:
        channel, ts = data.draw(st.sampled_from(self.repliable_messages()))
        text = "Thank you, that worked!" if thanks else "Have you tried it again?"
        self.world.say(member, text, channel, ts)

    @precondition(lambda self: self.reactable_messages())
    @rule(data=st.data(), member=ANY_MEMBER, emoji=EMOJI)
    def react(self, data: st.DataObject, member: str, emoji: str) -> None:
        channel, ts, thread = data.draw(st.sampled_from(self.reactable_messages()))
        self.world.toggle_reaction(member, channel, ts, thread, emoji)

    @precondition(lambda self: self.user_messages(is_top=True))
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(self.user_messages(is_top=True)))
        self.side.number += 1
        self.world.edit(message, f"Or rather: how do I do n{self.side.number}?")

    @precondition(lambda self: self.user_messages(is_top=False))
    @rule(data=st.data())
    def delete_reply(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(self.user_messages(is_top=False)))
        self.world.delete_message(message)

    @precondition(lambda self: len(self.user_messages(is_top=True)) > 2)
    @rule(data=st.data())
    def delete_message(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(self.user_messages(is_top=True)))
        self.world.delete_message(message)

    def user_messages(self, *, is_top: bool) -> list[UserMessage]:
        return [
            message
            for message in self.world.user_messages.values()
            if not message.is_deleted and (message.thread_ts is None) == is_top
        ]

    def repliable_messages(self) -> list[tuple[str, str]]:
        """Return people's messages, and the bot's in channels: both allow replies."""
        posted = [
            (p.channel, p.ts)
            for p in self.world.messages
            if p.channel in {QUIET, OPEN} and p.thread_ts is None
        ]
        return [
            (message.channel, message.ts) for message in self.user_messages(is_top=True)
        ] + posted

    def reactable_messages(self) -> list[tuple[str, str, str]]:
        replies = [
            (s.channel, s.ts, s.thread_ts or "")
            for s in self.user_messages(is_top=False)
        ]
        return [
            (channel, ts, ts) for channel, ts in self.repliable_messages()
        ] + replies * 2

    # People's use of the bot's commands, buttons and forms

    @rule(
        member=ANY_MEMBER,
        which=REPLICA_NUMBERS,
        where=st.sampled_from([QUIET, OPEN]),
        again=REPLICA_NUMBERS,
    )
    def ask(self, member: str, which: int, where: str, again: int) -> None:
        self.side.number += 1
        trigger = f"trigger-{self.side.number}"
        title = f"{self.world.word}: How do I do n{self.side.number}?"
        body = {
            "command": "/ask",
            "text": f"{title} <!channel> &lt;!here&gt;",
            "user_id": member,
            "channel_id": where,
            "channel_name": "help",
            "team_id": self.side.team,
            "trigger_id": trigger,
            "response_url": "https://hooks.slack.test/command",
        }
        before = self.world.disturbances
        answers = [self.act(which, body) for _ in range(1 + again)]
        is_there = bool(self.rows(select(Row).filter_by(source=f"command:{trigger}")))
        assert member in MEMBERS or not is_there
        if member in MEMBERS and self.world.disturbances == before:
            assert is_there
            assert all(answer is not None and not answer.body for answer in answers)
        self.load_asks()

    @precondition(lambda self: self.live_asks())
    @rule(
        data=st.data(),
        member=ANY_MEMBER,
        which=REPLICA_NUMBERS,
        meaning=st.sampled_from(["looking", "same"]),
    )
    def join(self, data: st.DataObject, member: str, which: int, meaning: str) -> None:
        ask = data.draw(st.sampled_from(self.live_asks()))
        self.click(which, member, f"ask_{meaning}", value=str(ask.id))
        # The ask's ts may have become known while the clicker's profile was fetched.
        self.load_asks()
        mark = self.mark(ask, ask.ts, member, meaning)
        if mark and mark[0]:
            assert member in MEMBERS
            assert member != ask.asker
        self.record_button_mark(ask, member, meaning, mark)

    @precondition(lambda self: self.live_asks())
    @rule(
        data=st.data(),
        member=ANY_MEMBER,
        which=REPLICA_NUMBERS,
        meaning=st.sampled_from(["close", "reopen"]),
    )
    def close_or_reopen(
        self, data: st.DataObject, member: str, which: int, meaning: str
    ) -> None:
        """Close one's own ask, or reopen an ask with permission."""
        ask = data.draw(st.sampled_from(self.live_asks()))
        before, disturbed = self.row(ask), self.world.disturbances
        self.click(which, member, "ask_menu", option=f"{meaning}:{ask.id}")
        self.follow_ask(ask, before, member in {ask.asker, *MODERATORS})
        may = member in {ask.asker, *MODERATORS}
        if meaning == "reopen" and may and self.world.disturbances == disturbed:
            assert ask.reopened_at_micros > before.reopened_at_micros

    @precondition(lambda self: self.foreign_asks())
    @rule(
        data=st.data(),
        member=ANY_MEMBER,
        which=REPLICA_NUMBERS,
        action=st.sampled_from(["looking", "same", "close", "reopen"]),
    )
    def press_for_foreign_ask(
        self, data: st.DataObject, member: str, which: int, action: str
    ) -> None:
        """Press a forged button; the checks find what it changed."""
        ask = data.draw(st.sampled_from(self.foreign_asks()))
        loaded = len(self.foreign_loads)
        if action in {"looking", "same"}:
            self.click(which, member, f"ask_{action}", value=str(ask.id))
        else:
            self.click(which, member, "ask_menu", option=f"{action}:{ask.id}")
        # The ask is loaded to be compared with the workspace.
        del self.foreign_loads[loaded:]
        COUNTERS["foreign presses"] += 1

    def foreign_asks(self) -> list[Ask]:
        """Return the other workspace's asks."""
        return [
            ask
            for team, asks in self._asks.items()
            if team != self.side.team
            for ask in asks.values()
        ]

    @precondition(lambda self: self.live_asks())
    @rule(
        data=st.data(),
        member=ANY_MEMBER,
        which=REPLICA_NUMBERS,
        reason=st.sampled_from(["", "Dup <!here>"]),
    )
    def close_with_reason(
        self, data: st.DataObject, member: str, which: int, reason: str
    ) -> None:
        ask = data.draw(st.sampled_from(self.live_asks()))
        before, disturbed = self.row(ask), self.world.disturbances
        values = {"reason": {"reason": {"type": "plain_text_input", "value": reason}}}
        self.submit(which, member, "close_ask", ask, values, fields=["reason"])
        self.follow_ask(ask, before, member in {ask.asker, *MODERATORS})
        if (
            before.state in {"open", "answered"}
            and self.world.disturbances == disturbed
        ):
            may = member in {ask.asker, *MODERATORS} and (reason or member == ask.asker)
            assert (ask.closed_at_micros > before.closed_at_micros) == bool(may)

    @precondition(lambda self: len(self.live_asks()) > 1)
    @rule(data=st.data(), member=ANY_MEMBER, which=REPLICA_NUMBERS)
    def delete_ask(self, data: st.DataObject, member: str, which: int) -> None:
        ask = data.draw(st.sampled_from(self.live_asks()))
        disturbed = self.world.disturbances
        self.submit(which, member, "delete_ask", ask, {}, fields=[])
        is_gone = self.row(ask).deleted_at is not None
        if self.world.disturbances == disturbed:
            assert is_gone == (member in {ask.asker, *MODERATORS})
        ask.is_deleted = is_gone

    @precondition(lambda self: self.user_messages(is_top=True))
    @rule(data=st.data(), which=REPLICA_NUMBERS, member=ANY_MEMBER)
    def make_ask(self, data: st.DataObject, which: int, member: str) -> None:
        message = data.draw(st.sampled_from(self.user_messages(is_top=True)))
        source = f"message:{message.channel}:{message.ts}"
        existing = self.asks.get(source)
        if existing is not None and existing.reopened_at_micros:
            # Slack sends no times of reactions, so a mark made while the message was no
            # ask
            # looks like one made before it was reopened.
            return
        self.shortcut(which, member, "make_ask", message)
        self.load_asks()
        if existing is None and source in self.asks:
            assert member in {message.author, "U0DAN"} or message.channel == OPEN

    @precondition(lambda self: self.user_messages(is_top=False))
    @rule(
        data=st.data(),
        member=ANY_MEMBER,
        which=REPLICA_NUMBERS,
        meaning=st.sampled_from(["helpful", "solved"]),
    )
    def mark_answer(
        self, data: st.DataObject, member: str, which: int, meaning: str
    ) -> None:
        message = data.draw(st.sampled_from(self.user_messages(is_top=False)))
        self.shortcut(which, member, f"mark_{meaning}", message)
        self.check_mark(message, member, meaning)

    @precondition(lambda self: self.user_messages(is_top=False))
    @rule(
        data=st.data(),
        member=ANY_MEMBER,
        which=REPLICA_NUMBERS,
        meaning=st.sampled_from(["helpful", "solved"]),
    )
    def undo_mark(
        self, data: st.DataObject, member: str, which: int, meaning: str
    ) -> None:
        message = data.draw(st.sampled_from(self.user_messages(is_top=False)))
        self.click(
            which, member, f"undo_{meaning}", value=f"{message.channel}:{message.ts}"
        )
        self.check_mark(message, member, meaning)

    def check_mark(self, message: UserMessage, member: str, meaning: str) -> None:
        self.load_asks()
        for ask in self.asks.values():
            if (ask.channel, ask.ts) == (message.channel, message.thread_ts):
                mark = self.mark(ask, message.ts, member, meaning)
                if mark and mark[0]:
                    assert member in MEMBERS
                    assert member != message.author
                    assert meaning == "helpful" or member in {ask.asker, *MODERATORS}
                self.record_button_mark(ask, member, meaning, mark, ts=message.ts)

    # Requests as Slack sends them

    def submit(
        self,
        which: int,
        member: str,
        callback_id: str,
        ask: Ask,
        values: dict[str, Any],
        *,
        fields: Sequence[str],
    ) -> BoltResponse | None:
        view = {
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": json.dumps({"ask": ask.id}),
            "blocks": [{"type": "input", "block_id": name} for name in fields],
            "id": "V1",
            "hash": "h",
            "state": {"values": values},
        }
        return self.act(
            which,
            {
                "type": "view_submission",
                "team": {"id": self.side.team},
                "user": {"id": member, "team_id": self.side.team},
                "view": view,
            },
        )

    def shortcut(
        self, which: int, member: str, callback_id: str, message: UserMessage
    ) -> BoltResponse | None:
        return self.act(
            which,
            {
                "type": "message_action",
                "callback_id": callback_id,
                "team": {"id": self.side.team},
                "user": {"id": member, "team_id": self.side.team},
                "channel": {"id": message.channel, "name": "help"},
                "message": message_event(
                    message.author,
                    message.text,
                    message.ts,
                    message.thread_ts,
                    team=self.side.team,
                ),
                "message_ts": message.ts,
                "action_ts": self.world.ts(),
                "trigger_id": "trigger",
                "response_url": "https://hooks.slack.test/shortcut",
            },
        )

    # Results that depend on the exact order of simultaneous events

    def load_asks(self) -> None:
        """Load the asks, with the ids in people's buttons."""
        for row in self.rows(select(Row).order_by(Row.id)):
            channel = row.source.split(":")[1] if row.is_users_message else None
            ask = self.asks.setdefault(
                row.source, Ask(row.id, row.source, channel or "", row.asker)
            )
            assert ask.asker == row.asker
            ask.is_users_message, ask.ts = row.is_users_message, row.ts
            ask.is_deleted = row.deleted_at is not None
            if not ask.channel:
                [item] = self.rows(
                    select(OutboxItem).filter_by(kind="ask.post", subject_id=row.id)
                )
                ask.channel = item.recipient

    def live_asks(self) -> list[Ask]:
        self.load_asks()
        return [ask for ask in self.asks.values() if not ask.is_deleted]

    def row(self, ask: Ask) -> Row:
        with self.database.read_session() as session:
            return session.get_one(Row, ask.id)

    def follow_ask(self, ask: Ask, before: Row, may: bool) -> None:
        row = self.row(ask)
        changed = (row.closed_at_micros, row.reopened_at_micros) != (
            before.closed_at_micros,
            before.reopened_at_micros,
        )
        assert may or not changed
        ask.closed_at_micros, ask.reopened_at_micros = (
            row.closed_at_micros,
            row.reopened_at_micros,
        )

    def mark(
        self, ask: Ask, ts: str | None, member: str, meaning: str
    ) -> tuple[bool, int] | None:
        rows = self.rows(
            select(Reaction).filter_by(
                ask_id=ask.id,
                message_ts=ts,
                member=member,
                emoji=f"backswing:{meaning}",
            )
        )
        return (rows[0].is_present, rows[0].event_micros) if rows else None

    def record_button_mark(
        self,
        ask: Ask,
        member: str,
        meaning: str,
        mark: tuple[bool, int] | None,
        *,
        ts: str | None = None,
    ) -> None:
        key = (ts or ask.ts or "", member, meaning)
        if mark is not None and mark[0]:
            ask.button_marks[key] = mark[1]
        else:
            ask.button_marks.pop(key, None)

    # Checks when nothing is in flight

    def keeps_texts(self) -> bool:
        return super().keeps_texts() or bool(self.live_asks())

    def check_everything(self) -> None:
        super().check_everything()
        self.load_asks()
        live = {
            message.ts
            for message in self.user_messages(is_top=True)
            if message.channel == OPEN and message.author not in CANNOT_ASK
        }
        deleted = {ask.ts for ask in self.asks.values() if ask.is_deleted}
        captured = {
            ask.ts
            for ask in self.asks.values()
            if ask.is_users_message and ask.channel == OPEN and not ask.is_deleted
        }
        assert captured == live - deleted
        for ask in self.asks.values():
            self.check_ask(ask)
        self.check_answer_notifications()

    def check_ask(self, ask: Ask) -> None:
        row = self.row(ask)
        message = self.world.user_messages.get(ask.ts or "")
        if message is not None and message.is_deleted:
            assert ask.is_deleted
        posted = [
            posted_message
            for item in self.rows(
                select(OutboxItem).filter_by(kind="ask.post", subject_id=ask.id)
            )
            for posted_message in self.world.messages
            if posted_message.metadata_token == item.metadata_token
        ]
        if ask.is_deleted:
            assert (row.state, posted) == ("deleted", [])
            return
        expected = outcome(self.world, ask)
        assert row.state == expected.state, (ask, expected)
        answers = self.rows(select(Answer).filter_by(ask_id=ask.id, is_deleted=False))
        assert {a.ts for a in answers if a.is_solution} == expected.solutions
        assert {a.ts: a.helpful_count for a in answers if a.helpful_count} == {
            ts: len(people) for ts, people in expected.helped.items()
        }
        if ask.is_users_message:
            assert message is not None
            assert len(posted) <= 1
            assert row.title == message.text
            sign = (ask.channel, ask.ts or "", "white_check_mark")
            assert (sign in self.world.reactions) == (row.state == "solved")
            return
        [shown] = posted
        assert shown.ts == ask.ts
        self.check_ask_message(json.dumps(shown.blocks), expected)
        COUNTERS["asks looked at"] += 1

    def check_ask_message(self, shown: str, expected: Outcome) -> None:
        assert _STATE_LABELS[expected.state] in shown
        others = len(expected.same)
        if others:
            assert (
                f"{others} other{'s have' if others > 1 else ' person has'} this"
                in shown
            )
        else:
            assert "this problem" not in shown
        is_offered = expected.state in {"open", "answered"} and expected.looking
        assert ("Looking into it" in shown) == bool(is_offered)

    def check_answer_notifications(self) -> None:
        """Check that each helper was notified once, and nobody of anything untrue."""
        items = self.rows(select(OutboxItem))
        notified = {(i.kind, i.subject_id) for i in items if i.state == "sent"}
        living = {ask.id for ask in self.asks.values() if not ask.is_deleted}
        for answer in self.rows(select(Answer).filter_by(is_deleted=False)):
            if answer.ask_id not in living:
                continue
            has_heard = {kind for kind, subject in notified if subject == answer.id} & {
                "answer.helped",
                "answer.solved",
            }
            if answer.is_solution:
                assert "answer.solved" in has_heard, answer.ts
            elif answer.helpful_count:
                assert has_heard, answer.ts
        for posted in self.world.messages:
            assert posted.channel not in {ROBOT, "U0BACKSWING"}
