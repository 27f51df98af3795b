"""/find: what helped, read there and then; and what people say of it."""

import itertools
import json
from typing import Any

import pytest
from sqlalchemy import select, update

import jobs.knowledge
from bot.search.follower import SearchFollower
from models import AnswerText, Ask, Channel, EntryReview
from tests.ask_forms import elements
from tests.factories import Story
from tests.knowledge import TITLE, WORDS, make_findable, solve_an_ask
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    message_event,
    user_object,
)


@pytest.fixture
def earlier(story: Story, follower: SearchFollower) -> str:
    """Ben's answer solved Ana's ask; its ts."""
    answer = solve_an_ask(story)
    story.ask("Where is the coffee machine?", member=HELPER)
    follower.follow()
    return answer


def find(story: Story, words: str = "vpn certificate", member: str = PEER) -> Any:
    response = story.command(member, "/find", words)
    assert response.status == 200
    return json.loads(response.body)


def shown(story: Story, words: str = "vpn certificate", member: str = PEER) -> str:
    return json.dumps(find(story, words, member)["blocks"])


def values(blocks: list[dict[str, Any]], action_id: str) -> list[str]:
    return [
        element["value"]
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action_id
    ]


def press(
    story: Story, action_id: str, member: str = PEER, words: str = "vpn certificate"
) -> None:
    [value, *_] = values(find(story, words, member)["blocks"], action_id)
    story.click(member, action_id, value)


def last_reply(story: Story) -> str:
    return story.slack.responses[-1][1]


def test_what_helped_is_read_there_and_then(story: Story, earlier: str):
    text = shown(story)
    assert TITLE in text
    assert "vpnctl renew" in text
    assert "Answered by Ben" in text
    assert "helped 1 person" in text
    assert f"/archives/{HELP_CHANNEL}/p{earlier.replace('.', '')}" in text


def test_the_words_of_an_answer_are_found(story: Story, earlier: str):
    assert TITLE in shown(story, "log in again")


def test_what_nobody_has_answered_is_found_if_asked_for(story: Story, earlier: str):
    found = find(story, "coffee machine")
    assert found["text"] == "Nothing yet. Ask your peers?"
    [value] = values(found["blocks"], "find_open")
    story.click(PEER, "find_open", value)
    assert "Still open" in json.dumps(story.slack.responses[-1][2])


def test_it_offers_to_ask_with_the_words_filled_in(story: Story, earlier: str):
    press(story, "find_ask", words="flux capacitor & <b>")
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "ask"
    assert elements(view)["title"]["initial_value"] == "flux capacitor & <b>"


def test_without_words_there_is_a_form(story: Story, earlier: str):
    story.command(PEER, "/find", "  ")
    view = story.slack.views[-1][1]
    response = story.submit(PEER, view, {"words": "vpn"})
    shown = json.loads(response.body)
    assert shown["response_action"] == "update"
    assert TITLE in json.dumps(shown["view"]["blocks"])
    empty = json.loads(story.submit(PEER, view, {"words": " \n "}).body)
    assert empty["errors"] == {"words": "Type a few words."}


@pytest.mark.deep
def test_pages(story: Story, follower: SearchFollower):
    for n in range(12):
        solve_an_ask(story, f"VPN certificate number {n}?", "So.")
    follower.follow()
    seen: list[str] = []
    blocks = find(story)["blocks"]
    for _ in range(3):
        seen += values(blocks, "entry_helped")
        if more := values(blocks, "find_more"):
            story.click(PEER, "find_more", more[0])
            blocks = story.slack.responses[-1][2]
    assert len(seen) == len(set(seen)) == 12
    assert values(blocks, "find_more") == []


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_this_helped_is_a_mark_that_can_be_undone(story: Story, earlier: str):
    press(story, "entry_helped")
    assert story.answer_marks()[earlier] == (True, 1)
    [undo] = values(story.slack.responses[-1][2], "undo_helpful")
    story.click(PEER, "undo_helpful", undo)
    assert story.answer_marks()[earlier] == (True, 0)


def test_it_says_when_somebody_last_confirmed_it(story: Story, earlier: str):
    assert "last confirmed" not in shown(story)
    story.clock.advance(days=100)
    press(story, "entry_helped")
    assert "helped 2 people \\u00b7 last confirmed 10 Jun" in shown(story)


def test_authors_do_not_praise_themselves(story: Story, earlier: str):
    press(story, "entry_helped", HELPER)
    assert "your own answer" in last_reply(story)


