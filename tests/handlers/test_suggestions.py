"""Askers see at once what may have solved their problem before."""

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.clock import datetime_to_micros
from bot.knowledge import actions
from bot.search.follower import SearchFollower
from bot.slack.api import RateLimited
from models import Ask, AskSuggestion, Channel
from tests.factories import Story
from tests.knowledge import TITLE, make_findable, solve_an_ask
from tests.slack_payloads import (
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    message_event,
)

OPS = "C0OPS"
AGAIN = "VPN certificate has expired, how can I renew it?"


@pytest.fixture
def earlier(story: Story, follower: SearchFollower) -> str:
    """Ben's answer solved Ana's ask, and its words are findable; its ts."""
    for other in ("Where is the coffee machine?", "Which printer is the best one?"):
        story.ask(other, member=HELPER)
    answer = solve_an_ask(story)
    story.advance(minutes=5)
    follower.follow()
    return answer


def ask_again(story: Story, words: str = AGAIN, member: str = PEER) -> dict[str, Any]:
    """Return the card, or {} if the bot stays silent."""
    response = story.command(member, "/ask", words)
    assert response.status == 200
    return json.loads(response.body) if response.body[:1] == "{" else {}


def values(card: dict[str, Any], action_id: str) -> list[str]:
    return [
        element["value"]
        for block in card["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action_id
    ]


def last_reply(story: Story) -> str:
    return story.slack.responses[-1][1]


@pytest.mark.deep
def test_what_worked_is_shown_and_takes_the_ask_back(story: Story, earlier: str):
    card = ask_again(story)
    assert card["text"] == "Perhaps already solved:"
    assert "vpnctl renew" in json.dumps(card)
    [value] = values(card, "suggestion_solved")
    story.deliver()
    story.click(PEER, "suggestion_solved", value)
    story.deliver()
    assert "taken your ask back" in last_reply(story)
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 3
    story.advance(seconds=61)
    assert "helped Chi today" in story.slack.messages_to(HELPER)[-1].text
    story.click(PEER, "suggestion_undo", value.split(":")[0])
    story.deliver()
    assert "posted again" in last_reply(story)
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 4


@pytest.mark.deep
def test_an_ask_that_was_taken_back_is_not_found(
    story: Story, earlier: str, follower: SearchFollower
):
    """Neither by its own words, nor as words of the same problem."""

    def find(words: str) -> str:
        response = story.command(CHAMPION, "/find", words)
        return json.dumps(json.loads(response.body)["blocks"])

    card = ask_again(story, f"{AGAIN} My zeppelin waits")
    story.deliver()
    follower.follow()
    [value] = values(card, "suggestion_solved")
    story.click(PEER, "suggestion_solved", value)
    # The index has not followed yet.
    assert "My zeppelin waits" not in find("certificate zeppelin")
    follower.follow()
    assert TITLE not in find("zeppelin")
    story.click(PEER, "suggestion_undo", value.split(":")[0])
    story.deliver()
    follower.follow()
    assert story.asks()[-1].deleted_at is None
    assert "vpnctl renew" in json.dumps(ask_again(story, member=CHAMPION))


@pytest.mark.deep
def test_the_reply_wins_that_came_as_it_was_pressed(story: Story, earlier: str):
    card = ask_again(story)
    story.deliver()
    ask = story.asks()[-1]
    assert ask.ts
    story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
        {"ts": ask.ts, "bot_id": "B0BACKSWING", "user": story.workspace.bot_user_id},
        message_event(HELPER, "Which one?", "1772449999.000100", ask.ts),
    ]
    story.click(PEER, "suggestion_solved", *values(card, "suggestion_solved"))
    story.deliver()
    assert "Your ask is solved" in last_reply(story)
    assert story.asks()[-1].state == "solved"


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_what_is_not_theirs_is_not_shown_again(story: Story, earlier: str):
    card = ask_again(story)
    [value] = values(card, "suggestion_dismiss")
    story.click(PEER, "suggestion_dismiss", value)
    assert last_reply(story).startswith("OK.")
    with story.rt.read(story.workspace) as tx:
        assert tx.session.scalars(select(AskSuggestion.is_dismissed)).all() == [True]


