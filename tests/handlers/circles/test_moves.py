"""A circle moves one meeting: a member proposes a time, and more than half agree."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.circles import moves
from models import Circle, CircleMeeting, CircleSeason, MeetingMove, MeetingMoveAnswer
from tests.circles import (
    PEOPLE,
    STARTS_AT,
    button_values,
    fills_in,
    go_to,
    keep,
    make_circle,
    meeting_of,
    open_agenda,
)
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.programs import joins_program, last_reply
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, GUEST, HELPER, PEER

# Three in the afternoon in Helsinki, where Ben is, a day later than planned.
LATER = datetime(2026, 3, 19, 13, tzinfo=UTC)


def value(story: Story) -> str:
    return f"{meeting_of(story).id}:0:0"


def proposes(story: Story, member: str, day: str, at: str = "15:00") -> str:
    """Open the form, and submit it; return Slack's answer."""
    story.click(member, "meeting_move", value(story))
    return fills_in(story, member, day=day, time=at)


def move_of(story: Story) -> MeetingMove:
    with story.rt.read_session() as session:
        return session.scalars(
            select(MeetingMove).order_by(MeetingMove.id.desc()).limit(1)
        ).one()


def answers(story: Story, member: str, answer: str) -> None:
    story.click(member, f"meeting_move_{answer}", str(move_of(story).id))
    story.deliver()


def texts(story: Story, member: str, part: str) -> list[str]:
    return [text for text in story.slack.texts_to(member) if part in text]


def all_join(story: Story, circle_id: int) -> None:
    """Let the people join the circle's program: the bot sends files to no others."""
    with story.rt.read_session() as session:
        program_id = session.get_one(Circle, circle_id).program_id
    for member in PEOPLE:
        joins_program(story, member, program_id)


@pytest.mark.deep
def test_more_than_half_move_one_meeting(story: Story):
    all_join(story, make_circle(story))
    keep(story)
    proposes(story, HELPER, "2026-03-19")
    proposes(story, HELPER, "2026-03-19")
    story.deliver()
    assert not texts(story, HELPER, "asks to move")
    for member in (ASKER, PEER, CHAMPION, ADMIN):
        assert len(texts(story, member, "Ben asks to move meeting 1")) == 1
    answers(story, PEER, "yes")
    answers(story, CHAMPION, "no")
    assert meeting_of(story).planned_at == STARTS_AT
    assert "yes" not in str(story.slack.texts_to(ASKER))
    answers(story, CHAMPION, "yes")
    assert meeting_of(story).planned_at == LATER
    for member in PEOPLE:
        assert len(texts(story, member, "Meeting 1 of your circle moved")) == 1
    assert len(story.slack.files) == len(PEOPLE)
    for file in story.slack.files.values():
        assert "DTSTART:20260319T130000Z" in str(file.content)
        # The second meeting stays, two weeks after the first was planned; in Berlin
        # the clocks have changed.
        assert "DTSTART:20260401T100000Z" in str(file.content)
        assert "SEQUENCE:1" in str(file.content)
    go_to(story, LATER - timedelta(hours=1))
    assert meeting_of(story).posted_at is None
    for member in PEOPLE:
        assert len(texts(story, member, "is coming up")) == 1
    open_agenda(story)
    assert meeting_of(story).posted_at is not None
    go_to(story, LATER + timedelta(hours=8))
    assert meeting_of(story, 2).planned_at == datetime(2026, 4, 1, 10, tzinfo=UTC)


def test_half_say_no_and_the_proposer_alone_learns_that_it_stays(story: Story):
    make_circle(story, PEOPLE[:4])
    keep(story)
    proposes(story, HELPER, "2026-03-19")
    for member in (ASKER, PEER):
        answers(story, member, "no")
    assert meeting_of(story).planned_at == STARTS_AT
    assert texts(story, HELPER, "Meeting 1 of your circle does not move")
    assert not texts(story, ASKER, "does not move")
    answers(story, CHAMPION, "yes")
    answers(story, ASKER, "yes")
    assert meeting_of(story).planned_at == STARTS_AT
    # Another member proposes; the first has done so.
    assert "before" in proposes(story, HELPER, "2026-03-20")
    proposes(story, PEER, "2026-03-20")
    assert "Another member" in proposes(story, ASKER, "2026-03-19")
    story.deliver()
    assert texts(story, ASKER, "Chi asks to move")


@pytest.mark.deep
@pytest.mark.parametrize("is_answered", [True, False])
def test_a_time_that_has_passed_moves_nothing(story: Story, is_answered: bool):
    make_circle(story)
    keep(story)
    proposes(story, HELPER, "2026-03-17", "12:00")
    story.deliver()
    go_to(story, datetime(2026, 3, 17, 10, 1, tzinfo=UTC))
    first = move_of(story).id
    if is_answered:
        answers(story, ASKER, "yes")
        assert move_of(story).is_accepted is False
    # It keeps nobody from proposing another time.
    assert "Another member" not in proposes(story, PEER, "2026-03-19")
    assert move_of(story).proposed_by == PEER
    for member in (ASKER, CHAMPION, ADMIN):
        story.click(member, "meeting_move_yes", str(first))
    story.deliver()
    assert meeting_of(story).planned_at == STARTS_AT
    assert len(texts(story, HELPER, "Meeting 1 of your circle does not move")) == 1
    for member in (ASKER, CHAMPION):
        answers(story, member, "yes")
    assert meeting_of(story).planned_at == LATER