def flag(story: Story, member: str, reason: str = "") -> str:
    press(story, "entry_outdated", member)
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "outdated"
    response = story.submit(member, view, {"reason": reason})
    return response.body


@pytest.mark.deep
def test_two_people_make_an_answer_old_and_its_author_is_asked_once(
    story: Story, follower: SearchFollower, earlier: str
):
    solve_an_ask(story, "Is the VPN down?", "Ask the help desk.", author=PEER)
    follower.follow()
    assert shown(story).index(TITLE) < shown(story).index("Ask the help desk")
    assert "If one more person says so" in flag(story, PEER, "vpnctl is gone")
    assert "vpnctl is gone" not in shown(story, member=ASKER)
    assert "People who find it will see that." in flag(story, ADMIN)
    story.advance(minutes=1)
    found = shown(story, member=ASKER)
    assert "Out of date, people say: vpnctl is gone" in found
    assert found.index("Ask the help desk") < found.index(TITLE)
    asked = [m for m in story.slack.messages_to(HELPER) if "out of date" in m.text]
    assert len(asked) == 1
    assert "“vpnctl is gone”" in asked[0].text
    flag(story, ASKER)
    story.advance(minutes=1)
    story.click(HELPER, "entry_works", values(asked[0].blocks, "entry_works")[0])
    assert "Out of date" not in shown(story, member=ASKER).replace('"Out of date"', "")
    # Reasons from before the author's word count no longer.
    story.advance(minutes=1)
    for name in ("U0DAN", "U0EVE"):
        story.slack.people[name] = user_object(name)
        blocks = find(story, "vpn certificate", name)["blocks"]
        story.click(name, "entry_outdated", min(values(blocks, "entry_outdated")))
        story.submit(name, story.slack.views[-1][1], {"reason": ""})
    assert "People say that this is out of date." in shown(story, member=ASKER)
    assert "vpnctl is gone" not in shown(story, member=ASKER)
    press(story, "entry_works", PEER)
    story.advance(days=1)
    asked = [m for m in story.slack.messages_to(HELPER) if "out of date" in m.text]
    assert len(asked) == 1


def test_the_authors_own_word_is_enough(story: Story, earlier: str):
    flag(story, HELPER, "Use the new portal")
    assert "people say: Use the new portal" in shown(story)


def test_who_flagged_it_may_take_it_back(story: Story, earlier: str):
    flag(story, HELPER, "Use the new portal")
    press(story, "entry_works", HELPER)
    assert "Use the new portal" not in shown(story)


@pytest.mark.deep_on_postgresql
def test_after_a_year_somebody_is_to_confirm_it(story: Story, earlier: str):
    story.clock.advance(days=366)
    text = shown(story)
    assert "Nobody has confirmed it since March 2026" in text
    press(story, "entry_works")
    assert "Nobody has confirmed" not in shown(story)


def test_a_workspace_chooses_how_long_a_confirmation_counts(story: Story, earlier: str):
    story.set_up_workspace(confirmed_for_days="30")
    story.clock.advance(days=29)
    assert "Nobody has confirmed" not in shown(story)
    story.clock.advance(days=2)
    assert "Nobody has confirmed it since March" in shown(story)


def test_to_be_shown_confirms_nothing(story: Story, earlier: str):
    story.clock.advance(days=364)
    shown(story)
    story.clock.advance(days=2)
    assert "Nobody has confirmed" in shown(story)


CANARY = "zanzibar"


@pytest.fixture
def private(story: Story, follower: SearchFollower) -> str:
    """A private channel, in which Ana asked and Ben answered; the channel's id."""
    solve_an_ask(story, f"How do I renew the {CANARY} certificate?", f"{CANARY} renew")
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "help", is_private=True
    )
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(update(Channel).values(is_private=True))
    follower.follow()
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER]
    story.clock.advance(hours=2)
    return HELP_CHANNEL


def test_what_was_said_in_private_is_for_those_who_are_in(story: Story, private: str):
    assert CANARY in shown(story, "certificate", ASKER)
    assert "lock" in shown(story, "certificate", ASKER)
    assert CANARY not in shown(story, "certificate", PEER)
    # Neither by the word itself, nor by one that is nearly it.
    assert CANARY not in shown(story, "zanzibra certificate", PEER)


def test_ids_that_one_may_not_see_do_nothing(story: Story, private: str):
    entry = str(story.only_ask().id)
    for action in ("entry_helped", "entry_works", "entry_outdated"):
        story.click(PEER, action, entry)
        assert "not in it" in last_reply(story)
    with story.rt.read(story.workspace) as tx:
        assert tx.session.scalars(select(EntryReview)).all() == []


