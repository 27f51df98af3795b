"""Newcomers, and people who would be their buddies."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot import monitoring
from jobs import buddies as jobs
from models import BuddyOffer, BuddyPair, BuddyQuestion, BuddyWish
from tests.factories import Story
from tests.pairs import presses
from tests.people import join_program
from tests.remembered import played_once
from tests.slack_payloads import ASKER, HELPER, user_object

# A Tuesday, ten in Helsinki.
START = datetime(2026, 3, 10, 8, tzinfo=UTC)
HOME = {"type": "home"}
NEWCOMER, BUDDY = ASKER, HELPER


@played_once
def begin(story: Story, *buddies: str) -> None:
    """Let people who came a year ago offer to be buddies; two people are enough."""
    story.set_up_workspace(buddies="on")
    story.clock.now = START
    for buddy in buddies or (BUDDY,):
        offers(story, buddy)


@played_once
def offers(story: Story, member: str, *, days: int = 365) -> None:
    """Let someone who joined so many days ago press *I'd be a buddy*."""
    story.slack.people.setdefault(member, user_object(member))
    join_program(story, member, joined_at=story.clock.now - timedelta(days=days))
    click = story.click(member, "buddy_join", "buddy", view=HOME)
    assert click.status == 200


@played_once
def comes(story: Story, member: str = NEWCOMER, *, days: int = 0) -> None:
    """Let someone new join the program, and be asked."""
    story.slack.people.setdefault(member, user_object(member))
    join_program(story, member, joined_at=story.clock.now - timedelta(days=days))
    runs(story)
    story.advance(minutes=2)


@played_once
def wants(story: Story, member: str = NEWCOMER) -> None:
    """Let someone new join and say yes; the bot asks a buddy."""
    comes(story, member)
    presses(story, member, "Find me a buddy")
    runs(story)


@played_once
def pairs_up(story: Story, newcomer: str = NEWCOMER, buddy: str = BUDDY) -> None:
    """Let a newcomer get the only buddy who would be one."""
    begin(story, buddy)
    wants(story, newcomer)
    presses(story, buddy, "Yes")
    assert pair(story).buddy == buddy


@played_once
def runs(story: Story) -> None:
    """Run the job, and send what is due."""
    jobs.find_buddies(story.rt, story.worker)
    story.deliver()


@played_once
def passes(story: Story, days: int) -> None:
    """Let days pass, with the job once on each."""
    for _ in range(days):
        story.advance(days=1)
        runs(story)


def due_times(story: Story) -> list[datetime]:
    """Return the next times at which the job has something to do, the first first."""
    with story.rt.read(story.workspace) as tx:
        times = monitoring.next_times(tx)
    return sorted(at for name, at in times if name == "buddies")


def pairs(story: Story) -> list[BuddyPair]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(BuddyPair).order_by(BuddyPair.id)))


def pair(story: Story) -> BuddyPair:
    return pairs(story)[-1]


def questions(story: Story) -> list[BuddyQuestion]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(BuddyQuestion).order_by(BuddyQuestion.id)))


def offer(story: Story, member: str = BUDDY) -> BuddyOffer:
    with story.rt.read_session() as session:
        return session.scalars(select(BuddyOffer).filter_by(member=member)).one()


def wish(story: Story, member: str = NEWCOMER) -> Any:
    """Return the row of a newcomer; None if there is none."""
    with story.rt.read_session() as session:
        return session.scalar(select(BuddyWish).filter_by(member=member))


def clicks(story: Story, member: str, action: str, value: object = "buddy") -> Any:
    """Press a button of the Home tab."""
    response = story.click(member, f"buddy_{action}", str(value), view=HOME)
    assert response.status == 200
    story.deliver()
    return response


def all_shown(story: Story, member: str) -> str:
    """Return all that the bot wrote to a member, and their Home tab."""
    sent = [[each.text, each.blocks] for each in story.slack.messages_to(member)]
    texts = [sent, story.slack.homes.get(member), story.slack.views]
    return json.dumps(texts, ensure_ascii=False)
