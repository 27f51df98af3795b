"""Share, join and leave a check-in, and turn a blocker into an ask."""

from slack_bolt import App

from bot.checkins import home, notes, participants, rules, sharing
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import Note
from bot.workspace import visibility
from handlers import ask_form
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    on_button,
    on_view,
    parse_id,
    reads,
    refresh_nobody,
    writes,
)
from handlers.payloads import BlockAction, ViewSubmission
from models import Channel


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "checkin_share", reads(open_share_form))
    on_view(app, rt, "checkin_share", writes(share))
    on_button(app, rt, "checkin_join", writes(join))
    on_button(app, rt, "home_checkin_join", writes(join_from_home))
    on_button(app, rt, "checkin_leave", writes(leave, before=refresh_nobody))
    on_button(app, rt, "checkin_go_on", writes(resume_reminders, before=refresh_nobody))
    on_button(app, rt, "checkin_ask", reads(open_ask_form, before=refresh_nobody))


def open_share_form(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(sharing.form(tx, parse_id(click.value), click.actor))


def share(form: ViewSubmission, tx: Transaction) -> None:
    view = form.view
    response = rules.parse_response(
        view.text("working_on"),
        view.text("stuck_on"),
        view.text("proud_of"),
        view.text("reflection"),
    )
    round_id = parse_id(view.metadata().get("round"))
    sharing.share(tx, round_id, form.actor, response)


def join(click: BlockAction, tx: Transaction) -> Response:
    schedule_id = participants.schedule_id_of_round(tx, parse_id(click.value))
    schedule = participants.join(tx, schedule_id, click.actor)
    name = tx.session.get_one(Channel, schedule.channel_id).name
    return _reply(
        click, notes.join_receipt(schedule.id, schedule.question, channel=name)
    )


def join_from_home(click: BlockAction, tx: Transaction) -> None:
    home.join(tx, parse_id(click.value), click.actor)


def leave(click: BlockAction, tx: Transaction) -> Response:
    schedule = participants.leave(tx, parse_id(click.value), click.actor)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    if not visibility.is_known_to_see(tx, channel, click.actor):
        return _reply(click, notes.leave_receipt_elsewhere())
    return _reply(click, notes.leave_receipt(schedule.question, channel=channel.name))


def resume_reminders(click: BlockAction, tx: Transaction) -> Response:
    schedule = participants.resume_reminders(tx, parse_id(click.value), click.actor)
    name = tx.session.get_one(Channel, schedule.channel_id).name
    return _reply(click, notes.resume_receipt(schedule.question, channel=name))


def open_ask_form(click: BlockAction, tx: Transaction) -> Response:
    form = sharing.blocker_form(
        tx,
        parse_id(click.value),
        click.actor,
        reports_typing=ask_form.reports_typing(tx.features),
    )
    return OpenView(form)


def _reply(click: BlockAction, note: Note) -> Response:
    """Reply in place of a private message, or beside the channel's message."""
    is_ephemeral = click.container is not None and click.container.is_ephemeral
    return Reply(*note, replace=click.is_in_direct_message or bool(is_ephemeral))
