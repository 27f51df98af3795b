"""People's actions in check-ins, and their visible results."""

import json
import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models import CheckIn, Round
from tests.factories import Story
from tests.fakes import PostedMessage

WEEK = timedelta(days=7)
# Slack shows a time in the reader's zone; tests read its fallback.
_DATE = re.compile(r"<!date\^\d+\^[^|]+\|([^>]+)>")
PARSER = "The *parser* & <lexer>"


def open_form(story: Story, member: str, round_: Round) -> dict[str, Any]:
    answer = story.click(member, "checkin_share", str(round_.id))
    assert answer.status == 200
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "checkin_share"
    return view


def share(story: Story, member: str, round_: Round, **answers: str) -> dict[str, Any]:
    """Share by the form; return its errors or nothing."""
    view = open_form(story, member, round_)
    answer = story.submit(member, view, answers or {"working_on": PARSER})
    story.deliver()
    found: dict[str, Any] = json.loads(answer.body or "{}")
    return found


def response_states(story: Story, round_: Round) -> dict[str, str]:
    with story.rt.read_session() as session:
        rows = session.scalars(select(CheckIn).filter_by(round_id=round_.id))
        return {row.member: row.state for row in rows}


def get_checkin(story: Story, one: Round, who: str) -> CheckIn:
    with story.rt.read_session() as session:
        return session.scalars(
            select(CheckIn).filter_by(round_id=one.id, member=who)
        ).one()


def round_replies(story: Story, round_: Round) -> list[PostedMessage]:
    return [m for m in story.slack.messages if m.thread_ts == round_.ts]


def join(story: Story, member: str, round_: Round) -> None:
    assert story.click(member, "checkin_join", str(round_.id)).status == 200


def visible_text(message: PostedMessage | dict[str, Any]) -> str:
    """Return all text in a message, as a reader sees it."""
    blocks = message.blocks if isinstance(message, PostedMessage) else message["blocks"]

    def text(node: Any) -> str:
        if isinstance(node, list):
            return "".join(map(text, node))
        if not isinstance(node, dict):
            return ""
        if isinstance(node.get("text"), str):
            ends = "\n" * (node.get("type") == "plain_text")
            return _DATE.sub(r"\1", str(node["text"])) + ends
        match node.get("type"):
            case "user":
                inner = f"@{node['user_id']}"
            case "emoji":
                inner = f":{node['name']}:"
            case "date":
                inner = str(node["fallback"])
            case kind:
                inner = "".join(text(value) for value in node.values())
                inner += "\n" * (kind == "rich_text")
        return inner

    return text(blocks)
