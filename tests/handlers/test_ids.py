"""No message, form, Home tab or file ever shows one of Slack's ids."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.exports import service as exports
from tests.factories import Story
from tests.slack_payloads import ADMIN, ASKER, HELP_CHANNEL, HELPER, PEER
from tests.view_samples import view_samples

# Slack replaces these by a name, so nobody reads them.
TOKEN = re.compile(r"<[@#!][^<>]*>|<(?:https?|mailto):[^<>|]*[|>]")
ID = re.compile(r"\b[UWCGS]0[A-Z0-9]{2,}\b")
READ = {"text", "label", "title", "hint", "description", "placeholder", "value"}

WORDS = (
    "<@U0CHI> or <@U0EVA|>, see <#C0HELP> and <#C0SECRET|> with <!subteam^S0OPS>:"
    " how do I call <tel:+15551234567|555-123-4567>?"
)
SHOWN = (
    "@Chi or @Eva, see #help and a channel with a group: how do I call 555-123-4567?"
)


def read(payload: Any, key: str = "") -> Iterator[str]:
    """Return the strings of a payload that people read."""
    if isinstance(payload, dict):
        for name, value in payload.items():
            # Values of buttons and options are sent back to us.
            if not (name == "value" and ("action_id" in payload or "text" in payload)):
                yield from read(value, name)
    elif isinstance(payload, list):
        for value in payload:
            yield from read(value, key)
    elif isinstance(payload, str) and (key in READ or not key):
        yield TOKEN.sub("", payload)


def ids_in(*payload: Any) -> list[str]:
    return [text for text in read(list(payload)) if ID.search(text)]


def test_no_view_or_message_shows_an_id() -> None:
    ids = {name: ids_in(payload) for name, payload in view_samples()}
    assert {name: found for name, found in ids.items() if found} == {}


def open_home(story: Story, member: str) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER]
    opened = {"type": "app_home_opened", "user": member, "tab": "home"}
    assert story.event(opened) == 200
    story.deliver()


def everything_sent(story: Story) -> list[Any]:
    slack = story.slack
    return [
        *(
            (posted.text, posted.blocks)
            for posted in (*slack.messages, *slack.ephemeral_messages)
        ),
        *((text, blocks) for _, text, blocks in slack.responses),
        *(view for _, view in slack.views),
        *slack.homes.values(),
    ]


@pytest.mark.deep
def test_written_text_is_shown_with_names_everywhere(story: Story) -> None:
    story.set_up_channel(capture="all")
    story.command("U0CHI", "/backswing")
    story.command("U0EVA", "/backswing")
    ts = story.say(ASKER, WORDS)
    story.deliver()
    assert any(SHOWN in posted.text for posted in story.slack.messages_to(ASKER))
    open_home(story, PEER)
    story.deliver()
    answer = story.say(HELPER, "So.", thread_ts=ts)
    story.react(PEER, ts, "raising_hand")
    story.advance(minutes=3)
    story.react(PEER, answer, "heart")
    story.advance(minutes=3)
    assert any(SHOWN in posted.text for posted in story.slack.messages_to(HELPER))
    story.react(ADMIN, answer, "white_check_mark")
    story.advance(minutes=3)
    for member in (ASKER, HELPER, PEER):
        open_home(story, member)
    story.message_shortcut(ASKER, "ask_options", ASKER, ts, WORDS)
    story.deliver()
    sent = everything_sent(story)
    assert SHOWN in json.dumps(story.slack.homes, ensure_ascii=False)
    # Here Slack inserts the names.
    assert '"user_id": "U0CHI"' in json.dumps(story.slack.views)
    assert ids_in(*sent) == []
    with story.rt.read(story.rt.workspaces.only) as tx:
        [row] = exports.asks(tx)
    assert row["title"] == SHOWN


def test_a_name_in_a_title_notifies_nobody(story: Story) -> None:
    story.set_up_channel(capture="all")
    story.command("U0CHI", "/backswing")
    ts = story.say(ASKER, WORDS)
    story.say(HELPER, "So.", thread_ts=ts)
    story.advance(minutes=3)
    for posted in story.slack.messages_to(ASKER):
        assert "<@U0CHI" not in posted.text
        assert '"user_id": "U0CHI"' not in json.dumps(posted.blocks)
    assert story.slack.messages_to(HELP_CHANNEL) == []
