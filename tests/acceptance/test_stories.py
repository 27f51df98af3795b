"""Whole stories over HTTP and over Socket Mode."""

import pytest

from sandbox import Message
from tests.acceptance.conftest import Deployment
from tests.acceptance.options import press_option
from tests.acceptance.test_ambiguous import settle


@pytest.mark.deep
def test_ask_answer_solve_and_thank(deployment: Deployment) -> None:
    ask = deployment.ask("How do I test daylight saving?")
    deployment.wait_for_text(ask, "Open")
    answer = deployment.slack.say(
        deployment.ben, deployment.channel, "Freeze the clock.", thread_ts=ask
    )
    deployment.wait_for_text(ask, "Answered")
    deployment.wait_for_direct_message(deployment.ana, "Ben answered your ask")
    deployment.slack.react(
        deployment.ana, deployment.channel, answer, "white_check_mark"
    )
    deployment.wait_for_text(ask, "Solved")
    deployment.advance(seconds=61)
    deployment.wait_for_direct_message(deployment.ben, "Your answer solved Ana's ask")
    deployment.wait_for_direct_message(deployment.ana, "one line on what worked")
    [asked] = [
        m for m in deployment.slack.dm(deployment.ana) if "what worked" in m.text
    ]
    dm = deployment.slack.dm_channel(deployment.ana)
    deployment.slack.click(deployment.ana, dm, asked.ts, "ask_worked")
    view = deployment.slack.view(deployment.ana)
    assert view is not None
    ack = deployment.slack.submit(deployment.ana, view["id"], {"worked": "Freezing it"})
    assert ack.errors == {}
    deployment.wait_for_text(ask, "What worked: Freezing it")
    assert_quiet(deployment)


def test_the_form_asks_and_shows_errors(deployment: Deployment) -> None:
    away = deployment.slack.add_channel("away", with_bot=False)
    deployment.slack.join(away.id, deployment.ana)
    ack = deployment.slack.command(deployment.ana, away.id, "/ask", "How do I fix x?")
    assert (ack.status, ack.text) == (200, "")
    view = deployment.slack.view(deployment.ana)
    assert view is not None
    refused = deployment.slack.submit(deployment.ana, view["id"], {"channel": away.id})
    assert "/invite @Backswing" in refused.errors["channel"]
    ack = deployment.slack.submit(
        deployment.ana,
        view["id"],
        {"channel": deployment.channel, "more_topics": "retries"},
    )
    assert ack.errors == {}
    deployment.wait_until(lambda: len(deployment.channel_posts()) == 1)
    deployment.wait_for_text(deployment.channel_posts()[0].ts, "#retries")
    assert_quiet(deployment)


@pytest.mark.deep
def test_a_message_becomes_an_ask_and_shows_that_it_is_solved(
    deployment: Deployment,
) -> None:
    ts = deployment.slack.say(deployment.ana, deployment.channel, "My build fails")
    early = deployment.slack.say(
        deployment.ben, deployment.channel, "Clean it", thread_ts=ts
    )
    deployment.slack.react(deployment.chi, deployment.channel, early, "+1")
    deployment.slack.wait_for_deliveries()
    ack = deployment.slack.message_shortcut(
        deployment.ana, "make_ask", deployment.channel, ts
    )
    assert ack.status == 200
    deployment.slack.react(
        deployment.ana, deployment.channel, early, "white_check_mark"
    )
    deployment.wait_until(
        lambda: bool(deployment.slack.message(deployment.channel, ts).reactions)
    )
    deployment.advance(seconds=61)
    deployment.wait_for_direct_message(deployment.ben, "It helped Chi too")
    assert deployment.channel_posts() == []
    assert_quiet(deployment)


def test_an_undo_cancels_unread_messages(deployment: Deployment) -> None:
    ask = deployment.ask()
    answer = deployment.slack.say(
        deployment.ben, deployment.channel, "So.", thread_ts=ask
    )
    ack = deployment.slack.message_shortcut(
        deployment.ana, "mark_solved", deployment.channel, answer
    )
    assert ack.status == 200
    deployment.wait_for_text(ask, "Solved")
    # The first one says how to ask well.
    [_, solved] = deployment.slack.ephemerals(deployment.ana)
    deployment.slack.click(deployment.ana, deployment.channel, solved.ts, "undo_solved")
    deployment.wait_for_text(ask, "Answered")
    deployment.advance(seconds=90)
    ask2 = deployment.ask("Something else?")
    deployment.wait_for_text(ask2, "Open")
    assert deployment.slack.dm(deployment.ben) == []
    assert_quiet(deployment)


