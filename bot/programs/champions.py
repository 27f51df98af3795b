"""Champions of programs: leads name them, and each is asked first."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from slack_sdk.models.views import View
from sqlalchemy import Select, delete, select

from bot.db.statements import upsert
from bot.errors import UserError
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.outbox import home_refresh
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_state
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.personal_data import Erasure, MessagePolicy
from bot.programs import champion_notes, defaults, membership, service
from bot.programs.champion_notes import MAX_CHAMPIONS
from bot.programs.message_kinds import PROGRAM_CHAMPION_QUESTION
from bot.programs.permissions import RUN_PROGRAM
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.blocks import Note
from bot.slack.text import capitalize
from bot.worklist import items
from bot.workspace import contact_hours, members, roles, visibility
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import (
    Champion,
    Channel,
    Member,
    Program,
    ProgramChampion,
)

MIN_CHAMPIONS = 2
# Without an answer in this time after the question, they don't want to.
ANSWER_WITHIN = timedelta(days=7)

NO_CHAMPION = "You're no champion there."
QUESTION_OVER = "That question is over. If you'd still like to, ask the program's lead."


def named(tx: Transaction, program: Program) -> list[str]:
    """Return whom the leads named. Nothing tells who said no."""
    return list(
        tx.session.scalars(
            select(ProgramChampion.member)
            .filter_by(program_id=program.id, removed_at=None)
            .order_by(ProgramChampion.member)
        )
    )


def form(tx: Transaction, program_id: int, *, by: str) -> View:
    """Return the form to name champions. Raises UserError, and MembershipUnknown."""
    program = service.get(tx, program_id)
    service.authorize(tx, program, RUN_PROGRAM, by)
    texts = defaults.program_texts(program)
    return champion_notes.champions_form(program.id, texts.name, named(tx, program))


def set_named(
    tx: Transaction, program_id: int, people: Sequence[str], *, by: str
) -> None:
    """Name exactly these people, and ask those who are new, once.

    Raises UserError, and MembershipUnknown.
    """
    program = service.lock(tx, program_id)
    service.authorize(tx, program, RUN_PROGRAM, by)
    chosen = list(dict.fromkeys(people))
    if chosen and not MIN_CHAMPIONS <= len(chosen) <= MAX_CHAMPIONS:
        raise UserError(
            f"Choose {MIN_CHAMPIONS} to {MAX_CHAMPIONS} people.", field="people"
        )
    new = sorted({*chosen} - {*named(tx, program)})
    # Others may have become guests, or be gone: that holds up nobody.
    roles.require_champions(tx, new, field="people")
    for person in new:
        if not service.can_see(tx, program, person):
            raise UserError(
                f"{capitalize(members.name(tx, person))} can't see this program: they"
                " are in none of its channels. Add them there first.",
                field="people",
            )
    removed = tx.session.scalars(
        select(ProgramChampion).where(
            ProgramChampion.program_id == program.id,
            ProgramChampion.member.not_in(chosen),
            ProgramChampion.removed_at.is_(None),
        )
    ).all()
    for row in removed:
        _remove(tx, row)
    # A question may have been cancelled while the program was over.
    for person in sorted(chosen):
        if person in new or _was_cancelled(tx, program, person):
            _name(tx, program, person, by)


def _name(tx: Transaction, program: Program, person: str, by: str) -> None:
    """Ask a person, once; their answer counts again if they were named before."""
    tx.session.execute(
        upsert(tx.session, ProgramChampion)
        .values(program_id=program.id, member=person, invited_by=by, invited_at=tx.now)
        .on_conflict_do_nothing()
    )
    row = tx.session.get_one(
        ProgramChampion, (program.id, person), populate_existing=True
    )
    is_first = row.removed_at is None
    row.removed_at = None
    home_refresh.refresh_homes(tx, [person])
    if row.is_willing is None:
        # They may press the buttons of the question that they have.
        row.invited_by, row.invited_at = by, tx.now
        if is_first or _was_cancelled(tx, program, person):
            tx.enqueue(PROGRAM_CHAMPION_QUESTION, program.id, to=person)


def _was_cancelled(tx: Transaction, program: Program, person: str) -> bool:
    key = dedup_key(PROGRAM_CHAMPION_QUESTION, program.id, person)
    return find_state(tx.session, tx.workspace.id, key) == "cancelled"


def _remove(tx: Transaction, row: ProgramChampion) -> None:
    row.removed_at = tx.now
    if row.is_willing:
        _end(tx, row.member)


def answer(tx: Transaction, program_id: int, *, by: str, is_willing: bool) -> Note:
    """Store a person's answer to the question; return what replaces it.

    Raises UserError.
    """
    program, row = _own(tx, program_id, by)
    if row.is_willing is None and row.invited_at <= tx.now - ANSWER_WITHIN:
        raise UserError(QUESTION_OVER)
    if not is_willing:
        was_willing, row.is_willing = row.is_willing, False
        row.answered_at = tx.now
        if was_willing:
            _end(tx, by)
        return champion_notes.not_now(program.id)
    roles.require_champions(tx, [by], field="people")
    if not service.is_active(tx, program):
        raise UserError(QUESTION_OVER)
    row.is_willing, row.answered_at = True, tx.now
    items.give_back(tx, by)
    home_refresh.refresh_homes(tx, [by], delay=timedelta())
    return champion_notes.willing(program.id, membership.visible_name(tx, program, by))


def step_down(tx: Transaction, program_id: int, *, by: str) -> Note:
    """Let a champion step down; return the note. Raises UserError for others."""
    program, row = _own(tx, program_id, by)
    row.is_willing, row.answered_at = False, tx.now
    _end(tx, by)
    name = membership.visible_name(tx, program, by)
    return champion_notes.stepped_down(name, program.id)


def step_down_in_channel(tx: Transaction, channel_id: int, *, by: str) -> Note:
    """Let a champion of a channel step down. Raises UserError for others."""
    channel = tx.session.scalar(
        select(Channel)
        .join(Champion, Champion.channel_id == Channel.id)
        .where(
            Channel.id == channel_id,
            Channel.installation_id == tx.workspace.id,
            Champion.member == by,
        )
    )
    if channel is None:
        raise UserError(NO_CHAMPION)
    tx.session.execute(delete(Champion).filter_by(channel_id=channel.id, member=by))
    _end(tx, by)
    is_seen = visibility.is_known_to_see(tx, channel, by)
    return champion_notes.stepped_down(f"#{channel.name}" if is_seen else "the channel")


def on_member_loaded(tx: Transaction, member: Member) -> None:
    """End the roles of a champion who became a guest, or is no longer there."""
    if not (
        member.is_guest or member.is_external or member.is_bot or member.is_deactivated
    ):
        return
    channels = select(Channel.id).filter_by(installation_id=tx.workspace.id)
    programs = select(Program.id).filter_by(installation_id=tx.workspace.id)
    in_channels = (
        delete(Champion)
        .where(Champion.channel_id.in_(channels), Champion.member == member.slack_id)
        .returning(Champion.member)
    )
    in_programs = select(ProgramChampion).where(
        ProgramChampion.program_id.in_(programs),
        ProgramChampion.member == member.slack_id,
        ProgramChampion.removed_at.is_(None),
    )
    if tx.session.scalars(in_channels).all():
        _end(tx, member.slack_id)
    for row in tx.session.scalars(in_programs).all():
        _remove(tx, row)


def _own(
    tx: Transaction, program_id: int, member: str
) -> tuple[Program, ProgramChampion]:
    program = service.get(tx, program_id)
    row = tx.session.scalar(
        select(ProgramChampion)
        .filter_by(program_id=program.id, member=member)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or row.removed_at is not None:
        raise UserError(QUESTION_OVER)
    return program, row


def _end(tx: Transaction, member: str) -> None:
    """Pass on the member's items, unless they look after the channels otherwise."""
    tx.session.flush()
    items.take_back(tx, member)
    home_refresh.refresh_homes(tx, [member])


