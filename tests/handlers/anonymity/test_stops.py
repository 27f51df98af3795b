"""Stop an author without learning who it is."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import AnonymousBlock, Ask, OutboxItem
from tests.factories import Story
from tests.handlers.anonymity.conftest import CROWD, Anonymity, known_authors
from tests.handlers.anonymity.test_asking import errors
from tests.handlers.routing.test_races import at_once, on_postgresql
from tests.rows import PROFILES, all_rows
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
)

OTHER, LEAD = CROWD[0], CROWD[1]

pytestmark = pytest.mark.deep


@pytest.fixture
def anonymity(anonymity: Anonymity, story: Story) -> Anonymity:
    story.set_up_channel(champions=[CHAMPION, OTHER])
    story.set_up_workspace(program_leads=[LEAD])
    return anonymity


def open_form(story: Story, ask: Ask, member: str = CHAMPION) -> dict[str, Any] | str:
    """Press the button; return the form, or the answer."""
    before = len(story.slack.views)
    story.click(member, "anonymous_stop", str(ask.id))
    if len(story.slack.views) > before:
        return story.slack.views[-1][1]
    return story.slack.responses[-1][1]


def stop(
    story: Story, ask: Ask, reason: str = "It insults people.", member: str = CHAMPION
) -> str:
    """Stop the ask's author; return everything that the champion reads."""
    form = open_form(story, ask, member)
    if isinstance(form, str):
        return form
    return str(story.submit(member, form, {"reason": reason}).body)


def blocks(story: Story) -> list[AnonymousBlock]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(AnonymousBlock)))


