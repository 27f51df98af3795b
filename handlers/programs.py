"""Show programs; make, change, open and end them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt import App
from slack_sdk.models.views import View as Modal

from bot.programs import draft as drafts
from bot.programs import editing, form_pages, forms, pages, service
from bot.programs.draft import FIELDS
from bot.programs.forms import FormState
from bot.programs.permissions import RUN_PROGRAM
from bot.programs.rules import Kind
from bot.runtime import Runtime, Transaction
from bot.workspace import channels, leads
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
    show,
    writes,
)
from handlers.payloads import BlockAction, SlashCommand, View, ViewSubmission
from handlers.requests import Request, best_effort
from models import Program

_SAVED_DRAFT = "Saved as a draft. Press Open to let people see it."
# The change, and what the person reads after it.
_ACTS: dict[str, tuple[Callable[[Transaction, Program], None], str]] = {
    "program_open": (editing.open_program, "It's open."),
    "program_back_to_draft": (editing.back_to_draft, "It's a draft again."),
    "program_end": (editing.end, "It has ended."),
    "program_continue": (editing.continue_program, "It goes on."),
    "program_archive": (editing.archive, "It's archived."),
    "program_restore": (editing.restore, "It's back."),
}


def register(app: App, rt: Runtime) -> None:
    on_command(
        app, rt, "/backswing", writes(open_list), phrases=("program", "programs")
    )
    for action_id in ("program_list", "program_list_back", "program_list_next"):
        on_button(app, rt, action_id, writes(show_list))
    on_button(app, rt, "program_see", reads(show_program))
    for action_id in ("program_joined", "program_joined_back", "program_joined_next"):
        on_button(app, rt, action_id, reads(show_joined))
    on_button(app, rt, "program_new", reads(open_new))
    on_button(app, rt, "program_change", reads(open_change))
    on_view(app, rt, "program_about", reads(show_rules_form))
    on_view(app, rt, "program_rules", reads(show_people_form))
    on_button(app, rt, "program_back", reads(go_back))
    on_button(app, rt, "program_leads", reads(update_invitation))
    on_view(app, rt, "program_save", writes(save, before=_refresh_chosen))
    for action_id, (act, notice) in _ACTS.items():
        apply = partial(apply_act, act=act, notice=notice)
        on_button(app, rt, action_id, writes(apply))


def open_list(command: SlashCommand, tx: Transaction) -> Response:
    return OpenView(_list(tx, command.actor))


def show_list(click: BlockAction, tx: Transaction) -> Response:
    return show(click, _list(tx, click.actor, parse_id(click.value)))


def _list(tx: Transaction, by: str, start: int = 0) -> Modal:
    # The workspace's own program may not be stored yet.
    leads.workspace_program_id(tx)
    return pages.program_list(tx, by=by, start=start)


def show_program(click: BlockAction, tx: Transaction) -> Response:
    program = service.get(tx, parse_id(click.value))
    return show(click, pages.program_page(tx, program, by=click.actor))


def show_joined(click: BlockAction, tx: Transaction) -> Response:
    program_id, _, start = click.value.partition(":")
    program = service.get(tx, parse_id(program_id))
    view = pages.joined_list(
        tx, program, by=click.actor, start=parse_id(start) if start else 0
    )
    return show(click, view)


def apply_act(
    click: BlockAction,
    tx: Transaction,
    *,
    act: Callable[[Transaction, Program], None],
    notice: str,
) -> Response:
    program = service.lock(tx, parse_id(click.value))
    service.authorize(tx, program, RUN_PROGRAM, click.actor)
    act(tx, program)
    return UpdateView(pages.program_page(tx, program, by=click.actor, notice=notice))


# The form


def open_new(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(form_pages.new_form(tx, by=click.actor))


def open_change(click: BlockAction, tx: Transaction) -> Response:
    program = service.get(tx, parse_id(click.value))
    return OpenView(form_pages.change_form(tx, program, by=click.actor))


def show_rules_form(form: ViewSubmission, tx: Transaction) -> Response:
    _, state = _read(form.view, tx, by=form.actor)
    form_pages.check(tx, state, up_to=1)
    return UpdateView(forms.rules_form(state))


def show_people_form(form: ViewSubmission, tx: Transaction) -> Response:
    program, state = _read(form.view, tx, by=form.actor)
    return UpdateView(form_pages.last_page(tx, program, state, by=form.actor))


def go_back(click: BlockAction, tx: Transaction) -> Response:
    if click.view is None:
        return None
    _, state = _read(click.view, tx, by=click.actor)
    page = forms.about_form if click.value == "1" else forms.rules_form
    return UpdateView(page(state), hash=click.view_hash, is_required=True)


def update_invitation(click: BlockAction, tx: Transaction) -> Response:
    """Name the chosen leads in the invitation; Slack keeps the values of the fields."""
    if click.view is None:
        return None
    program, state = _read(click.view, tx, by=click.actor)
    view = form_pages.last_page(tx, program, state, by=click.actor)
    return UpdateView(view, hash=click.view_hash)


def _refresh_chosen(form: ViewSubmission, request: Request) -> None:
    """Refresh the person, the leads, and channels that the bot has just joined."""
    draft = drafts.load(form.view.metadata().get("form"))
    chosen = drafts.parse(_filled_in(form.view, draft), ())
    request.refresh(users=[form.actor, *chosen.leads])
    with request.read() as tx:
        rows = [channels.find(tx, slack_id) for slack_id in chosen.channels]
        new = [
            row.slack_id
            for row in rows
            if row is not None and row.is_joined and row.fetched_at is None
        ]
    for slack_id in new:
        request.refresh(channel=slack_id)


def save(form: ViewSubmission, tx: Transaction) -> Response:
    by, view = form.actor, form.view
    program, state = _read(view, tx, by=by, is_locked=True)
    draft = form_pages.check(tx, state)
    notice = "Saved."
    if program is None:
        program = editing.create(tx, draft, source=f"form:{view.id}", by=by)
        notice = _SAVED_DRAFT
    elif changes := editing.changes_since(tx, program, state.version):
        merged = form_pages.merge(tx, program, state)
        return UpdateView(
            form_pages.last_page(tx, program, merged, by=by, changes=changes)
        )
    else:
        editing.change(tx, program, draft, by=by)
    if service.can_see(tx, program, by):
        shown = pages.program_page(tx, program, by=by, notice=notice)
    else:
        shown = _list(tx, by)
    if view.root_view_id in {None, view.id}:
        return UpdateView(shown)
    show = partial(show_beneath, view_id=str(view.root_view_id), view=shown)
    return AfterAck(show)


def show_beneath(request: Request, view_id: str, view: Modal) -> None:
    """Show a view in the modal beneath the one that the person used."""
    with best_effort():
        request.slack.update_view(view_id, view, hash=None)


def _read(
    view: View, tx: Transaction, *, by: str, is_locked: bool = False
) -> tuple[Program | None, FormState]:
    """Return the program of a form, and its values up to this page."""
    metadata = view.metadata()
    program = form_pages.find_program(
        tx, parse_optional_id(metadata.get("program")), by=by, is_locked=is_locked
    )
    version = parse_id(metadata.get("version"))
    before = drafts.load(metadata.get("form"))
    form = _filled_in(view, before)
    touched = {
        name
        for name in FIELDS
        if name in metadata.get("touched", ())
        or getattr(form, name) != getattr(before, name)
    }
    return program, form_pages.state_of(
        tx, program, version, form, by=by, touched=touched
    )


def _filled_in(view: View, form: drafts.ProgramForm) -> drafts.ProgramForm:
    """Return the form with the values of the fields on this page."""
    values: dict[str, Any] = {
        "starts_on": view.date("starts_on") or "",
        "ends_on": view.date("ends_on") or "",
        "joining": view.chosen("joining") or form.joining,
        **{kind: view.chosen(kind) or getattr(form, kind) for kind in Kind},
        "guests_may_join": "yes" in view.all_chosen("guests_may_join"),
        "leads": tuple(map(str, view.users("leads"))),
        "channels": tuple(map(str, view.conversations("channels"))),
    }
    shown = [name for name in FIELDS if view.has_block(name)]
    return replace(
        form,
        **{name: values.get(name, view.text(name)) for name in shown},
    )
