"""Set a check-in up in two pages; change, pause, resume and delete it."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App
from slack_sdk.models.views import View as Modal
from sqlalchemy.orm import Session

from bot.asks.forms import INVITE
from bot.channels import service as channels
from bot.checkins import forms, overview, pages, plans, schedules
from bot.checkins.plans import Draft
from bot.errors import Refusal
from bot.facts import service as facts
from bot.members import service as members
from bot.members.rules import Action
from bot.runtime import Runtime
from bot.settings import service as settings
from handlers.asks import number
from handlers.courtesy import courtesy
from handlers.payloads import Command, Pressed, Submitted, View
from handlers.phrases import says
from models import Channel, Schedule

_GONE = "I don't know that channel any more; open the form again."
_IN_CHANNEL = "Type that in a channel: it shows the check-ins there, and who shared."


def register(bolt: App, rt: Runtime) -> None:
    buttons = Pages(rt)
    bolt.command("/backswing", matchers=says("checkins", "check-ins"))(buttons.command)
    bolt.action("checkin_set_up")(buttons.setting_up)
    bolt.action("checkin_change")(buttons.changing)
    bolt.view("checkin_plan")(buttons.planned)
    bolt.action("checkin_back")(buttons.back)
    bolt.view("checkin_save")(buttons.saved)
    bolt.action("checkin_pause")(buttons.paused)
    bolt.action("checkin_resume")(buttons.resumed)
    bolt.action("checkin_delete")(buttons.deleted)


class Pages:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        if not asked.is_in_channel:
            raise Refusal(_IN_CHANNEL)
        facts.ensure(
            self._rt,
            people=[asked.user_id],
            channel=asked.channel_id,
            typed_by=asked.user_id,
        )
        with self._rt.reads() as session:
            channel = channels.find(session, self._rt.workspace.id, asked.channel_id)
            if channel is None or not channel.is_joined:
                raise Refusal(INVITE)
            members.permit(
                session, channel, Action.CHECK_IN, asked.user_id, now=self._rt.clock()
            )
            view = overview.overview(session, self._rt.workspace, channel)
        self._rt.slack.open_view(asked.trigger_id, view)
        ack()

    def setting_up(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        by = pressed.user.id
        facts.ensure(self._rt, people=[by])
        with self._rt.reads() as session:
            channel = self._channel(session, pressed.view)
            view = pages.form(session, channel, by=by, now=self._rt.clock())
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def changing(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        by = pressed.user.id
        facts.ensure(self._rt, people=[by])
        with self._rt.reads() as session:
            schedule = schedules.found(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                by=by,
                now=self._rt.clock(),
            )
            view = pages.form_again(session, schedule, now=self._rt.clock())
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def planned(self, body: dict[str, Any], ack: Ack) -> None:
        """The first page is filled in: show when it comes, and save nothing yet."""
        form = Submitted.model_validate(body)
        facts.ensure(self._rt, people=[form.user.id])
        with self._rt.reads() as session:
            view = pages.preview(
                session,
                self._rt.workspace,
                self._channel(session, form.view),
                _meant(form.view),
                _filled_in(form.view),
                by=form.user.id,
                now=self._rt.clock(),
            )
        ack(response_action="update", view=view)

    def back(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        if pressed.view is not None:
            self._rt.slack.update_view(
                pressed.view.id, _first_page(pressed.view), hash=pressed.view.hash
            )
        ack()

    def saved(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        facts.ensure(self._rt, people=[form.user.id])
        try:
            self._save(form)
        except Refusal as refusal:
            # This page has no field beside which it could be said.
            view = _first_page(form.view, hint=str(refusal))
            ack(response_action="update", view=view)
            return
        ack()
        if form.view.root_view_id not in {None, form.view.id}:
            with self._rt.reads() as session:
                channel = self._channel(session, form.view)
            self._show_settings(channel.id, form.view.root_view_id, by=form.user.id)

    def _save(self, form: Submitted) -> None:
        by, schedule_id = form.user.id, _meant(form.view)
        draft = plans.unpack(form.view.meta().get("draft"))
        with self._rt.sessions.begin() as session:
            if schedule_id is None:
                schedules.set_up(
                    session,
                    self._channel(session, form.view),
                    draft,
                    source=f"form:{form.view.id}",
                    by=by,
                    now=self._rt.clock(),
                )
                return
            now = self._rt.clock()
            schedule = schedules.held(
                session, self._rt.workspace, schedule_id, by=by, now=now
            )
            schedules.change(session, schedule, draft, by=by, now=now)

    def paused(self, body: dict[str, Any], ack: Ack) -> None:
        self._settle(body, ack, schedules.pause)

    def resumed(self, body: dict[str, Any], ack: Ack) -> None:
        def resume(session: Session, schedule: Schedule) -> None:
            schedules.resume(session, schedule, now=self._rt.clock())

        self._settle(body, ack, resume)

    def deleted(self, body: dict[str, Any], ack: Ack) -> None:
        self._settle(body, ack, schedules.delete)

    def _settle(
        self,
        body: dict[str, Any],
        ack: Ack,
        settle: Callable[[Session, Schedule], None],
    ) -> None:
        pressed = Pressed.model_validate(body)
        by = pressed.user.id
        facts.ensure(self._rt, people=[by])
        with self._rt.sessions.begin() as session:
            schedule = schedules.held(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                by=by,
                now=self._rt.clock(),
            )
            settle(session, schedule)
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
        with self._rt.reads() as session:
            channel = session.get_one(Channel, channel_id)
            view = settings.form(session, channel, by=by, now=self._rt.clock())
        with courtesy():
            self._rt.slack.update_view(str(view_id), view, hash=hash)

    def _channel(self, session: Session, view: View | None) -> Channel:
        meant = str(view.meta().get("channel")) if view else ""
        channel = channels.find(session, self._rt.workspace.id, meant)
        if channel is None:
            raise Refusal(_GONE)
        return channel


def _meant(view: View) -> int | None:
    """Which check-in a form is about; None is a new one."""
    found = view.meta().get("checkin")
    return None if found is None else number(found)


def _first_page(view: View, *, hint: str = "") -> Modal:
    """The page before the preview, filled in as it was."""
    carried = view.meta()
    return forms.plan_form(
        str(carried.get("channel")),
        _meant(view),
        plans.unpack(carried.get("draft")),
        hint=hint,
    )


def _filled_in(view: View) -> Draft:
    return Draft(
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
