"""Two replicas get the same event, or two people click at once: one message."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import Story
from tests.slack_payloads import ADMIN, ASKER, BOT, HELP_CHANNEL, PEER, button


@pytest.mark.deep_on_postgresql
def test_of_many_simultaneous_clicks_one_posts(story: Story) -> None:
    arrival = {"type": "member_joined_channel", "user": BOT, "channel": HELP_CHANNEL}
    with ThreadPoolExecutor(4) as pool:
        statuses = pool.map(
            lambda _: story.event({**arrival, "inviter": ASKER}), range(4)
        )
        assert set(statuses) == {200}
    story.deliver()
    [preview] = story.slack.messages_to(ASKER)
    action_id, value = button(preview, "Post it")
    story.click(PEER, "introduction_not_now", value)
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda member: story.click(member, action_id, value), [ASKER, ADMIN]
            )
        )
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1


@pytest.mark.deep_on_postgresql
def test_joining_several_channels_at_once_is_greeted_once(story: Story) -> None:
    story.ask()
    story.clock.advance(hours=1)
    joined = {"type": "member_joined_channel", "user": PEER, "channel": HELP_CHANNEL}
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: story.event(joined), range(8))) == {200}
    story.deliver()
    assert len(story.slack.messages_to(PEER)) == 1
