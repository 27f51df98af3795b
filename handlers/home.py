"""The Home tab: opened, turned, and the settings that its owner finds there."""

import logging
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App

from bot.checkins import home as checkins
from bot.clock import ts_to_micros
from bot.errors import UserError
from bot.home import page
from bot.home import service as home
from bot.outbox import home_refresh
from bot.runtime import Runtime
from bot.settings import service as settings
from bot.slack.actions import PublishHome
from bot.slack.api import HashConflict, Rejected, SlackError
from bot.workspace import members, sync
from handlers.interactions import parse_id, subcommand
from handlers.payloads import (
    AppHomeOpened,
    BlockAction,
    Shortcut,
    SlashCommand,
    ViewSubmission,
)

log = logging.getLogger(__name__)


def register(bolt: App, rt: Runtime) -> None:
    tab = HomeTab(rt)
    bolt.event("app_home_opened")(tab.open_home)
    bolt.action("home_previous")(tab.turn_page)
    bolt.action("home_next")(tab.turn_page)
    bolt.action("home_end_pause")(tab.end_pause)
    bolt.action("home_checkin_join")(tab.join_checkin)
    mine = OwnSettings(rt)
    bolt.command("/backswing", matchers=subcommand("me", "my settings"))(
        mine.open_from_command
    )
    bolt.action("my_settings")(mine.open_from_button)
    bolt.view("my_settings")(mine.save)


class HomeTab:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def open_home(self, event: dict[str, Any]) -> None:
        opening = AppHomeOpened.model_validate(event)
        if opening.tab != "home":
            return
        member, at_us = opening.user, ts_to_micros(opening.event_ts)
        with self._rt.write(self._rt.workspace) as tx:
            if members.is_before_erasure(tx, member, event_micros=at_us):
                return
        try:
            sync.refresh(self._rt, users=[member])
        except UserError:
            # Of whom we know nothing yet, they are shown their own.
            log.warning("home drawn without facts")
        with self._rt.write(self._rt.workspace) as tx:
            home.open_home(tx, member)
        show_home(self._rt, member)

    def turn_page(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        with self._rt.write(self._rt.workspace) as tx:
            home.set_page(tx, pressed.user.id, pressed.action.value)
        ack()
        show_home(self._rt, pressed.user.id)

    def end_pause(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            settings.end_pause(tx, pressed.user.id)
        ack()

    def join_checkin(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        member, _now = pressed.user.id, self._rt.clock()
        sync.refresh(self._rt, users=[member])
        with self._rt.write(self._rt.workspace) as tx:
            checkins.join(tx, parse_id(pressed.action.value), member)
        ack()


class OwnSettings:
    """A member's own settings."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def open_from_command(self, body: dict[str, Any], ack: Ack) -> None:
        asked = SlashCommand.model_validate(body)
        self._open_form(asked.user_id, asked.trigger_id)
        ack()

    def open_from_button(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Shortcut.model_validate(body)
        self._open_form(asked.user.id, asked.trigger_id)
        ack()

    def _open_form(self, member: str, trigger_id: str) -> None:
        sync.refresh(self._rt, users=[member])
        with self._rt.read(self._rt.workspace) as tx:
            view = settings.member_form(tx, member)
        self._rt.slack.open_view(trigger_id, view)

    def save(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        sync.refresh(self._rt, users=[form.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            settings.update_member(tx, form.view, member=form.user.id)
        ack()


def show_home(rt: Runtime, member: str) -> None:
    """Draw somebody's Home tab and show it at once.

    Where somebody else has shown another one meanwhile, it is drawn once more.
    """
    tried: str | None = None
    for is_again in (False, True):
        with rt.read(rt.workspace) as tx:
            drawn = page.render(tx, member)
        # Where what we know of is not what stands, and has not changed either, we lost
        # sight of a view.
        is_lost = is_again and drawn.hash == tried
        publish = PublishHome(member, drawn.view, drawn.hash, is_forced=is_lost)
        try:
            done = publish.send(rt.slack, "")
        except HashConflict:
            tried = drawn.hash
        except SlackError as error:
            log.warning("home not shown", extra={"error": error.code})
            _show_later(rt, member, error)
            return
        else:
            with rt.write(rt.workspace) as tx:
                home.on_published(tx, member, done)
            return
    _show_later(rt, member, None)


def _show_later(rt: Runtime, member: str, error: SlackError | None) -> None:
    """What could not be shown at once is shown by a delivery; if it ever can be."""
    with rt.write(rt.workspace) as tx:
        if isinstance(error, Rejected):
            home.on_rejected(tx, member, error.code)
            return
        home_refresh.refresh_homes(tx, [member], delay=timedelta())