def test_an_open_ask_with_the_same_words_does_not_keep_it_back(
    story: Story, earlier: str, follower: SearchFollower
):
    ask_again(story)
    story.deliver()
    follower.follow()
    card = ask_again(story, member=CHAMPION)
    assert "vpnctl renew" in json.dumps(card)
    assert len(values(card, "suggestion_solved")) == 1


@pytest.mark.deep
def test_an_answer_by_the_asker_does_not_keep_it_back(
    story: Story, earlier: str, follower: SearchFollower
):
    solve_an_ask(story, AGAIN, "Call the desk.", author=PEER)
    story.advance(minutes=5)
    follower.follow()
    assert "vpnctl renew" in json.dumps(ask_again(story))


def test_of_two_with_the_same_words_the_one_of_the_channel_is_shown(
    story: Story, earlier: str, follower: SearchFollower
):
    story.slack.channels[OPS] = conversation_object(OPS, "ops")
    joined = {"type": "member_joined_channel", "user": BOT, "channel": OPS}
    assert story.event({**joined, "inviter": ASKER}) == 200
    story.command(ASKER, "/ask", TITLE, channel=OPS)
    story.deliver()
    answer = story.say(
        HELPER, "Use opsctl.", thread_ts=story.asks()[-1].ts, channel=OPS
    )
    story.react(ASKER, answer, "white_check_mark", channel=OPS)
    story.deliver()
    make_findable(story, answer, "Use opsctl.")
    story.advance(minutes=5)
    follower.follow()
    card = json.dumps(ask_again(story))
    assert "vpnctl renew" in card
    assert "opsctl" not in card


@pytest.mark.parametrize(
    ("title", "words"),
    [
        # Parts of one name,
        ("Who reviews en_GB?", "Is there a glossary of en_GB?"),
        # of an address,
        (
            "Please review <https://git.example.com/acme/portal/pull/12>",
            "Where are <https://git.example.com/acme/portal/issues>?",
        ),
        # and what may be said of everything.
        ("Is this the right place for a quick question?", "Right place to question it"),
    ],
)
def test_words_that_say_nothing_of_the_problem_are_no_evidence(
    story: Story, follower: SearchFollower, title: str, words: str
):
    story.ask("Where is the coffee machine?", member=HELPER)
    solve_an_ask(story, title)
    story.advance(minutes=5)
    follower.follow()
    assert ask_again(story, words) == {}


UNLIKE = [
    "hello",
    "help!!!",
    "How do I order new shoes?",
    "Is the certificate of the printer fine?",
    "<https://example.com/>",
    "NOT title:* AND (",
]


@pytest.mark.deep
def test_it_stays_silent_unless_it_is_probably_right(story: Story, earlier: str):
    for words in UNLIKE:
        card = ask_again(story, words)
        is_silent = not card.get("blocks") or not values(card, "suggestion_solved")
        assert is_silent, words


def test_it_is_silent_where_the_channel_wants_none(story: Story, earlier: str):
    story.set_up_channel(suggests_entries=[])
    assert ask_again(story) == {}


def test_it_is_silent_while_nobody_has_answered(story: Story, follower: SearchFollower):
    story.ask(TITLE)
    follower.follow()
    assert ask_again(story) == {}


@pytest.mark.deep_on_postgresql
def test_nobody_else_can_use_the_card(story: Story, earlier: str):
    card = ask_again(story)
    [value] = values(card, "suggestion_solved")
    story.click(HELPER, "suggestion_solved", value)
    assert "Only the person who asked" in last_reply(story)
    story.click(HELPER, "suggestion_dismiss", value)
    assert last_reply(story) == "That is gone."


@pytest.mark.deep
def test_an_own_solved_ask_is_recognised(story: Story, earlier: str):
    card = ask_again(story, member=ASKER)
    assert "Your ask, answered by Ben" in json.dumps(card)


@pytest.mark.deep
def test_the_ask_sent_twice_finds_what_helped_and_not_itself(
    story: Story, earlier: str, follower: SearchFollower
):
    first = values(ask_again(story), "suggestion_solved")
    story.deliver()
    follower.follow()
    second = values(ask_again(story), "suggestion_solved")
    assert [value.split(":")[1] for value in second] == [
        value.split(":")[1] for value in first
    ]


