"""People, channels and what they do, as Slack's own payloads through the front door."""

import itertools
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from sqlalchemy import func, select

import jobs.checkins
import jobs.sharing
from bot.channels import service as channels
from bot.checkins import agenda
from bot.clock import micros
from bot.delivery import Deliverer
from bot.members import service as members
from bot.runtime import Runtime
from models import Answer, Ask, Round, Schedule
from tests.fakes import FakeSlack, Posted

# Nine in Berlin, on the Monday after the stories begin.
MONDAY = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
TEAM = "T0PEERS"
BOT = "U0BACKSWING"
HERE = "C0HELP"
ASKER, HELPER, PEER, CHAMPION, ADMIN, GUEST = (
    "U0ANA",
    "U0BEN",
    "U0CHI",
    "U0DAN",
    "U0EVA",
    "U0GUS",
)
_NAMES = {
    ASKER: "Ana",
    HELPER: "Ben",
    PEER: "Chi",
    CHAMPION: "Dan",
    ADMIN: "Eva",
    GUEST: "Gus",
}


def person(slack_id: str, name: str | None = None, **facts: Any) -> dict[str, Any]:
    """Slack's user object."""
    name = name or _NAMES.get(slack_id, slack_id)
    return {
        "id": slack_id,
        "team_id": TEAM,
        "name": name.lower(),
        "deleted": False,
        "is_bot": False,
        "is_admin": slack_id == ADMIN,
        "is_owner": False,
        "is_restricted": slack_id == GUEST,
        "is_ultra_restricted": False,
        "tz": "Europe/Helsinki",
        "profile": {"display_name": name, "real_name": name},
        **facts,
    }


