"""The form to join a program, and what its answers change."""

from slack_sdk.models.views import View

from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.programs import join_blocks, membership, presentation, service
from bot.programs.defaults import program_texts
from bot.programs.rules import State
from bot.programs.settings import PARTICIPATION_SETTING
from bot.runtime import Transaction
from bot.workspace import member_settings
from models import Program

NEEDS_COMMITMENT = "Tick this to join."


def start(tx: Transaction, program: Program, by: str, *, event_micros: int) -> View:
    """Return the form to join, or come back at once if the member left shortly ago.

    Raises UserError, or MembershipUnknown.
    """
    membership.require_may_join(tx, program, by)
    name = program_texts(program).name
    if membership.is_joined(tx, program.id, by):
        return join_blocks.joined(name, _next(tx, program, by), is_new=False)
    if membership.can_return(tx, program, by):
        membership.come_back(tx, program, by, event_micros=event_micros)
        return join_blocks.done_modal("You're in", join_blocks.returned(name))
    settings = member_settings.get(tx, by)
    return join_blocks.join_form(
        program.id,
        presentation.invitation(tx, program),
        rules_version=program.rules_version,
        topics_known=settings.topics_known,
        topics_wanted=settings.topics_wanted,
        participation=settings.participation,
        max_requests=settings.max_requests_per_week,
    )


def submit(
    tx: Transaction, program: Program, form: FormValues, *, by: str, rules_version: int
) -> View:
    """Join by the form, and store what it says about the member.

    Raises UserError, with the field, or MembershipUnknown.
    """
    if not form.all_chosen(join_blocks.COMMITMENT):
        raise UserError(NEEDS_COMMITMENT, field=join_blocks.COMMITMENT)
    known = list(join_blocks.TOPICS_KNOWN.read(form))
    wanted = list(join_blocks.TOPICS_WANTED.read(form))
    participation = join_blocks.PARTICIPATION.read(form)
    is_new = not membership.is_joined(tx, program.id, by)
    membership.join(tx, program, by, rules_version=rules_version)
    member_settings.update(tx, by, topics_known=known, topics_wanted=wanted)
    PARTICIPATION_SETTING.put(tx, by, participation)
    if (most := join_blocks.chosen_pace_input(form)) is not None:
        member_settings.update(tx, by, max_requests_per_week=most)
    next_text = _next(tx, program, by)
    return join_blocks.joined(program_texts(program).name, next_text, is_new=is_new)


def _next(tx: Transaction, program: Program, member: str) -> str:
    starts = ""
    if service.state(tx, program) is State.OPEN and program.starts_on:
        starts = f"{program.starts_on.day} {program.starts_on:%B}"
    return join_blocks.what_is_next(_channel(tx, program, member), starts)


def _channel(tx: Transaction, program: Program, member: str) -> str:
    """Return the name of a channel to ask in; "" for any channel."""
    if program.is_workspace_wide:
        return ""
    live = {channel.id for channel in service.live_channels(tx, program)}
    visible = service.visible_channels(tx, program, member)
    return next((each.name for each in visible if each.id in live), "")
