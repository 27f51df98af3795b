"""A workspace with many people and channels, and its runtime, for benchmarks."""

from datetime import datetime

from slack_bolt import BoltRequest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.events import BOT, BOT_USER, TEAM
from bot.config.mentors import SMALL_WORKSPACE
from bot.db.engine import Database
from bot.features import load_features
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from bot.slack.api import SlackApi
from models import Channel, Installation, Member


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def person(number: int) -> str:
    return f"U{number:09}"


def channel_id(number: int) -> str:
    return f"C{number:09}"


def add_workspace(
    session: Session,
    at: datetime,
    *,
    people: int,
    channels: int,
    **channel_settings: object,
) -> Workspace:
    """Add people and channels whose profiles were fetched at `at`."""
    row = Installation(
        team_id=TEAM,
        bot_id=BOT,
        bot_user_id=BOT_USER,
        team_name="Peers",
        team_url="https://peers.slack.com/",
        installed_at=at,
    )
    session.add(row)
    session.flush()
    here = {"installation_id": row.id, "fetched_at": at}
    session.execute(
        insert(Member),
        [
            here | {"slack_id": person(n), "name": f"p{n}", "tz": "UTC"}
            for n in range(people)
        ],
    )
    session.execute(
        insert(Channel),
        [
            here
            | {
                "id": n + 1,
                "slack_id": channel_id(n),
                "name": f"c{n}",
                "is_joined": True,
                "zone": "UTC",
            }
            | channel_settings
            for n in range(channels)
        ],
    )
    return Workspace(row.id, TEAM, BOT, BOT_USER, row.team_url)


def make_runtime(
    database: Database, workspace: Workspace, slack: SlackApi, clock: Clock
) -> Runtime:
    return Runtime(
        ServedWorkspaces([(workspace, slack)]),
        database.write_session,
        database.read_session,
        database.autocommit,
        clock,
        load_features(SMALL_WORKSPACE),
    )


def answer_request(author: str, channel: str, thread_ts: str, ts: str) -> BoltRequest:
    """Return an answer in a thread, as Slack sends it."""
    event = {
        "type": "message",
        "user": author,
        "text": "Like this.",
        "ts": ts,
        "event_ts": ts,
        "thread_ts": thread_ts,
        "channel": channel,
        "channel_type": "channel",
        "team": TEAM,
    }
    body = {"type": "event_callback", "team_id": TEAM, "event": event}
    return BoltRequest(body=body, mode="socket_mode")
