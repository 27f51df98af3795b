"""Set a check-in up in two pages; change, pause, resume and delete it."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App
from slack_sdk.models.views import View as Modal

from bot import sync
from bot.checkins import forms, pages, plan, service
from bot.checkins.plan import ScheduleForm
from bot.errors import UserError
from bot.permissions import Action
from bot.runtime import Runtime, Transaction
from bot.settings import service as settings
from bot.slack.blocks import NOT_IN_CHANNEL
from bot.workspace import channels, roles
from handlers.interactions import parse_id, subcommand
from handlers.payloads import BlockAction, SlashCommand, View, ViewSubmission
from handlers.requests import best_effort
from models import Channel, Schedule

_GONE = "I don't know that channel any more; open the form again."
_IN_CHANNEL = "Type that in a channel: it shows the check-ins there, and who shared."


def register(bolt: App, rt: Runtime) -> None:
    buttons = SetupListeners(rt)
    bolt.command("/backswing", matchers=subcommand("checkins", "check-ins"))(
        buttons.show_overview
    )
    bolt.action("checkin_set_up")(buttons.open_new)
    bolt.action("checkin_change")(buttons.open_edit)
    bolt.view("checkin_plan")(buttons.show_preview)
    bolt.action("checkin_back")(buttons.back)
    bolt.view("checkin_save")(buttons.submit)
    bolt.action("checkin_pause")(buttons.pause)
    bolt.action("checkin_resume")(buttons.resume)
    bolt.action("checkin_delete")(buttons.delete)


class SetupListeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def show_overview(self, body: dict[str, Any], ack: Ack) -> None:
        asked = SlashCommand.model_validate(body)
        if not asked.is_in_channel:
            raise UserError(_IN_CHANNEL)
        sync.refresh(
            self._rt,
            users=[asked.user_id],
            channel=asked.channel_id,
            command_user=asked.user_id,
        )
        with self._rt.read(self._rt.workspace) as tx:
            channel = channels.find(tx, asked.channel_id)
            if channel is None or not channel.is_joined:
                raise UserError(NOT_IN_CHANNEL)
            roles.authorize(tx, channel, Action.CHECK_IN, asked.user_id)
            view = pages.overview(tx, channel)
        self._rt.slack.open_view(asked.trigger_id, view)
        ack()

    def open_new(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        by = pressed.user.id
        sync.refresh(self._rt, users=[by])
        with self._rt.read(self._rt.workspace) as tx:
            channel = self._channel(tx, pressed.view)
            view = pages.new_form(tx, channel, by=by)
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def open_edit(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        by = pressed.user.id
        sync.refresh(self._rt, users=[by])
        with self._rt.read(self._rt.workspace) as tx:
            schedule = service.get(tx, parse_id(pressed.action.value), by=by)
            view = pages.edit_form(tx, schedule)
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def show_preview(self, body: dict[str, Any], ack: Ack) -> None:
        """The first page is filled in: show when it comes, and save nothing yet."""
        form = ViewSubmission.model_validate(body)
        sync.refresh(self._rt, users=[form.user.id])
        with self._rt.read(self._rt.workspace) as tx:
            view = pages.preview(
                tx,
                self._channel(tx, form.view),
                _schedule_id(form.view),
                _read_form(form.view),
                by=form.user.id,
            )
        ack(response_action="update", view=view)

    def back(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        if pressed.view is not None:
            self._rt.slack.update_view(
                pressed.view.id, _first_page(pressed.view), hash=pressed.view.hash
            )
        ack()

    def submit(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        sync.refresh(self._rt, users=[form.user.id])
        try:
            self._save(form)
        except UserError as refusal:
            # This page has no field beside which it could be said.
            view = _first_page(form.view, hint=str(refusal))
            ack(response_action="update", view=view)
            return
        ack()
        if form.view.root_view_id not in {None, form.view.id}:
            with self._rt.read(self._rt.workspace) as tx:
                channel = self._channel(tx, form.view)
            self._show_settings(channel.id, form.view.root_view_id, by=form.user.id)

    def _save(self, form: ViewSubmission) -> None:
        by, schedule_id = form.user.id, _schedule_id(form.view)
        draft = plan.load(form.view.metadata().get("draft"))
        with self._rt.write(self._rt.workspace) as tx:
            if schedule_id is None:
                service.set_up(
                    tx,
                    self._channel(tx, form.view),
                    draft,
                    source=f"form:{form.view.id}",
                    by=by,
                )
                return
            schedule = service.lock(tx, schedule_id, by=by)
            service.change(tx, schedule, draft, by=by)

    def pause(self, body: dict[str, Any], ack: Ack) -> None:
        self._apply(body, ack, service.pause)

    def resume(self, body: dict[str, Any], ack: Ack) -> None:
        self._apply(body, ack, service.resume)

    def delete(self, body: dict[str, Any], ack: Ack) -> None:
        self._apply(body, ack, service.delete)

    def _apply(
        self,
        body: dict[str, Any],
        ack: Ack,
        change: Callable[[Transaction, Schedule], None],
    ) -> None:
        pressed = BlockAction.model_validate(body)
        by = pressed.user.id
        sync.refresh(self._rt, users=[by])
        with self._rt.write(self._rt.workspace) as tx:
            schedule = service.lock(tx, parse_id(pressed.action.value), by=by)
            change(tx, schedule)
            channel_id = schedule.channel_id
        ack()
        if pressed.view is not None:
            self._show_settings(
                channel_id, pressed.view.id, by=by, hash=pressed.view.hash
            )

    def _show_settings(
        self,
        channel_id: int,
        view_id: str | None,
        *,
        by: str,
        hash: str | None = None,  # noqa: A002 - Slack's name
    ) -> None:
        """As they now are; what somebody typed there, Slack keeps."""
        with self._rt.read(self._rt.workspace) as tx:
            channel = tx.session.get_one(Channel, channel_id)
            view = settings.channel_form(tx, channel, by=by)
        with best_effort():
            self._rt.slack.update_view(str(view_id), view, hash=hash)

    def _channel(self, tx: Transaction, view: View | None) -> Channel:
        meant = str(view.metadata().get("channel")) if view else ""
        channel = channels.find(tx, meant)
        if channel is None:
            raise UserError(_GONE)
        return channel


def _schedule_id(view: View) -> int | None:
    """Which check-in a form is about; None is a new one."""
    found = view.metadata().get("checkin")
    return None if found is None else parse_id(found)


def _first_page(view: View, *, hint: str = "") -> Modal:
    """The page before the preview, filled in as it was."""
    carried = view.metadata()
    return forms.plan_form(
        str(carried.get("channel")),
        _schedule_id(view),
        plan.load(carried.get("draft")),
        hint=hint,
    )


def _read_form(view: View) -> ScheduleForm:
    return ScheduleForm(
        question=view.text("question"),
        hint=view.text("hint"),
        reflections=view.text("reflections"),
        every=view.chosen("every") or "",
        weekdays=tuple(view.all_chosen("weekdays")),
        at=view.time("at") or "",
        zone=view.text("zone"),
        starts_on=view.date("starts_on") or "",
        skips=view.text("skips"),
        holidays_of=view.text("holidays_of"),
        open_days=view.chosen("open_days") or "",
        nudge_after=view.chosen("nudge_after") or "",
    )
