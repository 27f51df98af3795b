"""A workspace with many asks, and its people's events as Slack sends them."""

import hashlib
import hmac
import itertools
import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot.clock import ts_to_datetime
from models import Answer, Ask, Channel, Installation, Member

TEAM, BOT, BOT_USER = "T0PEERS", "B0BACKSWING", "U0BACKSWING"
SIGNING_SECRET = "8f742231b10e8888abcd990001118a85"  # noqa: S105 - a fake
CHANNELS = [f"C{n:09d}" for n in range(4)]
PEOPLE = [f"U{n:09d}" for n in range(500)]
EMOJI = ("+1", "raised_hands", "heart", "pray", "bulb")
ANSWERED_ASKS = 400
OPEN_ASKS = 6000
# In a real community's export, one reply in five is the first of its thread.
REPLIES_PER_FIRST = 5
ANSWERS_PER_ASK = 10
MESSAGE_TEXT = "The index was missing; with it the query takes three milliseconds. " * 3
NOW = datetime.now(UTC)


def ask_ts(number: int) -> str:
    return f"{1_700_000_000 + number}.000100"


def answer_ts(number: int) -> str:
    return f"{1_701_000_000 + number}.000200"


def channel_of(ask: int) -> int:
    return ask % len(CHANNELS)


def add_workspace(session: Session, team: str = TEAM) -> Installation:
    """Add asks with ten answers each, and asks without any; all profiles are known."""
    workspace = Installation(
        team_id=team,
        bot_id=BOT,
        bot_user_id=BOT_USER,
        team_name="Peers",
        team_url="https://peers.slack.com/",
        installed_at=NOW,
    )
    session.add(workspace)
    session.flush()
    session.execute(
        insert(Member),
        [
            {
                "installation_id": workspace.id,
                "slack_id": person,
                "name": person,
                "fetched_at": NOW,
            }
            for person in PEOPLE
        ],
    )
    channels = [
        Channel(
            installation_id=workspace.id,
            slack_id=slack_id,
            is_joined=True,
            fetched_at=NOW,
        )
        for slack_id in CHANNELS
    ]
    session.add_all(channels)
    session.flush()
    asks = [
        Ask(
            installation_id=workspace.id,
            channel_id=channels[channel_of(n)].id,
            source=f"benchmark:{n}",
            ts=ask_ts(n),
            asker=PEOPLE[n % len(PEOPLE)],
            title="Why is my query slow?",
            asked_at=ts_to_datetime(ask_ts(n)),
            state="answered" if n < ANSWERED_ASKS else "open",
        )
        for n in range(ANSWERED_ASKS + OPEN_ASKS)
    ]
    session.add_all(asks)
    session.flush()
    session.execute(
        insert(Answer),
        [
            {
                "ask_id": asks[n % ANSWERED_ASKS].id,
                "channel_id": asks[n % ANSWERED_ASKS].channel_id,
                "ts": answer_ts(n),
                "author": PEOPLE[(n * 7 + 1) % len(PEOPLE)],
                "answered_at": ts_to_datetime(answer_ts(n)),
            }
            for n in range(ANSWERED_ASKS * ANSWERS_PER_ASK)
        ],
    )
    return workspace


class EventRequests:
    """Signed requests for events; each person reacts to an answer once."""

    def __init__(self, team: str = TEAM) -> None:
        self._team = team
        self._random = random.Random(7)  # noqa: S311 - the same story each time
        self._numbers = itertools.count(1)
        self._reacted_pairs: set[tuple[int, str]] = set()
        self._open_asks = iter(range(ANSWERED_ASKS, ANSWERED_ASKS + OPEN_ASKS))

    def reactions(self, count: int) -> list[bytes]:
        """Return reactions with a helpful emoji to known answers."""
        return [
            self._signed(event)
            for event in itertools.islice(self._reaction_events(), count)
        ]

    def replies(self, count: int) -> list[bytes]:
        """Return messages in asks' threads; every fifth is the first of its thread."""
        asks = [
            next(self._open_asks)
            if n % REPLIES_PER_FIRST == 0
            else self._random.randrange(ANSWERED_ASKS)
            for n in range(count)
        ]
        return [
            self._message(
                # Not the asker, whose messages are no answers.
                PEOPLE[(ask + self._random.randrange(1, len(PEOPLE))) % len(PEOPLE)],
                ask_ts(ask),
                CHANNELS[channel_of(ask)],
            )
            for ask in asks
        ]

    def chatter(self, count: int) -> list[bytes]:
        """Return messages in threads that belong to no ask."""
        return [
            self._message(
                self._random.choice(PEOPLE),
                f"1702000000.{n:06d}",
                self._random.choice(CHANNELS),
            )
            for n in range(count)
        ]

    def _reaction_events(self) -> Iterator[dict[str, Any]]:
        while True:
            answer = self._random.randrange(ANSWERED_ASKS * ANSWERS_PER_ASK)
            person = self._random.choice(PEOPLE)
            if (answer, person) in self._reacted_pairs:
                continue
            self._reacted_pairs.add((answer, person))
            yield {
                "type": "reaction_added",
                "user": person,
                "reaction": self._random.choice(EMOJI),
                "item": {
                    "type": "message",
                    "channel": CHANNELS[channel_of(answer % ANSWERED_ASKS)],
                    "ts": answer_ts(answer),
                },
                "item_user": PEOPLE[(answer * 7 + 1) % len(PEOPLE)],
                "event_ts": self._next_ts(),
            }

    def _message(self, author: str, thread_ts: str, channel: str) -> bytes:
        ts = self._next_ts()
        words = {"type": "text", "text": MESSAGE_TEXT}
        section = {"type": "rich_text_section", "elements": [words]}
        return self._signed(
            {
                "type": "message",
                "user": author,
                "client_msg_id": f"6f3e{next(self._numbers):08x}",
                "text": MESSAGE_TEXT,
                "team": self._team,
                "thread_ts": thread_ts,
                "parent_user_id": PEOPLE[0],
                "blocks": [{"type": "rich_text", "elements": [section]}],
                "channel": channel,
                "channel_type": "channel",
                "ts": ts,
                "event_ts": ts,
            }
        )

    def _next_ts(self) -> str:
        """Return a ts slightly ahead: requests are prepared before they are sent."""
        number = next(self._numbers)
        return f"{int(time.time()) + 30}.{number % 1_000_000:06d}"

    def _signed(self, event: dict[str, Any]) -> bytes:
        return signed_event(event, next(self._numbers), self._team)


def signed_event(event: dict[str, Any], number: int, team: str = TEAM) -> bytes:
    """Return the signed request for an event, with an id from `number`."""
    body = json.dumps(
        {
            "token": "not-used-any-more",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": "A0BACKSWING",
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{number:09d}",
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team,
                    "user_id": BOT_USER,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-context-of-{number:09d}",
        }
    )
    return signed_request(body)


def signed_request(body: str, *, kind: str = "application/json") -> bytes:
    """Return Slack's signed HTTP request with this body."""
    timestamp = str(int(time.time()))
    signature = hmac.new(
        SIGNING_SECRET.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256
    ).hexdigest()
    return (
        "POST /slack/events HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: gzip,deflate\r\n"
        f"Content-Type: {kind}\r\n"
        f"Content-Length: {len(body.encode())}\r\n"
        f"X-Slack-Request-Timestamp: {timestamp}\r\n"
        f"X-Slack-Signature: v0={signature}\r\n"
        f"\r\n{body}"
    ).encode()