@pytest.mark.deep
def test_an_ask_that_an_earlier_one_solved_is_not_still_open(
    story: Story, earlier: str, follower: SearchFollower
):
    card = ask_again(story)
    story.advance(seconds=90)
    story.click(PEER, "suggestion_solved", *values(card, "suggestion_solved"))
    story.deliver()
    follower.follow()
    assert story.asks()[-1].state == "solved"
    page = json.dumps({"words": "VPN certificate", "start": 0, "open": True})
    story.click(PEER, "find_open", page)
    found = json.dumps(story.slack.responses[-1][2])
    assert "vpnctl renew" in found
    assert "Still open" not in found


def test_while_slack_does_not_say_who_has_replied_the_ask_stays(
    story: Story, earlier: str, monkeypatch: pytest.MonkeyPatch
):
    card = ask_again(story)
    story.deliver()

    def refuse(_channel: str, _ts: str) -> list[dict[str, Any]]:
        raise RateLimited("conversations.replies", retry_after=30)

    monkeypatch.setattr(story.slack, "replies", refuse)
    story.click(PEER, "suggestion_solved", *values(card, "suggestion_solved"))
    story.deliver()
    assert "Your ask is solved" in last_reply(story)
    assert story.asks()[-1].state == "solved"


@pytest.mark.deep
def test_thats_it_pressed_twice_takes_the_ask_back_once(story: Story, earlier: str):
    [value] = values(ask_again(story), "suggestion_solved")
    story.deliver()

    def press_again(method: str) -> None:
        if method == "conversations.replies":
            story.slack.on_call = lambda _: None
            story.click(PEER, "suggestion_solved", value)

    # The second press comes while the first one waits for Slack.
    story.slack.on_call = press_again
    story.click(PEER, "suggestion_solved", value)
    story.click(PEER, "suggestion_solved", value)
    assert [
        "taken your ask back" in text for _, text, *_ in story.slack.responses[-3:]
    ] == [True, True, True]
    story.click(HELPER, "suggestion_solved", value)
    assert last_reply(story) == "That ask is gone."
    story.advance(seconds=61)
    thanks = [text for text in story.slack.texts_to(HELPER) if "helped Chi" in text]
    assert len(thanks) == 1


def options(story: Story) -> str:
    ask = story.asks()[-1]
    assert ask.ts
    story.message_shortcut(PEER, "ask_options", BOT, ask.ts)
    return json.dumps(story.slack.views[-1][1])


@pytest.mark.deep
def test_what_was_suggested_stays_in_the_options_while_one_may_see_it(
    story: Story, earlier: str
):
    ask_again(story)
    story.deliver()
    assert "vpnctl renew" in options(story)

    def change(**values: Any) -> None:
        with story.rt.write(story.workspace) as tx:
            tx.session.execute(update(Ask).filter_by(title=TITLE).values(values))

    change(deleted_at=story.clock())
    assert "vpnctl renew" not in options(story)
    change(deleted_at=None)
    assert "vpnctl renew" in options(story)
    with story.rt.write(story.workspace) as tx:
        den = Channel(
            installation_id=tx.workspace.id,
            slack_id="C0DEN",
            is_joined=True,
            is_private=True,
        )
        tx.session.add(den)
        tx.session.flush()
        den_id = den.id
    change(channel_id=den_id)
    assert "vpnctl renew" not in options(story)
    assert TITLE not in options(story)


@pytest.mark.deep
def test_only_the_asker_sees_what_was_suggested(story: Story, earlier: str):
    ask_again(story)
    story.deliver()
    ask = story.asks()[-1]
    assert ask.ts
    story.message_shortcut(HELPER, "ask_options", BOT, ask.ts)
    assert "vpnctl renew" not in json.dumps(story.slack.views[-1][1])


def test_what_people_call_out_of_date_is_not_suggested(story: Story, earlier: str):
    with story.rt.write(story.workspace) as tx:
        entry = tx.session.scalars(select(Ask).filter_by(title=TITLE)).one()
        actions.review(
            tx,
            entry.id,
            by=HELPER,
            verdict="outdated",
            event_micros=datetime_to_micros(tx.now),
        )
    assert ask_again(story) == {}


@pytest.mark.deep
def test_ones_own_answer_is_no_news(story: Story, earlier: str):
    assert ask_again(story, member=HELPER) == {}


@pytest.mark.deep
def test_it_is_silent_if_what_fits_best_is_still_open(
    story: Story, earlier: str, follower: SearchFollower
):
    """A weaker match was answered, and is probably about something else."""
    words = "VPN certificate of the Lisbon office has expired overnight"
    story.ask(words, member=HELPER)
    follower.follow()
    assert ask_again(story, words) == {}


