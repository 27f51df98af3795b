"""Authors edit and choose, and what must then be true of the words that are kept."""

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

import jobs.knowledge
from bot.knowledge.rules import kept_text
from models import (
    Answer,
    AnswerText,
    AnswerTextNotice,
    MemberSettingsRow,
    OutboxItem,
)
from tests.machine.asks import ANY_MEMBER, REPLICA_NUMBERS, Asks
from tests.machine.machine import MEMBERS, Replica
from tests.machine.model import outcome
from tests.machine.world import COUNTERS

MARKS = ["heart", "white_check_mark"]


class AnswerTexts(Asks):
    @precondition(lambda self: self.repliable_messages())
    @rule(
        data=st.data(), author=ANY_MEMBER, by=ANY_MEMBER, emoji=st.sampled_from(MARKS)
    )
    def help_out(self, data: st.DataObject, author: str, by: str, emoji: str) -> None:
        """Reply, and have it marked."""
        channel, ts = data.draw(st.sampled_from(self.repliable_messages()))
        said = self.world.say(author, "Have you tried it again?", channel, ts)
        self.world.toggle_reaction(by, channel, said.ts, ts, emoji)

    @precondition(lambda self: self.user_messages(is_top=False))
    @rule(data=st.data())
    def edit_reply(self, data: st.DataObject) -> None:
        said = data.draw(st.sampled_from(self.user_messages(is_top=False)))
        self.side.number += 1
        self.world.edit(
            said, f"Or rather: do n{self.side.number}. <!here> " + "so " * 2000
        )

    @rule(which=REPLICA_NUMBERS)
    def read_answers(self, which: int) -> None:
        self.survives(self.replica_for(which), self.run_clock_jobs)

    @rule(
        who=ANY_MEMBER,
        which=REPLICA_NUMBERS,
        what=st.sampled_from(["on", "on", "off"]),
    )
    def choose_words(self, who: str, which: int, what: str) -> None:
        """Press a button of the notice, or one like it."""
        before, disturbed = self.says_no(), self.world.disturbances
        self.click(which, who, f"answer_texts_{what}", value=what)
        after = self.says_no()
        assert after - before <= ({who} if what == "off" else set())
        assert before - after <= ({who} if what == "on" else set())
        assert after <= set(MEMBERS)
        if who in MEMBERS and self.world.disturbances == disturbed:
            assert (who in after) == (what == "off")

    def says_no(self) -> set[str]:
        refused = select(MemberSettingsRow.member).filter_by(keeps_answer_texts=False)
        return set(self.rows(refused))

    def run_clock_jobs(self, replica: Replica) -> None:
        super().run_clock_jobs(replica)
        jobs.knowledge.read_answers(replica.rt, replica.worker)

    def waits_for_later(self, item: OutboxItem) -> bool:
        # For the author's morning.
        return super().waits_for_later(item) or item.kind == "knowledge.notice"

    def check_everything(self) -> None:
        super().check_everything()
        refused = self.says_no()
        told = set(self.rows(select(AnswerTextNotice.member)))
        assert told <= set(MEMBERS)
        answers = {row.id: row for row in self.rows(select(Answer))}
        kept = {
            (row.ask_id, answers[row.answer_id].ts): row
            for row in self.rows(select(AnswerText))
        }
        marked = {
            (ask.id, ts)
            for ask in self.asks.values()
            if not ask.is_deleted
            for result in [outcome(self.world, ask)]
            for ts in {*result.solutions, *result.helped}
        }
        expected = {
            (ask_id, ts)
            for ask_id, ts in marked
            if self.world.user_messages[ts].author in {*MEMBERS} - refused
        }
        assert set(kept) == expected, (set(kept) - expected, expected - set(kept))
        for (_, ts), row in kept.items():
            said = self.world.user_messages[ts]
            assert row.author == said.author
            assert row.text == kept_text(said.text), said
            assert row.is_findable == (row.author in told)
            assert row.next_fetch_at is None
            COUNTERS["words looked at"] += 1
        notices = [
            posted.channel
            for posted in self.world.messages
            if "I keep its words" in posted.text
        ]
        assert len(set(notices)) == len(notices)
        assert set(notices) <= told
