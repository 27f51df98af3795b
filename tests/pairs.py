"""People who take part in peer coffee, and their rounds."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from jobs import pairs as jobs
from models import PairMatch, PairMatchMember, PairOptIn, PairRound
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.home import opens, visible_home
from tests.people import join_program
from tests.remembered import played_once
from tests.slack_payloads import button, user_object

# Ten in Helsinki, where most of them are, on the first Tuesday.
DUE = datetime(2026, 3, 10, 8, tzinfo=UTC)


def names_of(count: int) -> list[str]:
    return [f"U0P{number:03d}" for number in range(count)]


@played_once
def takes_part(story: Story, *people: str, **profile: Any) -> None:
    """Let people join the program, and press the button."""
    for person in people:
        story.slack.people.setdefault(person, user_object(person, **profile))
    join_program(story, *people)
    for person in people:
        click = story.click(person, "pair_join", "coffee", view={"type": "home"})
        assert click.status == 200


@played_once
def runs(story: Story) -> None:
    """Run the job, and send what is due."""
    jobs.match_pairs(story.rt, story.worker)
    story.deliver()


@played_once
def next_round(story: Story, days: int = 14) -> None:
    """Go to the time of the next round, day by day, and form it."""
    for _ in range(days):
        story.clock.advance(days=1)
        runs(story)


def groups(story: Story, round_id: int | None = None) -> list[tuple[str, ...]]:
    """Return the members of the matches of a round that still stand; of the last."""
    with story.rt.read_session() as session:
        last = round_id or session.scalar(
            select(PairRound.id).order_by(PairRound.id.desc()).limit(1)
        )
        rows = session.execute(
            select(PairMatchMember.match_id, PairMatchMember.member)
            .filter_by(round_id=last, is_current=True)
            .order_by(PairMatchMember.match_id, PairMatchMember.member)
        )
        members_by_match: dict[int, list[str]] = {}
        for match_id, member in rows:
            members_by_match.setdefault(match_id, []).append(member)
        return [tuple(members) for members in members_by_match.values()]


def rounds(story: Story) -> list[PairRound]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(PairRound).order_by(PairRound.id)))


def match_of(story: Story, member: str) -> int:
    with story.rt.read_session() as session:
        return session.scalars(
            select(PairMatch.id)
            .join(PairMatchMember)
            .where(PairMatchMember.member == member)
            .order_by(PairMatch.id.desc())
        ).first()  # type: ignore[return-value]


def opt_in(story: Story, member: str) -> PairOptIn:
    with story.rt.read_session() as session:
        return session.scalars(select(PairOptIn).filter_by(member=member)).one()


def mate_of(story: Story, member: str) -> str:
    [group] = [group for group in groups(story) if member in group]
    [mate] = [other for other in group if other != member]
    return mate


def presses(story: Story, member: str, text: str) -> None:
    """Press a button of the last message to the member that has it."""
    for message in reversed(story.slack.messages_to(member)):
        if f'"{text}"' in json.dumps(message.blocks, ensure_ascii=False):
            click = story.click(member, *button(message, text), channel="D0X")
            assert click.status == 200
            story.deliver()
            return
    raise AssertionError(f"no message with {text}")


def texts_to(story: Story, member: str, containing: str = "") -> list[str]:
    return [
        message.text
        for message in story.slack.messages_to(member)
        if containing in message.text
    ]


def people_page(story: Story, member: str) -> str:
    """Open the Home tab, and turn to the page of people; return it."""
    opens(story, member)
    story.click(member, "home_page_people", "people", view={"type": "home"})
    story.deliver()
    return visible_home(story, member)


def words(message: PostedMessage) -> str:
    """Return all words of a message's blocks."""
    return words_of(message.blocks)


def words_of(blocks: Any) -> str:

    def walk(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["text"]] if isinstance(value.get("text"), str) else []
            if value.get("type") == "user":
                own = [value["user_id"]]
            return [*own, *(word for each in value.values() for word in walk(each))]
        if isinstance(value, list):
            return [word for each in value for word in walk(each)]
        return []

    return "".join(walk(blocks))
