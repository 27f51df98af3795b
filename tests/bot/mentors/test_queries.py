"""The detection's queries return the definition's inputs, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.config.mentors import SMALL_WORKSPACE
from bot.mentors import queries, rules
from bot.mentors.periods import Period
from bot.mentors.queries import Scope
from models import Answer, Channel, ExpectedExpert
from tests.conftest import NOW
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
)

NUMBERS = SMALL_WORKSPACE
SECRET = "C0SECRET"


def answered(
    story: Story, asker: str, emoji: str, *, channel: str = HELP_CHANNEL
) -> str:
    story.command(asker, "/ask", "How is it done?", channel=channel, channel_name="c")
    story.deliver()
    ts = story.slack.messages_to(channel)[-1].ts
    reply = story.say(HELPER, "So.", thread_ts=ts, channel=channel)
    story.react(asker, reply, emoji, channel=channel)
    return reply


def detect(story: Story, **scope: Any) -> rules.DetectionResult:
    until = story.clock() + timedelta(seconds=1)
    with story.rt.read(story.rt.workspaces.only) as tx:
        return queries.detect_mentors(
            tx,
            Scope(tx.workspace.id, **scope),
            Period(until.date(), until),
            settings=NUMBERS,
        )


def names(result: rules.DetectionResult) -> list[str]:
    return [standing.member for standing in result.candidates]


@pytest.fixture
def secret(story: Story) -> int:
    """A private channel, where the helper answers; outside they answer once."""
    story.slack.channels[SECRET] = conversation_object(
        SECRET, "secret", is_private=True
    )
    answered(story, ASKER, "+1")
    answered(story, PEER, "white_check_mark", channel=SECRET)
    story.advance(minutes=1)
    with story.rt.read_session() as session:
        return session.scalars(select(Channel.id).filter_by(slack_id=SECRET)).one()


@pytest.mark.deep_on_postgresql
def test_private_channels_count_for_their_members_only(story: Story, secret: int):
    assert names(detect(story)) == []
    assert names(detect(story, private_members={secret: [ASKER]})) == []
    assert names(detect(story, private_members={secret: [HELPER]})) == [HELPER]


@pytest.mark.deep
def test_the_scope_may_be_one_channel(story: Story, secret: int):
    answered(story, ADMIN, "+1", channel=SECRET)
    story.advance(minutes=1)
    seats = {secret: [HELPER]}
    assert names(detect(story, channel_id=secret, private_members=seats)) == [HELPER]
    assert names(detect(story, channel_id=secret)) == []
    assert names(detect(story, channel_id=secret - 1, private_members=seats)) == []


def test_a_channel_can_be_excluded(story: Story):
    answered(story, ASKER, "+1")
    answered(story, PEER, "+1")
    story.advance(minutes=1)
    assert names(detect(story)) == [HELPER]
    with story.rt.write_session.begin() as session:
        session.execute(update(Channel).values(detects_mentors=False))
    assert names(detect(story)) == []


def test_two_helpful_replies_to_one_ask_are_one_mark(story: Story):
    answered(story, ASKER, "+1")
    first = answered(story, PEER, "+1")
    with story.rt.read_session() as session:
        ask = session.scalars(select(Answer).filter_by(ts=first)).one().ask_id
        thread = next(a for a in story.asks() if a.id == ask).ts
    second = story.say(HELPER, "And so.", thread_ts=thread)
    story.react(PEER, second, "+1")
    story.react(ASKER, second, "heart")
    story.advance(minutes=1)
    [standing] = detect(story).candidates
    assert (standing.marks, standing.askers, standing.helpfulness) == (2, 2, 2)
    with story.rt.read_session() as session:
        marked = queries.marked_asks(
            session,
            Scope(story.rt.workspaces.only.id),
            HELPER,
            days=28,
            until=story.clock(),
            settings=NUMBERS,
        )
    assert [s.helped_members for s in marked] == [[ASKER], [ASKER, PEER]]


def test_expected_experts_are_not_named(story: Story):
    answered(story, ASKER, "+1")
    answered(story, PEER, "+1")
    story.advance(minutes=1)
    with story.rt.write_session.begin() as session:
        session.add(
            ExpectedExpert(installation_id=story.rt.workspaces.only.id, member=HELPER)
        )
    assert names(detect(story)) == []


def test_marks_by_a_third_person_are_the_askers(story: Story):
    """One mark is by the asker, one by another member: marks of two askers."""
    answered(story, ASKER, "+1")
    reply = answered(story, PEER, "eyes")
    assert names(detect(story)) == []
    story.react(ADMIN, reply, "bulb")
    story.advance(minutes=1)
    [standing] = detect(story).candidates
    assert standing.first_at == pytest.approx(NOW.timestamp(), abs=60)
    assert standing.askers == 2


def test_marks_in_return_count_for_a_year(story: Story):
    """The helper marks an asker, whose mark counts as in return until then."""
    answered(story, ASKER, "+1")
    answered(story, PEER, "+1")
    ask = story.ask("How is it done?", member=HELPER)
    returned = story.say(ASKER, "So.", thread_ts=ask.ts)
    story.react(HELPER, returned, "+1")
    assert names(detect(story)) == []
    for days, credited in ((365, []), (367, [HELPER])):
        ts = f"{(story.clock() - timedelta(days=days)).timestamp():.6f}"
        with story.rt.write_session.begin() as session:
            session.execute(update(Answer).where(Answer.author == ASKER).values(ts=ts))
        assert names(detect(story)) == credited


@pytest.mark.deep
def test_one_mark_and_answers_to_three_people_are_enough(story: Story):
    """One asker gets two answers. Deleted answers and own asks don't count."""
    answered(story, ASKER, "+1")
    second = answered(story, PEER, "eyes")
    answered(story, PEER, "eyes")
    assert names(detect(story)) == []
    third = answered(story, ADMIN, "eyes")
    assert names(detect(story)) == [HELPER]
    thread = next(a for a in story.asks() if a.asker == ADMIN).ts
    story.delete(HELPER, third, thread_ts=thread)
    assert names(detect(story)) == []
    answered(story, ADMIN, "eyes")
    assert names(detect(story)) == [HELPER]
    # One mark is older than the window of marks.
    ts = f"{(story.clock() - timedelta(days=85)).timestamp():.6f}"
    with story.rt.write_session.begin() as session:
        session.execute(update(Answer).where(Answer.ts == second).values(ts=ts))
    assert names(detect(story)) == [HELPER]
    with story.rt.write_session.begin() as session:
        session.execute(
            update(Answer).where(Answer.helpful_count == 0).values(is_deleted=True)
        )
    assert names(detect(story)) == []


def test_answers_in_private_channels_count_for_their_members(story: Story, secret: int):
    """One mark is public; two more people got answers, one of them in private."""
    answered(story, ADMIN, "eyes")
    with story.rt.write_session.begin() as session:
        session.execute(
            update(Answer).where(Answer.channel_id == secret).values(is_solution=False)
        )
    story.advance(minutes=1)
    assert names(detect(story, private_members={secret: [HELPER]})) == [HELPER]
    assert names(detect(story, private_members={secret: [ASKER]})) == []
    assert names(detect(story)) == []


@pytest.mark.deep
def test_answers_to_the_own_ring_do_not_count(story: Story):
    answered(story, ASKER, "+1")
    answered(story, PEER, "eyes")
    answered(story, ADMIN, "+1")
    ask = story.ask("How is it done?", member=HELPER)
    returned = story.say(ADMIN, "So.", thread_ts=ask.ts)
    assert names(detect(story)) == [HELPER]
    story.react(HELPER, returned, "+1")
    # One mark is not in return; one of the three askers is in the member's ring.
    assert names(detect(story)) == []
    answered(story, CHAMPION, "eyes")
    assert names(detect(story)) == [HELPER]
