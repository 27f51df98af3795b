"""The Home tab: opened, turned, and the settings that its owner finds there."""

import logging
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App

from bot import homes
from bot.clock import micros
from bot.errors import Refusal
from bot.facts import service as facts
from bot.home import lists
from bot.home import service as home
from bot.members import service as members
from bot.operations import Publish
from bot.runtime import Runtime
from bot.settings import service as settings
from bot.slack import Outdated, Refused, SlackError
from handlers.asks import number
from handlers.payloads import Command, HomeOpened, Pressed, Shortcut, Submitted
from handlers.phrases import says

log = logging.getLogger(__name__)


def register(bolt: App, rt: Runtime) -> None:
    tab = Tab(rt)
    bolt.event("app_home_opened")(tab.opened)
    bolt.action("home_previous")(tab.turned)
    bolt.action("home_next")(tab.turned)
    bolt.action("home_end_pause")(tab.pause_ended)
    bolt.action("home_checkin_join")(tab.checkin_joined)
    mine = Mine(rt)
    bolt.command("/backswing", matchers=says("me", "my settings"))(mine.command)
    bolt.action("my_settings")(mine.pressed)
    bolt.view("my_settings")(mine.submitted)


class Tab:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def opened(self, event: dict[str, Any]) -> None:
        opening = HomeOpened.model_validate(event)
        if opening.tab != "home":
            return
        member, at_us = opening.user, micros(opening.event_ts)
        with self._rt.sessions.begin() as session:
            if members.was_forgotten(
                session, self._rt.workspace.id, member, at_us=at_us
            ):
                return
        try:
            facts.ensure(self._rt, people=[member])
        except Refusal:
            # Of whom we know nothing yet, they are shown their own.
            log.warning("home drawn without facts")
        with self._rt.sessions.begin() as session:
            home.opened(session, self._rt.workspace, member, now=self._rt.clock())
        show(self._rt, member)

    def turned(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        with self._rt.sessions.begin() as session:
            home.turn(
                session, self._rt.workspace, pressed.user.id, pressed.action.value
            )
        ack()
        show(self._rt, pressed.user.id)

    def pause_ended(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.sessions.begin() as session:
            settings.end_pause(
                session, self._rt.workspace, pressed.user.id, now=self._rt.clock()
            )
        ack()

    def checkin_joined(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        member, now = pressed.user.id, self._rt.clock()
        facts.ensure(self._rt, people=[member])
        with self._rt.sessions.begin() as session:
            home.join_checkin(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                member,
                now=now,
            )
        ack()


class Mine:
    """A member's own settings."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        self._open(asked.user_id, asked.trigger_id)
        ack()

    def pressed(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Shortcut.model_validate(body)
        self._open(asked.user.id, asked.trigger_id)
        ack()

    def _open(self, member: str, trigger_id: str) -> None:
        facts.ensure(self._rt, people=[member])
        with self._rt.reads() as session:
            view = settings.my_form(
                session, self._rt.workspace, member, now=self._rt.clock()
            )
        self._rt.slack.open_view(trigger_id, view)

    def submitted(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        facts.ensure(self._rt, people=[form.user.id])
        with self._rt.sessions.begin() as session:
            settings.change_mine(
                session,
                self._rt.workspace,
                form.view,
                member=form.user.id,
                now=self._rt.clock(),
            )
        ack()


def show(rt: Runtime, member: str) -> None:
    """Draw somebody's Home tab and show it at once.

    Where somebody else has shown another one meanwhile, it is drawn once more.
    """
    tried: str | None = None
    for is_again in (False, True):
        with rt.reads() as session:
            drawn = lists.view(session, rt.workspace, member, now=rt.clock())
        # Where what we know of is not what stands, and has not changed either, we lost
        # sight of a view.
        is_lost = is_again and drawn.hash == tried
        publish = Publish(member, drawn.view, drawn.hash, is_forced=is_lost)
        try:
            done = publish.send(rt.slack, "")
        except Outdated:
            tried = drawn.hash
        except SlackError as error:
            log.warning("home not shown", extra={"error": error.code})
            _later(rt, member, error)
            return
        else:
            with rt.sessions.begin() as session:
                home.published(session, rt.workspace.id, member, done, now=rt.clock())
            return
    _later(rt, member, None)


def _later(rt: Runtime, member: str, error: SlackError | None) -> None:
    """What could not be shown at once is shown by a delivery; if it ever can be."""
    with rt.sessions.begin() as session:
        if isinstance(error, Refused):
            home.close(session, rt.workspace.id, member, error.code)
            return
        homes.refresh(
            session, rt.workspace.id, [member], now=rt.clock(), soon=timedelta()
        )
