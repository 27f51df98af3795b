"""Set up a check-in in two pages; change, pause, resume and delete it."""

from collections.abc import Callable
from functools import partial

from slack_bolt import App
from slack_sdk.models.views import View as Modal

from bot.checkins import forms, pages, plan, service
from bot.checkins.permissions import CHECK_IN
from bot.checkins.plan import ScheduleForm
from bot.errors import UserError
from bot.runtime import Runtime, Transaction
from bot.settings import service as settings
from bot.workspace import channels, roles
from handlers.interactions import (
    AfterAck,
    OpenView,
    Response,
    UpdateView,
    on_button,
    on_command,
    on_view,
    parse_id,
    parse_optional_id,
    reads,
    refresh_channel,
    writes,
)
from handlers.payloads import BlockAction, SlashCommand, View, ViewSubmission
from handlers.requests import Request, best_effort
from models import Channel, Schedule

_IN_CHANNEL = "Type that in a channel to see its check-ins and who shared."


def register(app: App, rt: Runtime) -> None:
    on_command(app, rt, "/backswing", open_overview, phrases=("checkins", "check-ins"))
    on_button(app, rt, "checkin_set_up", reads(open_new))
    on_button(app, rt, "checkin_change", reads(open_edit))
    on_view(app, rt, "checkin_plan", reads(show_preview))
    on_button(app, rt, "checkin_back", go_back)
    on_view(app, rt, "checkin_save", save)
    for action_id, change in (
        ("checkin_pause", service.pause),
        ("checkin_resume", service.resume),
        ("checkin_delete", service.delete),
    ):
        on_button(app, rt, action_id, writes(partial(apply, change=change)))


def open_overview(command: SlashCommand, request: Request) -> Response:
    if not command.is_in_channel:
        raise UserError(_IN_CHANNEL)
    return reads(_overview, before=refresh_channel)(command, request)


def _overview(command: SlashCommand, tx: Transaction) -> Response:
    channel = channels.get_joined(tx, command.channel_id)
    roles.authorize(tx, channel, CHECK_IN, command.actor)
    return OpenView(pages.overview(tx, channel))


def open_new(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(pages.new_form(tx, _channel(tx, click.view), by=click.actor))


def open_edit(click: BlockAction, tx: Transaction) -> Response:
    schedule = service.get(tx, parse_id(click.value), by=click.actor)
    return OpenView(pages.edit_form(tx, schedule))


def show_preview(form: ViewSubmission, tx: Transaction) -> Response:
    """Show the dates of the next check-ins; nothing is saved yet."""
    view = pages.preview(
        tx,
        _channel(tx, form.view),
        _schedule_id(form.view),
        _read_form(form.view),
        by=form.actor,
    )
    return UpdateView(view)


def go_back(click: BlockAction, _: Request) -> Response:
    if click.view is None:
        return None
    page = _first_page(click.view)
    return UpdateView(page, hash=click.view_hash, is_required=True)


def save(form: ViewSubmission, request: Request) -> Response:
    view = form.view
    request.refresh(users=[form.actor])
    try:
        with request.write() as tx:
            _save(form, tx)
    except UserError as error:
        # The preview has no field that could show the error.
        return UpdateView(_first_page(view, hint=str(error)))
    if view.root_view_id in {None, view.id}:
        return None
    return AfterAck(partial(_show_settings_beneath, form=form))


def _save(form: ViewSubmission, tx: Transaction) -> None:
    by, schedule_id = form.actor, _schedule_id(form.view)
    draft = plan.load(form.view.metadata().get("draft"))
    if schedule_id is None:
        channel, source = _channel(tx, form.view), f"form:{form.view.id}"
        service.set_up(tx, channel, draft, source=source, by=by)
    else:
        schedule = service.lock(tx, schedule_id, by=by)
        service.change(tx, schedule, draft, by=by)


def apply(
    click: BlockAction,
    tx: Transaction,
    *,
    change: Callable[[Transaction, Schedule], None],
) -> Response:
    schedule = service.lock(tx, parse_id(click.value), by=click.actor)
    change(tx, schedule)
    if click.view is None:
        return None
    return AfterAck(
        partial(
            _show_settings,
            channel_id=schedule.channel_id,
            view_id=click.view.id,
            by=click.actor,
            hash=click.view.hash,
        )
    )


def _show_settings_beneath(request: Request, form: ViewSubmission) -> None:
    """Show the change in the settings form that this form was opened from."""
    with request.read() as tx:
        channel_id = _channel(tx, form.view).id
    view_id = str(form.view.root_view_id)
    _show_settings(request, channel_id, view_id, by=form.actor)


def _show_settings(
    request: Request,
    channel_id: int,
    view_id: str,
    *,
    by: str,
    hash: str | None = None,  # noqa: A002 - Slack's name
) -> None:
    """Show the current settings; Slack keeps the values typed there."""
    with request.read() as tx:
        channel = tx.session.get_one(Channel, channel_id)
        view = settings.channel_form(tx, channel, by=by)
    with best_effort():
        request.slack.update_view(view_id, view, hash=hash)


def _channel(tx: Transaction, view: View | None) -> Channel:
    return channels.get(tx, str(view.metadata().get("channel")) if view else "")


def _schedule_id(view: View) -> int | None:
    """Return the id of the form's check-in, or None for a new one."""
    return parse_optional_id(view.metadata().get("checkin"))


def _first_page(view: View, *, hint: str = "") -> Modal:
    """Return the page before the preview, with the values entered there."""
    metadata = view.metadata()
    return forms.plan_form(
        str(metadata.get("channel")),
        _schedule_id(view),
        plan.load(metadata.get("draft")),
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
