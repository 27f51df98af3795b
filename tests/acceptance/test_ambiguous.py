"""Slack's response to a write is lost: one message at most, and one if possible."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.knowledge.message_kinds import KNOWLEDGE_NOTICE
from models import OutboxItem
from sandbox.platform.faults import Fault
from tests.acceptance import invariants
from tests.acceptance.conftest import Deployment
from tests.acceptance.idleness import is_idle
from tests.acceptance.options import press_option

# Faults after which the outcome is unknown.
AMBIGUOUS = ("reset", "timeout", "server_error", "internal_error", "truncated", "slow")
DONE = {"after": [True], "before": [False], "both": [True, False]}
# Longer than the client's timeout; the other faults are immediate.
SECONDS = {"slow": 9.0, "timeout": 0.2}
_WAITING = ("pending", "sending", "unconfirmed")


def states(deployment: Deployment, kind: str) -> set[str]:
    with deployment.backswing.rt.read_session() as session:
        return set(session.scalars(select(OutboxItem.state).filter_by(kind=kind)))


def _wait(deployment: Deployment, **by: float) -> None:
    """Advance the clock, but not during an attempt, whose lease would end."""
    if is_idle(deployment.backswing.database, deployment.backswing.rt.clock()):
        deployment.advance(**by)


def settle(deployment: Deployment) -> None:
    """Advance the clock until every outbox item is sent or given up."""

    def is_settled() -> bool:
        deployment.slack.wait_for_deliveries()
        with deployment.backswing.rt.read_session() as session:
            # An author hears in contact hours that words of theirs are kept.
            other = OutboxItem.kind != KNOWLEDGE_NOTICE
            current_states = set(session.scalars(select(OutboxItem.state).where(other)))
        _wait(deployment, seconds=11)
        return current_states.isdisjoint(_WAITING)

    deployment.wait_until(is_settled, seconds=120)


def pairs() -> list[tuple[str, bool]]:
    """Return pairs of a fault and an effect: truncated and slow calls take effect."""
    always_done = {"truncated", "slow"}
    return [
        (kind, is_done)
        for kind in AMBIGUOUS
        for is_done in ([True] if kind in always_done else [True, False])
    ]


# A post meets each fault, the other methods one of them, unless all are selected: what
# the client makes of a fault does not depend on the method. A late response is like a
# lost one, only slower.
QUICK = [
    pytest.param(*pair, marks=() if pair[0] == "reset" else pytest.mark.exhaustive)
    for pair in pairs()
    if pair[0] != "slow"
]


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), pairs())
def test_a_lost_response_leaves_one_post(
    deployment: Deployment, kind: str, is_done: bool
):
    fault = deployment.slack.faults.add(
        kind,
        "chat.postMessage",
        times=1,
        after=is_done,
        seconds=SECONDS.get(kind, 0.2),
    )
    assert (
        deployment.slack.command(
            deployment.ana, deployment.channel, "/ask", "How do I fix x?"
        ).status
        == 200
    )
    settle(deployment)
    assert fault.fired == 1
    [ask] = deployment.channel_posts()
    answer = deployment.slack.say(
        deployment.ben, deployment.channel, "So it is done.", thread_ts=ask.ts
    )
    deployment.wait_for_text(ask.ts, "Answered")
    deployment.slack.react(deployment.chi, deployment.channel, answer, "heart")
    settle(deployment)
    invariants.check(deployment.slack, deployment.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_lost_response_leaves_one_direct_message(
    deployment: Deployment, kind: str, is_done: bool
):
    ask = deployment.ask()
    fault = deployment.slack.faults.add(
        kind,
        "chat.postMessage",
        times=1,
        after=is_done,
        seconds=SECONDS.get(kind, 0.2),
    )
    deployment.slack.say(
        deployment.ben, deployment.channel, "So it is done.", thread_ts=ask
    )
    settle(deployment)
    assert fault.fired == 1
    notes = [
        m for m in deployment.slack.dm(deployment.ana) if "answered your ask" in m.text
    ]
    assert len(notes) == 1
    invariants.check(deployment.slack, deployment.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_lost_response_leaves_the_ask_up_to_date(
    deployment: Deployment, kind: str, is_done: bool
):
    ask = deployment.ask()
    fault = deployment.slack.faults.add(
        kind, "chat.update", times=1, after=is_done, seconds=SECONDS.get(kind, 0.2)
    )
    deployment.slack.say(
        deployment.ben, deployment.channel, "So it is done.", thread_ts=ask
    )
    settle(deployment)
    assert fault.fired == 1
    deployment.wait_for_text(ask, "Answered")
    invariants.check(deployment.slack, deployment.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_lost_response_leaves_the_bots_reaction(
    deployment: Deployment, kind: str, is_done: bool
):
    ts = deployment.slack.say(
        deployment.ana, deployment.channel, "My build fails with an error"
    )
    reply = deployment.slack.say(
        deployment.ben, deployment.channel, "Clean it, then it goes", thread_ts=ts
    )
    deployment.slack.wait_for_deliveries()
    assert deployment.slack.message_shortcut(
        deployment.ana, "make_ask", deployment.channel, ts
    ).status
    settle(deployment)
    fault = deployment.slack.faults.add(
        kind, "reactions.add", times=1, after=is_done, seconds=SECONDS.get(kind, 0.2)
    )
    deployment.slack.react(
        deployment.ana, deployment.channel, reply, "white_check_mark"
    )
    settle(deployment)
    assert fault.fired == 1
    bot = deployment.slack.bot_user_id
    assert [bot] in deployment.slack.message(deployment.channel, ts).reactions.values()
    invariants.check(deployment.slack, deployment.backswing.database)


def lose(deployment: Deployment, method: str, kind: str, *, is_done: bool) -> Fault:
    return deployment.slack.faults.add(
        kind, method, times=1, after=is_done, seconds=0.2
    )


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_lost_response_leaves_no_removed_reaction(
    deployment: Deployment, kind: str, is_done: bool
):
    ts = deployment.slack.say(
        deployment.ana, deployment.channel, "My build fails with an error"
    )
    reply = deployment.slack.say(
        deployment.ben, deployment.channel, "Clean it, then it goes", thread_ts=ts
    )
    deployment.slack.wait_for_deliveries()
    assert deployment.slack.message_shortcut(
        deployment.ana, "make_ask", deployment.channel, ts
    ).status
    deployment.slack.react(
        deployment.ana, deployment.channel, reply, "white_check_mark"
    )
    settle(deployment)
    bot = [deployment.slack.bot_user_id]
    assert bot in deployment.slack.message(deployment.channel, ts).reactions.values()
    fault = lose(deployment, "reactions.remove", kind, is_done=is_done)
    deployment.slack.unreact(
        deployment.ana, deployment.channel, reply, "white_check_mark"
    )
    settle(deployment)
    assert fault.fired == 1
    assert (
        bot not in deployment.slack.message(deployment.channel, ts).reactions.values()
    )
    invariants.check(deployment.slack, deployment.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_lost_response_leaves_the_message_deleted(
    deployment: Deployment, kind: str, is_done: bool
):
    ask = deployment.ask()
    fault = lose(deployment, "chat.delete", kind, is_done=is_done)
    view = press_option(
        deployment.slack, deployment.channel, ask, deployment.ana, "option_delete"
    )
    deployment.slack.submit(deployment.ana, view["id"], {})
    settle(deployment)
    assert fault.fired == 1
    assert deployment.channel_posts() == []
    invariants.check(deployment.slack, deployment.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_an_ephemeral_message_is_not_resent_after_a_lost_response(
    deployment: Deployment, kind: str, is_done: bool
):
    deployment.slack.command(deployment.ana, deployment.channel, "/kudos")
    view = deployment.slack.view(deployment.ana)
    assert view is not None
    fault = lose(deployment, "chat.postEphemeral", kind, is_done=is_done)
    reason = "the long and patient answer on retries"
    form = {"people": [deployment.ben], "reason": reason, "channel": deployment.channel}
    assert deployment.slack.submit(deployment.ana, view["id"], form).errors == {}
    settle(deployment)
    assert fault.fired == 1
    assert len(deployment.slack.ephemerals(deployment.ana)) == is_done
    assert states(deployment, "kudos.receipt") == {"lost"}
    deployment.wait_until(
        lambda: any(reason in str(m.blocks) for m in deployment.channel_posts())
    )
    invariants.check(deployment.slack, deployment.backswing.database)


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
def test_a_lost_response_leaves_one_file(
    deployment: Deployment, kind: str, is_done: bool, method: str
):
    fault = lose(deployment, method, kind, is_done=is_done)
    assert deployment.slack.command(
        deployment.ana, deployment.channel, "/backswing", "my data"
    ).status
    settle(deployment)
    assert fault.fired == 1
    assert len([m for m in deployment.slack.dm(deployment.ana) if m.files]) == 1
    invariants.check(deployment.slack, deployment.backswing.database)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "is_done"), QUICK)
def test_a_lost_response_leaves_the_home_tab_up_to_date(
    deployment: Deployment, kind: str, is_done: bool
):
    deployment.slack.open_home(deployment.ana)
    deployment.wait_until(lambda: deployment.slack.home(deployment.ana) is not None)
    settle(deployment)
    fault = lose(deployment, "views.publish", kind, is_done=is_done)
    deployment.ask("How do I see it?")
    settle(deployment)
    assert fault.fired == 1
    assert "How do I see it?" in str(deployment.slack.home(deployment.ana))
    invariants.check(deployment.slack, deployment.backswing.database)


def lookup_is_forbidden(deployment: Deployment) -> None:
    deployment.slack.scopes.discard("channels:history")


def lookup_fails(deployment: Deployment) -> None:
    for method in ("conversations.history", "conversations.replies"):
        deployment.slack.faults.add("server_error", method)


@pytest.mark.deep
@pytest.mark.parametrize("blind", [lookup_is_forbidden, lookup_fails])
@pytest.mark.parametrize("is_done", [True, False])
def test_without_a_lookup_it_is_not_resent_and_the_asker_is_told(
    deployment: Deployment, is_done: bool, blind: Callable[[Deployment], None]
):
    blind(deployment)
    fault = deployment.slack.faults.add(
        "reset", "chat.postMessage", times=1, after=is_done
    )
    assert (
        deployment.slack.command(
            deployment.ana, deployment.channel, "/ask", "How do I fix x?"
        ).status
        == 200
    )
    deployment.wait_until(lambda: fault.fired == 1)

    def is_lost() -> bool:
        _wait(deployment, minutes=11)
        return states(deployment, "ask.post") == {"lost"}

    deployment.wait_until(is_lost, seconds=120)
    settle(deployment)
    assert len(deployment.channel_posts()) == is_done
    assert len([m for m in deployment.slack.dm(deployment.ana) if m.bot_id]) == 1
    invariants.check(deployment.slack, deployment.backswing.database)


@pytest.mark.deep
def test_a_message_deleted_before_the_lookup_exists_once_at_most(
    deployment: Deployment,
):
    deployment.slack.faults.add("reset", "chat.postMessage", times=1, after=True)
    assert (
        deployment.slack.command(
            deployment.ana, deployment.channel, "/ask", "How do I fix x?"
        ).status
        == 200
    )
    deployment.wait_until(lambda: len(deployment.channel_posts()) == 1)
    deployment.slack.delete(
        deployment.eva, deployment.channel, deployment.channel_posts()[0].ts
    )
    settle(deployment)
    # Two lookups did not find it: it counts as never posted.
    assert len(deployment.channel_posts()) <= 1
    invariants.check(deployment.slack, deployment.backswing.database)


def test_lost_responses_of_every_method_leave_each_message_once(deployment: Deployment):
    """Play a short story in which every third response is lost after its effect."""
    for method in ("chat.postMessage", "chat.update", "conversations.open"):
        deployment.slack.faults.add("reset", method, chance=0.34, after=True)
    assert (
        deployment.slack.command(
            deployment.ana, deployment.channel, "/ask", "How do I fix x?"
        ).status
        == 200
    )
    deployment.wait_until(lambda: len(deployment.channel_posts()) == 1)
    ask = deployment.channel_posts()[0].ts
    answer = deployment.slack.say(
        deployment.ben, deployment.channel, "So it is done.", thread_ts=ask
    )
    deployment.slack.react(
        deployment.ana, deployment.channel, answer, "white_check_mark"
    )
    began = time.monotonic()
    settle(deployment)
    assert time.monotonic() - began < 120
    deployment.wait_for_text(ask, "Solved")
    invariants.check(deployment.slack, deployment.backswing.database)
