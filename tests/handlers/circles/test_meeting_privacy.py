"""What people say in a circle stays there, goes with them, and goes after 90 days."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import CircleAction, CircleMeeting, CircleQuestion, CircleSeason
from tests.circles import (
    PEOPLE,
    agenda_of,
    fills_in,
    make_circle,
    meeting_of,
    open_agenda,
    presses,
)
from tests.factories import Story
from tests.home import opens
from tests.making_programs import shown
from tests.personal_data import days_pass, everything_in, file_of, forget
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELPER,
    PEER,
    form_values,
)

# Eva, who runs the workspace, and Dan, a champion, are in no circle here.

MEMBERS = (ASKER, HELPER, PEER)
ACTION, QUESTION = "Write to Mercury", "Who has moved to Jupiter?"


@pytest.fixture
def met(story: Story) -> Story:
    """A circle met: Ben asked something, and said what he will do."""
    story.command(ADMIN, "/backswing")
    make_circle(story, MEMBERS)
    open_agenda(story)
    story.click(HELPER, "meeting_question", f"{meeting_of(story).id}:0:0")
    fills_in(story, HELPER, question=QUESTION)
    presses(story, HELPER, "want_turn")
    story.advance(seconds=11)
    presses(story, ASKER, "start")
    story.advance(seconds=11)
    presses(story, HELPER, "action")
    fills_in(story, HELPER, action=ACTION)
    story.advance(seconds=11)
    presses(story, ASKER, "end")
    story.advance(seconds=30)
    return story


def words_to(story: Story, member: str) -> str:
    messages = [[m.text, m.blocks] for m in story.slack.messages_to(member)]
    return json.dumps([*messages, story.slack.homes.get(member, {})])


@pytest.mark.deep
def test_only_the_circle_reads_what_its_members_write(met: Story):
    for member in (ADMIN, CHAMPION, GUEST):
        opens(met, member)
        met.click(member, "home_page_program", "program", view={"type": "home"})
        met.deliver()
        assert "Mercury" not in words_to(met, member)
        assert "Jupiter" not in words_to(met, member)
    for message in met.slack.messages:
        if "Mercury" in str(message.blocks) or "Jupiter" in str(message.blocks):
            assert message.channel in MEMBERS


def test_a_data_file_has_ones_own_words_and_no_others(met: Story):
    files = {member: file_of(met, member) for member in (HELPER, ASKER, PEER, ADMIN)}
    own = json.dumps(files[HELPER])
    assert ACTION in own
    assert QUESTION in own
    for member in (ASKER, ADMIN):
        theirs = json.dumps(files[member])
        assert "Mercury" not in theirs
        assert "Jupiter" not in theirs


@pytest.mark.deep
def test_a_data_file_tells_nobody_elses_presses(met: Story):
    people = {HELPER, ASKER, PEER}
    for member in people:
        meetings = file_of(met, member)["tables"]["circle_meetings"]["rows"]
        assert meetings
        for other in people - {member}:
            assert other not in json.dumps(meetings)


@pytest.mark.parametrize("member", [HELPER, ASKER])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_a_forgotten_member_vanishes_from_the_meetings(met: Story, member: str):
    forget(met, member)
    met.advance(minutes=2)
    # The row in `members` says that they are forgotten.
    rows = everything_in(met).splitlines()
    stored = "\n".join(row for row in rows if not row.startswith("members: "))
    assert member not in stored
    if member == HELPER:
        assert "Mercury" not in stored
        assert "Jupiter" not in stored
        for other in (ASKER, PEER):
            assert "Mercury" not in words_to(met, other)
            assert "Ben" not in words_to(met, other)
    else:
        # Ben's own words stay, and the meeting, without a name.
        assert "Mercury" in words_to(met, PEER)
        assert "Ana" not in words_to(met, PEER)


@pytest.mark.deep
def test_the_circle_goes_on_without_a_forgotten_facilitator(met: Story):
    forget(met, HELPER)
    assert meeting_of(met, 2).ended_at is None
    open_agenda(met, 2)
    presses(met, PEER, "start")
    met.advance(seconds=11)
    assert "Arrive" in str(agenda_of(met, ASKER).blocks)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_words_are_deleted_90_days_after_the_end(met: Story):
    with met.rt.write_session.begin() as session:
        session.scalars(select(CircleSeason)).one().ended_at = met.clock()
    days_pass(met, 89)
    assert counts(met) == (1, 1)
    met.clock.now += timedelta(days=2)
    days_pass(met, 0)
    # Ben's question, and ours.
    assert counts(met) == (0, 0)
    with met.rt.read_session() as session:
        meetings = session.scalars(select(CircleMeeting).filter_by(number=1)).one()
        planned = session.scalars(select(CircleMeeting).filter_by(number=2)).one()
    assert (meetings.presses, meetings.rota) == ([], [])
    assert (planned.presses, planned.rota) == ([], [])
    assert meetings.facilitator == ASKER


def counts(story: Story) -> tuple[int, int]:
    with story.rt.read_session() as session:
        actions = session.scalar(select(func.count(CircleAction.id)))
        questions = session.scalar(
            select(func.count(CircleQuestion.id)).where(CircleQuestion.key == "")
        )
    return actions or 0, questions or 0


@pytest.mark.deep
def test_people_outside_submit_none_of_its_forms(story: Story):
    """One of them has got the form that a member opened."""
    make_circle(story, PEOPLE[:4])
    meeting_id = open_agenda(story).id
    for action, field in (("question", "question"), ("action", "action")):
        story.click(ASKER, f"meeting_{action}", f"{meeting_id}:0:0")
        view = shown(story)
        filled = form_values(view) | {field: ACTION}
        for member in (ADMIN, GUEST):
            assert story.submit(member, view, filled).status == 200
    assert ACTION not in everything_in(story)
    story.submit(ASKER, view, filled)
    assert ACTION in everything_in(story)
