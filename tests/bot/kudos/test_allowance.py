"""Nobody gives more than the allowance, at any hour or concurrency."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.clock import datetime_to_micros
from bot.errors import UserError
from bot.kudos import allowance, reactions
from bot.kudos import service as kudos
from bot.kudos.store import KudosDraft
from bot.messages.events import ReactionEvent
from bot.runtime import Transaction
from bot.workspace import channels, sync
from models import Kudos, KudosThanks, Member
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, user_object

REASON = "the answer on retries, which saved my day"
MOST_TO_REACT = 15
CROWD = [f"U0P{n}" for n in range(12)]


@pytest.fixture
def crowd(story: Story) -> Story:
    """Add members and a channel whose profiles are known."""
    story.slack.people |= {one: user_object(one, one) for one in CROWD}
    sync.refresh(
        story.rt, story.rt.workspaces.only, users=[ASKER, *CROWD], channel=HELP_CHANNEL
    )
    return story


def give(story: Story, receivers: list[str], source: str, giver: str = ASKER) -> bool:
    """Give kudos; return True if they were given."""
    try:
        with story.rt.write(story.rt.workspaces.only) as tx:
            channel = channels.get_or_create(tx, HELP_CHANNEL)
            kudos.give(
                tx,
                channel,
                KudosDraft(receivers, f"{REASON}, {source}"),
                giver=giver,
                source=source,
            )
    except UserError:
        return False
    return True


def react(story: Story, ts: str, author: str | None, emoji: str) -> None:
    reaction = ReactionEvent(
        ASKER,
        HELP_CHANNEL,
        ts,
        emoji,
        datetime_to_micros(story.clock()),
        is_present=True,
        author=author,
    )
    with story.rt.write(story.rt.workspaces.only) as tx:
        reactions.apply_reaction(tx, reaction)


def at_once(jobs: list[Callable[[], object]]) -> None:
    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()


def spent(session: Session, story: Story) -> int:
    stands = allowance.load(
        Transaction(session, story.rt.workspaces.only, story.clock()),
        ASKER,
        (),
        at=story.clock(),
    )
    return stands.daily - stands.remaining


def statements(story: Story, do: Callable[[], object]) -> int:
    """Return the number of statements that `do` runs."""
    ran: list[str] = []

    def run(*args: Any) -> None:
        ran.append(args[2])

    engines = {
        story.rt.write_session.kw["bind"],
        story.rt.read_session.kw["bind"],
        story.rt.autocommit,
    }
    for engine in engines:
        event.listen(engine, "before_cursor_execute", run)
    do()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", run)
    return len(ran)


def test_giving_takes_six_statements_regardless_of_history(crowd: Story) -> None:
    ids = [f"<@{one}>" for one in CROWD]
    for n in range(3):
        text = f"{ids[n]} {ids[n + 1]} for {REASON}, number {n}"
        sync.refresh(
            crowd.rt,
            crowd.rt.workspaces.only,
            users=[ASKER, *CROWD],
            channel=HELP_CHANNEL,
        )
        # Three statements load the message and its channel.
        assert statements(crowd, partial(crowd.command, ASKER, "/kudos", text)) <= 9
        crowd.clock.advance(days=1)
    with crowd.rt.read_session() as session:
        assert session.scalars(select(Kudos)).all()


def test_a_reaction_takes_fifteen_statements_regardless_of_history(
    crowd: Story,
) -> None:
    crowd.set_up_channel(kudos=":tada:")

    def by(number: int) -> int:
        ts = crowd.say(CROWD[0], f"Use jitter {number}.")
        return statements(
            crowd, lambda: crowd.react(CROWD[number], ts, "tada", author=CROWD[0])
        )

    assert by(1) == by(2) == by(3) <= MOST_TO_REACT


@pytest.mark.deep_on_postgresql
def test_of_twelve_at_once_five_are_given(crowd: Story) -> None:
    results: list[bool] = []
    at_once(
        [
            lambda one=one: results.append(give(crowd, [one], one))  # type: ignore[misc]
            for one in CROWD
        ]
    )
    assert results.count(True) == 5
    with crowd.rt.read_session() as session:
        assert len(session.scalars(select(KudosThanks)).all()) == 5


@pytest.mark.deep_on_postgresql
def test_pairs_at_the_limit_are_given_whole_or_not_at_all(crowd: Story) -> None:
    at_once(
        [
            lambda n=n: give(crowd, CROWD[n : n + 2], f"pair {n}")  # type: ignore[misc]
            for n in range(0, 12, 2)
        ]
    )
    with crowd.rt.read_session() as session:
        results = session.scalars(select(Kudos)).all()
        assert len(results) == 2
        assert spent(session, crowd) == 4


@pytest.mark.deep_on_postgresql
def test_commands_reactions_and_joins_share_one_allowance(crowd: Story) -> None:
    crowd.set_up_channel(kudos=":tada:")
    posts = []
    for n, giver in enumerate(CROWD[:4]):
        assert give(crowd, [CROWD[4 + n]], f"post {n}", giver)
        crowd.deliver()
        posts.append(crowd.slack.messages_to(HELP_CHANNEL)[-1].ts)
    jobs: list[Callable[[], object]] = []
    for n, ts in enumerate(posts):
        jobs.append(lambda ts=ts: react(crowd, ts, None, "raised_hands"))  # type: ignore[misc]
        jobs.append(lambda n=n: give(crowd, [CROWD[8 + n]], f"words {n}"))  # type: ignore[misc]
        jobs.append(
            lambda n=n: react(crowd, f"177244200{n}.000100", CROWD[n], "tada")  # type: ignore[misc]
        )
    at_once(jobs)
    with crowd.rt.read_session() as session:
        assert spent(session, crowd) == 5


@pytest.mark.deep_on_postgresql
def test_one_request_on_many_replicas_at_once_is_one_kudos(crowd: Story) -> None:
    at_once([lambda: give(crowd, [CROWD[0]], "the same") for _ in range(8)])
    crowd.deliver()
    assert len(crowd.slack.messages_to(HELP_CHANNEL)) == 1
    with crowd.rt.read_session() as session:
        assert spent(session, crowd) == 1


@pytest.mark.deep_on_postgresql
def test_one_reaction_delivered_many_times_at_once_counts_once(crowd: Story) -> None:
    crowd.set_up_channel(kudos=":tada:")
    ts = "1772442000.000100"
    at_once([lambda: react(crowd, ts, CROWD[0], "tada") for _ in range(8)])
    with crowd.rt.read_session() as session:
        assert spent(session, crowd) == 1


@pytest.mark.deep_on_postgresql
def test_a_recipient_gets_two_a_week_however_many_at_once(crowd: Story) -> None:
    at_once(
        [
            lambda n=n: give(crowd, [CROWD[0]], f"for {n}")  # type: ignore[misc]
            for n in range(5)
        ]
    )
    with crowd.rt.read_session() as session:
        assert spent(session, crowd) == 2


# Local midnight


def member(tz: str | None) -> Member:
    return Member(installation_id=1, slack_id=ASKER, tz=tz)


@pytest.mark.parametrize(
    ("tz", "now", "starts", "hours"),
    [
        ("Europe/Helsinki", "2026-03-02T21:59+00:00", "2026-03-01T22:00", 24),
        ("Europe/Helsinki", "2026-03-02T22:00+00:00", "2026-03-02T22:00", 24),
        # The clocks move forward on 29 March, and back on 25 October.
        ("Europe/Helsinki", "2026-03-29T12:00+00:00", "2026-03-28T22:00", 23),
        ("Europe/Helsinki", "2026-10-25T12:00+00:00", "2026-10-24T21:00", 25),
        # In Santiago they move forward at midnight.
        ("America/Santiago", "2026-09-06T12:00+00:00", "2026-09-06T04:00", 23),
        ("Australia/Lord_Howe", "2026-04-05T00:00+00:00", "2026-04-04T13:00", 24.5),
        (None, "2026-03-02T23:59+00:00", "2026-03-02T00:00", 24),
        ("../../etc/passwd", "2026-03-02T23:59+00:00", "2026-03-02T00:00", 24),
    ],
)
def test_a_day_is_the_givers_own(tz, now, starts, hours):
    within = allowance.day_window(datetime.fromisoformat(now), member(tz))
    assert within.starts_at == datetime.fromisoformat(f"{starts}+00:00")
    assert within.ends_at - within.starts_at == timedelta(hours=hours)


@given(
    at=st.datetimes(
        datetime(2025, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        datetime(2027, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    tz=st.sampled_from(["Europe/Helsinki", "America/Santiago", "Asia/Kathmandu", None]),
)
def test_days_follow_each_other_without_a_gap(at, tz):
    today = allowance.day_window(at, member(tz))
    assert today.starts_at <= at < today.ends_at
    assert allowance.day_window(today.ends_at, member(tz)).starts_at == today.ends_at
    week = today.starts_at - today.limit_since
    assert abs(week - timedelta(days=6)) <= timedelta(hours=1)


@pytest.mark.parametrize("hour", ["2026-10-25T20:30", "2026-03-29T20:30"])
@pytest.mark.deep_on_postgresql
def test_the_allowance_resets_when_the_clocks_have_changed(
    crowd: Story, hour: str
) -> None:
    """At half past ten in the evening, on a day of 25 or 23 hours."""
    crowd.clock.now = datetime.fromisoformat(f"{hour}:00+00:00")
    assert give(crowd, CROWD[:5], "five")
    assert not give(crowd, CROWD[5:6], "one too many")
    midnight = allowance.day_window(crowd.clock(), member("Europe/Helsinki")).ends_at
    crowd.clock.now = midnight - timedelta(seconds=1)
    assert not give(crowd, CROWD[6:7], "still today")
    crowd.clock.now = midnight
    assert give(crowd, CROWD[7:8], "tomorrow")
