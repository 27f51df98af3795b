"""The form that makes or changes a program, in three pages. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from slack_sdk.models.blocks import (
    Block,
    ConversationFilter,
    ConversationMultiSelectElement,
    DatePickerElement,
    DividerBlock,
    InputBlock,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from bot.forms.calendar import read_date
from bot.forms.fields import Choice, Day, Switch
from bot.programs import draft as drafts
from bot.programs import rules
from bot.programs.draft import ProgramForm
from bot.programs.kind_fields import FIELDS as KIND_FIELDS
from bot.programs.kind_fields import program_field
from bot.programs.rules import (
    MAX_CHANNELS,
    MAX_LEADS,
    MAX_LINE_LENGTH,
    MAX_NAME_LENGTH,
    MAX_RULE_LENGTH,
    MAX_RULES,
    MAX_TIME_LENGTH,
    Kind,
    Texts,
)
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line, text_input
from bot.slack.rich_text import bold

_LIMITS = {
    "name": MAX_NAME_LENGTH,
    "audience": MAX_LINE_LENGTH,
    "goal": MAX_LINE_LENGTH,
    "benefit": MAX_LINE_LENGTH,
    "time_needed": MAX_TIME_LENGTH,
}
_MAX_RULES_LENGTH = MAX_RULES * (MAX_RULE_LENGTH + 1)
JOINING = Choice(
    name="joining",
    label="Who may join?",
    choices=(
        ("open", "Everyone who sees one of its channels", None),
        ("invitation", "Only people who are invited", None),
    ),
)
GUESTS = Switch(
    name="guests_may_join", label="Guests", tick_label="Guests may join, too"
)
_ENDS_ON = Day(
    name="ends_on", label="Last day", hint="Without one, it goes on until you end it."
)


def label_of(part: str, value: str | bool) -> str:
    """Return the label of a choice in the form."""
    if part == "guests_may_join":
        return "yes" if value else "no"
    field = JOINING if part == "joining" else KIND_FIELDS[Kind(part)]
    return next(label for name, label, _ in field.choices if name == value).lower()


@dataclass(frozen=True, slots=True)
class FormState:
    """The form of a program while a person fills it in; `program_id` is None if new.

    `version` is that of the program when the form was opened.
    """

    program_id: int | None
    version: int
    form: ProgramForm
    # The texts instead of empty ones; None if there must be texts.
    defaults: Texts | None = None
    # True if the program has channels that the person does not see.
    has_hidden_channels: bool = False
    # The fields that the person changed.
    touched: frozenset[str] = frozenset()
    # The kinds of meetings that no program of the workspace has.
    off_everywhere: frozenset[Kind] = frozenset()

    @property
    def is_workspace_wide(self) -> bool:
        return self.defaults is not None


def about_form(state: FormState) -> View:
    """Build the first page: the people it is for, and the reason."""
    return _page(
        state,
        "program_about",
        [
            _line(state, "name", "Name", "New managers"),
            _line(
                state,
                "audience",
                "Who is it for?",
                "People who lead a team for the first time",
            ),
            _line(
                state,
                "goal",
                "What do you want to reach together?",
                "Solve what comes up with people who face the same",
            ),
            _line(
                state,
                "benefit",
                "What do people get from it?",
                "Three peers to ask, and an answer within a day",
            ),
        ],
    )


def _line(state: FormState, name: str, label: str, example: str) -> InputBlock:
    """Build a field for a text; one with a default may be empty, and shows it."""
    limit = _LIMITS[name]
    has_default = state.is_workspace_wide
    return text_input(
        name,
        label,
        value=str(getattr(state.form, name))[:limit],
        limit=limit,
        placeholder=str(getattr(state.defaults, name)) if has_default else example,
        is_optional=has_default,
    )


def rules_form(state: FormState) -> View:
    """Build the second page: rules and time."""
    form = state.form
    hint = f"Up to {MAX_RULES}, one in each line. Keep them short."
    if state.is_workspace_wide:
        hint += " Without any, people read mine."
    fields: list[Block] = [
        _line(state, "time_needed", "How much time does it take?", "10 minutes a week"),
        text_input(
            "rules",
            "Rules",
            value=form.rules[:_MAX_RULES_LENGTH],
            limit=_MAX_RULES_LENGTH,
            hint=hint,
            is_optional=state.is_workspace_wide,
            is_multiline=True,
        ),
    ]
    if not state.is_workspace_wide:
        fields += [
            InputBlock(
                block_id="starts_on",
                label="First day",
                element=DatePickerElement(
                    action_id="starts_on", initial_date=_iso(form.starts_on)
                ),
            ),
            _ENDS_ON.render(read_date(form.ends_on)),
            JOINING.render(form.joining if form.joining in rules.JOINING else "open"),
        ]
    fields.append(GUESTS.render(form.guests_may_join))
    if not state.is_workspace_wide:
        fields += [
            program_field(kind, is_off_everywhere=kind in state.off_everywhere).render(
                getattr(form, kind)
            )
            for kind in Kind
        ]
    return _page(state, "program_rules", [*fields, _back(1)])


def _iso(typed: str) -> str | None:
    day: date | None = read_date(typed)
    return day.isoformat() if day else None


def people_form(
    state: FormState,
    invitation: Sequence[Block],
    *,
    # Sentences on changes that were saved while the person filled in the form.
    changes: Sequence[str] = (),
) -> View:
    """Build the last page: leads, channels, and the invitation as people will see it.

    `invitation` is `blocks.invitation`.
    """
    notice: list[Block] = []
    if changes:
        notice = [
            rich_text.inline(bold("Changed while you were editing")),
            *(rich_text.inline(f"•  {change}") for change in changes),
            context_line(
                "Nothing is saved yet. If you save, what you changed yourself replaces"
                " theirs, and so do the leads and channels below. The rest stays as"
                " they left it."
            ),
            DividerBlock(),
        ]
    fields = [] if state.is_workspace_wide else _people_fields(state)
    return _page(
        state,
        "program_save",
        [
            *notice,
            *fields,
            _back(2),
            DividerBlock(),
            context_line("This is what people will read:"),
            *invitation,
        ],
        submit="Save",
    )


def _people_fields(state: FormState) -> list[Block]:
    form, has_others = state.form, state.has_hidden_channels
    return [
        InputBlock(
            block_id="leads",
            label="Program leads",
            hint="People turn to them with questions.",
            # The invitation names them.
            dispatch_action=True,
            element=UserMultiSelectElement(
                action_id="program_leads",
                placeholder="Choose people",
                initial_users=list(form.leads) or None,
                max_selected_items=MAX_LEADS,
            ),
        ),
        InputBlock(
            block_id="channels",
            label="Channels",
            hint="I must be in them: type /invite @Backswing there."
            + (" Channels that you aren't in stay." if has_others else ""),
            optional=has_others or None,
            element=ConversationMultiSelectElement(
                action_id="channels",
                placeholder="Choose channels",
                initial_conversations=list(form.channels) or None,
                max_selected_items=MAX_CHANNELS,
                filter=ConversationFilter(
                    include=["public", "private"], exclude_bot_users=True
                ),
            ),
        ),
    ]


def _back(page: int) -> Block:
    return button_row(button("Back", "program_back", page))


def _page(
    state: FormState,
    callback_id: str,
    blocks: Sequence[Block],
    *,
    submit: str = "Next",
) -> View:
    metadata = {
        "program": state.program_id,
        "version": state.version,
        "form": drafts.dump(state.form),
        "touched": sorted(state.touched),
    }
    is_new = state.program_id is None
    return View(
        type="modal",
        callback_id=callback_id,
        title="New program" if is_new else "Change the program",
        submit=submit,
        close="Cancel",
        private_metadata=json.dumps(metadata, ensure_ascii=False),
        blocks=list(blocks),
    )