def test_it_is_silent_without_an_index(story: Story):
    solve_an_ask(story)
    assert ask_again(story) == {}


@pytest.mark.deep
def test_ones_own_solved_ask_comes_first(story: Story, follower: SearchFollower):
    solve_an_ask(story, "VPN certificate", "Ask Ben.", asker=PEER)
    solve_an_ask(story, "How do I renew the expired VPN certificate myself again?")
    for n in range(20):
        story.ask(f"Where is printer {n}?", member=HELPER)
    follower.follow()
    card = json.dumps(
        ask_again(story, "renew expired VPN certificate myself, how exactly?")
    )
    assert card.index("Your ask, answered by") < card.index("vpnctl renew")


def test_a_reaction_that_has_not_come_as_an_event_keeps_the_ask(
    story: Story, earlier: str
):
    card = ask_again(story)
    story.deliver()
    ask = story.asks()[-1]
    assert ask.ts
    reacted = {"name": "eyes", "users": [HELPER], "count": 1}
    story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
        {
            "ts": ask.ts,
            "bot_id": "B0BACKSWING",
            "user": story.workspace.bot_user_id,
            "reactions": [reacted],
        }
    ]
    story.click(PEER, "suggestion_solved", *values(card, "suggestion_solved"))
    story.deliver()
    assert story.asks()[-1].state == "solved"


@pytest.mark.deep
def test_thats_it_for_what_one_may_no_longer_see_does_nothing(
    story: Story, earlier: str
):
    card = ask_again(story)
    story.deliver()
    with story.rt.write(story.workspace) as tx:
        den = Channel(
            installation_id=tx.workspace.id,
            slack_id="C0DEN",
            is_joined=True,
            is_private=True,
        )
        tx.session.add(den)
        tx.session.flush()
        entry = update(Ask).filter_by(title=TITLE).values(channel_id=den.id)
        tx.session.execute(entry)
    story.click(PEER, "suggestion_solved", *values(card, "suggestion_solved"))
    story.deliver()
    assert "not in it" in last_reply(story)
    assert story.asks()[-1].state == "open"


def home(story: Story) -> str:
    opened = {"type": "app_home_opened", "user": PEER, "tab": "home"}
    assert story.event(opened) == 200
    story.deliver()
    return json.dumps(story.slack.homes[PEER])


@pytest.mark.deep
def test_home_shows_it_while_the_ask_is_open(story: Story, earlier: str):
    card = ask_again(story)
    story.advance(seconds=90)
    assert "Perhaps already solved" in home(story)
    story.click(PEER, "suggestion_solved", *values(card, "suggestion_solved"))
    story.deliver()
    assert "Perhaps already solved" not in home(story)
    story.click(PEER, "suggestion_undo", str(story.asks()[-1].id))
    story.deliver()
    assert "Perhaps already solved" in home(story)
    story.click(PEER, "suggestion_dismiss", *values(card, "suggestion_dismiss"))
    assert "Perhaps already solved" not in home(story)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_reply_wins_that_came_before_slack_deleted_the_ask(
    story: Story, earlier: str
):
    card = ask_again(story)
    story.deliver()
    ask = story.asks()[-1]
    assert ask.ts
    [value] = values(card, "suggestion_solved")
    story.click(PEER, "suggestion_solved", value)
    assert "taken your ask back" in last_reply(story)
    reply = story.say(HELPER, "Which one?", thread_ts=ask.ts)
    story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
        {"ts": ask.ts, "bot_id": "B0BACKSWING", "user": story.workspace.bot_user_id},
        message_event(HELPER, "Which one?", reply, ask.ts),
    ]
    story.advance(seconds=90)
    assert story.asks()[-1].state == "solved"
    assert story.slack.message_at(HELP_CHANNEL, ask.ts).text.startswith("Ask (solved)")
    assert reply in {answer.ts for answer in story.answers()}
    thanks = [text for text in story.slack.texts_to(HELPER) if "helped Chi" in text]
    assert len(thanks) == 1
    story.click(PEER, "suggestion_undo", value.split(":")[0])
    story.deliver()
    assert last_reply(story) == "Your ask is open again."
    assert story.asks()[-1].state == "answered"
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 4