def conversation(slack_id: str, name: str, **facts: Any) -> dict[str, Any]:
    """Slack's conversation object, of a channel that the bot is in."""
    return {
        "id": slack_id,
        "name": name,
        "is_private": False,
        "is_ext_shared": False,
        "is_archived": False,
        "is_member": True,
        **facts,
    }


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class Story:
    """Tells the bot what happens. `now` moves on by a second with each event."""

    def __init__(
        self,
        bolt: App,
        rt: Runtime,
        deliverer: Deliverer,
        slack: FakeSlack,
        clock: Clock,
    ) -> None:
        self._bolt, self.rt, self.deliverer = bolt, rt, deliverer
        self.slack, self.clock = slack, clock
        self._count = itertools.count(1)
        slack.people |= {slack_id: person(slack_id) for slack_id in _NAMES}
        slack.channels[HERE] = conversation(HERE, "help")

    # What the bot is told

    def dispatch(self, body: dict[str, Any]) -> BoltResponse:
        return self._bolt.dispatch(
            BoltRequest(body=json.loads(json.dumps(body)), mode="socket_mode")
        )

    def event(self, event: dict[str, Any], **envelope: Any) -> int:
        body = {
            "token": "t",
            "team_id": TEAM,
            "api_app_id": "A0",
            "type": "event_callback",
            "event_id": f"Ev{next(self._count)}",
            "event_time": int(self.clock().timestamp()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM,
                    "user_id": BOT,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "event": {"event_ts": self.ts(), **event},
            **envelope,
        }
        return self.dispatch(body).status

    def ts(self) -> str:
        """A new Slack ts, of now and later than any before."""
        return f"{int(self.clock().timestamp())}.{next(self._count):06d}"

    def say(
        self,
        who: str,
        text: str,
        *,
        thread_ts: str | None = None,
        channel: str = HERE,
        **more: Any,
    ) -> str:
        ts = more.pop("ts", None) or self.ts()
        assert self.event(message(who, text, ts, thread_ts, channel, **more)) == 200
        return ts

    def react(
        self,
        who: str,
        ts: str,
        emoji: str,
        *,
        added: bool = True,
        channel: str = HERE,
        event_ts: str | None = None,
        of: str | None = None,
    ) -> None:
        """`of` is who wrote the message, where Slack says so."""
        at = event_ts or self.ts()
        event = reaction(who, ts, emoji, at, added=added, channel=channel)
        assert self.event(event | ({"item_user": of} if of else {})) == 200

    def unreact(self, who: str, ts: str, emoji: str, *, of: str | None = None) -> None:
        self.react(who, ts, emoji, added=False, of=of)

    def edit(
        self,
        who: str,
        ts: str,
        text: str,
        *,
        before: str | None = None,
        thread_ts: str | None = None,
        event_ts: str | None = None,
    ) -> None:
        event = {
            "type": "message",
            "subtype": "message_changed",
            "channel": HERE,
            "hidden": True,
            "ts": event_ts or self.ts(),
            "event_ts": event_ts or self.ts(),
            "message": message(who, text, ts, thread_ts),
        }
        if before is not None:
            event["previous_message"] = message(who, before, ts, thread_ts)
        assert self.event(event) == 200

    def delete(self, who: str, ts: str, *, thread_ts: str | None = None) -> None:
        event_ts = self.ts()
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "channel": HERE,
            "ts": event_ts,
            "event_ts": event_ts,
            "deleted_ts": ts,
            "previous_message": message(who, "gone", ts, thread_ts),
        }
        assert self.event(event) == 200

    def command(
        self,
        who: str,
        command: str,
        text: str = "",
        *,
        channel: str = HERE,
        channel_name: str = "help",
        trigger_id: str | None = None,
    ) -> BoltResponse:
        return self.dispatch(
            {
                "command": command,
                "text": text,
                "user_id": who,
                "channel_id": channel,
                "channel_name": channel_name,
                "team_id": TEAM,
                "trigger_id": trigger_id or f"trigger-{next(self._count)}",
                "response_url": "https://hooks.slack.test/command",
            }
        )

    def submit(
        self,
        who: str,
        view: dict[str, Any],
        values: dict[str, Any],
        *,
        view_id: str | None = None,
    ) -> BoltResponse:
        """Send a form; `values` by block, in the shape Slack gives each element."""
        state = {
            block["block_id"]: {
                block["element"]["action_id"]: _state(
                    block["element"], values.get(block["block_id"])
                )
            }
            for block in view["blocks"]
            if block["type"] == "input"
        }
        sent = {
            **view,
            "id": view_id or f"V{next(self._count)}",
            "root_view_id": "V0",
            "hash": "h",
            "state": {"values": state},
        }
        return self.dispatch(
            {
                "type": "view_submission",
                "team": {"id": TEAM},
                "user": {"id": who, "team_id": TEAM},
                "view": sent,
            }
        )

    def click(
        self,
        who: str,
        action_id: str,
        value: str = "",
        *,
        option: str | None = None,
        view: dict[str, Any] | None = None,
        action_ts: str | None = None,
        channel: str = HERE,
        **more: Any,
    ) -> BoltResponse:
        action: dict[str, Any] = {
            "type": "overflow" if option else "button",
            "action_id": action_id,
            "block_id": "b",
            "value": value,
            "action_ts": action_ts or self.ts(),
        }
        if option:
            action["selected_option"] = {"value": option}
        action |= more
        body: dict[str, Any] = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": who, "team_id": TEAM},
            "trigger_id": f"trigger-{next(self._count)}",
            "actions": [action],
        }
        if view is None:
            body |= {
                "channel": {"id": channel, "name": "help"},
                "container": {
                    "type": "message",
                    "message_ts": "1.1",
                    "channel_id": channel,
                },
                "response_url": "https://hooks.slack.test/click",
            }
        else:
            body |= {
                "container": {"type": "view"},
                "view": {**view, "id": "V0", "hash": "h"},
            }
        return self.dispatch(body)

    def message_shortcut(
        self,
        who: str,
        callback_id: str,
        author: str,
        ts: str,
        text: str = "Some words",
        *,
        thread_ts: str | None = None,
        channel: str = HERE,
    ) -> BoltResponse:
        return self.dispatch(
            {
                "type": "message_action",
                "callback_id": callback_id,
                "team": {"id": TEAM},
                "user": {"id": who, "team_id": TEAM},
                "channel": {"id": channel, "name": "help"},
                "message": message(author, text, ts, thread_ts),
                "message_ts": ts,
                "action_ts": self.ts(),
                "trigger_id": f"trigger-{next(self._count)}",
                "response_url": "https://hooks.slack.test/shortcut",
            }
        )

    def deliver(self) -> int:
        """Send everything due, a second apart in each channel as Slack wants it."""
        sent = 0
        for _ in range(20):
            done = self.deliverer.deliver_due()
            sent += done
            if not done:
                break
            self.clock.forward(seconds=1)
        return sent

    def later(self, **by: float) -> int:
        self.clock.forward(**by)
        return self.deliver()

    def set_up(self, who: str = ADMIN, **changes: Any) -> BoltResponse:
        """Fill the channel's settings form in, with changes, and send it."""
        self.command(who, "/backswing")
        return self._change_form(who, "settings", changes)

    def set_up_workspace(self, who: str = ADMIN, **changes: Any) -> BoltResponse:
        """Fill the workspace's settings form in, with changes, and send it."""
        self.command(who, "/backswing", "workspace")
        return self._change_form(who, "workspace_settings", changes)

    def choose(self, who: str, **changes: Any) -> BoltResponse:
        """Fill a member's own settings in, with changes, and send them."""
        self.command(who, "/backswing", "me")
        return self._change_form(who, "my_settings", changes)

    def _change_form(
        self, who: str, form: str, changes: dict[str, Any]
    ) -> BoltResponse:
        view = self.slack.views[-1][1]
        assert view["callback_id"] == form
        values = filled_in(view)
        assert changes.keys() <= values.keys(), "a field that the form has not"
        return self.submit(who, view, values | changes)

    # What the bot then knows

    def ask(self, text: str = "How do I fix x?", *, who: str = ASKER) -> Posted:
        """Somebody asks by the command, and the message is there."""
        before = len(self.slack.to(HERE))
        assert self.command(who, "/ask", text).body == ""
        self.deliver()
        return self.slack.to(HERE)[before]

    def scheduled(self, channel: str = HERE, **changes: Any) -> int:
        """The id of a check-in that a channel has: Mondays at nine, in Berlin."""
        now, workspace = self.clock(), self.rt.workspace
        described = self.slack.channels.setdefault(
            channel, conversation(channel, channel.lower())
        )
        with self.rt.sessions.begin() as session:
            place = channels.remember(session, workspace.id, described, now=now)
            members.remember(
                session,
                workspace.id,
                self.slack.people[ADMIN],
                team_id=workspace.team_id,
                now=now,
            )
            values = {
                "installation_id": workspace.id,
                "channel_id": place.id,
                "source": f"form:V{next(self._count)}",
                "owner": ADMIN,
                "created_at": now,
                "question": "What are you working on this week?",
                "hint": "Just a sentence or two",
                "every": "week",
                "weekdays": ["1"],
                "at": time(9),
                "zone": "Europe/Berlin",
                "starts_on": date(2026, 1, 1),
                "open_days": 4,
                "nudge_after": 24,
                "is_private": place.is_private,
            }
            row = Schedule(**values | changes)
            session.add(row)
            session.flush()
            agenda.plan(session, row, now=now)
            return row.id

    def asked(self, at: datetime = MONDAY, **schedule: Any) -> Round:
        """The round that a channel is asked at that time, posted."""
        if not self._is_scheduled():
            self.scheduled(**schedule)
        self.clock.now = at
        jobs.checkins.start(self.rt, self.deliverer)
        self.deliver()
        with self.rt.reads() as session:
            return session.scalars(
                select(Round).order_by(Round.local_date.desc()).limit(1)
            ).one()

    def _is_scheduled(self) -> bool:
        with self.rt.reads() as session:
            return session.scalar(select(Schedule.id).limit(1)) is not None

    def close_rounds(self, at: datetime | None = None) -> None:
        """Time passes until then; without, until the last open round is over."""
        with self.rt.reads() as session:
            last = session.scalar(
                select(func.max(Round.closes_at)).filter_by(state="open")
            )
        self.clock.now = at or last or self.clock.now
        jobs.sharing.close(self.rt, self.deliverer)
        self.deliver()

    def asks(self) -> list[Ask]:
        with self.rt.reads() as session:
            return list(session.scalars(select(Ask).order_by(Ask.id)))

    def the_ask(self) -> Ask:
        [ask] = self.asks()
        return ask

    def answers(self) -> list[Answer]:
        with self.rt.reads() as session:
            return list(session.scalars(select(Answer).order_by(Answer.ts)))

    def marks(self) -> dict[str, tuple[bool, int]]:
        """Each answer's ts: whether it solved the ask, and how many it helped."""
        return {
            a.ts: (a.is_solution, a.helped) for a in self.answers() if not a.is_deleted
        }


