"""Champions of programs: leads name them, and each says yes, or not now."""

from functools import partial

from slack_bolt import App

from bot.programs import champions
from bot.programs.champion_notes import MAX_CHAMPIONS
from bot.runtime import Runtime, Transaction
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    on_button,
    on_view,
    parse_id,
    reads,
    show_note,
    writes,
)
from handlers.payloads import BlockAction, ViewSubmission
from handlers.requests import Request


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "program_champions", reads(open_form))
    on_view(app, rt, "program_champions", writes(save, before=_refresh_people))
    for action_id, is_willing in (
        ("program_champion_yes", True),
        ("program_champion_no", False),
    ):
        on_button(app, rt, action_id, writes(partial(answer, is_willing=is_willing)))
    on_button(app, rt, "program_champion_stop", writes(step_down))
    on_button(app, rt, "champion_stop", writes(step_down_in_channel))


def open_form(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(champions.form(tx, parse_id(click.value), by=click.actor))


def _refresh_people(form: ViewSubmission, request: Request) -> None:
    people = form.view.users("people")[: MAX_CHAMPIONS + 1]
    request.refresh(users=[form.actor, *people])


def save(form: ViewSubmission, tx: Transaction) -> Response:
    program_id = parse_id(form.view.metadata().get("program"))
    champions.set_named(tx, program_id, form.view.users("people"), by=form.actor)
    return None


def answer(click: BlockAction, tx: Transaction, *, is_willing: bool) -> Response:
    program_id = parse_id(click.value)
    note = champions.answer(tx, program_id, by=click.actor, is_willing=is_willing)
    return show_note(click, "Champions", note)


def step_down(click: BlockAction, tx: Transaction) -> Response:
    note = champions.step_down(tx, parse_id(click.value), by=click.actor)
    return show_note(click, "Champions", note)


def step_down_in_channel(click: BlockAction, tx: Transaction) -> Response:
    """Let the champion of a channel step down, on their Home tab."""
    note = champions.step_down_in_channel(tx, parse_id(click.value), by=click.actor)
    return Reply(*note, replace=True) if click.is_in_direct_message else None
