"""Typed text is shown as it was written, whatever and wherever it is."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.asks.rules import MAX_TITLE_LENGTH
from tests.checkins import open_form, visible_text
from tests.factories import MONDAY, Story
from tests.fakes import PostedMessage
from tests.slack_payloads import ADMIN, ASKER, HELP_CHANNEL, HELPER

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

# Texts that are shown unchanged; removed characters and code blocks have their own
# tests.
_LETTERS = st.characters(
    exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me", "Zl", "Zp"),
    exclude_characters="`",
)
_TOKENS = st.sampled_from(
    [
        "<!channel>",
        "<!here|here>",
        "<!subteam^S0TEAM>",
        "&lt;!channel&gt;",
        "&amp;",
        "@channel",
        "<@U0ANA>",
        "<#C0HELP|help>",
        "<https://evil.example|https://bank.example>",
        "*bold* _slanted_ ~gone~",
        "{0.__class__} %s {{7*7}} '; DROP TABLE asks; --",
        "e\u0301",
    ]
)
_TYPED = st.lists(st.one_of(_TOKENS, st.text(_LETTERS, max_size=10)), max_size=6)
# The last word is one that no rule of kudos and no button removes. The form limits
# the title's length.
TEXTS = _TYPED.map(
    lambda parts: f"It was {' '.join(parts)} that did it, all of it"
).filter(lambda text: len(text) <= MAX_TITLE_LENGTH)


def ask(story: Story, text: str) -> PostedMessage:
    story.command(ASKER, "/ask")
    fields = {"channel": HELP_CHANNEL, "title": "Why is it so?", "details": text}
    story.submit(ASKER, story.slack.views[-1][1], fields)
    story.deliver()
    return story.slack.messages_to(HELP_CHANNEL)[-1]


def title(story: Story, text: str) -> PostedMessage:
    story.command(ASKER, "/ask")
    story.submit(
        ASKER, story.slack.views[-1][1], {"channel": HELP_CHANNEL, "title": text}
    )
    story.deliver()
    return story.slack.messages_to(HELP_CHANNEL)[-1]


def reason_to_close(story: Story, text: str) -> PostedMessage:
    posted = story.ask()
    story.click(ADMIN, "ask_menu", option=f"close:{story.asks()[-1].id}")
    story.submit(ADMIN, story.slack.views[-1][1], {"reason": text})
    story.deliver()
    return story.slack.message_at(HELP_CHANNEL, posted.ts)


def what_worked(story: Story, text: str) -> PostedMessage:
    posted = story.ask()
    story.react(ASKER, posted.ts, "white_check_mark")
    story.deliver()
    story.click(ASKER, "ask_worked", str(story.asks()[-1].id))
    story.submit(ASKER, story.slack.views[-1][1], {"worked": text})
    story.deliver()
    return story.slack.message_at(HELP_CHANNEL, posted.ts)


def reason_for_kudos(story: Story, text: str) -> PostedMessage:
    story.advance(days=8)
    story.command(ASKER, "/kudos")
    fields = {
        "people": [HELPER],
        "reason": text,
        "visibility": "public",
        "channel": HELP_CHANNEL,
    }
    story.submit(ASKER, story.slack.views[-1][1], fields)
    story.deliver()
    return story.slack.messages_to(HELP_CHANNEL)[-1]


def answer_to_a_checkin(story: Story, text: str) -> PostedMessage:
    one = story.post_round(at=max(MONDAY, story.clock()))
    story.submit(ASKER, open_form(story, ASKER, one), {"working_on": text})
    story.advance(seconds=10)
    return story.slack.messages[-1]


FIELDS = [
    ask,
    title,
    reason_to_close,
    what_worked,
    reason_for_kudos,
    answer_to_a_checkin,
]


@pytest.mark.parametrize("field", FIELDS)
@settings(
    max_examples=2,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=TEXTS)
@example(text="It was <!channel> and <https://a.example|b> e\u0301 that did all of it")
def test_it_is_shown_as_it_was_written(
    story: Story, field: Callable[[Story, str], PostedMessage], text: str
):
    written = unicodedata.normalize("NFC", text)
    # A field of one line may collapse two spaces.
    assert " ".join(written.split()) in " ".join(
        visible_text(field(story, text)).split()
    )