def test_guests_find_what_was_said_in_their_channels(story: Story, earlier: str):
    story.slack.members_by_channel[HELP_CHANNEL] = []
    assert TITLE not in shown(story, member=GUEST)
    story.clock.advance(hours=2)
    story.slack.members_by_channel[HELP_CHANNEL] = [GUEST]
    assert TITLE in shown(story, member=GUEST)


def test_somebody_from_outside_finds_nothing(story: Story, earlier: str):
    story.slack.people[PEER] = user_object(PEER, team_id="T0OTHER")
    response = story.command(PEER, "/find", "vpn")
    assert TITLE not in response.body


TYPED = [
        '"', "*", "a NEAR b", "-vpn", "title:vpn", "vpn^1e309", "()", "\u202evpn",
        ":tada:", "<!channel>", "<@U0BEN>", "x" * 40_000, "vpn " * 750, "\x00vpn",
        "\U0001f600" * 300, '"' * 300,
]  # fmt: skip


@pytest.mark.deep
def test_whatever_is_typed(story: Story, earlier: str):
    for words in TYPED:
        assert find(story, words)["blocks"], words


FORGED_VALUES = [
    "", "{}", "[]", "null", '{"words": 1}', '{"words": "vpn", "start": -1}',
    '{"words": "vpn", "start": "9999999999999999999"}',
]  # fmt: skip


def test_forged_values(story: Story, earlier: str):
    pages = ("find_more", "find_page", "find_open")
    verdicts = ("entry_helped", "entry_works", "entry_outdated")
    for action, value in itertools.product(pages + verdicts, FORGED_VALUES):
        replies = len(story.slack.responses)
        assert story.click(PEER, action, value).status == 200
        [(_, text, _)] = story.slack.responses[replies:]
        assert text == "That is gone.", (action, value)


def test_deleted_asks_are_gone_at_once(story: Story, earlier: str):
    """Before the index has followed."""
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(update(Ask).values(deleted_at=story.clock()))
    assert TITLE not in shown(story)
    assert WORDS not in shown(story)


def open_asks(story: Story, words: str) -> str:
    [value] = values(find(story, words)["blocks"], "find_open")
    story.click(PEER, "find_open", value)
    return json.dumps(story.slack.responses[-1][2])


def test_a_closed_ask_is_not_still_open(story: Story, earlier: str):
    assert "Still open" in open_asks(story, "coffee machine")
    coffee = story.asks()[-1]
    story.click(HELPER, "option_close", str(coffee.id))
    story.deliver()
    assert story.asks()[-1].state == "closed"
    assert coffee.title not in open_asks(story, "coffee machine")


@pytest.mark.deep
def test_what_was_answered_is_found_behind_any_number_of_open_asks(
    story: Story, follower: SearchFollower
):
    """Most asks in a busy channel are never marked."""
    solve_an_ask(story, "How do I renew the VPN certificate of my laptop, anybody?")
    for n in range(70):
        story.command(HELPER, "/ask", f"VPN certificate {n}")
    follower.follow()
    assert "vpnctl renew" in shown(story, "vpn certificate")


def test_the_author_is_asked_even_if_the_second_flag_comes_a_day_later(
    story: Story, earlier: str
):
    for member in (PEER, ADMIN):
        flag(story, member)
        story.advance(days=1)
    asked = [text for text in story.slack.texts_to(HELPER) if "out of date" in text]
    assert len(asked) == 1


def test_a_guest_who_has_left_the_channel_reviews_nothing_there(
    story: Story, earlier: str
):
    [value] = values(find(story)["blocks"], "entry_outdated")
    story.slack.members_by_channel[HELP_CHANNEL] = []
    find(story, member=GUEST)
    for action in ("entry_outdated", "entry_works", "entry_helped"):
        story.click(GUEST, action, value)
        assert last_reply(story) == "You can't see that channel any longer."
    assert story.slack.views == []


def test_the_mark_is_gone_that_the_entry_had(story: Story, earlier: str):
    [value] = values(find(story)["blocks"], "entry_helped")
    story.unreact(ASKER, earlier, "white_check_mark")
    assert TITLE not in shown(story)
    story.click(PEER, "entry_helped", value)
    assert last_reply(story) == "That ask has no answer that helped yet."


