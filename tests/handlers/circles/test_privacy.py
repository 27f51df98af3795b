"""Secrets of circles: who avoids whom, what people bring, and what is left of them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.circles import personal_data
from bot.circles.message_kinds import (
    CIRCLE_MERGE,
    CIRCLE_NOT_MERGED,
    CIRCLE_VOTE,
    CIRCLE_VOTED,
)
from bot.workspace import member_settings
from models import (
    CircleMember,
    CircleMerge,
    CircleSignup,
    CircleVote,
    CircleVoteAnswer,
    DoNotPair,
    OutboxItem,
)
from tests.factories import Story
from tests.handlers.circles.test_times import FAR, lives_in
from tests.home import opens
from tests.personal_data import forget
from tests.programs import change_program, joins_program, make_program
from tests.seasons import (
    PEOPLE,
    circle_of,
    circles_of,
    forms_circles,
    has_people,
    invites,
    messages_with,
    opens_season,
    passes_on,
    press,
    season_with,
    shown,
    signs_up,
    text_of,
)
from tests.slack_payloads import (
    CHAMPION,
    conversation_object,
    form_values,
    user_object,
)

DEN = "C0DEN"
SECRET = "How do I tell my boss"
# Messages about a row, which may wait for longer than it is stored.
DECISIONS = {
    CIRCLE_VOTE: CircleVote,
    CIRCLE_VOTED: CircleVote,
    CIRCLE_MERGE: CircleMerge,
    CIRCLE_NOT_MERGED: CircleMerge,
}


def avoids(story: Story, member: str, other: str) -> None:
    with story.rt.write(story.workspace) as tx:
        tx.session.add(
            DoNotPair(
                installation_id=tx.workspace.id,
                member=member,
                other=other,
                source="own",
            )
        )


@pytest.mark.deep
def test_people_who_avoid_each_other_are_apart_and_a_lead_does_not_learn_why(
    story: Story, program: int
):
    people = has_people(story, program, 12)
    avoids(story, people[0], people[1])
    season = opens_season(story, program)
    for person in people:
        signs_up(story, person, season)
    forms_circles(story)
    circles = circles_of(story, season)
    [own] = [members for _, members in circles if people[0] in members]
    assert people[1] not in own
    [(there, _)] = [each for each in circles if people[1] in each[1]]
    # There is a free place, but not for this person.
    form = press(story, CHAMPION, "move", season)
    values = form_values(form) | {"person": people[0], "circle": str(there)}
    answer = story.submit(CHAMPION, form, values)
    assert "doesn't work for this person" in str(answer.body)
    assert sorted(circles_of(story, season)) == sorted(circles)


def test_those_without_a_circle_read_the_same_whatever_the_cause(
    story: Story, program: int
):
    season = season_with(story, program, 8)
    *others, avoided, distant = sorted(PEOPLE)[:8]
    for person in others:
        avoids(story, person, avoided)
    lives_in(story, distant, FAR)
    forms_circles(story)
    invites(story, season)
    # Until the morning in Auckland.
    story.advance(hours=14)
    [(_, together)] = circles_of(story, season)
    assert sorted(together) == others
    texts = [messages_with(story, each, "no circle") for each in (avoided, distant)]
    assert len(texts[0]) == 1
    assert texts[0] == texts[1]
    for word in ("times suit", "hour", "meet you", "list"):
        assert word not in texts[0][0]


@pytest.mark.deep
def test_a_forgotten_person_is_in_no_circle_and_brought_nothing(
    story: Story, program: int
):
    season, circle, people = circle_of(story, program)
    forget(story, people[0])
    assert circles_of(story, season) == [(circle, people[1:])]
    with story.rt.read_session() as session:
        for model in (CircleMember, CircleSignup):
            rows = select(func.count()).select_from(model).filter_by(member=people[0])
            assert session.scalar(rows) == 0


def test_what_people_brought_is_deleted_90_days_after_the_season(
    story: Story, program: int
):
    """With a sign-up that was taken back.

    After a year, the places that ended go, too, and what the circle decided.
    """
    *people, withdrawn = has_people(story, program, 7)
    season = opens_season(story, program)
    for person in (*people, withdrawn):
        signs_up(story, person, season, brings=SECRET)
    press(story, withdrawn, "withdraw", season)
    forms_circles(story)
    invites(story, season)
    [(circle, _)] = circles_of(story, season)
    for person in people:
        press(story, person, "take", circle)
    press(story, people[0], "leave", circle)

    with story.rt.write(story.workspace) as tx:
        answer_until = story.clock() + timedelta(days=3)
        merge = CircleMerge(
            season_id=season,
            small_id=circle,
            partner_id=circle,
            answer_until=answer_until,
        )
        vote = CircleVote(circle_id=circle, kind="quiet", answer_until=answer_until)
        tx.session.add_all([merge, vote])
        tx.session.flush()
        given = {"vote_id": vote.id, "member": people[1], "event_micros": 1}
        tx.session.add(CircleVoteAnswer(**given, answer="break"))
        # These wait for someone who is away for very long.
        back_at = story.clock() + timedelta(days=480)
        for kind, row in DECISIONS.items():
            subject = vote.id if row is CircleVote else merge.id
            tx.enqueue(kind, subject, to=people[1], send_at=back_at)

    def decisions() -> list[int]:
        models = (CircleVote, CircleVoteAnswer, CircleMerge)
        with story.rt.read_session() as session:
            return [
                session.scalar(select(func.count()).select_from(model)) or 0
                for model in models
            ]

    def signed_up() -> dict[str, str]:
        with story.rt.write(story.workspace) as tx:
            personal_data.purge(tx)
            rows = tx.session.scalars(select(CircleSignup).order_by("member")).all()
            return {row.member: row.brings for row in rows}

    def places() -> set[str]:
        with story.rt.read_session() as session:
            return set(session.scalars(select(CircleMember.member)))

    before = signed_up()
    assert {each: before.pop(each) for each in people} == dict.fromkeys(people, SECRET)
    assert set(before) == {withdrawn}
    # The first day is 23 March, and the last meeting at most 12 weeks later.
    story.clock.now += timedelta(days=200)
    assert signed_up() == dict.fromkeys(people, "")
    assert places() == set(people)
    assert decisions() == [1, 1, 1]
    story.clock.now += timedelta(days=280)
    assert signed_up() == dict.fromkeys(people[1:], "")
    assert places() == set(people[1:])
    assert decisions() == [0, 0, 0]
    story.deliver()
    with story.rt.read_session() as session:
        messages = select(OutboxItem.state).where(OutboxItem.kind.in_(DECISIONS))
        assert session.scalars(messages).all() == ["cancelled"] * len(DECISIONS)


@pytest.mark.deep
def test_two_who_avoid_each_other_keep_places_that_they_have_taken(
    story: Story, program: int
):
    season, circle, people = circle_of(story, program, 5)
    avoids(story, people[0], people[4])
    passes_on(story)
    assert dict(circles_of(story, season))[circle] == people


@pytest.mark.deep
def test_the_others_learn_that_a_forgotten_person_left(story: Story, program: int):
    """The free place goes to the next; the person gets no other."""
    season, _, people = circle_of(story, program, 7)
    late = "U0LATE"
    story.slack.people[late] = user_object(late, "Lee")
    joins_program(story, late, program)
    signs_up(story, late, season)
    assert not messages_with(story, late, "There is a place for you")
    forget(story, people[0])
    story.deliver()
    assert messages_with(story, late, "There is a place for you")
    for person in people[1:]:
        [left] = messages_with(story, person, "can't come to your circle from now on")
        assert PEOPLE[people[0]] not in left


def test_forgetting_the_last_who_has_not_answered_introduces_the_others(
    story: Story, program: int
):
    season = season_with(story, program, 6)
    forms_circles(story)
    press(story, CHAMPION, "invite", season)
    [(circle, [silent, *others])] = circles_of(story, season)
    for person in others:
        press(story, person, "take", circle)
    forget(story, silent)
    story.deliver()
    assert messages_with(story, others[0], "Your circle is complete: 5")


@pytest.mark.deep
def test_a_topic_that_was_taken_back_is_no_reason_any_more(story: Story, program: int):
    people = has_people(story, program, 5)
    season = opens_season(story, program)
    topics = {"topics_known": "knitting", "topics_wanted": "falconry"}
    swapped = {"topics_known": "falconry", "topics_wanted": "knitting"}
    for n, person in enumerate(people):
        signs_up(story, person, season, **(swapped if n == 0 else topics))
    forms_circles(story)

    def preview() -> str:
        return text_of(press(story, CHAMPION, "preview", f"{season}:0"))

    assert "knitting" in preview()
    with story.rt.write(story.workspace) as tx:
        for person in people:
            member_settings.update(tx, person, topics_known=[], topics_wanted=[])
    assert "knitting" not in preview()
    assert "falconry" not in preview()


@pytest.mark.deep
def test_what_people_brought_goes_90_days_after_a_season_that_ended_early(
    story: Story, program: int
):
    people = has_people(story, program, 6)
    season = opens_season(story, program, meetings="24")
    for person in people:
        signs_up(story, person, season, brings=SECRET)
    press(story, CHAMPION, "end_season", season)
    story.clock.now += timedelta(days=91)
    with story.rt.write(story.workspace) as tx:
        personal_data.purge(tx)
        assert set(tx.session.scalars(select(CircleSignup.brings))) == {""}


def test_what_a_person_brings_is_in_no_message_to_others(story: Story, program: int):
    season = season_with(story, program, 5)
    signs_up(story, "U0C00", season, brings=SECRET)
    forms_circles(story)
    press(story, CHAMPION, "preview", f"{season}:0")
    press(story, CHAMPION, "invite", season)
    story.deliver()
    assert SECRET not in text_of(shown(story))
    for member in (CHAMPION, "U0C01"):
        assert not messages_with(story, member, SECRET)


@pytest.mark.deep
def test_who_lost_sight_of_the_program_reads_no_new_name_of_it(story: Story):
    people = list(PEOPLE)[:6]
    story.slack.channels[DEN] = conversation_object(DEN, "den", is_private=True)
    story.slack.members_by_channel[DEN] = [CHAMPION, *people]
    program = make_program(story, "Reviewers", leads=(CHAMPION,), in_channels=(DEN,))
    season = season_with(story, program, 6)
    gone = people[0]
    story.slack.members_by_channel[DEN].remove(gone)
    story.clock.advance(hours=2)
    change_program(story, program, name="Zimtstern", goal="Zimtstern")
    forms_circles(story)
    invites(story, season)
    [(circle, _)] = circles_of(story, season)
    # They are still in the program, so they get what is for them.
    assert messages_with(story, gone, "There is a place for you")
    for person in people:
        press(story, person, "take", circle)
    story.deliver()
    assert messages_with(story, gone, "Your circle is complete")
    assert messages_with(story, people[1], "Zimtstern")
    page = press(story, gone, "see", circle)
    assert "Circles of the program" in text_of(page)
    story.command(gone, "/backswing", "circles")
    opens(story, gone)
    story.click(gone, "home_page_people", "people", view={"type": "home"})
    everything = [
        text_of(story.slack.homes[gone]),
        text_of(page),
        text_of(shown(story)),
    ]
    everything += messages_with(story, gone, "")
    assert "Zimtstern" not in "".join(everything)
