"""People, channels and events, sent to the bot as Slack's own payloads."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

import jobs.checkins
from bot.checkins import schedules
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Workspace
from bot.workspace import channels, members
from models import Answer, Ask, OutboxItem, Round, Schedule
from tests.fakes import FakeSlack, PostedMessage
from tests.remembered import Memory, played_once
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    HELP_CHANNEL,
    NAMES,
    conversation_object,
    element_state,
    form_values,
    message_event,
    reaction_event,
    user_object,
)

# Nine in Berlin, on the Monday after the stories begin.
MONDAY = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Story:
    """Sends events and requests to the bot; each has a later ts than the one before."""

    def __init__(
        self,
        bolt: App,
        rt: Runtime,
        worker: OutboxWorker,
        slack: FakeSlack,
        clock: Clock,
        workspace: Workspace | None = None,
    ) -> None:
        """Take a workspace; None is the only one that is served."""
        self._bolt, self.rt, self.worker = bolt, rt, worker
        self.slack, self.clock = slack, clock
        self.workspace = workspace or rt.workspaces.only
        self.team = self.workspace.team_id
        self.number = 0
        # Of beginnings that tests share; see `tests/remembered.py`.
        self.memory: Memory | None = None
        slack.people |= {
            slack_id: user_object(slack_id, team_id=self.team) for slack_id in NAMES
        }
        slack.channels[HELP_CHANNEL] = conversation_object(HELP_CHANNEL, "help")

    def _next(self) -> int:
        self.number += 1
        return self.number

    # Requests to the bot

    def dispatch(self, body: dict[str, Any]) -> BoltResponse:
        return self._bolt.dispatch(
            BoltRequest(body=json.loads(json.dumps(body)), mode="socket_mode")
        )

    def event(self, event: dict[str, Any], **envelope: Any) -> int:
        body = {
            "token": "t",
            "team_id": self.team,
            "api_app_id": "A0",
            "type": "event_callback",
            "event_id": f"Ev{self._next()}",
            "event_time": int(self.clock().timestamp()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self.team,
                    "user_id": self.workspace.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "event": {"event_ts": self.ts(), **event},
            **envelope,
        }
        return self.dispatch(body).status

    def ts(self) -> str:
        """Return a new Slack ts of the current time, later than any before."""
        return f"{int(self.clock().timestamp())}.{self._next():06d}"

    def say(
        self,
        member: str,
        text: str,
        *,
        thread_ts: str | None = None,
        channel: str = HELP_CHANNEL,
        **fields: Any,
    ) -> str:
        ts = fields.pop("ts", None) or self.ts()
        event = message_event(
            member, text, ts, thread_ts, channel, **{"team": self.team, **fields}
        )
        assert self.event(event) == 200
        return ts

    def react(
        self,
        member: str,
        ts: str,
        emoji: str,
        *,
        added: bool = True,
        channel: str = HELP_CHANNEL,
        event_ts: str | None = None,
        author: str | None = None,
    ) -> None:
        """React to a message; `of` is its author, if Slack names them."""
        at = event_ts or self.ts()
        event = reaction_event(member, ts, emoji, at, added=added, channel=channel)
        assert self.event(event | ({"item_user": author} if author else {})) == 200

    def unreact(
        self, member: str, ts: str, emoji: str, *, author: str | None = None
    ) -> None:
        self.react(member, ts, emoji, added=False, author=author)

    def edit(
        self,
        member: str,
        ts: str,
        text: str,
        *,
        before: str | None = None,
        thread_ts: str | None = None,
        event_ts: str | None = None,
        edited_ts: str | None = None,
    ) -> None:
        event_ts = event_ts or self.ts()
        # Slack rounds the time that the message shows.
        edited = {"user": member, "ts": edited_ts or f"{event_ts.split('.')[0]}.000000"}
        event = {
            "type": "message",
            "subtype": "message_changed",
            "channel": HELP_CHANNEL,
            "hidden": True,
            "ts": event_ts,
            "event_ts": event_ts,
            "message": message_event(
                member, text, ts, thread_ts, team=self.team, edited=edited
            ),
        }
        if before is not None:
            event["previous_message"] = message_event(
                member, before, ts, thread_ts, team=self.team
            )
        assert self.event(event) == 200

    def delete(self, member: str, ts: str, *, thread_ts: str | None = None) -> None:
        event_ts = self.ts()
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "channel": HELP_CHANNEL,
            "ts": event_ts,
            "event_ts": event_ts,
            "deleted_ts": ts,
            "previous_message": message_event(
                member, "gone", ts, thread_ts, team=self.team
            ),
        }
        assert self.event(event) == 200

    def command(
        self,
        member: str,
        command: str,
        text: str = "",
        *,
        channel: str = HELP_CHANNEL,
        channel_name: str = "help",
        trigger_id: str | None = None,
    ) -> BoltResponse:
        return self.dispatch(
            {
                "command": command,
                "text": text,
                "user_id": member,
                "channel_id": channel,
                "channel_name": channel_name,
                "team_id": self.team,
                "trigger_id": trigger_id or f"trigger-{self._next()}",
                "response_url": "https://hooks.slack.test/command",
            }
        )

    def submit(
        self,
        member: str,
        view: dict[str, Any],
        values: dict[str, Any],
        *,
        view_id: str | None = None,
        view_hash: str = "h",
    ) -> BoltResponse:
        """Submit a form; `values` are by block, in Slack's format for each element."""
        state = {
            block["block_id"]: {
                block["element"]["action_id"]: element_state(
                    block["element"], values.get(block["block_id"])
                )
            }
            for block in view["blocks"]
            if block["type"] == "input"
        }
        sent = {
            **view,
            "id": view_id or f"V{self._next()}",
            "root_view_id": "V0",
            "hash": view_hash,
            "state": {"values": state},
        }
        return self.dispatch(
            {
                "type": "view_submission",
                "team": {"id": self.team},
                "user": {"id": member, "team_id": self.team},
                "view": sent,
            }
        )

    def click(
        self,
        member: str,
        action_id: str,
        value: str = "",
        *,
        option: str | None = None,
        view: dict[str, Any] | None = None,
        action_ts: str | None = None,
        channel: str = HELP_CHANNEL,
        **fields: Any,
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
        action |= fields
        body: dict[str, Any] = {
            "type": "block_actions",
            "team": {"id": self.team},
            "user": {"id": member, "team_id": self.team},
            "trigger_id": f"trigger-{self._next()}",
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
        member: str,
        callback_id: str,
        author: str,
        ts: str,
        text: str = "Some words",
        *,
        thread_ts: str | None = None,
        channel: str = HELP_CHANNEL,
        **fields: Any,
    ) -> BoltResponse:
        action_ts = fields.pop("action_ts", None) or self.ts()
        fields = {"team": self.team, **fields}
        return self.dispatch(
            {
                "type": "message_action",
                "callback_id": callback_id,
                "team": {"id": self.team},
                "user": {"id": member, "team_id": self.team},
                "channel": {"id": channel, "name": "help"},
                "message": message_event(author, text, ts, thread_ts, **fields),
                "message_ts": ts,
                "action_ts": action_ts,
                "trigger_id": f"trigger-{self._next()}",
                "response_url": "https://hooks.slack.test/shortcut",
            }
        )

    def deliver(self) -> int:
        """Send everything that is due, one message a second in each channel."""
        sent = 0
        for _ in range(20):
            done = self.worker.send_due()
            sent += done
            if not done:
                break
            self.clock.advance(seconds=1)
        return sent

    def advance(self, **duration: float) -> int:
        self.clock.advance(**duration)
        return self.deliver()

    def pass_time(
        self,
        until: datetime,
        run: Callable[[], object],
        due: InstrumentedAttribute[datetime | None],
    ) -> None:
        """Call `run` now, at `until`, and between at each time when something is due.

        `due` is the column with the times at which the job has to look at a row; the
        times of waiting messages count, too. It is called once a day at least, and
        every hour while something is overdue.
        """
        queries = [
            select(func.min(OutboxItem.due_at)).filter_by(finished_at=None),
            select(func.min(due)),
        ]
        run()
        while (now := self.clock.now) < until:
            with self.rt.read_session() as session:
                times = [session.scalar(query) for query in queries]
            soon, tomorrow = now + timedelta(hours=1), now + timedelta(days=1)
            next_times = [at if at > now else soon for at in times if at]
            self.clock.now = min(until, tomorrow, *next_times)
            run()

    @played_once
    def set_up_channel(self, member: str = ADMIN, **changes: Any) -> BoltResponse:
        """Fill in the channel's settings form with changes, and submit it."""
        self.command(member, "/backswing")
        return self.submit_settings(member, "settings", changes)

    @played_once
    def set_up_workspace(self, member: str = ADMIN, **changes: Any) -> BoltResponse:
        """Fill in the workspace's settings form with changes, and submit it."""
        self.command(member, "/backswing", "workspace")
        return self.submit_settings(member, "workspace_settings", changes)

    @played_once
    def change_my_settings(self, member: str, **changes: Any) -> BoltResponse:
        """Fill in the member's settings form with changes, and submit it."""
        self.command(member, "/backswing", "me")
        return self.submit_settings(member, "my_settings", changes)

    def submit_settings(
        self, member: str, form: str, changes: dict[str, Any]
    ) -> BoltResponse:
        view = self.slack.views[-1][1]
        assert view["callback_id"] == form
        values = form_values(view)
        assert changes.keys() <= values.keys(), "a field that the form has not"
        return self.submit(member, view, values | changes)

    # The bot's records

    def ask(
        self, text: str = "How do I fix x?", *, member: str = ASKER
    ) -> PostedMessage:
        """Ask by the command, and wait until the message is posted."""
        before = len(self.slack.messages_to(HELP_CHANNEL))
        assert self.command(member, "/ask", text).status == 200
        self.deliver()
        return self.slack.messages_to(HELP_CHANNEL)[before]

    def add_schedule(self, channel: str = HELP_CHANNEL, **changes: Any) -> int:
        """Add a check-in on Mondays at nine, in Berlin; return its id."""
        now, workspace = self.clock(), self.workspace
        described = self.slack.channels.setdefault(
            channel, conversation_object(channel, channel.lower())
        )
        with self.rt.write(self.workspace) as tx:
            place = channels.upsert_from_slack(tx, described)
            members.upsert_from_slack(tx, self.slack.people[ADMIN], team_id=self.team)
            values = {
                "installation_id": workspace.id,
                "channel_id": place.id,
                "source": f"form:V{self._next()}",
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
                "remind_after": 24,
                "is_private": place.is_private,
            }
            row = Schedule(**values | changes)
            tx.session.add(row)
            tx.session.flush()
            schedules.schedule_next(tx, row)
            return row.id

    def post_round(self, at: datetime = MONDAY, **schedule: Any) -> Round:
        """Start and post the round at that time."""
        if not self._is_scheduled():
            self.add_schedule(**schedule)
        self.clock.now = at
        jobs.checkins.start_rounds(self.rt, self.worker)
        self.deliver()
        with self.rt.read_session() as session:
            return session.scalars(
                self._rounds().order_by(Round.local_date.desc()).limit(1)
            ).one()

    def _rounds(self) -> Select[Round]:
        return (
            select(Round)
            .join(Schedule, Schedule.id == Round.schedule_id)
            .where(Schedule.installation_id == self.workspace.id)
        )

    def _is_scheduled(self) -> bool:
        with self.rt.read_session() as session:
            schedules_query = select(Schedule.id).filter_by(
                installation_id=self.workspace.id
            )
            return session.scalar(schedules_query.limit(1)) is not None

    def close_rounds(self, at: datetime | None = None) -> None:
        """Close rounds at this time, or when the last open round ends."""
        with self.rt.read_session() as session:
            last = session.scalar(
                self._rounds()
                .where(Round.state == "open")
                .with_only_columns(func.max(Round.closes_at))
            )
        self.clock.now = at or last or self.clock.now
        jobs.checkins.close_rounds(self.rt, self.worker)
        self.deliver()

    def asks(self) -> list[Ask]:
        with self.rt.read_session() as session:
            query = select(Ask).filter_by(installation_id=self.workspace.id)
            return list(session.scalars(query.order_by(Ask.id)))

    def only_ask(self) -> Ask:
        [ask] = self.asks()
        return ask

    def answers(self) -> list[Answer]:
        with self.rt.read_session() as session:
            query = (
                select(Answer)
                .join(Ask, Ask.id == Answer.ask_id)
                .where(Ask.installation_id == self.workspace.id)
            )
            return list(session.scalars(query.order_by(Answer.ts)))

    def answer_marks(self) -> dict[str, tuple[bool, int]]:
        """Return by ts if an answer solved its ask, and how many people it helped."""
        return {
            a.ts: (a.is_solution, a.helpful_count)
            for a in self.answers()
            if not a.is_deleted
        }