def test_marks_from_outside_are_nobody_whom_it_helped(story: Story, earlier: str):
    story.slack.people[PEER] = user_object(PEER, team_id="T0OTHER")
    story.react(PEER, earlier, "heart")
    story.event({"type": "user_change", "user": user_object(PEER, team_id="T0OTHER")})
    story.deliver()
    assert "helped 1 person" in shown(story, member=ASKER)


def test_without_an_index_it_says_that_it_is_incomplete(story: Story):
    solve_an_ask(story)
    found = shown(story)
    assert TITLE in found
    assert "The search is incomplete right now" in found


def test_the_three_best_of_many_answers_are_shown(
    story: Story, follower: SearchFollower
):
    ask = story.ask(TITLE)
    replies = {
        n: story.say(HELPER if n % 2 else PEER, f"Way {n}.", thread_ts=ask.ts)
        for n in range(9)
    }
    for n, ts in replies.items():
        story.react(CHAMPION, ts, "heart")
        if n in {3, 6}:
            story.react(ADMIN, ts, "heart")
    story.react(ASKER, replies[5], "white_check_mark")
    story.deliver()
    for n, ts in replies.items():
        make_findable(story, ts, f"Way {n} renews the certificate.")
    follower.follow()
    found = shown(story)
    assert [n for n in replies if f"Way {n} " in found] == [3, 5, 6]
    assert found.index("Way 5 ") < found.index("Way 3 ") < found.index("Way 6 ")
    assert "Also by Ben: Way 3" in found.replace('", "type": "text"}, {"text": "', "")
    assert "Also by Chi: " in found


def answer_as_slack_shows_it(story: Story) -> tuple[Ask, str]:
    """Ben's answer solves Ana's ask, and the bot has read its words."""
    message = story.ask(TITLE)
    answer = story.say(HELPER, WORDS, thread_ts=message.ts)
    thread = story.slack.thread_messages.setdefault((HELP_CHANNEL, message.ts), [])
    thread.append(message_event(HELPER, WORDS, answer, message.ts))
    story.react(ASKER, answer, "white_check_mark")
    jobs.knowledge.read_answers(story.rt, story.worker)
    story.deliver()
    return story.asks()[-1], answer


@pytest.mark.deep
def test_words_are_shown_to_nobody_before_their_author_was_told(
    story: Story, follower: SearchFollower
):
    answer_as_slack_shows_it(story)
    follower.follow()
    with story.rt.read(story.workspace) as tx:
        assert tx.session.scalars(select(AnswerText.text)).all() == [WORDS]
    found = shown(story)
    assert "Answered by someone" in found
    assert WORDS not in found
    assert "Ben" not in found
    story.advance(seconds=61)
    follower.follow()
    found = shown(story)
    assert "Answered by Ben" in found
    assert WORDS in found


def test_an_edit_confirms_an_answer(story: Story, follower: SearchFollower):
    ask, answer = answer_as_slack_shows_it(story)
    story.advance(seconds=61)
    follower.follow()
    story.clock.advance(days=366)
    assert "Nobody has confirmed" in shown(story)
    story.edit(HELPER, answer, "Renew it online.", before=WORDS, thread_ts=ask.ts)
    found = shown(story)
    assert "Renew it online." in found
    assert "Nobody has confirmed" not in found


def test_only_marks_that_stand_count_and_not_the_authors(story: Story, earlier: str):
    story.react(HELPER, earlier, "heart")
    story.react(PEER, earlier, "heart")
    assert "helped 2 people" in shown(story)
    story.unreact(PEER, earlier, "heart")
    assert "helped 1 person" in shown(story)


@pytest.mark.deep
def test_an_author_is_not_asked_for_one_flag_nor_for_their_own(
    story: Story, earlier: str
):
    flag(story, PEER)
    story.advance(hours=1)
    flag(story, HELPER)
    story.advance(hours=1)
    assert "People say that this is out of date" in shown(story)
    assert not [text for text in story.slack.texts_to(HELPER) if "out of date" in text]


@pytest.mark.parametrize("is_in", [True, False])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_only_an_author_who_is_still_in_the_private_channel_is_asked(
    story: Story, earlier: str, is_in: bool
):
    flag(story, PEER)
    flag(story, ADMIN)
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "help", is_private=True
    )
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(update(Channel).values(is_private=True))
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, *[HELPER] * is_in]
    story.advance(minutes=5)
    asked = [text for text in story.slack.texts_to(HELPER) if "out of date" in text]
    assert len(asked) == is_in