@pytest.mark.parametrize(
    ("day", "at", "reason"),
    [
        ("", "15:00", "Choose a day"),
        ("2026-03-19", "", "Choose a time"),
        ("2026-03-18", "13:00", "at that time already"),
        ("2020-01-01", "12:00", "two hours ahead"),
        ("2026-04-01", "13:00", "before the next meeting"),
        ("9999-12-31", "23:59", "before the next meeting"),
    ],
)
def test_times_that_do_not_work(story: Story, day, at, reason):
    make_circle(story)
    keep(story)
    assert reason in proposes(story, HELPER, day, at)
    with story.rt.read_session() as session:
        assert not session.scalars(select(MeetingMove)).all()


def asked(story: Story, member: str, words: str) -> list[PostedMessage]:
    """Return the messages in which a member is asked about the next meeting."""
    return [m for m in story.slack.messages_to(member) if words in m.text]


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_answers_about_the_time_of_before_do_not_count(story: Story):
    make_circle(story)
    keep(story)
    go_to(story, STARTS_AT - timedelta(days=2, hours=-1))
    [turn] = asked(story, ASKER, "your turn")
    own = button_values(turn)
    story.click(ASKER, "meeting_can", own["meeting_can"])
    assert last_reply(story) == "Thank you. You facilitate it."
    story.click(ASKER, "meeting_ask_swap", own["meeting_ask_swap"])
    fills_in(story, ASKER, member=CHAMPION)
    [request] = asked(story, CHAMPION, "instead")
    proposes(story, HELPER, "2026-03-20")
    for member in (PEER, ADMIN):
        answers(story, member, "yes")
    # Late presses, in messages with the time of before.
    late = button_values(request)["meeting_swap"]
    for member, act, old in (
        (CHAMPION, "swap", late),
        (ASKER, "can", own["meeting_can"]),
        (ASKER, "cannot", own["meeting_cannot"]),
    ):
        story.click(member, f"meeting_{act}", old)
        assert "has moved since" in last_reply(story)
    go_to(story, meeting_of(story).planned_at - timedelta(days=2, hours=-1))
    keep(story)
    [_, turn] = asked(story, ASKER, "your turn")
    story.click(ASKER, "meeting_ask_swap", button_values(turn)["meeting_ask_swap"])
    fills_in(story, ASKER, member=CHAMPION)
    [_, request] = asked(story, CHAMPION, "instead")
    story.click(CHAMPION, "meeting_swap", button_values(request)["meeting_swap"])
    assert last_reply(story) == "Thank you. You facilitate it."


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_time_at_which_another_circle_meets(story: Story):
    make_circle(story, (PEER, HELPER, GUEST), starts_at=LATER)
    make_circle(story)
    keep(story)

    def own_meeting() -> CircleMeeting:
        own = select(Circle.id).filter_by(starts_at=STARTS_AT)
        with story.rt.read_session() as session:
            return session.scalars(
                select(CircleMeeting).where(CircleMeeting.circle_id.in_(own))
            ).one()

    def asks(member: str, at: str) -> str:
        story.click(member, "meeting_move", f"{own_meeting().id}:0:0")
        return fills_in(story, member, day="2026-03-19", time=at)

    # The other meeting takes an hour, from three o'clock in Helsinki.
    for at in ("14:15", "15:00", "15:45"):
        assert moves.BUSY in asks(HELPER, at)
    # Others may propose it. Only those who have the other meeting are warned.
    assert moves.BUSY not in asks(ASKER, "14:30")
    story.deliver()
    told = {
        member: "another circle at the new time" in str(message.blocks)
        for member in (HELPER, PEER, CHAMPION, ADMIN)
        for message in story.slack.messages_to(member)
        if "asks to move" in message.text
    }
    assert told == {HELPER: True, PEER: True, CHAMPION: False, ADMIN: False}
    answers(story, PEER, "no")
    assert "another circle at the new time" in str(story.slack.responses[-1])
    for member in (CHAMPION, ADMIN):
        answers(story, member, "yes")
    assert "another circle" not in str(story.slack.responses[-1])
    assert own_meeting().planned_at == move_of(story).starts_at


@pytest.mark.deep
def test_people_outside_and_too_late_presses_move_nothing(story: Story):
    make_circle(story)
    keep(story)
    proposes(story, HELPER, "2026-03-19")
    answers(story, GUEST, "yes")
    assert last_reply(story) == "Only the people in this circle can do that."
    story.click(ASKER, "meeting_move_yes", "999999")
    assert last_reply(story) == "That proposal is gone."
    open_agenda(story)
    for member in (ASKER, PEER, CHAMPION):
        answers(story, member, "yes")
        assert last_reply(story) == "This meeting can't be moved now."
    with story.rt.read_session() as session:
        assert [row.member for row in session.scalars(select(MeetingMoveAnswer))] == [
            HELPER
        ]
    assert meeting_of(story).planned_at == STARTS_AT


@pytest.mark.deep_on_postgresql
def test_a_season_that_ended_moves_nothing(story: Story):
    make_circle(story)
    keep(story)
    proposes(story, HELPER, "2026-03-19")
    with story.rt.write_session.begin() as session:
        for season in session.scalars(select(CircleSeason)):
            season.ended_at = story.clock()
    answers(story, ASKER, "yes")
    assert last_reply(story) == "This meeting can't be moved now."
