"""The actions with kudos, and the checks of their results."""

import json
from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from models import Kudos as Row
from models import KudosThanks, OutboxItem
from tests.fakes import PostedMessage
from tests.machine.machine import EVERYBODY, MEMBERS, Machine
from tests.machine.world import COUNTERS, OPEN, QUIET, UserMessage
from tests.slack_payloads import ADMIN

# A member's limits: kudos a day, and kudos a week to the same person.
DAILY_ALLOWANCE, MAX_PER_RECIPIENT, WEEK = 5, 2, timedelta(days=7)
JOIN, THANK = "raised_hands", "tada"
_GIVER_ZONE = ZoneInfo("Europe/Helsinki")
_ANY_MEMBER = st.sampled_from(EVERYBODY)
_REPLICA_NUMBERS = st.integers(0, 1)


class Kudos(Machine):
    """`attempts` is the part of the allowance that each member may have used."""

    def __init__(self) -> None:
        super().__init__()
        self._attempts: dict[str, Counter[str]] = {
            side.team: Counter() for side in self.sides
        }

    @property
    def attempts(self) -> Counter[str]:
        return self._attempts[self.side.team]

    @rule(
        member=_ANY_MEMBER,
        recipients=st.lists(_ANY_MEMBER, min_size=1, max_size=2, unique=True),
        where=st.sampled_from([QUIET, OPEN]),
        which=_REPLICA_NUMBERS,
        again=_REPLICA_NUMBERS,
    )
    def thank(
        self, member: str, recipients: list[str], where: str, which: int, again: int
    ) -> None:
        self.side.number += 1
        trigger = f"trigger-{self.side.number}"
        people = " ".join(f"<@{person}>" for person in recipients)
        reason = f"{self.world.word} n{self.side.number}, and more <!here>"
        body = {
            "command": "/kudos",
            "text": f"{people} for {reason}",
            "user_id": member,
            "channel_id": where,
            "channel_name": "help",
            "team_id": self.side.team,
            "trigger_id": trigger,
            "response_url": "https://hooks.slack.test/command",
        }
        self.attempts[member] += len(recipients)
        before = self.world.disturbances
        for _ in range(1 + again):
            self.act(which, body)
        given = self.rows(select(Row).filter_by(source=f"command:{trigger}"))
        can_get = [one for one in recipients if one in MEMBERS and one != member]
        for kudos in given:
            assert member in MEMBERS
            assert set(kudos.recipients) <= set(can_get)
        if member in MEMBERS and can_get and self.is_within_allowance(member, before):
            assert [kudos.recipients for kudos in given] == [can_get]

    @precondition(lambda self: self.rows(select(Row.id).filter_by(emoji=None)))
    @rule(data=st.data(), member=_ANY_MEMBER, which=_REPLICA_NUMBERS)
    def take_back(self, data: st.DataObject, member: str, which: int) -> None:
        known = self.rows(select(Row).filter_by(emoji=None).order_by(Row.id))
        kudos = data.draw(st.sampled_from(known))
        self.click(which, member, "kudos_take_back", value=str(kudos.id))
        [after] = self.rows(select(Row).filter_by(id=kudos.id))
        if after.taken_back_at != kudos.taken_back_at:
            assert member in {kudos.giver, ADMIN}
            assert kudos.taken_back_at is None

    @precondition(lambda self: self.kudos_messages())
    @rule(data=st.data(), member=_ANY_MEMBER)
    def join_in(self, data: st.DataObject, member: str) -> None:
        posted = data.draw(st.sampled_from(self.kudos_messages()))
        self.attempts[member] += 1
        self.world.toggle_reaction(member, posted.channel, posted.ts, posted.ts, JOIN)

    @precondition(lambda self: self.thankable_messages())
    @rule(data=st.data(), member=_ANY_MEMBER)
    def thank_by_emoji(self, data: st.DataObject, member: str) -> None:
        said = data.draw(st.sampled_from(self.thankable_messages()))
        self.attempts[member] += 1
        thread = said.thread_ts or said.ts
        self.world.toggle_reaction(member, said.channel, said.ts, thread, THANK)

    def thankable_messages(self) -> list[UserMessage]:
        """Return the messages in which an emoji gives kudos."""
        said = self.world.user_messages.values()
        return [one for one in said if one.channel == OPEN and not one.is_deleted]

    def is_within_allowance(self, member: str, disturbed: int) -> bool:
        """Return True if no limit can have prevented anything."""
        return (
            self.attempts[member] <= MAX_PER_RECIPIENT
            and self.world.disturbances == disturbed
        )

    def kudos_messages(self) -> list[PostedMessage]:
        """Return the kudos messages in channels."""
        posts = self.rows(
            select(OutboxItem.metadata_token).filter_by(kind="kudos.post")
        )
        return [one for one in self.world.messages if one.metadata_token in posts]

    # Checks when nothing is in flight

    def keeps_texts(self) -> bool:
        reasons = select(Row.id).filter_by(emoji=None, taken_back_at=None)
        return super().keeps_texts() or bool(self.rows(reasons))

    def check_everything(self) -> None:
        super().check_everything()
        rows = self.rows(select(Row))
        thanks = self.rows(select(KudosThanks))
        for kudos in rows:
            of_it = [one for one in thanks if one.kudos_id == kudos.id]
            self.check_thanks(kudos, of_it)
            if kudos.emoji is None:
                seconds = {one.giver for one in of_it if one.is_join}
                self.check_kudos_messages(kudos, len(seconds))
            COUNTERS["kudos looked at"] += 1
        self.check_limits(thanks)
        self.check_emoji_kudos(rows)

    def check_thanks(self, kudos: Row, thanks: list[KudosThanks]) -> None:
        """Check that the givers had permission, and that rows and Slack agree."""
        if kudos.taken_back_at is not None:
            assert thanks == []
            return
        own = {one.recipient for one in thanks if one.giver == kudos.giver}
        assert own == set(kudos.recipients)
        for one in thanks:
            assert {one.giver, one.recipient} <= set(MEMBERS)
            assert one.giver != one.recipient
            if one.is_join:
                key = (self.channel_of(kudos), kudos.ts or "", one.giver, JOIN)
                assert key in self.world.active_reactions, key
        if kudos.emoji is not None:
            key = (OPEN, self.thanked_message_ts(kudos), kudos.giver, THANK)
            assert key in self.world.active_reactions, key

    def thanked_message_ts(self, kudos: Row) -> str:
        """Return the ts of the message with the reaction, which may be deleted."""
        return kudos.source.split(":")[2]

    def channel_of(self, kudos: Row) -> str:
        [item] = self.rows(
            select(OutboxItem).filter_by(kind="kudos.post", subject_id=kudos.id)
        )
        return str(item.recipient)

    def check_kudos_messages(self, kudos: Row, seconds: int) -> None:
        shown = self.sent_messages("kudos.post", kudos)
        notes = self.sent_messages("kudos.received", kudos)
        if kudos.taken_back_at is not None:
            # A recipient who was told sees when kudos are taken back.
            for posted in (*shown, *notes):
                assert self.unique_word(kudos) not in json.dumps(posted.blocks)
            return
        [message] = shown
        assert self.unique_word(kudos) in json.dumps(message.blocks)
        assert message.ts == kudos.ts
        assert len(notes) == len(kudos.recipients)
        if seconds:
            assert f" and {seconds} other" in json.dumps(message.blocks)
        else:
            assert " other" not in json.dumps(message.blocks)

    def unique_word(self, kudos: Row) -> str:
        """Return a word that occurs in these kudos' reason only."""
        return next(word for word in kudos.reason.split() if word.endswith(","))

    def sent_messages(self, kind: str, kudos: Row) -> list[PostedMessage]:
        """Return the messages of one kind about the kudos."""
        query = select(OutboxItem.metadata_token)
        of_it = self.rows(query.filter_by(kind=kind, subject_id=kudos.id))
        return [one for one in self.world.messages if one.metadata_token in of_it]

    def check_limits(self, thanks: list[KudosThanks]) -> None:
        """Check that nobody gives more than allowed, in any order of events."""
        days: dict[tuple[str, date], set[tuple[int, str]]] = {}
        pairs: dict[tuple[str, str], list[date]] = {}
        for one in thanks:
            day = one.given_at.astimezone(_GIVER_ZONE).date()
            # Joining costs one, regardless of the recipients.
            cost = (one.kudos_id, "" if one.is_join else one.recipient)
            days.setdefault((one.giver, day), set()).add(cost)
            pairs.setdefault((one.giver, one.recipient), []).append(day)
        for member, spent in days.items():
            assert len(spent) <= DAILY_ALLOWANCE, member
        for pair, given in pairs.items():
            given.sort()
            for first, third in zip(given, given[MAX_PER_RECIPIENT:], strict=False):
                assert third - first >= WEEK, pair

    def check_emoji_kudos(self, rows: list[Row]) -> None:
        """Check that members who can't have hit a limit gave what they meant to."""
        standing = {
            (self.thanked_message_ts(row), row.giver)
            for row in rows
            if row.emoji is not None and row.taken_back_at is None
        }
        for channel, ts, member, emoji in self.world.active_reactions:
            said = self.world.user_messages.get(ts)
            if (channel, emoji) != (OPEN, THANK) or said is None or said.is_deleted:
                continue
            if {member, said.author} <= set(MEMBERS) and member != said.author:
                assert (ts, member) in standing or self.attempts[
                    member
                ] > MAX_PER_RECIPIENT
