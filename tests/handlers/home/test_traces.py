"""Times at which members opened their Home tab are deleted after two hours."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

import jobs.privacy
from models import ChannelMember, Home, Member, OutboxChannel, OutboxItem
from tests.factories import Story
from tests.home import leaves, opens, visible_home
from tests.slack_payloads import ASKER, HELP_CHANNEL

_DAY = 86_400_000_000


def purge(story: Story) -> None:
    jobs.privacy.purge_short_lived(story.rt, story.worker)


def times(story: Story) -> list[object]:
    """Return all times that belong to the member."""
    with story.rt.read_session() as session:
        home = session.scalars(select(Home)).one()
        items = session.scalars(select(OutboxItem).filter_by(recipient=ASKER))
        channels = session.scalars(select(OutboxChannel).filter_by(recipient=ASKER))
        rows = session.scalars(select(ChannelMember).filter_by(member=ASKER)).all()
        assert rows
        return [
            *([home.memberships_fetched_at] if home.memberships_fetched_at else []),
            *([home.view_hash] if home.view_hash else []),
            *(item.kind for item in items),
            *(channel.available_at for channel in channels),
            *(row.event_micros for row in rows if row.event_micros % _DAY),
        ]


@pytest.mark.deep
def test_times_of_openings_are_deleted(story: Story):
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER]
    story.ask()
    opens(story, ASKER)
    story.clock.advance(minutes=59)
    purge(story)
    assert len(times(story)) >= 5
    story.clock.advance(minutes=62)
    purge(story)
    assert times(story) == []


def fetched_at(story: Story) -> datetime:
    with story.rt.read_session() as session:
        [fetched] = session.scalars(select(Member.fetched_at).filter_by(slack_id=ASKER))
        assert fetched is not None
        return fetched


@pytest.mark.parametrize("hours_left", [1, 5])
def test_of_a_fetched_profile_only_the_day_is_left(story: Story, hours_left: int):
    """Also of one that was fetched in the last hours of a day."""
    midnight = datetime.combine(story.clock.now.date() + timedelta(days=1), time(), UTC)
    story.clock.now = midnight - timedelta(hours=hours_left, minutes=7)
    opens(story, ASKER)
    exact = fetched_at(story)
    story.clock.advance(hours=1, minutes=59)
    purge(story)
    assert fetched_at(story) == exact
    story.clock.advance(hours=1)
    purge(story)
    assert fetched_at(story) == midnight - timedelta(days=1)


@pytest.mark.deep
def test_the_home_tab_works_as_before(story: Story):
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER]
    story.ask()
    before = opens(story, ASKER)
    story.clock.advance(hours=3)
    purge(story)
    purge(story)
    assert opens(story, ASKER) == before
    leaves(story, ASKER, HELP_CHANNEL)
    story.advance(minutes=1)
    assert visible_home(story, ASKER)
    with story.rt.read_session() as session:
        row = session.scalars(select(ChannelMember)).one()
        assert not row.is_member