@pytest.mark.deep
def test_buttons_close_and_delete(deployment: Deployment) -> None:
    ask = deployment.ask()
    deployment.slack.click(deployment.chi, deployment.channel, ask, "ask_same")
    deployment.wait_for_text(ask, "1 other person has this problem")
    view = press_option(
        deployment.slack, deployment.channel, ask, deployment.eva, "option_close"
    )
    deployment.slack.submit(deployment.eva, view["id"], {"reason": "Asked before"})
    deployment.wait_for_direct_message(deployment.ana, "Eva closed your ask")
    deployment.wait_for_text(ask, "Closed by Eva: Asked before")
    view = press_option(
        deployment.slack, deployment.channel, ask, deployment.ana, "option_delete"
    )
    deployment.slack.submit(deployment.ana, view["id"], {})
    deployment.wait_until(lambda: deployment.channel_posts() == [])


@pytest.mark.parametrize("text", ["<!channel> @here help", "```never closed"])
def test_no_group_is_ever_notified(deployment: Deployment, text: str) -> None:
    ask = deployment.ask(text)
    message = deployment.slack.message(deployment.channel, ask)
    assert message.mentions <= {deployment.ana}


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.deep
def test_a_lost_response_of_slack_leaves_one_message(
    deployment: Deployment, is_done: bool
) -> None:
    when = "after" if is_done else "before"
    deployment.slack.faults.add("reset", "chat.postMessage", times=1, after=is_done)
    ack = deployment.slack.command(
        deployment.ana, deployment.channel, "/ask", "How do I fix x?"
    )
    assert ack.status == 200, when
    if is_done:
        # A peer answers before the bot knows its own message's ts.
        deployment.wait_until(lambda: len(deployment.channel_posts()) == 1)
        ask = deployment.channel_posts()[0].ts
        answer = deployment.slack.say(
            deployment.ben, deployment.channel, "So.", thread_ts=ask
        )
        deployment.slack.react(deployment.chi, deployment.channel, answer, "heart")
    settle(deployment)
    assert len(deployment.channel_posts()) == 1
    if is_done:
        deployment.wait_for_text(ask, "Answered")


def assert_quiet(deployment: Deployment) -> None:
    """Check that Slack rejected nothing and that no group was notified."""
    there_already = {"already_reacted"}
    refused = [
        call
        for call in deployment.slack.calls
        if not call.answer.get("ok") and call.answer.get("error") not in there_already
    ]
    assert [(c.method, c.answer) for c in refused] == []
    for message in _all(deployment):
        assert not {"channel", "here", "everyone"} & message.mentions


def _all(deployment: Deployment) -> list[Message]:
    people = (deployment.ana, deployment.ben, deployment.chi, deployment.eva)
    return [
        *deployment.channel_posts(),
        *(m for person in people for m in deployment.slack.dm(person)),
    ]


@pytest.mark.deep
def test_my_data_comes_as_a_file_and_forget_me_erases(
    deployment: Deployment,
) -> None:
    ask = deployment.ask("How do I test daylight saving?")
    ack = deployment.slack.command(
        deployment.ana, deployment.channel, "/backswing", "my data"
    )
    assert ack.status == 200
    deployment.wait_until(
        lambda: any(m.files for m in deployment.slack.dm(deployment.ana))
    )
    [name] = [f["name"] for m in deployment.slack.dm(deployment.ana) for f in m.files]
    assert name.endswith(".json")
    ack = deployment.slack.command(
        deployment.ana, deployment.channel, "/backswing", "forget me"
    )
    assert ack.status == 200
    view = deployment.slack.view(deployment.ana)
    assert view is not None
    assert (
        deployment.slack.submit(deployment.ana, view["id"], {}).response_action
        == "update"
    )
    deployment.wait_for_text(ask, "Asked by someone")
    deployment.wait_for_text(ask, "Closed")
    assert "daylight" not in str(
        deployment.slack.message(deployment.channel, ask).blocks
    )
    deployment.wait_until(
        lambda: not any(m.files for m in deployment.slack.dm(deployment.ana))
    )
    assert_quiet(deployment)