def render_question(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    program = tx.session.get_one(Program, delivery.subject_id)
    row = tx.session.get(ProgramChampion, (program.id, delivery.recipient))
    if row is None or row.is_willing is not None or row.removed_at is not None:
        return None
    if not service.is_active(tx, program) or not roles.can_be_champion(
        tx, delivery.recipient
    ):
        return None
    name = defaults.program_texts(program).name
    lead = members.name(tx, row.invited_by)
    return PostMessage(
        delivery.recipient, *champion_notes.question(program.id, name, lead)
    )


def _on_asked(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    """Count the days for the answer from now: the question may have waited."""
    row = tx.session.get(ProgramChampion, (delivery.subject_id, delivery.recipient))
    if row is not None:
        row.invited_at = tx.now


def _programs_named_by(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    return tx.session.scalars(
        select(ProgramChampion.program_id)
        .join(Program)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramChampion.invited_by == erasure.member,
        )
    ).all()


MESSAGE_TYPES = (
    MessageType(
        PROGRAM_CHAMPION_QUESTION,
        render_question,
        on_sent=_on_asked,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.QUESTION),
        can_see=service.sees(service.program_itself),
    ),
)


MESSAGES = (MessagePolicy(frozenset({PROGRAM_CHAMPION_QUESTION}), _programs_named_by),)


def _render(context: HomeContext) -> RenderedSection:
    tx, member = context.tx, context.member
    programs = [
        (
            each.id,
            defaults.program_texts(each).name
            if service.is_known_to_see(tx, each, member)
            else "",
        )
        for each in of_member(tx, member)
    ]
    channels = [
        (each.id, each.slack_id, each.name)
        for each in context.tx.session.scalars(_own_channels(context))
    ]
    rows = champion_notes.own_programs(programs, channels)
    return RenderedSection(rows, has_activity=bool(programs or channels))


def _is_available(context: HomeContext) -> bool:
    if of_member(context.tx, context.member):
        return True
    return context.tx.session.scalar(_own_channels(context).limit(1)) is not None


def _own_channels(context: HomeContext) -> Select[Channel]:
    """Select the channels whose champion the member is, of those that they see."""
    return (
        select(Channel)
        .join(Champion, Champion.channel_id == Channel.id)
        .where(
            Channel.installation_id == context.tx.workspace.id,
            Champion.member == context.member,
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
            visibility.visible(context.member, now=context.tx.now),
        )
        .order_by(Channel.name, Channel.id)
    )


OWN_PROGRAMS = HomeSection(
    render=_render, position=640, page="program", is_available=_is_available
)


def of_member(tx: Transaction, member: str) -> list[Program]:
    """Return the programs that the member is a champion of, while they last."""
    programs = tx.session.scalars(
        select(Program)
        .join(ProgramChampion, ProgramChampion.program_id == Program.id)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramChampion.member == member,
            ProgramChampion.is_willing.is_(True),
            ProgramChampion.removed_at.is_(None),
        )
        .order_by(Program.is_workspace_wide.desc(), Program.name, Program.id)
    )
    return [program for program in programs if service.is_active(tx, program)]
