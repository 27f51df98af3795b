"""A circle thinks about a member's ask only after this member said yes."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.slack.api import OutcomeUnknown
from bot.slack.text import ANONYMOUS
from bot.workspace import channels
from models import (
    Ask,
    AskOffer,
    Channel,
    CircleMeeting,
    CircleMember,
    CircleSeason,
    Member,
)
from tests.circles import (
    PEOPLE,
    STARTS_AT,
    button_values,
    go_to,
    keep,
    make_circle,
)
from tests.factories import Story
from tests.handlers.circles.test_moves import answers as answers_move
from tests.handlers.circles.test_moves import move_of, proposes
from tests.personal_data import days_pass, everything_in, file_of, forget
from tests.programs import last_reply
from tests.slack_payloads import ADMIN, ASKER, GUEST, HELP_CHANNEL, HELPER, PEER

FIRST, SECOND = "How do I reach Mercury?", "How do I land on Venus?"
THIRD = "How do I leave Mars?"
# Four working days before, at noon in Berlin; and two.
OFFERED = STARTS_AT - timedelta(days=6, minutes=-1)
ANNOUNCED = STARTS_AT - timedelta(days=2, minutes=-1)


def change(story: Story, model: Any, **values: Any) -> None:
    with story.rt.write_session.begin() as session:
        for row in session.scalars(select(model)):
            for name, value in values.items():
                setattr(row, name, value)


def offers(story: Story, member: str) -> list[Any]:
    return [m for m in story.slack.messages_to(member) if "May I ask" in m.text]


def announcements(story: Story) -> str:
    coming = [m for m in story.slack.messages if "coming up" in m.text]
    assert coming
    return json.dumps([m.blocks for m in coming])


def answers(story: Story, message: Any, answer: str, by: str = HELPER) -> str:
    value = button_values(message)[f"meeting_ask_{answer}"]
    story.click(by, f"meeting_ask_{answer}", value)
    story.deliver()
    return json.dumps(story.slack.responses[-1])


@pytest.fixture
def circle(story: Story) -> Story:
    """Ben asked something; his circle meets in two weeks."""
    make_circle(story)
    story.ask(FIRST, member=HELPER)
    keep(story)
    return story


def offered(story: Story) -> Any:
    go_to(story, OFFERED)
    keep(story)
    [message] = offers(story, HELPER)
    return message


def announced(story: Story) -> str:
    go_to(story, ANNOUNCED)
    keep(story)
    return announcements(story)


@pytest.mark.deep
def test_a_question_about_an_ask_that_its_member_allows(circle: Story):
    message = offered(circle)
    assert "is still stuck on" in json.dumps(message.blocks)
    assert list(button_values(message)) == ["meeting_ask_fine", "meeting_ask_none"]
    # Nobody else reads of it before.
    for member in set(PEOPLE) - {HELPER}:
        assert "Mercury" not in str(
            [m.blocks for m in circle.slack.messages_to(member)]
        )
    assert "I ask your circle" in answers(circle, message, "fine")
    text = announced(circle)
    assert text.count("Mercury") == len(PEOPLE)
    assert text.count("What would you try first?") == len(PEOPLE)
    # Ours is the second one.
    assert text.count("rich_text_section") > 2 * len(PEOPLE)
    with circle.rt.read_session() as session:
        assert session.scalars(select(AskOffer.answer)).all() == ["fine"]


@pytest.mark.parametrize("change", ["deleted", "private", "moved", "told again"])
@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_an_ask_that_is_hidden_leaves_the_announcements(circle: Story, change: str):
    answers(circle, offered(circle), "fine")
    if change == "deleted":
        # One announcement is in Slack, but the bot does not know that yet.
        unknown = OutcomeUnknown("chat.postMessage", "TimeoutError")
        circle.slack.fail_after["chat.postMessage"] = [unknown]
    assert announced(circle).count("Mercury") == len(PEOPLE)
    times_told = 1
    if change in {"moved", "told again"}:
        proposes(circle, HELPER, "2026-03-20")
        for member in (ASKER, PEER):
            answers_move(circle, member, "yes")
        assert move_of(circle).is_accepted
    if change == "told again":
        times_told = 2
        go_to(circle, STARTS_AT + timedelta(hours=3))
        keep(circle)
        assert announcements(circle).count("Mercury") == times_told * len(PEOPLE)
    with circle.rt.write(circle.workspace) as tx:
        place = tx.session.scalars(select(CircleMember).filter_by(member=PEER)).one()
        place.left_at = tx.now
        if change != "deleted":
            conversation = circle.slack.channels[HELP_CHANNEL] | {"is_private": True}
            channels.upsert_from_slack(tx, conversation)
    if change == "deleted":
        circle.delete(HELPER, str(circle.only_ask().ts))
    circle.deliver()
    if change == "deleted":
        circle.advance(hours=1)
    text = announcements(circle)
    assert "Mercury" not in text
    assert text.count("To think about until then:") == times_told * (len(PEOPLE) - 1)
    left = [m.text for m in circle.slack.messages_to(PEER)]
    assert "Meeting 1 of this circle was announced here." in left


def test_no_answer_is_no(circle: Story):
    offered(circle)
    assert "Mercury" not in announced(circle)


@pytest.mark.deep
def test_an_answer_after_a_day_is_too_late(circle: Story):
    message = offered(circle)
    circle.advance(hours=25)
    assert "too late" in answers(circle, message, "fine")
    assert "Mercury" not in announced(circle)


@pytest.mark.deep
def test_another_one_of_theirs(circle: Story):
    circle.ask(SECOND, member=HELPER)
    message = offered(circle)
    assert "Venus" in json.dumps(message.blocks)
    answer = answers(circle, message, "another")
    assert "Mercury" in answer
    with circle.rt.read_session() as session:
        latest = session.scalars(select(AskOffer.id).order_by(AskOffer.id)).all()[-1]
    circle.click(HELPER, "meeting_ask_another", str(latest))
    assert "no other ask" in last_reply(circle)
    circle.click(HELPER, "meeting_ask_fine", str(latest))
    text = announced(circle)
    assert "Mercury" in text
    assert "Venus" not in text


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize("is_taken_back", [True, False])
@pytest.mark.deep
def test_none_of_mine_asks_the_next_member_and_this_one_if_they_take_it_back(
    circle: Story, is_taken_back: bool
):
    circle.ask(SECOND, member=PEER)
    go_to(circle, OFFERED)
    keep(circle)
    # The newest ask comes first.
    [message] = offers(circle, PEER)
    assert "none of yours" in answers(circle, message, "none", by=PEER)
    [of_ben] = offers(circle, HELPER)
    answers(circle, of_ben, "fine")
    text = announced(circle)
    assert "Venus" not in text
    assert "Mercury" in text
    # Only then Chi takes it back, and may be asked again before the next meeting.
    circle.ask(THIRD, member=PEER)
    again = STARTS_AT + timedelta(days=8, hours=2)
    if is_taken_back:
        assert "Before a later one" in answers(circle, message, "fine", by=PEER)
    assert "too late" in answers(circle, of_ben, "none")
    go_to(circle, again)
    keep(circle)
    assert len(offers(circle, PEER)) == 1 + is_taken_back


@pytest.mark.deep
def test_the_last_answer_counts(circle: Story):
    message = offered(circle)
    answers(circle, message, "fine")
    answers(circle, message, "none")
    assert "Mercury" not in announced(circle)


@pytest.mark.deep
def test_a_solved_ask_is_asked_about_in_other_words(circle: Story):
    change(circle, Ask, state="solved", solved_at=circle.clock())
    message = offered(circle)
    answers(circle, message, "fine")
    assert "Would you do it the same way now?" in announced(circle)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        # An ask without a name belongs to nobody.
        (Ask, {"asker": ANONYMOUS}),
        (Ask, {"asker": GUEST}),
        (Ask, {"deleted_at": OFFERED}),
        (Ask, {"is_confirmed": False}),
        (Ask, {"state": "closed"}),
        (Ask, {"asked_at": OFFERED - timedelta(days=29)}),
        (Channel, {"is_private": True}),
        (Channel, {"is_joined": False}),
        # Guests don't see public channels.
        (Member, {"is_guest": True}),
    ],
)
@pytest.mark.deep
@pytest.mark.each_parameter
def test_an_ask_that_not_all_may_see_is_used_neither_before_nor_after_a_yes(
    story: Story, model: Any, values: dict[str, Any]
):
    make_circle(story)
    story.ask(FIRST, member=HELPER)
    keep(story)
    go_to(story, OFFERED - timedelta(hours=1))
    before = {name: _value_of(story, model, name) for name in values}
    change(story, model, **values)
    go_to(story, OFFERED)
    with story.rt.read_session() as session:
        assert not session.scalars(select(AskOffer)).all()
    assert "Mercury" not in _unread(story)
    # With a yes from before.
    change(story, model, **before)
    with story.rt.write_session.begin() as session:
        ask = session.scalars(select(Ask)).one()
        session.add(
            AskOffer(
                meeting_id=session.scalars(select(CircleMeeting.id)).one(),
                member=HELPER,
                ask_id=ask.id,
                answer="fine",
            )
        )
    change(story, model, **values)
    assert "Mercury" not in announced(story)


def _value_of(story: Story, model: Any, name: str) -> Any:
    with story.rt.read_session() as session:
        rows = session.scalars(select(model).order_by(model.id)).all()
        return getattr(rows[0], name)


def _unread(story: Story) -> str:
    return str([m.blocks for m in story.slack.messages if "May I ask" in m.text])


@pytest.mark.parametrize("value", ["", "x", "0", "999", "1:0:0", "9" * 30])
def test_forged_values_do_nothing(circle: Story, value: str):
    offered(circle)
    for answer in ("fine", "another", "none"):
        assert circle.click(HELPER, f"meeting_ask_{answer}", value).status == 200
    with circle.rt.read_session() as session:
        assert session.scalars(select(AskOffer.answer)).all() == [None]


@pytest.mark.deep
def test_nobody_answers_for_another(circle: Story):
    value = button_values(offered(circle))["meeting_ask_fine"]
    for member in (ASKER, ADMIN, GUEST):
        circle.click(member, "meeting_ask_fine", value)
        assert last_reply(circle) == "That question is not about an ask of yours."
    assert "Mercury" not in announced(circle)


@pytest.mark.deep
def test_offers_go_with_their_member_and_90_days_after_the_end(circle: Story):
    message = offered(circle)
    assert "circle_ask_offers" in json.dumps(file_of(circle, HELPER))
    answers(circle, message, "fine")
    forget(circle, HELPER)
    assert "circle_ask_offers" not in everything_in(circle)


def test_offers_are_deleted_90_days_after_the_end(circle: Story):
    offered(circle)
    change(circle, CircleSeason, ended_at=circle.clock())
    days_pass(circle, 91)
    days_pass(circle, 0)
    with circle.rt.read_session() as session:
        assert not session.scalars(select(AskOffer)).all()
