"""Slack's answer to a write is lost: one message at most, and one where it is safe."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from models import OutboxItem
from sandbox.faults import Fault
from tests.acceptance import invariants
from tests.acceptance.conftest import Town
from tests.acceptance.options import choose
from tests.acceptance.rest import is_at_rest

# What nobody can tell from: whether Slack did it, or not.
AMBIGUOUS = ("reset", "timeout", "server_error", "internal_error", "truncated", "slow")
DONE = {"after": [True], "before": [False], "both": [True, False]}
# Longer than we wait for an answer; the others come at once.
SECONDS = {"slow": 9.0, "timeout": 0.2}
_WAITING = ("pending", "sending", "unverified")


def states(town: Town, kind: str) -> set[str]:
    with town.backswing.rt.reads() as session:
        return set(session.scalars(select(OutboxItem.state).filter_by(kind=kind)))


def _wait(town: Town, **by: float) -> None:
    """Let time pass; not while something is being sent, whose lease would end."""
    if is_at_rest(town.backswing.database, town.backswing.rt.clock()):
        town.later(**by)


def settle(town: Town) -> None:
    """Let time pass until every promise is kept, or given up."""

    def is_settled() -> bool:
        town.slack.settle()
        with town.backswing.rt.reads() as session:
            found = set(session.scalars(select(OutboxItem.state)))
        _wait(town, seconds=11)
        return found.isdisjoint(_WAITING)

    town.until(is_settled, seconds=120)


def pairs() -> list[tuple[str, bool]]:
    """The sandbox's truncated and slow answers are to what was done."""
    always_done = {"truncated", "slow"}
    return [
        (kind, is_done)
        for kind in AMBIGUOUS
        for is_done in ([True] if kind in always_done else [True, False])
    ]


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), pairs())
def test_a_post_is_there_once_whatever_slack_answered(
    town: Town, kind: str, is_done: bool
):
    fault = town.slack.faults.add(
        kind,
        "chat.postMessage",
        times=1,
        after=is_done,
        seconds=SECONDS.get(kind, 0.2),
    )
    assert (
        town.slack.command(town.ana, town.here, "/ask", "How do I fix x?").status == 200
    )
    settle(town)
    assert fault.fired == 1
    [ask] = town.posted()
    answer = town.slack.say(town.ben, town.here, "So it is done.", thread_ts=ask.ts)
    town.shows(ask.ts, "Answered")
    town.slack.react(town.chi, town.here, answer, "heart")
    settle(town)
    invariants.check(town.slack, town.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), pairs())
def test_a_letter_is_there_once_whatever_slack_answered(
    town: Town, kind: str, is_done: bool
):
    ask = town.ask()
    fault = town.slack.faults.add(
        kind,
        "chat.postMessage",
        times=1,
        after=is_done,
        seconds=SECONDS.get(kind, 0.2),
    )
    town.slack.say(town.ben, town.here, "So it is done.", thread_ts=ask)
    settle(town)
    assert fault.fired == 1
    told = [m for m in town.slack.dm(town.ana) if "answered your ask" in m.text]
    assert len(told) == 1
    invariants.check(town.slack, town.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), pairs())
def test_a_view_of_the_ask_is_right_in_the_end_whatever_slack_answered(
    town: Town, kind: str, is_done: bool
):
    ask = town.ask()
    fault = town.slack.faults.add(
        kind, "chat.update", times=1, after=is_done, seconds=SECONDS.get(kind, 0.2)
    )
    town.slack.say(town.ben, town.here, "So it is done.", thread_ts=ask)
    settle(town)
    assert fault.fired == 1
    town.shows(ask, "Answered")
    invariants.check(town.slack, town.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), pairs())
def test_a_reaction_of_the_bots_is_there_whatever_slack_answered(
    town: Town, kind: str, is_done: bool
):
    ts = town.slack.say(town.ana, town.here, "My build fails with an error")
    reply = town.slack.say(town.ben, town.here, "Clean it, then it goes", thread_ts=ts)
    town.slack.settle()
    assert town.slack.message_shortcut(town.ana, "make_ask", town.here, ts).status
    settle(town)
    fault = town.slack.faults.add(
        kind, "reactions.add", times=1, after=is_done, seconds=SECONDS.get(kind, 0.2)
    )
    town.slack.react(town.ana, town.here, reply, "white_check_mark")
    settle(town)
    assert fault.fired == 1
    bot = town.slack.bot_user_id
    assert [bot] in town.slack.message(town.here, ts).reactions.values()
    invariants.check(town.slack, town.backswing.database)


# An answer that comes too late is like one that does not come, only slower.
QUICK = [pair for pair in pairs() if pair[0] != "slow"]


