"""How people thank each other, and what must then be true of it."""

import json
from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from models import Kudos as Row
from models import OutboxItem, Thanks
from tests.factories import ADMIN, TEAM
from tests.fakes import Posted
from tests.machine.machine import EVERYBODY, MEMBERS, Machine
from tests.machine.world import COUNTED, OPEN, QUIET, Said

# What a member may give in a day, and to the same person in a week.
A_DAY, TO_THE_SAME, WEEK = 5, 2, timedelta(days=7)
JOIN, THANK = "raised_hands", "tada"
_HOME = ZoneInfo("Europe/Helsinki")
_GIVERS = st.sampled_from(EVERYBODY)
_WHICH = st.integers(0, 1)


class Kudos(Machine):
    """`tried` is how much of their allowance people may have asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: Counter[str] = Counter()

    @rule(
        who=_GIVERS,
        whom=st.lists(_GIVERS, min_size=1, max_size=2, unique=True),
        where=st.sampled_from([QUIET, OPEN]),
        which=_WHICH,
        again=_WHICH,
    )
    def thank(
        self, who: str, whom: list[str], where: str, which: int, again: int
    ) -> None:
        self.number += 1
        trigger = f"trigger-{self.number}"
        people = " ".join(f"<@{person}>" for person in whom)
        body = {
            "command": "/kudos",
            "text": f"{people} for all of it, n{self.number}, and more <!here>",
            "user_id": who,
            "channel_id": where,
            "channel_name": "help",
            "team_id": TEAM,
            "trigger_id": trigger,
            "response_url": "https://hooks.slack.test/command",
        }
        self.tried[who] += len(whom)
        before = self.world.disturbed
        for _ in range(1 + again):
            self.act(which, body)
        given = self.rows(select(Row).filter_by(source=f"command:{trigger}"))
        can_get = [one for one in whom if one in MEMBERS and one != who]
        for kudos in given:
            assert who in MEMBERS
            assert set(kudos.receivers) <= set(can_get)
        if who in MEMBERS and can_get and self.has_plenty(who, before):
            assert [kudos.receivers for kudos in given] == [can_get]

    @precondition(lambda self: self.rows(select(Row.id).filter_by(emoji=None)))
    @rule(data=st.data(), who=_GIVERS, which=_WHICH)
    def take_back(self, data: st.DataObject, who: str, which: int) -> None:
        known = self.rows(select(Row).filter_by(emoji=None).order_by(Row.id))
        kudos = data.draw(st.sampled_from(known))
        self.click(which, who, "kudos_take_back", value=str(kudos.id))
        [after] = self.rows(select(Row).filter_by(id=kudos.id))
        if after.taken_back_at != kudos.taken_back_at:
            assert who in {kudos.giver, ADMIN}
            assert kudos.taken_back_at is None

    @precondition(lambda self: self.thanked_in())
    @rule(data=st.data(), who=_GIVERS)
    def join_in(self, data: st.DataObject, who: str) -> None:
        posted = data.draw(st.sampled_from(self.thanked_in()))
        self.tried[who] += 1
        self.world.toggle(who, posted.channel, posted.ts, posted.ts, JOIN)

    @precondition(lambda self: self.said_here())
    @rule(data=st.data(), who=_GIVERS)
    def thank_by_emoji(self, data: st.DataObject, who: str) -> None:
        said = data.draw(st.sampled_from(self.said_here()))
        self.tried[who] += 1
        thread = said.thread_ts or said.ts
        self.world.toggle(who, said.channel, said.ts, thread, THANK)

    def said_here(self) -> list[Said]:
        """What stands where an emoji says thanks."""
        said = self.world.said.values()
        return [one for one in said if one.channel == OPEN and not one.is_deleted]

    def has_plenty(self, who: str, disturbed: int) -> bool:
        """Whether no allowance can have kept them from anything."""
        return self.tried[who] <= TO_THE_SAME and self.world.disturbed == disturbed

    def thanked_in(self) -> list[Posted]:
        """The messages that say thanks, in channels."""
        posts = self.rows(select(OutboxItem.operation).filter_by(kind="kudos.post"))
        return [one for one in self.world.messages if one.operation in posts]

    # What must be so once everything has come to rest

    def look(self) -> None:
        super().look()
        rows = self.rows(select(Row))
        thanks = self.rows(select(Thanks))
        for kudos in rows:
            of_it = [one for one in thanks if one.kudos_id == kudos.id]
            self.look_at_thanks(kudos, of_it)
            if kudos.emoji is None:
                seconds = {one.giver for one in of_it if one.is_second}
                self.look_at_messages(kudos, len(seconds))
            COUNTED["kudos looked at"] += 1
        self.look_at_limits(thanks)
        self.look_at_emoji(rows)

    def look_at_thanks(self, kudos: Row, thanks: list[Thanks]) -> None:
        """They are given by whoever may, and as it stands in Slack."""
        if kudos.taken_back_at is not None:
            assert thanks == []
            return
        own = {one.receiver for one in thanks if one.giver == kudos.giver}
        assert own == set(kudos.receivers)
        for one in thanks:
            assert {one.giver, one.receiver} <= set(MEMBERS)
            assert one.giver != one.receiver
            if one.is_second:
                key = (self.place(kudos), kudos.ts or "", one.giver, JOIN)
                assert key in self.world.reacted, key
        if kudos.emoji is not None:
            key = (OPEN, self.thanked_for(kudos), kudos.giver, THANK)
            assert key in self.world.reacted, key

    def thanked_for(self, kudos: Row) -> str:
        """The message that was reacted to, which may be gone by now."""
        return kudos.source.split(":")[2]

    def place(self, kudos: Row) -> str:
        [item] = self.rows(
            select(OutboxItem).filter_by(kind="kudos.post", subject_id=kudos.id)
        )
        return str(item.recipient)

    def look_at_messages(self, kudos: Row, seconds: int) -> None:
        shown = self.kept("kudos.post", kudos)
        letters = self.kept("kudos.received", kudos)
        if kudos.taken_back_at is not None:
            # Whoever has been told sees that it is so no longer.
            for posted in (*shown, *letters):
                assert self.word(kudos) not in json.dumps(posted.blocks)
            return
        [message] = shown
        assert self.word(kudos) in json.dumps(message.blocks)
        assert message.ts == kudos.ts
        assert len(letters) == len(kudos.receivers)
        if seconds:
            assert f" and {seconds} other" in json.dumps(message.blocks)
        else:
            assert " other" not in json.dumps(message.blocks)

    def word(self, kudos: Row) -> str:
        """What stands in the reason of these kudos only."""
        return next(word for word in kudos.reason.split() if word.endswith(","))

    def kept(self, kind: str, kudos: Row) -> list[Posted]:
        """The messages that keep a kind of promise about the kudos."""
        query = select(OutboxItem.operation)
        of_it = self.rows(query.filter_by(kind=kind, subject_id=kudos.id))
        return [one for one in self.world.messages if one.operation in of_it]

    def look_at_limits(self, thanks: list[Thanks]) -> None:
        """Nobody gives more than they may, whenever we hear of it."""
        days: dict[tuple[str, date], set[tuple[int, str]]] = {}
        pairs: dict[tuple[str, str], list[date]] = {}
        for one in thanks:
            day = one.given_at.astimezone(_HOME).date()
            # Joining in costs one, whoever it is for.
            cost = (one.kudos_id, "" if one.is_second else one.receiver)
            days.setdefault((one.giver, day), set()).add(cost)
            pairs.setdefault((one.giver, one.receiver), []).append(day)
        for who, spent in days.items():
            assert len(spent) <= A_DAY, who
        for pair, given in pairs.items():
            given.sort()
            for first, third in zip(given, given[TO_THE_SAME:], strict=False):
                assert third - first >= WEEK, pair

    def look_at_emoji(self, rows: list[Row]) -> None:
        """Whoever can have run into no limit has given what they meant to give."""
        standing = {
            (self.thanked_for(row), row.giver)
            for row in rows
            if row.emoji is not None and row.taken_back_at is None
        }
        for channel, ts, who, emoji in self.world.reacted:
            said = self.world.said.get(ts)
            if (channel, emoji) != (OPEN, THANK) or said is None or said.is_deleted:
                continue
            if {who, said.author} <= set(MEMBERS) and who != said.author:
                assert (ts, who) in standing or self.tried[who] > TO_THE_SAME
