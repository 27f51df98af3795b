"""An earlier ask solves a new one, which is taken back, or solved; either is undone."""

import itertools
from collections.abc import Callable

import pytest

from bot.asks import references
from bot.asks import service as asks
from bot.clock import datetime_to_micros
from bot.errors import UserError
from bot.permissions import EXTERNAL_DENIAL
from bot.runtime import Transaction
from models import Answer, Ask, AskReference, Channel
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

TITLE = "How do I renew the VPN certificate?"
THANKS = "Your answer of 2 Mar helped Chi today. Thank you!"


@pytest.fixture
def earlier(story: Story) -> str:
    """Ben's answer solved Ana's ask; its ts."""
    ask = story.ask(TITLE)
    answer = story.say(HELPER, "Run vpnctl renew.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.advance(minutes=5)
    return answer


def ask_again(story: Story) -> Ask:
    story.ask("The VPN certificate has expired, how do I renew it?", member=PEER)
    return story.asks()[-1]


def change(story: Story, run: Callable[[Transaction, Ask, Ask], object]) -> None:
    with story.rt.write(story.workspace) as tx:
        first, last = (tx.session.get_one(Ask, story.asks()[n].id) for n in (0, -1))
        run(tx, last, first)


def solve(story: Story, *, withdraws: bool = False, by: str = PEER) -> None:
    change(
        story,
        lambda tx, ask, earlier: references.solve(
            tx,
            ask,
            earlier,
            by=by,
            event_micros=datetime_to_micros(tx.now),
            withdraws=withdraws,
        ),
    )


def undo(story: Story, *, by: str = PEER) -> None:
    story.clock.advance(seconds=2)
    change(
        story,
        lambda tx, ask, _: references.undo(
            tx, ask, by=by, event_micros=datetime_to_micros(tx.now)
        ),
    )


def told(story: Story, member: str) -> list[str]:
    return [message.text for message in story.slack.messages_to(member)]


def shown(story: Story) -> list[str]:
    return [message.text for message in story.slack.messages_to(HELP_CHANNEL)]


@pytest.mark.deep_on_postgresql
def test_an_ask_taken_back_within_a_minute_was_never_there(story: Story, earlier: str):
    ask_again(story)
    solve(story, withdraws=True)
    story.deliver()
    assert shown(story) == [f"Ask (solved): {TITLE}"]
    assert story.asks()[-1].state == "deleted"
    story.advance(seconds=61)
    assert told(story, HELPER)[-1] == THANKS
    assert story.answer_marks()[earlier] == (True, 1)


def test_it_is_posted_again_and_answered_as_any_other(story: Story, earlier: str):
    ask_again(story)
    solve(story, withdraws=True)
    story.deliver()
    undo(story)
    story.advance(seconds=61)
    assert len(shown(story)) == 2
    assert THANKS not in told(story, HELPER)
    assert story.answer_marks()[earlier] == (True, 0)
    again = story.slack.messages_to(HELP_CHANNEL)[-1]
    story.say(HELPER, "As before.", thread_ts=again.ts)
    assert story.asks()[-1].state == "answered"


@pytest.mark.deep
def test_it_may_be_taken_back_and_posted_again_any_number_of_times(
    story: Story, earlier: str
):
    ask_again(story)
    for _ in range(3):
        solve(story, withdraws=True)
        story.deliver()
        assert len(shown(story)) == 1
        undo(story)
        story.deliver()
        assert len(shown(story)) == 2


@pytest.mark.parametrize("is_undone", [False, True])
def test_it_may_be_taken_back_before_it_is_posted(
    story: Story, earlier: str, is_undone: bool
):
    story.command(PEER, "/ask", "The VPN certificate has expired, what now?")
    solve(story, withdraws=True)
    if is_undone:
        undo(story)
    story.deliver()
    assert len(shown(story)) == 1 + is_undone


def test_it_may_be_taken_back_while_slack_is_taking_it(story: Story, earlier: str):
    story.command(PEER, "/ask", "The VPN certificate has expired, what now?")
    calls = iter(["chat.postMessage"])

    def take_back(method: str) -> None:
        if method == next(calls, None):
            solve(story, withdraws=True)

    story.slack.on_call = take_back
    story.deliver()
    assert shown(story) == [f"Ask (solved): {TITLE}"]
    undo(story)
    story.deliver()
    assert len(shown(story)) == 2


@pytest.mark.parametrize("event", ["reply", "reaction", "a minute"])
def test_what_somebody_has_answered_is_solved_and_stays(
    story: Story, earlier: str, event: str
):
    ask = ask_again(story)
    assert ask.ts
    match event:
        case "reply":
            story.say(HELPER, "Which one?", thread_ts=ask.ts)
        case "reaction":
            story.react(HELPER, ask.ts, "eyes")
        case _:
            story.advance(seconds=61)
    solve(story, withdraws=True)
    story.advance(seconds=61)
    assert len(shown(story)) == 2
    message = story.slack.messages_to(HELP_CHANNEL)[-1]
    assert message.text.startswith("Ask (solved)")
    assert "Ben's answer" in str(message.blocks)
    assert earlier.replace(".", "") in str(message.blocks)
    assert THANKS in told(story, HELPER)
    undo(story)
    story.deliver()
    assert story.asks()[-1].state == ("answered" if event == "reply" else "open")
    assert story.answer_marks()[earlier] == (True, 0)
    message = story.slack.messages_to(HELP_CHANNEL)[-1]
    assert "Ben's answer" not in str(message.blocks)


def test_the_thanks_are_sent_once_and_not_after_an_undo_in_time(
    story: Story, earlier: str
):
    ask_again(story)
    solve(story)
    solve(story)
    undo(story)
    undo(story)
    solve(story)
    story.advance(seconds=61)
    assert told(story, HELPER).count(THANKS) == 1


def test_one_answer_that_solved_two_asks_keeps_its_mark_until_both_are_undone(
    story: Story, earlier: str
):
    ask_again(story)
    solve(story)
    ask_again(story)
    solve(story)
    undo(story)
    assert story.answer_marks()[earlier] == (True, 1)
    with story.rt.write(story.workspace) as tx:
        second = tx.session.get_one(Ask, story.asks()[1].id)
        references.undo(
            tx, second, by=PEER, event_micros=datetime_to_micros(tx.now) + 1
        )
    assert story.answer_marks()[earlier] == (True, 0)


def test_each_asker_whom_it_helped_has_a_mark_of_their_own(story: Story, earlier: str):
    ask_again(story)
    solve(story)
    story.ask("The VPN certificate is too old", member=ADMIN)
    solve(story, by=ADMIN)
    assert story.answer_marks()[earlier] == (True, 2)
    undo(story, by=ADMIN)
    assert story.answer_marks()[earlier] == (True, 1)


@pytest.mark.parametrize(
    "order", list(itertools.permutations([(1, True), (2, False), (3, True)]))
)
def test_presses_in_any_order_leave_the_state_of_the_last(
    story: Story, earlier: str, order: tuple[tuple[int, bool], ...]
):
    story.advance(minutes=2)
    ask_again(story)
    story.advance(minutes=2)
    start = datetime_to_micros(story.clock())
    for number, is_solving in order:

        def press(
            tx: Transaction,
            ask: Ask,
            of: Ask,
            at: int = start + number,
            solves: bool = is_solving,
        ) -> None:
            if solves:
                references.solve(tx, ask, of, by=PEER, event_micros=at)
            else:
                references.undo(tx, ask, by=PEER, event_micros=at)

        change(story, press)
    assert story.asks()[-1].state == "solved"
    assert story.answer_marks()[earlier] == (True, 1)


def test_only_the_asker_says_so(story: Story, earlier: str):
    ask_again(story)
    with pytest.raises(UserError, match="Only the person who asked"):
        solve(story, by=HELPER)
    with pytest.raises(UserError, match="Only the person who asked"):
        undo(story, by=HELPER)


def test_somebody_from_outside_is_refused(story: Story, earlier: str):
    ask_again(story)
    story.slack.people[PEER] = user_object(PEER, team_id="T0OTHER")
    story.event({"type": "user_change", "user": user_object(PEER, team_id="T0OTHER")})
    with pytest.raises(UserError, match=EXTERNAL_DENIAL[:20]):
        solve(story)


def test_an_ask_without_a_helpful_answer_solves_nothing(story: Story):
    ask = story.ask(TITLE)
    story.say(HELPER, "No idea.", thread_ts=ask.ts)
    ask_again(story)
    with pytest.raises(UserError, match="no answer that helped"):
        solve(story)


def test_an_ask_does_not_solve_itself(story: Story, earlier: str):
    with pytest.raises(UserError, match=asks.ASK_GONE):
        solve(story, by=ASKER)


def test_ones_own_earlier_answer_gets_no_credit(story: Story):
    """Chi answered Ana in May, and has forgotten how it went."""
    ask = story.ask(TITLE)
    answer = story.say(PEER, "Run vpnctl renew.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    ask_again(story)
    solve(story)
    story.advance(seconds=61)
    assert story.asks()[-1].state == "solved"
    assert story.answer_marks()[answer] == (True, 0)
    assert not any("today" in text for text in told(story, PEER))


def test_what_was_said_in_a_private_channel_is_not_named_in_another(
    story: Story, earlier: str
):
    ask_again(story)
    with story.rt.write(story.workspace) as tx:
        first = tx.session.get_one(Ask, story.asks()[0].id)
        here = tx.session.get_one(Channel, first.channel_id)
        private = Channel(
            installation_id=here.installation_id,
            slack_id="G0PRIVATE",
            name="secret",
            is_private=True,
            is_joined=True,
        )
        tx.session.add(private)
        tx.session.flush()
        answer = tx.session.get_one(Answer, story.answers()[0].id)
        first.channel_id = answer.channel_id = private.id
    story.advance(minutes=2)
    with story.rt.write(story.workspace) as tx:
        last = tx.session.get_one(Ask, story.asks()[-1].id)
        tx.session.add(
            AskReference(
                ask_id=last.id,
                earlier_ask_id=story.asks()[0].id,
                answer_id=story.answers()[0].id,
                event_micros=datetime_to_micros(tx.now),
                recorded_at=tx.now,
            )
        )
    ask = story.asks()[-1]
    assert ask.ts
    story.react(PEER, ask.ts, "white_check_mark")
    story.deliver()
    assert "Ben's answer" not in str(story.slack.messages_to(HELP_CHANNEL)[-1].blocks)
