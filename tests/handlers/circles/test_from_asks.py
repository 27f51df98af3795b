"""Circles that grow from an ask: those who took part are invited privately."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.slack.text import ANONYMOUS
from models import Ask, Channel, Circle, CircleSeason, DoNotPair
from tests.factories import Story
from tests.handlers.circles.test_started import started, takes_place
from tests.programs import joins_program
from tests.seasons import circles_of, messages_with, press, shown, text_of
from tests.slack_payloads import (
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_values,
)

INVITED = "starts a circle about an ask that you took part in"
OFFER = "Make this a circle"


@pytest.fixture
def ask(story: Story, program: int) -> tuple[int, str]:
    """Ana asked, Ben answered, and Chi has the same problem; all are in the program."""
    for person in (ASKER, HELPER, PEER):
        joins_program(story, person, program)
    asked = story.ask()
    story.say(HELPER, "Have you tried it again?", thread_ts=asked.ts)
    story.react(PEER, asked.ts, "raising_hand")
    story.deliver()
    return story.only_ask().id, str(asked.ts)


def options(story: Story, member: str, ts: str) -> str:
    story.message_shortcut(member, "ask_options", BOT, ts)
    return text_of(shown(story))


def opens_form(story: Story, member: str, ask_id: int) -> dict[str, Any]:
    form = press(story, member, "from_ask", ask_id)
    assert form.get("callback_id") == "circle_start", form
    return form


def makes_circle(story: Story, member: str, ask_id: int, program: int) -> int:
    form = opens_form(story, member, ask_id)
    filled = form_values(form) | {"program": str(program)}
    answer = story.submit(member, form, filled, view_id=f"V{story.ts()}")
    assert answer.status == 200
    story.advance(minutes=1)
    return started(story).id


@pytest.mark.deep
def test_those_who_took_part_are_invited_and_take_a_place(
    story: Story, program: int, ask: tuple[int, str]
):
    ask_id, ts = ask
    for person in (ASKER, HELPER, PEER):
        assert OFFER in options(story, person, ts)
    season = makes_circle(story, HELPER, ask_id, program)
    assert started(story).theme == "How do I fix x?"
    assert not messages_with(story, HELPER, INVITED)
    for person in (ASKER, PEER):
        [invitation] = messages_with(story, person, INVITED)
        assert "6 of 7 places are free" in invitation
        takes_place(story, person, season)
    [(_, people)] = circles_of(story, season)
    assert people == [HELPER, ASKER, PEER]


def test_a_no_leaves_no_trace(story: Story, program: int, ask: tuple[int, str]):
    season = makes_circle(story, HELPER, ask[0], program)
    view = shown(story)
    story.click(PEER, "circle_not_for_me", str(season), channel="D1")
    story.deliver()
    assert circles_of(story, season)[0][1] == [HELPER]
    assert shown(story) == view
    assert "I'd like to after all" in text_of(story.slack.responses[-1])
    assert not messages_with(story, HELPER, "joined your circle")


def test_who_took_no_part_makes_no_circle_of_it(
    story: Story, program: int, ask: tuple[int, str]
):
    ask_id, ts = ask
    joins_program(story, CHAMPION, program)
    assert OFFER not in options(story, CHAMPION, ts)
    assert press(story, CHAMPION, "from_ask", ask_id)["callback_id"] != "circle_start"
    form = press(story, CHAMPION, "start", "new")
    # A forged form.
    filled = form_values(form) | {"program": str(program), "theme": "Mine"}
    form = {**form, "private_metadata": json.dumps({"ask": ask_id})}
    story.submit(CHAMPION, form, filled)
    with story.rt.read_session() as session:
        assert session.scalars(select(Circle)).all() == []


def test_people_outside_the_program_are_not_invited(story: Story, program: int):
    for person in (ASKER, PEER):
        joins_program(story, person, program)
    asked = story.ask()
    story.say(HELPER, "Have you tried it again?", thread_ts=asked.ts)
    story.react(PEER, asked.ts, "raising_hand")
    # Who is in no program starts no circle.
    assert OFFER not in options(story, HELPER, str(asked.ts))
    makes_circle(story, PEER, story.only_ask().id, program)
    assert messages_with(story, ASKER, INVITED)
    assert not messages_with(story, HELPER, INVITED)


def test_nobody_is_invited_by_someone_they_avoid(
    story: Story, program: int, ask: tuple[int, str]
):
    with story.rt.write(story.workspace) as tx:
        tx.session.add(
            DoNotPair(
                installation_id=tx.workspace.id, member=PEER, other=HELPER, source="own"
            )
        )
    makes_circle(story, HELPER, ask[0], program)
    assert messages_with(story, ASKER, INVITED)
    assert not messages_with(story, PEER, INVITED)


@pytest.mark.parametrize("change", ["is_private", "is_shared"])
def test_a_title_from_a_private_or_shared_channel_is_not_suggested_as_the_theme(
    story: Story, program: int, ask: tuple[int, str], change: str
):
    if change == "is_private":
        channel = conversation_object(HELP_CHANNEL, "help", is_private=True)
        story.slack.channels[HELP_CHANNEL] = channel
        story.event({"type": "channel_convert_to_private", "channel": HELP_CHANNEL})
    with story.rt.write(story.workspace) as tx:
        row = tx.session.scalars(select(Channel).filter_by(slack_id=HELP_CHANNEL)).one()
        setattr(row, change, True)
    form = press(story, HELPER, "from_ask", ask[0])
    assert "How do I fix x?" not in text_of(form)


def test_an_ask_without_a_name_makes_no_circle(
    story: Story, program: int, ask: tuple[int, str]
):
    """Otherwise the others could ask themselves who is invited, and why."""
    with story.rt.write_session.begin() as session:
        session.get_one(Ask, ask[0]).asker = ANONYMOUS
    before = len(story.slack.views)
    press(story, HELPER, "from_ask", ask[0])
    shown_then = [text_of(view) for view in story.slack.views[before:]]
    assert "circle_start" not in "".join(shown_then)
    assert "That circle is gone" in "".join(shown_then)


def test_an_ask_that_only_its_asker_took_part_in_has_no_offer(
    story: Story, program: int
):
    joins_program(story, ASKER, program)
    asked = story.ask()
    assert OFFER not in options(story, ASKER, str(asked.ts))


def test_a_form_sent_twice_invites_once(
    story: Story, program: int, ask: tuple[int, str]
):
    form = opens_form(story, HELPER, ask[0])
    filled = form_values(form) | {"program": str(program)}
    for _ in range(2):
        assert story.submit(HELPER, form, filled, view_id="V1").status == 200
    story.advance(minutes=1)
    assert len(messages_with(story, ASKER, INVITED)) == 1
    with story.rt.read_session() as session:
        assert len(session.scalars(select(CircleSeason)).all()) == 1
