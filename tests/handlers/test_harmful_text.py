"""Any text in any field is harmless in all messages and views."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from bot.slack.text import one_line, sanitize
from tests.factories import Story
from tests.making_programs import (
    ABOUT,
    change_form,
    open_list,
    open_program,
    press,
    save,
    to_last_page,
)
from tests.remembered import checkpoint
from tests.slack_payloads import ADMIN, ASKER, HELP_CHANNEL, HELPER, PEER, user_object
from tests.strategies import HARMFUL_TEXT

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

_TOKEN = re.compile(r"<([^<>\n]*)>")
# Our own links lead into the workspace.
_OURS = "https://peers.slack.com/"
_NOTIFYING = {"broadcast", "usergroup"}


def shown_payloads(story: Story) -> Iterator[tuple[str, Any]]:
    """Return everything that is shown to anyone: a text, and its blocks."""
    slack = story.slack
    for message in (*slack.messages, *slack.ephemeral_messages):
        yield message.text, message.blocks
    for _, text, blocks in slack.responses:
        yield text, blocks
    for _, view in slack.views:
        yield "", view
    for home in slack.homes.values():
        yield "", home


def parts(part_blocks: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part_blocks, dict):
        yield part_blocks
        part_blocks = list(part_blocks.values())
    if isinstance(part_blocks, list):
        for part in part_blocks:
            yield from parts(part)


def assert_nothing_is_meant(marked: str) -> None:
    """Check that Slack would parse only the bot's own mentions and links."""
    for token in _TOKEN.findall(marked):
        target = token.partition("|")[0]
        is_person = re.fullmatch(r"@[UW][A-Z0-9]+", target)
        is_date = re.fullmatch(r"!date\^\d+\^[^<>|]*", target)
        assert is_person or is_date or target.startswith(_OURS), token


def assert_harmless(story: Story) -> None:
    for text, part_blocks in shown_payloads(story):
        assert_nothing_is_meant(text)
        assert len(text) <= 4000
        for part in parts(part_blocks):
            assert part.get("type") not in _NOTIFYING
            if part.get("type") == "mrkdwn":
                assert_nothing_is_meant(part["text"])
            if part.get("type") == "link" and not part["url"].startswith(_OURS):
                shown = part.get("text", part["url"])
                assert re.sub(r"^(https?://|mailto:)|/$", "", part["url"]) in shown
            assert part.get("type") != "rich_text_section" or part["elements"]


def write_everywhere(story: Story, text: str, slack_text: str) -> None:
    """Write a text in every field: `text` in forms, `slack_text` in messages."""
    ask_ids = {ask.id for ask in story.asks()}
    refused = story.command(ASKER, "/ask", slack_text).body
    assert_nothing_is_meant(json.loads(refused)["text"] if refused else "")
    story.command(ASKER, "/ask", slack_text, channel="D0", channel_name="directmessage")
    story.command(ASKER, "/ask")
    form = story.slack.views[-1][1]
    answers = {
        "channel": HELP_CHANNEL,
        "title": text,
        "details": text,
        "more_topics": text,
    }
    story.submit(ASKER, form, answers)
    story.submit(ASKER, form, {"channel": HELP_CHANNEL, "title": "About it: " + text})
    story.deliver()
    for ask in [ask for ask in story.asks() if ask.id not in ask_ids]:
        option = f"{{}}:{ask.id}".format
        story.say(HELPER, slack_text, thread_ts=ask.ts)
        story.say(ASKER, "Thank you, that worked! " + slack_text, thread_ts=ask.ts)
        story.click(ASKER, "ask_menu", option=option("edit"))
        story.submit(ASKER, story.slack.views[-1][1], {"title": text, "details": text})
        story.click(ADMIN, "ask_menu", option=option("close"))
        story.submit(ADMIN, story.slack.views[-1][1], {"reason": text})
        story.deliver()
        story.click(ADMIN, "ask_menu", option=option("reopen"))
        story.click(PEER, "ask_same", str(ask.id))
        story.click(HELPER, "ask_looking", str(ask.id))
        [answer] = [a for a in story.answers() if a.ask_id == ask.id]
        story.react(PEER, answer.ts, "heart")
        story.react(ADMIN, answer.ts, "white_check_mark")
        story.deliver()
        story.click(ASKER, "ask_worked", str(ask.id))
        story.submit(ASKER, story.slack.views[-1][1], {"worked": text})
    story.command(ASKER, "/kudos", f"<@{HELPER}|{text[:20]}> for {slack_text}")
    story.command(ASKER, "/kudos", slack_text)
    own = story.say(ASKER, "Why? " + slack_text)
    story.message_shortcut(ADMIN, "make_ask", ASKER, own, "Why? " + slack_text)
    story.message_shortcut(ASKER, "make_ask", ASKER, own, "Why? " + slack_text)
    story.set_up_channel(topics=text, helpful=text or ":+1:")
    story.set_up_channel(topics=text)
    story.command(ADMIN, "/backswing")
    make_program(story, text)
    story.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    story.advance(minutes=2)
    story.advance(minutes=2)


def make_program(story: Story, text: str) -> None:
    """Make a program with the beginning of a text, unless nothing can be read of it."""
    words = one_line(sanitize(text))[:30].strip()
    if not words:
        return
    names = (*ABOUT, "time_needed", "rules")
    program = open_program(story, **dict.fromkeys(names, words))
    change = change_form(story, program)
    for lead in (ADMIN, HELPER):
        page = to_last_page(story, change, goal=f"{lead} {words}")
        save(story, page, {"leads": [ADMIN, HELPER]})
    open_list(story, ASKER)
    press(story, "program_see", program.id, ASKER)


# Each run of the checks tries other texts.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [8, pytest.param(60, marks=pytest.mark.exhaustive)])
@pytest.mark.deep
def test_no_text_in_any_field_does_harm(story: Story, count: int) -> None:
    go_back = checkpoint(story)

    @settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow])
    @given(typed=HARMFUL_TEXT, sent=HARMFUL_TEXT, name=HARMFUL_TEXT)
    @example(typed="<!channel>", sent="<!channel> &lt;!here&gt;", name="<!everyone>")
    @example(
        typed="<https://a.example|b>", sent="<https://evil.example|b.com>", name="*"
    )
    def check(typed: str, sent: str, name: str) -> None:
        go_back()
        rename(story, name)
        write_everywhere(story, typed, sent)
        assert_harmless(story)
        # An empty text makes no ask, and is refused.
        assert len(list(shown_payloads(story))) > 5

    check()


def rename(story: Story, name: str) -> None:
    """Give people and the channel this name."""
    for member in (ASKER, HELPER, PEER, ADMIN):
        changed = user_object(member, name or "x")
        story.slack.people[member] = changed
        story.event({"type": "user_change", "user": changed})
    story.event(
        {"type": "channel_rename", "channel": {"id": HELP_CHANNEL, "name": name}}
    )


@pytest.mark.parametrize(
    "marked", ["<!channel>", "<!here|x>", "<https://evil.example|x>"]
)
def test_the_search_for_tokens_finds_them(database: object, marked: str) -> None:
    with pytest.raises(AssertionError):
        assert_nothing_is_meant(f"See {marked}.")
