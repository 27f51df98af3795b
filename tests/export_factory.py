"""Make small Slack exports, in Slack's format and the same for the same seed."""

import json
import random
import struct
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TEAM = "T0SYNTHETIC"
OTHER_TEAM = "T0ELSEWHERE"
ADMIN, OWNER, DEACTIVATED, GUEST, EXTERNAL = (
    "U0ADMIN",
    "U0OWNER",
    "U0GONE",
    "U0GUEST",
    "U0STRANGER",
)
PEERS = tuple(f"U0PEER{number}" for number in range(8))
# An app's own user: its messages name the app or, in old ones, only the user.
BOT = "U0BOT"
# A person whom users.json omits.
UNLISTED = "U0GHOST"
SLACKBOT = "USLACKBOT"
CHANNELS = {"C0HELP": "help", "C0TONGUES": "translation", "C0LOUNGE": "lounge"}

_HUMANS = (*PEERS, ADMIN, OWNER, DEACTIVATED, GUEST, EXTERNAL, UNLISTED)
_EMOJI = (
    "+1",
    "thumbsup",
    "+1::skin-tone-3",
    "thumbsup::skin-tone-6",
    "heart",
    "pray::skin-tone-2",
    "raised_hands",
    "bulb",
    "white_check_mark",
    "heavy_check_mark",
    "eyes",
    "raising_hand",
    "tada",
    "our-own-emoji",
)
_TOPICS = ("build", "locale", "patch", "mirror", "manual", "release", "test")
_START = 1_600_000_000

Json = dict[str, Any]


def people() -> list[Json]:
    """Return the content of users.json."""
    described = [_person(slack_id) for slack_id in PEERS]
    # This person has no display name.
    described[0]["profile"] = {"real_name": "", "display_name": ""}
    return [
        *described,
        _person(ADMIN, is_admin=True),
        _person(OWNER, is_admin=True, is_owner=True),
        # Slack exports less of people who have left.
        {
            "id": DEACTIVATED,
            "team_id": TEAM,
            "name": "gone",
            "deleted": True,
            "profile": {},
        },
        _person(GUEST, is_restricted=True, is_ultra_restricted=True),
        _person(EXTERNAL, team_id=OTHER_TEAM),
        _person(BOT, is_bot=True),
    ]


def _person(slack_id: str, **facts: object) -> Json:
    name = slack_id.removeprefix("U0").lower()
    return {
        "id": slack_id,
        "team_id": TEAM,
        "name": name,
        "deleted": False,
        "is_bot": False,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "tz": "Europe/Helsinki",
        "tz_label": "Eastern European Time",
        "tz_offset": 7200,
        "profile": {"real_name": name.title(), "display_name": name},
        **facts,
    }


def channels() -> list[Json]:
    """Return the content of channels.json."""
    return [
        {
            "id": slack_id,
            "name": name,
            "created": _START,
            "creator": ADMIN,
            "is_archived": name == "lounge",
            "is_general": False,
            "members": [*PEERS, ADMIN],
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }
        for slack_id, name in CHANNELS.items()
    ]


