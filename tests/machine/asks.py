"""What people do with asks, and what must then be true of them."""

import json
from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule
from slack_bolt import BoltResponse
from sqlalchemy import select

from models import Answer, OutboxItem, Reaction
from models import Ask as Row
from tests.factories import TEAM, message
from tests.machine.machine import EVERYBODY, MEMBERS, Machine
from tests.machine.model import LEADS, OUTSIDERS, ROBOT, Ask, Outcome, outcome
from tests.machine.world import COUNTED, OPEN, QUIET, Said

_SHOWN = {
    "open": ":white_circle: Open",
    "answered": ":speech_balloon: Answered",
    "solved": ":white_check_mark: Solved",
    "closed": ":heavy_minus_sign: Closed",
}
ANYBODY = st.sampled_from(EVERYBODY)
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
WHICH = st.integers(0, 1)


class Asks(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.asks: dict[str, Ask] = {}

    # What people do in Slack, which the bot hears of in time

    @rule(who=st.sampled_from(MEMBERS), where=st.sampled_from([QUIET, OPEN]))
    def say(self, who: str, where: str) -> None:
        self.number += 1
        self.world.say(who, f"How do I do n{self.number}? <!here>", where)

    @precondition(lambda self: self.threads())
    @rule(data=st.data(), who=ANYBODY, thanks=st.booleans())
    def reply(self, data: st.DataObject, who: str, *, thanks: bool) -> None:
        channel, ts = data.draw(st.sampled_from(self.threads()))
        text = "Thank you, that worked!" if thanks else "Have you tried it again?"
        self.world.say(who, text, channel, ts)

    @precondition(lambda self: self.messages())
    @rule(data=st.data(), who=ANYBODY, emoji=EMOJI)
    def react(self, data: st.DataObject, who: str, emoji: str) -> None:
        channel, ts, thread = data.draw(st.sampled_from(self.messages()))
        self.world.toggle(who, channel, ts, thread, emoji)

    @precondition(lambda self: self.said(is_top=True))
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        said = data.draw(st.sampled_from(self.said(is_top=True)))
        self.number += 1
        self.world.edit(said, f"Or rather: how do I do n{self.number}?")

    @precondition(lambda self: self.said(is_top=False))
    @rule(data=st.data())
    def delete_reply(self, data: st.DataObject) -> None:
        said = data.draw(st.sampled_from(self.said(is_top=False)))
        self.world.delete_said(said)

    @precondition(lambda self: len(self.said(is_top=True)) > 2)
    @rule(data=st.data())
    def delete_message(self, data: st.DataObject) -> None:
        said = data.draw(st.sampled_from(self.said(is_top=True)))
        self.world.delete_said(said)

    def said(self, *, is_top: bool) -> list[Said]:
        return [
            said
            for said in self.world.said.values()
            if not said.is_deleted and (said.thread_ts is None) == is_top
        ]

    def threads(self) -> list[tuple[str, str]]:
        """What can be replied to: people's messages, and the bot's in channels."""
        posted = [
            (p.channel, p.ts)
            for p in self.world.messages
            if p.channel in {QUIET, OPEN} and p.thread_ts is None
        ]
        return [(said.channel, said.ts) for said in self.said(is_top=True)] + posted

    def messages(self) -> list[tuple[str, str, str]]:
        replies = [
            (s.channel, s.ts, s.thread_ts or "") for s in self.said(is_top=False)
        ]
        return [(channel, ts, ts) for channel, ts in self.threads()] + replies * 2

    # What people do with the bot's own commands, buttons and forms

    @rule(who=ANYBODY, which=WHICH, where=st.sampled_from([QUIET, OPEN]), again=WHICH)
    def ask(self, who: str, which: int, where: str, again: int) -> None:
        self.number += 1
        trigger = f"trigger-{self.number}"
        body = {
            "command": "/ask",
            "text": f"How do I do n{self.number}? <!channel> &lt;!here&gt;",
            "user_id": who,
            "channel_id": where,
            "channel_name": "help",
            "team_id": TEAM,
            "trigger_id": trigger,
            "response_url": "https://hooks.slack.test/command",
        }
        before = self.world.disturbed
        answers = [self.act(which, body) for _ in range(1 + again)]
        is_there = bool(self.rows(select(Row).filter_by(source=f"command:{trigger}")))
        assert who in MEMBERS or not is_there
        if who in MEMBERS and self.world.disturbed == before:
            assert is_there
            assert all(answer is not None and not answer.body for answer in answers)
        self.learn()

    @precondition(lambda self: self.living())
    @rule(
        data=st.data(),
        who=ANYBODY,
        which=WHICH,
        what=st.sampled_from(["looking", "same"]),
    )
    def join(self, data: st.DataObject, who: str, which: int, what: str) -> None:
        ask = data.draw(st.sampled_from(self.living()))
        self.click(which, who, f"ask_{what}", value=str(ask.id))
        # It may have become known where the ask is while Slack was asked who clicked.
        self.learn()
        mark = self.mark(ask, ask.ts, who, what)
        if mark and mark[0]:
            assert who in MEMBERS
            assert who != ask.asker
        self.note(ask, who, what, mark)

    @precondition(lambda self: self.living())
    @rule(
        data=st.data(),
        who=ANYBODY,
        which=WHICH,
        what=st.sampled_from(["close", "reopen"]),
    )
    def turn(self, data: st.DataObject, who: str, which: int, what: str) -> None:
        """Close one's own ask, or reopen an ask that one may."""
        ask = data.draw(st.sampled_from(self.living()))
        before, disturbed = self.row(ask), self.world.disturbed
        self.click(which, who, "ask_menu", option=f"{what}:{ask.id}")
        self.follow(ask, before, who in {ask.asker, *LEADS})
        may = who in {ask.asker, *LEADS}
        if what == "reopen" and may and self.world.disturbed == disturbed:
            assert ask.reopened_us > before.reopened_us

    @precondition(lambda self: self.living())
    @rule(
        data=st.data(),
        who=ANYBODY,
        which=WHICH,
        reason=st.sampled_from(["", "Dup <!here>"]),
    )
    def close_for(self, data: st.DataObject, who: str, which: int, reason: str) -> None:
        ask = data.draw(st.sampled_from(self.living()))
        before, disturbed = self.row(ask), self.world.disturbed
        values = {"reason": {"reason": {"type": "plain_text_input", "value": reason}}}
        self.submit(which, who, "close_ask", ask, values, fields=["reason"])
        self.follow(ask, before, who in {ask.asker, *LEADS})
        if before.state in {"open", "answered"} and self.world.disturbed == disturbed:
            may = who in {ask.asker, *LEADS} and (reason or who == ask.asker)
            assert (ask.closed_us > before.closed_us) == bool(may)

    @precondition(lambda self: len(self.living()) > 1)
    @rule(data=st.data(), who=ANYBODY, which=WHICH)
    def delete_ask(self, data: st.DataObject, who: str, which: int) -> None:
        ask = data.draw(st.sampled_from(self.living()))
        disturbed = self.world.disturbed
        self.submit(which, who, "delete_ask", ask, {}, fields=[])
        is_gone = self.row(ask).deleted_at is not None
        may = who in {ask.asker, *LEADS}
        assert may or not is_gone
        if self.world.disturbed == disturbed:
            assert is_gone == may
        ask.is_deleted = is_gone

    @precondition(lambda self: self.said(is_top=True))
    @rule(data=st.data(), which=WHICH, who=ANYBODY)
    def make_ask(self, data: st.DataObject, which: int, who: str) -> None:
        said = data.draw(st.sampled_from(self.said(is_top=True)))
        source = f"message:{said.channel}:{said.ts}"
        known = self.asks.get(source)
        if known is not None and known.reopened_us:
            # Slack does not say when somebody reacted, so that what was marked while
            # it was no ask can't be told from what was marked before it was reopened.
            return
        self.shortcut(which, who, "make_ask", said)
        self.learn()
        if known is None and source in self.asks:
            assert who in {said.author, "U0DAN"} or said.channel == OPEN

    @precondition(lambda self: self.said(is_top=False))
    @rule(
        data=st.data(),
        who=ANYBODY,
        which=WHICH,
        what=st.sampled_from(["helpful", "solved"]),
    )
    def mark_answer(self, data: st.DataObject, who: str, which: int, what: str) -> None:
        said = data.draw(st.sampled_from(self.said(is_top=False)))
        self.shortcut(which, who, f"mark_{what}", said)
        self.after_mark(said, who, what)

    @precondition(lambda self: self.said(is_top=False))
    @rule(
        data=st.data(),
        who=ANYBODY,
        which=WHICH,
        what=st.sampled_from(["helpful", "solved"]),
    )
    def undo_mark(self, data: st.DataObject, who: str, which: int, what: str) -> None:
        said = data.draw(st.sampled_from(self.said(is_top=False)))
        self.click(which, who, f"undo_{what}", value=f"{said.channel}:{said.ts}")
        self.after_mark(said, who, what)

    def after_mark(self, said: Said, who: str, what: str) -> None:
        self.learn()
        for ask in self.asks.values():
            if (ask.channel, ask.ts) == (said.channel, said.thread_ts):
                mark = self.mark(ask, said.ts, who, what)
                if mark and mark[0]:
                    assert who in MEMBERS
                    assert who != said.author
                    assert what == "helpful" or who in {ask.asker, *LEADS}
                self.note(ask, who, what, mark, ts=said.ts)

    # As Slack sends it

    def submit(
        self,
        which: int,
        who: str,
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
                "team": {"id": TEAM},
                "user": {"id": who, "team_id": TEAM},
                "view": view,
            },
        )

    def shortcut(
        self, which: int, who: str, callback_id: str, said: Said
    ) -> BoltResponse | None:
        return self.act(
            which,
            {
                "type": "message_action",
                "callback_id": callback_id,
                "team": {"id": TEAM},
                "user": {"id": who, "team_id": TEAM},
                "channel": {"id": said.channel, "name": "help"},
                "message": message(said.author, said.text, said.ts, said.thread_ts),
                "message_ts": said.ts,
                "action_ts": self.world.ts(),
                "trigger_id": "trigger",
                "response_url": "https://hooks.slack.test/shortcut",
            },
        )

    # What the model learns of what can only have happened at once or not at all

    def learn(self) -> None:
        """The asks that there are, with the ids by which people's buttons know them."""
        for row in self.rows(select(Row).order_by(Row.id)):
            channel = row.source.split(":")[1] if row.is_own_message else None
            ask = self.asks.setdefault(
                row.source, Ask(row.id, row.source, channel or "", row.asker)
            )
            assert ask.asker == row.asker
            ask.is_own_message, ask.ts = row.is_own_message, row.ts
            ask.is_deleted = row.deleted_at is not None
            if not ask.channel:
                [item] = self.rows(
                    select(OutboxItem).filter_by(kind="ask.post", subject_id=row.id)
                )
                ask.channel = item.recipient

    def living(self) -> list[Ask]:
        self.learn()
        return [ask for ask in self.asks.values() if not ask.is_deleted]

    def row(self, ask: Ask) -> Row:
        with self.database.reads() as session:
            return session.get_one(Row, ask.id)

    def follow(self, ask: Ask, before: Row, may: bool) -> None:
        row = self.row(ask)
        changed = (row.closed_us, row.reopened_us) != (
            before.closed_us,
            before.reopened_us,
        )
        assert may or not changed
        ask.closed_us, ask.reopened_us = row.closed_us, row.reopened_us

    def mark(
        self, ask: Ask, ts: str | None, who: str, what: str
    ) -> tuple[bool, int] | None:
        found = self.rows(
            select(Reaction).filter_by(
                ask_id=ask.id, message_ts=ts, member=who, emoji=f"backswing:{what}"
            )
        )
        return (found[0].is_present, found[0].at_us) if found else None

    def note(
        self,
        ask: Ask,
        who: str,
        what: str,
        mark: tuple[bool, int] | None,
        *,
        ts: str | None = None,
    ) -> None:
        key = (ts or ask.ts or "", who, what)
        if mark is not None and mark[0]:
            ask.buttons[key] = mark[1]
        else:
            ask.buttons.pop(key, None)

    # What must be so once everything has come to rest

    def look(self) -> None:
        super().look()
        self.learn()
        live = {
            said.ts
            for said in self.said(is_top=True)
            if said.channel == OPEN and said.author not in OUTSIDERS
        }
        deleted = {ask.ts for ask in self.asks.values() if ask.is_deleted}
        captured = {
            ask.ts
            for ask in self.asks.values()
            if ask.is_own_message and ask.channel == OPEN and not ask.is_deleted
        }
        assert captured == live - deleted
        for ask in self.asks.values():
            self.look_at(ask)
        self.look_at_letters()

    def look_at(self, ask: Ask) -> None:
        row = self.row(ask)
        said = self.world.said.get(ask.ts or "")
        if said is not None and said.is_deleted:
            assert ask.is_deleted
        posted = [
            one
            for item in self.rows(
                select(OutboxItem).filter_by(kind="ask.post", subject_id=ask.id)
            )
            for one in self.world.messages
            if one.operation == item.operation
        ]
        if ask.is_deleted:
            assert (row.state, posted) == ("deleted", [])
            return
        expected = outcome(self.world, ask)
        assert row.state == expected.state, (ask, expected)
        answers = self.rows(select(Answer).filter_by(ask_id=ask.id, is_deleted=False))
        assert {a.ts for a in answers if a.is_solution} == expected.solutions
        assert {a.ts: a.helped for a in answers if a.helped} == {
            ts: len(people) for ts, people in expected.helped.items()
        }
        if ask.is_own_message:
            assert said is not None
            assert row.title == said.text
            sign = (ask.channel, ask.ts or "", "white_check_mark")
            assert (sign in self.world.reactions) == (row.state == "solved")
            return
        [shown] = posted
        assert shown.ts == ask.ts
        self.look_at_message(json.dumps(shown.blocks), expected)
        COUNTED["asks looked at"] += 1

    def look_at_message(self, shown: str, expected: Outcome) -> None:
        assert _SHOWN[expected.state] in shown
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

    def look_at_letters(self) -> None:
        """Who helped has heard of it, once; nobody hears of what is not so."""
        items = self.rows(select(OutboxItem))
        told = {(i.kind, i.subject_id) for i in items if i.state == "sent"}
        living = {ask.id for ask in self.asks.values() if not ask.is_deleted}
        for answer in self.rows(select(Answer).filter_by(is_deleted=False)):
            if answer.ask_id not in living:
                continue
            has_heard = {kind for kind, subject in told if subject == answer.id} & {
                "answer.helped",
                "answer.solved",
            }
            if answer.is_solution:
                assert "answer.solved" in has_heard, answer.ts
            elif answer.helped:
                assert has_heard, answer.ts
        for posted in self.world.messages:
            assert posted.channel not in {ROBOT, "U0BACKSWING"}
