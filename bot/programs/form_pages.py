"""The pages of the form that makes or changes a program."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from slack_sdk.models.views import View

from bot.permissions import require
from bot.programs import blocks, editing, forms, kinds, notes, service
from bot.programs import draft as drafts
from bot.programs.blocks import Invitation
from bot.programs.defaults import DEFAULTS, program_texts
from bot.programs.draft import PAGES, WORKSPACE_FIELDS, Draft, ProgramForm
from bot.programs.forms import FormState
from bot.programs.permissions import MAKE_PROGRAM, RUN_PROGRAM
from bot.programs.presentation import format_dates, format_day
from bot.programs.rules import MAX_LINE_LENGTH, Kind, Texts
from bot.runtime import Transaction
from bot.slack.blocks import name_list, quoted
from bot.workspace import members
from models import Program, ProgramChange


def new_form(tx: Transaction, *, by: str) -> View:
    """Return the first page of an empty form. Raises UserError."""
    require(MAKE_PROGRAM, service.roles_to_make(tx, by))
    form = ProgramForm(starts_on=tx.now.date().isoformat(), leads=(by,))
    return forms.about_form(state_of(tx, None, 0, form, by=by))


def change_form(tx: Transaction, program: Program, *, by: str) -> View:
    """Return the first page of the form with a program's values.

    Raises UserError, and MembershipUnknown.
    """
    service.authorize(tx, program, RUN_PROGRAM, by)
    form = drafts.to_form(editing.draft_of(tx, program))
    if not program.is_workspace_wide:
        channels = editing.editable_channels(tx, program, by)
        ids = tuple(channel.slack_id for channel in channels)
        form = replace(form, channels=ids)
    return forms.about_form(state_of(tx, program, program.version, form, by=by))


def state_of(
    tx: Transaction,
    program: Program | None,
    version: int,
    form: ProgramForm,
    *,
    by: str,
    touched: Iterable[str] = (),
) -> FormState:
    """Return the state of a form that `by` fills in. Raises MembershipUnknown."""
    state = FormState(
        None if program is None else program.id,
        version,
        form,
        touched=frozenset(touched),
        off_everywhere=frozenset(
            kind for kind in Kind if kinds.is_off_everywhere(tx, kind)
        ),
    )
    if program is None:
        return state
    if program.is_workspace_wide:
        return replace(state, defaults=DEFAULTS)
    has_hidden = bool(editing.hidden_channels(tx, program, by))
    return replace(state, has_hidden_channels=has_hidden)


def merge(tx: Transaction, program: Program, state: FormState) -> FormState:
    """Return the form on top of the program as others have changed it meanwhile."""
    stored = drafts.to_form(editing.draft_of(tx, program))
    form = drafts.merge(state.form, stored, state.touched)
    return replace(state, version=program.version, form=form)


def find_program(
    tx: Transaction, program_id: int | None, *, by: str, is_locked: bool = False
) -> Program | None:
    """Return the program of a form that `by` may save; None for a new one.

    Raises UserError, and MembershipUnknown.
    """
    if program_id is None:
        require(MAKE_PROGRAM, service.roles_to_make(tx, by))
        return None
    load = service.lock if is_locked else service.get
    program = load(tx, program_id)
    service.authorize(tx, program, RUN_PROGRAM, by)
    return program


def check(tx: Transaction, state: FormState, *, up_to: int = len(PAGES)) -> Draft:
    """Validate the first pages of the form. Raises UserError, with the fields."""
    checked = [name for page in PAGES[:up_to] for name in page]
    if state.is_workspace_wide:
        checked = [name for name in checked if name in WORKSPACE_FIELDS]
    return drafts.parse(
        state.form,
        checked,
        today=tx.now.date() if state.program_id is None else None,
        has_defaults=state.is_workspace_wide,
        has_hidden_channels=state.has_hidden_channels,
    )


def last_page(
    tx: Transaction,
    program: Program | None,
    state: FormState,
    *,
    by: str,
    changes: Sequence[ProgramChange] = (),
) -> View:
    """Return the last page, with the invitation as people will read it.

    It says which `changes` others saved meanwhile. Raises UserError, with the fields,
    and MembershipUnknown.
    """
    draft = check(tx, state, up_to=2)
    texts, leads = draft.texts, list(draft.leads)
    if program is not None and state.defaults is not None:
        texts = program_texts_with(state.defaults, texts)
        leads = service.program_leads(tx, program)
    names = sorted(members.names_in_order(tx, leads), key=str.casefold)
    dates = format_dates(draft.starts_on, draft.ends_on)
    return forms.people_form(
        state,
        blocks.invitation(Invitation(texts, names, dates)),
        changes=[_describe(tx, program, change, by) for change in changes if program],
    )


def program_texts_with(defaults: Texts, texts: Texts) -> Texts:
    """Return texts, with the default for each that is empty."""
    return Texts(
        name=texts.name or defaults.name,
        audience=texts.audience or defaults.audience,
        goal=texts.goal or defaults.goal,
        time_needed=texts.time_needed or defaults.time_needed,
        benefit=texts.benefit or defaults.benefit,
        rules=texts.rules or defaults.rules,
    )


def _describe(tx: Transaction, program: Program, change: ProgramChange, by: str) -> str:
    """Say what a person changed, as it is now, without channels that `by` can't see."""
    is_own = change.changed_by == by
    member = "you" if is_own else members.name(tx, change.changed_by)
    return notes.changed(member, change.part, _value(tx, program, change.part, by))


def _value(tx: Transaction, program: Program, part: str, by: str) -> str:
    match part:
        case "starts_on" | "ends_on":
            return format_day(getattr(program, part)) or "none"
        case "joining" | "guests_may_join" | Kind.COFFEE | Kind.EXCHANGE | Kind.BUDDIES:
            return forms.label_of(part, getattr(program, part))
        case "leads":
            leads = members.names_in_order(tx, service.program_leads(tx, program))
            return name_list(sorted(leads, key=str.casefold))
        case "channels":
            channels = service.visible_channels(tx, program, by)
            names = [f"#{channel.name}" for channel in channels]
            return name_list(names) if names else ""
    texts = getattr(program_texts(program), part)
    lines = texts if part == "rules" else [texts]
    return ", ".join(quoted(line, MAX_LINE_LENGTH) for line in lines)
