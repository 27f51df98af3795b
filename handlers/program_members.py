"""Join a program, ask its leads, invite others, and leave."""

from functools import partial

from slack_bolt import App

from bot.clock import micros_to_datetime
from bot.programs import (
    invitations,
    join_blocks,
    joining,
    member_blocks,
    membership,
    pages,
    questions,
    service,
)
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import message_modal
from handlers.interactions import (
    AfterAck,
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_button,
    on_view,
    parse_id,
    reads,
    refresh_nobody,
    show_note,
    writes,
)
from handlers.payloads import BlockAction, ViewSubmission
from handlers.programs import show_beneath
from models import Program


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "program_join", writes(join))
    on_view(app, rt, "program_join", writes(submit_join))
    # Nothing is stored, not even the profile of the person who pressed.
    on_button(app, rt, "program_decline", reads(decline, before=refresh_nobody))
    on_button(app, rt, "program_ask", reads(open_question))
    on_view(app, rt, "program_ask", writes(submit_question))
    on_button(app, rt, "program_reply", writes(open_reply))
    on_view(app, rt, "program_reply", writes(submit_reply))
    on_button(app, rt, "program_invite", reads(open_invite))
    on_view(app, rt, "program_invite", writes(submit_invite))
    on_button(app, rt, "program_leave", writes(leave))
    on_button(app, rt, "program_come_back", writes(join))
    on_button(app, rt, "program_pause", writes(pause))
    on_button(app, rt, "program_stay", writes(stay))
    on_button(app, rt, "program_seen", writes(see_rules))


def _program(click: BlockAction, tx: Transaction) -> Program:
    return service.get(tx, parse_id(click.value))


def _program_of(form: ViewSubmission, tx: Transaction) -> Program:
    return service.get(tx, parse_id(form.view.metadata().get("program")))


def join(click: BlockAction, tx: Transaction) -> Response:
    program = _program(click, tx)
    return OpenView(
        joining.start(tx, program, click.actor, event_micros=click.at_micros)
    )


def submit_join(form: ViewSubmission, tx: Transaction) -> Response:
    version = parse_id(form.view.metadata().get("rules_version"))
    program = _program_of(form, tx)
    view = joining.submit(tx, program, form.view, by=form.actor, rules_version=version)
    return UpdateView(view)


def decline(click: BlockAction, _tx: Transaction) -> Response:
    note = join_blocks.declined(parse_id(click.value))
    return Reply(*note, replace=click.is_in_direct_message)


def open_question(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(questions.form(tx, _program(click, tx), by=click.actor))


def submit_question(form: ViewSubmission, tx: Transaction) -> Response:
    program, typed = _program_of(form, tx), form.view.text("question")
    return UpdateView(questions.ask(tx, program, typed, by=form.actor))


def open_reply(click: BlockAction, tx: Transaction) -> Response:
    question_id = parse_id(click.value)
    return OpenView(questions.reply_form(tx, question_id, by=click.actor))


def submit_reply(form: ViewSubmission, tx: Transaction) -> None:
    question_id = parse_id(form.view.metadata().get("question"))
    questions.reply(tx, question_id, form.view.text("answer"), by=form.actor)


def open_invite(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(invitations.form(tx, _program(click, tx), by=click.actor))


def submit_invite(form: ViewSubmission, tx: Transaction) -> Response:
    invitations.invite(
        tx,
        _program_of(form, tx),
        by=form.actor,
        channel=form.view.conversation("channel"),
        people=form.view.users("people"),
        occurrence=form.view.id,
    )
    return UpdateView(join_blocks.done_modal("Invited", join_blocks.INVITED))


def leave(click: BlockAction, tx: Transaction) -> Response:
    program = _program(click, tx)
    membership.leave(tx, program, click.actor, event_micros=click.at_micros)
    # Someone may leave a program that they can no longer see.
    name = membership.visible_name(tx, program, click.actor)
    note = member_blocks.left(program.id, name)
    view = click.view
    if (
        view is None
        or view.metadata().get("program") != program.id
        or not service.can_see(tx, program, click.actor)
    ):
        return show_note(click, "You left", note)
    # The person left on the program's page, which is then beneath the note.
    text, blocks = note
    shown = OpenView(message_modal("You left", text, *blocks[1:]))
    page = pages.program_page(tx, program, by=click.actor)
    return AfterAck(partial(show_beneath, view_id=view.id, view=page), shown)


def pause(click: BlockAction, tx: Transaction) -> Response:
    program, at = _program(click, tx), micros_to_datetime(click.at_micros)
    until = membership.pause(tx, program, click.actor, at=at)
    name = membership.visible_name(tx, program, click.actor)
    note = member_blocks.paused(program.id, name, f"{until.day} {until:%B %Y}")
    return show_note(click, "Paused", note)


def stay(click: BlockAction, tx: Transaction) -> Response:
    program, at = _program(click, tx), micros_to_datetime(click.at_micros)
    membership.stay(tx, program, click.actor, at=at)
    name = membership.visible_name(tx, program, click.actor)
    return show_note(click, "You stay", member_blocks.stayed(program.id, name))


def see_rules(click: BlockAction, tx: Transaction) -> None:
    program_id, _, version = click.value.partition(":")
    program = service.get(tx, parse_id(program_id))
    membership.see_rules(tx, program, click.actor, version=parse_id(version))
