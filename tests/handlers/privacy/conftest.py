"""A member with a past."""

import pytest

from tests.factories import Story
from tests.personal_data import WORDS
from tests.slack_payloads import ASKER, CHAMPION, HELPER, PEER


@pytest.fixture
def lived(story: Story) -> Story:
    """Ana asked, Ben answered, Chi found it helpful, Ana marked it as solved.

    Ben asks in turn and names Ana; she offers help, and closes nothing.
    """
    story.set_up_channel(champions=[CHAMPION, ASKER])
    first = story.ask(WORDS)
    answer = story.say(HELPER, "Freeze the clock.", thread_ts=first.ts)
    story.react(PEER, answer, "bulb")
    story.react(ASKER, answer, "white_check_mark")
    story.advance(minutes=2)
    second = story.ask(f"Is what <@{ASKER}> did right?", member=HELPER)
    story.react(ASKER, second.ts, "eyes")
    story.say(ASKER, "Yes.", thread_ts=second.ts)
    story.ask("Anything else about <@U0ANABEL>?", member=ASKER)
    story.advance(minutes=2)
    return story
