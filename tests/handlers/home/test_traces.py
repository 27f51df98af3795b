"""Times at which members opened their Home tab are deleted after two hours."""

from sqlalchemy import select

import jobs.privacy
from models import ChannelMember, Home, OutboxChannel, OutboxItem
from tests.factories import Story
from tests.home import leaves, opens, visible_home
from tests.slack_payloads import ASKER, HELP_CHANNEL

_DAY = 86_400_000_000


def purge(story: Story) -> None:
    jobs.privacy.purge_expired(story.rt, story.worker)


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
            *(item.kind for item in items),
            *(channel.available_at for channel in channels),
            *(row.event_micros for row in rows if row.event_micros % _DAY),
        ]


def test_times_of_openings_are_deleted(story: Story):
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER]
    story.ask()
    opens(story, ASKER)
    story.clock.advance(minutes=59)
    purge(story)
    assert len(times(story)) >= 4
    story.clock.advance(minutes=62)
    purge(story)
    assert times(story) == []


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