def test_a_stopped_author_reads_why_and_others_can_ask(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    answer = stop(story, story.only_ask())
    assert "For 30 days" in answer
    assert ASKER not in answer
    refusal = errors(anonymity.preview())
    assert "It insults people." in json.dumps(refusal)
    assert "type" in anonymity.preview(member=PEER)
    [block] = blocks(story)
    assert ASKER not in str(vars(block))
    story.clock.advance(days=30, minutes=1)
    assert "type" in anonymity.preview()


def home(story: Story, member: str) -> str:
    story.event({"type": "app_home_opened", "user": member, "tab": "home"})
    story.deliver()
    return json.dumps(story.slack.homes[member], ensure_ascii=False)


@pytest.mark.deep_on_postgresql
def test_the_author_reads_why_on_their_own_home_tab(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    for member in (ASKER, HELPER):
        assert "can't ask in" not in home(story, member)
    before = all_rows(story, but=PROFILES | {"anonymous_blocks", "anonymous_reviews"})
    stop(story, story.only_ask(), "It insults <people>.")
    # Nothing is sent to the author.
    story.deliver()
    after = all_rows(story, but=PROFILES | {"anonymous_blocks", "anonymous_reviews"})
    assert after == before
    assert "can't ask in #help without your name" in home(story, ASKER)
    assert "It insults <people>." in home(story, ASKER)
    assert "insults" not in home(story, HELPER)
    story.clock.advance(days=31)
    assert "insults" not in home(story, ASKER)


def test_a_reason_is_needed(anonymity: Anonymity, story: Story) -> None:
    anonymity.ask()
    for reason in ("", "  \n", "\u202e"):
        assert "a few words" in stop(story, story.only_ask(), reason)
    assert blocks(story) == []
    stop(story, story.only_ask(), "<!channel> " + "x" * 5000)
    assert len(blocks(story)[0].reason) == 300


def test_drafts_that_wait_already_are_posted(
    anonymity: Anonymity, story: Story
) -> None:
    """If one was missing, a champion would know that both are by one person."""
    anonymity.ask()
    anonymity.press_post(anonymity.preview("How do I say it again?"))
    stop(story, story.only_ask())
    anonymity.run()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 2


def test_a_champion_learns_nothing_from_the_answers(
    anonymity: Anonymity, story: Story
) -> None:
    """Neither that two asks are by one person, nor that a link is cut."""
    anonymity.ask("How do I say no?")
    anonymity.ask("How do I say yes?")
    anonymity.ask("How do I say maybe?", member=PEER)
    anonymity.ask("How do I say nothing?", member=HELPER)
    own, again, other, gone = story.asks()
    left = {"type": "member_left_channel", "user": HELPER, "channel": HELP_CHANNEL}
    story.event(left)
    assert known_authors(story) == [ASKER, ASKER, PEER]
    before = len(story.slack.messages)
    answers = [stop(story, ask) for ask in (own, own, again, other, gone)]
    assert len(set(answers)) == 1
    story.deliver()
    assert len(story.slack.messages_to(CHAMPION)) == 0
    assert len(story.slack.messages) == before
    forms = [json.dumps(open_form(story, ask)) for ask in (again, gone)]
    assert (
        forms[0].replace("yes", "nothing").replace(str(again.id), str(gone.id))
        == forms[1]
    )


def test_too_late_after_the_link_is_cut_in_any_case(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    story.clock.advance(days=89)
    assert isinstance(open_form(story, story.only_ask()), dict)
    story.clock.advance(days=2)
    assert "nobody can tell any longer" in stop(story, story.only_ask())
    assert blocks(story) == []


def test_too_late_thirty_days_after_it_was_closed(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    form = open_form(story, story.only_ask())
    close = {
        "type": "modal",
        "callback_id": "close_ask",
        "private_metadata": json.dumps({"ask": story.only_ask().id}),
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "element": {"type": "plain_text_input", "action_id": "reason"},
            }
        ],
    }
    story.submit(CHAMPION, close, {"reason": "Over"})
    assert story.only_ask().state == "closed"
    story.clock.advance(days=31)
    assert isinstance(form, dict)
    body = story.submit(CHAMPION, form, {"reason": "Too late"}).body
    assert "nobody can tell any longer" in str(body)


def offers(story: Story, lead: str = LEAD) -> list[Any]:
    return [
        message
        for message in story.slack.messages_to(lead)
        if "stopped" in message.text
    ]


def stop_two(anonymity: Anonymity, story: Story) -> None:
    anonymity.ask("How do I say no?")
    anonymity.ask("How do I say yes?")
    first, second = story.asks()
    stop(story, first, "It insults people.")
    stop(story, first, "Pressed twice.")
    story.advance(days=1)
    assert offers(story) == []
    stop(story, second, "It insults them again.", member=OTHER)


def test_after_a_second_ask_leads_can_stop_them_everywhere(
    anonymity: Anonymity, story: Story
) -> None:
    stop_two(anonymity, story)
    assert offers(story) == []
    story.advance(days=1)
    [offer] = offers(story)
    text = json.dumps(offer.blocks)
    assert "It insults people." in text
    assert ASKER not in text
    assert "How do I" not in text
    story.click(LEAD, *button(offer, "Stop them everywhere"))
    story.deliver()
    assert "can't ask anywhere" in story.slack.responses[-1][1]
    assert [block.channel_id for block in blocks(story)].count(None) == 1
    assert "stopped in the whole workspace" in offers(story)[0].text
    assert not any(ASKER in f"{item.recipient}" for item in outbox(story))
    refusal = errors(anonymity.preview())
    assert "It insults" in json.dumps(refusal)


def outbox(story: Story) -> list[OutboxItem]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(OutboxItem)))


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_two_leads_at_once_stop_them_once(anonymity: Anonymity, story: Story) -> None:
    stop_two(anonymity, story)
    story.advance(days=1)
    action, value = button(offers(story)[0], "Stop them everywhere")
    at_once(
        lambda: story.click(LEAD, action, value),
        lambda: story.click(ADMIN, action, value),
        lambda: story.click(LEAD, action, value),
    )
    assert [block.channel_id for block in blocks(story)].count(None) == 1
    story.clock.advance(days=31)
    story.click(LEAD, action, value)
    assert "no longer stopped" in story.slack.responses[-1][1]


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_two_champions_at_once_stop_the_author_once(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    forms = [open_form(story, story.only_ask(), member) for member in (CHAMPION, OTHER)]
    first, second = (form for form in forms if isinstance(form, dict))
    at_once(
        lambda: story.submit(CHAMPION, first, {"reason": "One"}),
        lambda: story.submit(OTHER, second, {"reason": "Two"}),
    )
    assert len(blocks(story)) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_those_who_may_stop_authors(anonymity: Anonymity, story: Story) -> None:
    stop_two(anonymity, story)
    story.advance(days=1)
    _action, block_id = button(offers(story)[0], "Stop them everywhere")
    form = open_form(story, story.asks()[0])
    assert isinstance(form, dict)
    before = all_rows(story)
    for member in (ASKER, HELPER, PEER, GUEST):
        story.submit(member, form, {"reason": "Because"})
        story.click(member, "anonymous_stop", str(story.asks()[0].id))
        assert all_rows(story) == before, member
    for member in (ASKER, HELPER, CHAMPION, GUEST):
        story.click(member, "anonymous_stop_everywhere", block_id)
        assert all_rows(story) == before, member
    for value in ("", "x", "-1", "9" * 30, "123456789012345678"):
        story.click(LEAD, "anonymous_stop_everywhere", value)
        assert all_rows(story) == before, value


@pytest.mark.deep_on_postgresql
def test_without_leads_admins_are_offered_it(
    anonymity: Anonymity, story: Story
) -> None:
    story.set_up_workspace(program_leads=[])
    stop_two(anonymity, story)
    story.advance(days=1)
    assert offers(story, ADMIN)


def test_a_stop_that_is_over_can_be_repeated(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    stop(story, story.only_ask())
    story.clock.advance(days=31)
    stop(story, story.only_ask(), "Again.")
    current = [b for b in blocks(story) if b.until > story.clock.now]
    assert [block.reason for block in current] == ["Again."]
    assert current[0].until - story.clock.now == timedelta(days=30)
