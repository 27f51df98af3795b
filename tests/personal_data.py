"""Everything that is stored and shown about a member."""

import json
from typing import Any

from sqlalchemy import select, text

import jobs.privacy
from bot.workspace import members
from models import Ask, Base, Member, Reaction
from tests.factories import Story
from tests.slack_payloads import ASKER

WORDS = "How do I test daylight saving?"


def forget(story: Story, member: str = ASKER) -> None:
    story.command(member, "/backswing", "forget me")
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "forget_me"
    answer = story.submit(member, view, {})
    assert "Done" in json.dumps(json.loads(answer.body)["view"])
    story.advance(minutes=2)


def everything_in(story: Story) -> str:
    """Return each cell of each table."""
    with story.rt.read_session() as session:
        return "\n".join(
            f"{table.name}: {row}"
            for table in Base.metadata.sorted_tables
            for row in session.execute(text(f"SELECT * FROM {table.name}"))  # noqa: S608
        )


def visible_messages(story: Story) -> str:
    """Return the visible text of all of the bot's messages to others."""
    return json.dumps([[m.text, m.blocks] for m in story.slack.messages])


def totals(story: Story) -> dict[str, Any]:
    with story.rt.read_session() as session:
        marks = session.scalars(select(Reaction).where(Reaction.is_present)).all()
        asks = session.scalars(select(Ask)).all()
    return {
        "asks": len(asks),
        "solved": sum(ask.state == "solved" for ask in asks),
        "answers": sorted(
            (a.ts, a.is_solution, a.helpful_count) for a in story.answers()
        ),
        "marks": sorted((m.message_ts, m.emoji, m.meaning) for m in marks),
        "askers": sorted(
            [a.asker for a in asks].count(a) for a in {*[a.asker for a in asks]}
        ),
    }


def file_of(story: Story, member: str = ASKER) -> dict[str, Any]:
    assert "file" in str(story.command(member, "/backswing", "my data").body)
    story.deliver()
    [file] = [f for f in story.slack.files.values() if f.member == member]
    return dict(json.loads(file.content))


def members_named(story: Story, member: str) -> Member:
    with story.rt.read(story.rt.workspaces.only) as tx:
        found = members.find(tx, member)
    assert found is not None
    return found


def days_pass(story: Story, days: float) -> None:
    story.clock.advance(days=days)
    jobs.privacy.erase_deactivated(story.rt, story.worker)
    jobs.privacy.purge_expired(story.rt, story.worker)
    story.deliver()


REASON = "the answer on retries, it saved my week"