def lose(town: Town, method: str, kind: str, *, is_done: bool) -> Fault:
    return town.slack.faults.add(kind, method, times=1, after=is_done, seconds=0.2)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_reaction_of_the_bots_is_gone_whatever_slack_answered(
    town: Town, kind: str, is_done: bool
):
    ts = town.slack.say(town.ana, town.here, "My build fails with an error")
    reply = town.slack.say(town.ben, town.here, "Clean it, then it goes", thread_ts=ts)
    town.slack.settle()
    assert town.slack.message_shortcut(town.ana, "make_ask", town.here, ts).status
    town.slack.react(town.ana, town.here, reply, "white_check_mark")
    settle(town)
    bot = [town.slack.bot_user_id]
    assert bot in town.slack.message(town.here, ts).reactions.values()
    fault = lose(town, "reactions.remove", kind, is_done=is_done)
    town.slack.unreact(town.ana, town.here, reply, "white_check_mark")
    settle(town)
    assert fault.fired == 1
    assert bot not in town.slack.message(town.here, ts).reactions.values()
    invariants.check(town.slack, town.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_deletion_is_done_whatever_slack_answered(
    town: Town, kind: str, is_done: bool
):
    ask = town.ask()
    fault = lose(town, "chat.delete", kind, is_done=is_done)
    view = choose(town.slack, town.here, ask, town.ana, "option_delete")
    town.slack.submit(town.ana, view["id"], {})
    settle(town)
    assert fault.fired == 1
    assert town.posted() == []
    invariants.check(town.slack, town.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_private_line_is_not_sent_again_where_nobody_can_look(
    town: Town, kind: str, is_done: bool
):
    town.slack.command(town.ana, town.here, "/kudos")
    view = town.slack.view(town.ana)
    assert view is not None
    fault = lose(town, "chat.postEphemeral", kind, is_done=is_done)
    reason = "the long and patient answer on retries"
    form = {"people": [town.ben], "reason": reason, "channel": town.here}
    assert town.slack.submit(town.ana, view["id"], form).errors == {}
    settle(town)
    assert fault.fired == 1
    assert len(town.slack.ephemerals(town.ana)) == is_done
    assert states(town, "kudos.given") == {"unknown"}
    town.until(lambda: any(reason in str(m.blocks) for m in town.posted()))
    invariants.check(town.slack, town.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
@pytest.mark.parametrize(
    "method",
    [
        "conversations.open",
        "files.getUploadURLExternal",
        "files.completeUploadExternal",
    ],
)
def test_a_file_is_given_once_whatever_slack_answered(
    town: Town, kind: str, is_done: bool, method: str
):
    fault = lose(town, method, kind, is_done=is_done)
    assert town.slack.command(town.ana, town.here, "/backswing", "my data").status
    settle(town)
    assert fault.fired == 1
    assert len([m for m in town.slack.dm(town.ana) if m.files]) == 1
    invariants.check(town.slack, town.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_the_home_tab_is_right_in_the_end_whatever_slack_answered(
    town: Town, kind: str, is_done: bool
):
    town.slack.open_home(town.ana)
    town.until(lambda: town.slack.home(town.ana) is not None)
    settle(town)
    fault = lose(town, "views.publish", kind, is_done=is_done)
    town.ask("How do I see it?")
    settle(town)
    assert fault.fired == 1
    assert "How do I see it?" in str(town.slack.home(town.ana))
    invariants.check(town.slack, town.backswing.database)


def cannot_look(town: Town) -> None:
    town.slack.scopes.discard("channels:history")


def looking_always_fails(town: Town) -> None:
    for method in ("conversations.history", "conversations.replies"):
        town.slack.faults.add("server_error", method)


@pytest.mark.deep
@pytest.mark.parametrize("blind", [cannot_look, looking_always_fails])
@pytest.mark.parametrize("is_done", [True, False])
def test_where_nobody_can_look_it_is_not_sent_again_and_the_asker_is_told(
    town: Town, is_done: bool, blind: Callable[[Town], None]
):
    blind(town)
    fault = town.slack.faults.add("reset", "chat.postMessage", times=1, after=is_done)
    assert (
        town.slack.command(town.ana, town.here, "/ask", "How do I fix x?").status == 200
    )
    town.until(lambda: fault.fired == 1)

    def is_given_up() -> bool:
        _wait(town, minutes=11)
        return states(town, "ask.post") == {"unknown"}

    town.until(is_given_up, seconds=120)
    settle(town)
    assert len(town.posted()) == is_done
    assert len([m for m in town.slack.dm(town.ana) if m.bot_id]) == 1
    invariants.check(town.slack, town.backswing.database)


@pytest.mark.deep
def test_somebody_deletes_it_before_it_is_looked_for(town: Town):
    town.slack.faults.add("reset", "chat.postMessage", times=1, after=True)
    assert (
        town.slack.command(town.ana, town.here, "/ask", "How do I fix x?").status == 200
    )
    town.until(lambda: len(town.posted()) == 1)
    town.slack.delete(town.eva, town.here, town.posted()[0].ts)
    settle(town)
    # It was not there when it was looked for, twice: it is as if never posted.
    assert len(town.posted()) <= 1
    invariants.check(town.slack, town.backswing.database)


def test_lost_answers_of_every_method_leave_each_message_once(town: Town):
    """A short story in which every third answer is lost, after what it was to."""
    for method in ("chat.postMessage", "chat.update", "conversations.open"):
        town.slack.faults.add("reset", method, chance=0.34, after=True)
    assert (
        town.slack.command(town.ana, town.here, "/ask", "How do I fix x?").status == 200
    )
    town.until(lambda: len(town.posted()) == 1)
    ask = town.posted()[0].ts
    answer = town.slack.say(town.ben, town.here, "So it is done.", thread_ts=ask)
    town.slack.react(town.ana, town.here, answer, "white_check_mark")
    began = time.monotonic()
    settle(town)
    assert time.monotonic() - began < 120
    town.shows(ask, "Solved")
    invariants.check(town.slack, town.backswing.database)