@dataclass
class _ChannelHistory:
    """The messages of one channel."""

    random: random.Random
    clock: int
    messages: list[Json] = field(default_factory=list)

    def say(self, user: str | None, text: str, **more: Any) -> Json:
        self.clock += self.random.randint(1, 40_000)
        message: Json = {
            "type": "message",
            "ts": f"{self.clock}.{self.random.randint(0, 999_999):06d}",
            "text": text,
        }
        if user is not None:
            message["user"] = user
        message |= more
        self.messages.append(message)
        return message

    def ask(self) -> None:
        asker = self.random.choice(_HUMANS)
        thing = self.random.choice(_TOPICS)
        text = self.random.choice(
            (
                f"How do I start the {thing}?",
                f"Does the {thing} work for you? It stopped here.",
                f"The {thing} is done.",
                f"Good morning, all. On to the {thing}",
                "",
            )
        )
        more = self.random.choice(
            (
                {},
                {"edited": {"user": asker, "ts": f"{self.clock + 9}.000000"}},
                {"subtype": "file_share", "files": [{"id": "F0FILE"}], "upload": False},
                {"subtype": "me_message"},
            )
        )
        parent = self.say(asker, text, **more, **self.reactions(asker))
        self.thread(parent, asker)

    def thread(self, parent: Json, asker: str) -> None:
        authors = [
            self.random.choice((*_HUMANS, BOT, asker))
            for _ in range(self.random.randint(0, 4))
        ]
        for author in authors:
            self.reply(parent, author, asker)
        if authors:
            parent |= {
                "thread_ts": parent["ts"],
                "reply_count": len(authors),
                "reply_users": sorted(set(authors)),
            }

    def reply(self, parent: Json, author: str, asker: str) -> None:
        kinds: tuple[Json, ...] = (
            {},
            {},
            {"subtype": "thread_broadcast"},
            {"subtype": "file_share", "files": [{"id": "F0FILE"}]},
        )
        if author == BOT:
            kinds = ({}, {"bot_id": "B0BOT"}, {"bot_id": "B0BOT", "subtype": None})
        self.say(
            author,
            self.random.choice(("Like this.", "Thank you!", "Have you tried?", "")),
            thread_ts=parent["ts"],
            parent_user_id=parent.get("user"),
            **{k: v for k, v in self.random.choice(kinds).items() if v is not None},
            **self.reactions(asker, author),
        )

    def reactions(self, *near: str) -> Json:
        """Add reactions, mostly by the author of the message and of its thread."""
        crowd = (*_HUMANS, BOT, *near, *near, ADMIN, ADMIN)
        chosen = self.random.sample(_EMOJI, self.random.choice((0, 0, 1, 2, 3)))
        shown = []
        for name in chosen:
            users = list({self.random.choice(crowd): None for _ in range(3)})
            shown.append({"name": name, "users": users, "count": len(users)})
        return {"reactions": shown} if shown else {}

    def add_noise(self) -> None:
        """Add messages by Slack and apps."""
        self.say(PEERS[0], f"<@{PEERS[0]}> has joined", subtype="channel_join")
        self.say(None, "Deployed?", subtype="bot_message", bot_id="B0BOT")
        self.say(BOT, "Is it up?", **self.reactions())
        self.say(SLACKBOT, "Reminder?")
        deleted = self.say(
            SLACKBOT,
            "This message was deleted.",
            subtype="tombstone",
            hidden=True,
            **self.reactions(),
        )
        self.thread(deleted, SLACKBOT)
        app = self.say(
            None, "Who reviews?", subtype="bot_message", bot_id="B0BOT", username="App"
        )
        self.thread(app, BOT)


def channel_messages(seed: int = 1, *, asks: int = 16) -> dict[str, list[Json]]:
    """Return the messages by channel."""
    dice = random.Random(seed)
    files: dict[str, list[Json]] = {}
    for slack_id in CHANNELS:
        talk = _ChannelHistory(dice, _START)
        for number in range(asks):
            talk.ask()
            if number % 8 == 0:
                talk.add_noise()
        files[slack_id] = talk.messages
    return files


def day_files(messages: Sequence[Json], folder: str) -> dict[str, list[Json]]:
    """Return a file for each day."""
    by_day: defaultdict[str, list[Json]] = defaultdict(list)
    for message in messages:
        at = datetime.fromtimestamp(float(message["ts"]), UTC)
        by_day[f"{folder}/{at:%Y-%m-%d}.json"].append(message)
    return dict(by_day)


def export_files(seed: int = 1, *, asks: int = 16) -> dict[str, object]:
    """Return the whole export, by file name."""
    files: dict[str, object] = {"users.json": people(), "channels.json": channels()}
    for slack_id, talk in channel_messages(seed, asks=asks).items():
        files |= day_files(talk, CHANNELS[slack_id])
    return files


def write(path: Path, content: Mapping[str, object]) -> Path:
    """Zip the files; text and bytes are used as they are."""
    with zipfile.ZipFile(path, "w") as out:
        for name, value in content.items():
            raw = value if isinstance(value, str | bytes) else json.dumps(value)
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            out.writestr(entry, raw, zipfile.ZIP_DEFLATED)
    return path


def without_utf8_flag(path: Path) -> Path:
    """Remove the flag for UTF-8 names, which Slack's zips lack."""
    raw = bytearray(path.read_bytes())
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(sign)
        while at >= 0:
            [bits] = struct.unpack_from("<H", raw, at + offset)
            struct.pack_into("<H", raw, at + offset, bits & ~0x0800)
            at = raw.find(sign, at + 4)
    path.write_bytes(raw)
    return path
