"""Whole stories through the front door, over HTTP and over Socket Mode."""

import pytest

from sandbox import Message
from tests.acceptance.conftest import Town
from tests.acceptance.options import choose
from tests.acceptance.test_ambiguous import settle


def test_ask_answer_solve_and_thank(town: Town) -> None:
    ask = town.ask("How do I test daylight saving?")
    town.shows(ask, "Open")
    answer = town.slack.say(town.ben, town.here, "Freeze the clock.", thread_ts=ask)
    town.shows(ask, "Answered")
    town.told(town.ana, "Ben answered your ask")
    town.slack.react(town.ana, town.here, answer, "white_check_mark")
    town.shows(ask, "Solved")
    town.later(seconds=61)
    town.told(town.ben, "Your answer solved Ana's ask")
    town.told(town.ana, "one line on what worked")
    [asked] = [m for m in town.slack.dm(town.ana) if "what worked" in m.text]
    dm = town.slack.dm_channel(town.ana)
    town.slack.click(town.ana, dm, asked.ts, "ask_worked")
    view = town.slack.view(town.ana)
    assert view is not None
    ack = town.slack.submit(town.ana, view["id"], {"worked": "Freezing it"})
    assert ack.errors == {}
    town.shows(ask, "What worked: Freezing it")
    assert_quiet(town)


def test_the_form_asks_and_says_what_is_wrong(town: Town) -> None:
    away = town.slack.channel("away", with_bot=False)
    town.slack.join(away.id, town.ana)
    ack = town.slack.command(town.ana, away.id, "/ask", "How do I fix x?")
    assert (ack.status, ack.text) == (200, "")
    view = town.slack.view(town.ana)
    assert view is not None
    refused = town.slack.submit(town.ana, view["id"], {"channel": away.id})
    assert "/invite @Backswing" in refused.errors["channel"]
    ack = town.slack.submit(
        town.ana, view["id"], {"channel": town.here, "more_topics": "retries"}
    )
    assert ack.errors == {}
    town.until(lambda: len(town.posted()) == 1)
    town.shows(town.posted()[0].ts, "#retries")
    assert_quiet(town)


def test_a_message_becomes_an_ask_and_shows_that_it_is_solved(town: Town) -> None:
    ts = town.slack.say(town.ana, town.here, "My build fails")
    early = town.slack.say(town.ben, town.here, "Clean it", thread_ts=ts)
    town.slack.react(town.chi, town.here, early, "+1")
    town.slack.settle()
    ack = town.slack.message_shortcut(town.ana, "make_ask", town.here, ts)
    assert ack.status == 200
    town.slack.react(town.ana, town.here, early, "white_check_mark")
    town.until(lambda: bool(town.slack.message(town.here, ts).reactions))
    town.later(seconds=61)
    town.told(town.ben, "It helped Chi too")
    assert town.posted() == []
    assert_quiet(town)


def test_an_undo_withdraws_what_nobody_has_read(town: Town) -> None:
    ask = town.ask()
    answer = town.slack.say(town.ben, town.here, "So.", thread_ts=ask)
    ack = town.slack.message_shortcut(town.ana, "mark_solved", town.here, answer)
    assert ack.status == 200
    town.shows(ask, "Solved")
    [told] = town.slack.ephemerals(town.ana)
    town.slack.click(town.ana, town.here, told.ts, "undo_solved")
    town.shows(ask, "Answered")
    town.later(seconds=90)
    ask2 = town.ask("Something else?")
    town.shows(ask2, "Open")
    assert town.slack.dm(town.ben) == []
    assert_quiet(town)


def test_buttons_close_and_delete(town: Town) -> None:
    ask = town.ask()
    town.slack.click(town.chi, town.here, ask, "ask_same")
    town.shows(ask, "1 other person has this problem")
    view = choose(town.slack, town.here, ask, town.eva, "option_close")
    town.slack.submit(town.eva, view["id"], {"reason": "Asked before"})
    town.told(town.ana, "Eva closed your ask")
    town.shows(ask, "Closed by Eva: Asked before")
    view = choose(town.slack, town.here, ask, town.ana, "option_delete")
    town.slack.submit(town.ana, view["id"], {})
    town.until(lambda: town.posted() == [])


@pytest.mark.parametrize("text", ["<!channel> @here help", "```never closed"])
def test_no_group_is_ever_notified(town: Town, text: str) -> None:
    ask = town.ask(text)
    message = town.slack.message(town.here, ask)
    assert message.notified <= {town.ana}


@pytest.mark.parametrize("was_posted", [True, False])
def test_an_answer_of_slacks_that_got_lost_leaves_one_message(
    town: Town, was_posted: bool
) -> None:
    when = "after" if was_posted else "before"
    town.slack.faults.add("reset", "chat.postMessage", times=1, after=was_posted)
    ack = town.slack.command(town.ana, town.here, "/ask", "How do I fix x?")
    assert ack.status == 200, when
    if was_posted:
        # Somebody answers before the bot knows its own message.
        town.until(lambda: len(town.posted()) == 1)
        ask = town.posted()[0].ts
        answer = town.slack.say(town.ben, town.here, "So.", thread_ts=ask)
        town.slack.react(town.chi, town.here, answer, "heart")
    settle(town)
    assert len(town.posted()) == 1
    if was_posted:
        town.shows(ask, "Answered")


def assert_quiet(town: Town) -> None:
    """Nothing of the bot's was refused by Slack, and no group was notified."""
    there_already = {"already_reacted"}
    refused = [
        call
        for call in town.slack.calls
        if not call.answer.get("ok") and call.answer.get("error") not in there_already
    ]
    assert [(c.method, c.answer) for c in refused] == []
    for message in _all(town):
        assert not {"channel", "here", "everyone"} & message.notified


def _all(town: Town) -> list[Message]:
    people = (town.ana, town.ben, town.chi, town.eva)
    return [*town.posted(), *(m for person in people for m in town.slack.dm(person))]


def test_my_data_comes_as_a_file_and_whoever_asks_is_forgotten(town: Town) -> None:
    ask = town.ask("How do I test daylight saving?")
    ack = town.slack.command(town.ana, town.here, "/backswing", "my data")
    assert ack.status == 200
    town.until(lambda: any(m.files for m in town.slack.dm(town.ana)))
    [name] = [f["name"] for m in town.slack.dm(town.ana) for f in m.files]
    assert name.endswith(".json")
    ack = town.slack.command(town.ana, town.here, "/backswing", "forget me")
    assert ack.status == 200
    view = town.slack.view(town.ana)
    assert view is not None
    assert town.slack.submit(town.ana, view["id"], {}).response_action == "update"
    town.shows(ask, "Asked by someone")
    town.shows(ask, "Closed")
    assert "daylight" not in str(town.slack.message(town.here, ask).blocks)
    town.until(lambda: not any(m.files for m in town.slack.dm(town.ana)))
    assert_quiet(town)