def button(message: Posted, text: str) -> tuple[str, str]:
    """The action_id and the value of a message's button."""
    [found] = [
        (element["action_id"], element.get("value", ""))
        for block in message.blocks
        for element in block.get("elements", [])
        if element["type"] == "button" and element["text"]["text"] == text
    ]
    return found


def message(
    who: str,
    text: str,
    ts: str,
    thread_ts: str | None = None,
    channel: str = HERE,
    **more: Any,
) -> dict[str, Any]:
    """Slack's `message` event."""
    event = {
        "type": "message",
        "user": who,
        "text": text,
        "ts": ts,
        "event_ts": ts,
        "team": TEAM,
        "channel": channel,
        "channel_type": "channel",
        **more,
    }
    return event if thread_ts is None else {**event, "thread_ts": thread_ts}


def reaction(
    who: str,
    ts: str,
    emoji: str,
    event_ts: str,
    *,
    added: bool = True,
    channel: str = HERE,
) -> dict[str, Any]:
    assert micros(event_ts)
    return {
        "type": "reaction_added" if added else "reaction_removed",
        "user": who,
        "reaction": emoji,
        "item": {"type": "message", "channel": channel, "ts": ts},
        "event_ts": event_ts,
    }


# By the kind of an element: what Slack calls its value, where that is one thing.
_VALUES = {
    "plain_text_input": "value",
    "number_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "conversations_select": "selected_conversation",
}


def _state(element: dict[str, Any], value: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind in _VALUES:
        return {"type": kind, _VALUES[kind]: value or None}
    match kind:
        case "multi_users_select":
            return {"type": kind, "selected_users": value or []}
        case "radio_buttons" | "static_select":
            return {"type": kind, "selected_option": {"value": value}}
        case _:
            options = [{"value": one} for one in value or []]
            return {"type": kind, "selected_options": options}


def filled_in(view: dict[str, Any]) -> dict[str, Any]:
    """A form's values as it is shown, by block."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        first = element.get("initial_option")
        values[block["block_id"]] = (
            element.get("initial_value")
            or element.get("initial_date")
            or element.get("initial_time")
            or element.get("initial_users")
            or (first["value"] if first else None)
            or [option["value"] for option in element.get("initial_options", [])]
        )
    return values
