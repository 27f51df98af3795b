"""Ask people who did nothing for weeks whether they stay, and pause without answer."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time
from itertools import chain

from sqlalchemy import Select, exists, select

from bot.clock import datetime_to_micros, micros_to_datetime
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.outbox.enqueue import dedup_key
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.programs import member_blocks, membership, service
from bot.programs.defaults import program_texts
from bot.programs.membership_rules import (
    ANSWER_WITHIN,
    MIN_DISTANCE,
    SILENCE,
    Pause,
    pause_end,
    silent_since,
)
from bot.programs.message_kinds import PROGRAM_STAY
from bot.programs.rules import State
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.workspace import contact_hours, members
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import OutboxItem, Program, ProgramMember

# A program's id, and a member's Slack id.
Pair = tuple[int, str]


def silent_members(tx: Transaction) -> Sequence[Pair]:
    """Return those to ask now, each about one program only."""
    asked_lately = set(
        tx.session.scalars(
            select(ProgramMember.member)
            .join(Program)
            .where(
                Program.installation_id == tx.workspace.id,
                ProgramMember.asked_to_stay_at > tx.now - MIN_DISTANCE,
            )
        )
    )
    before = tx.now - SILENCE
    to_ask: dict[str, int] = {}
    for program in _running(tx):
        rows = [
            row
            for row in membership.joined_people(
                tx,
                program,
                ProgramMember.joined_at <= before,
                ProgramMember.answered_at <= before,
                ProgramMember.event_micros <= datetime_to_micros(before),
            )
            if row.member not in asked_lately and row.member not in to_ask
            if _silent_since(row) <= before
        ]
        active = _active(tx, program, before) if rows else set()
        to_ask |= {row.member: program.id for row in rows if row.member not in active}
    return [(program_id, member) for member, program_id in to_ask.items()]


def joined_long_ago(
    installation_id: InstallationId, now: Time
) -> Select[ProgramMember]:
    """Select the members who joined long enough ago to be asked."""
    return (
        select(ProgramMember)
        .join(Program)
        .where(
            Program.installation_id == installation_id,
            ProgramMember.is_joined.is_(True),
            ProgramMember.joined_at <= now - SILENCE,
        )
    )


def _running(tx: Transaction) -> list[Program]:
    """Return the programs that run in a channel."""
    programs = tx.session.scalars(
        select(Program)
        .filter_by(installation_id=tx.workspace.id)
        .order_by(Program.is_workspace_wide.desc(), Program.id)
    )
    return [
        program
        for program in programs.all()
        if service.state(tx, program) is State.RUNNING
        and service.live_channels(tx, program)
    ]


def _silent_since(row: ProgramMember) -> datetime:
    pause_end = row.paused_until
    return silent_since(
        row.joined_at,
        micros_to_datetime(row.event_micros),
        row.answered_at,
        datetime.combine(pause_end, time(), UTC) if pause_end else None,
    )


def _active(tx: Transaction, program: Program, since: datetime) -> Collection[str]:
    """Return those who did something in the program since a time (UTC)."""
    channel_ids = [channel.id for channel in service.channels(tx, program)]
    queries = tx.features.active_members(tx, program.id, channel_ids, since)
    return set(chain.from_iterable(map(tx.session.scalars, queries)))


def ask(tx: Transaction, pair: Pair) -> None:
    """Enqueue the question, unless another replica has."""
    row = _lock(tx, pair)
    if row is None or not row.is_joined:
        return
    if row.asked_to_stay_at and row.asked_to_stay_at > tx.now - MIN_DISTANCE:
        return
    row.asked_to_stay_at = tx.now
    tx.enqueue(
        PROGRAM_STAY, row.program_id, to=row.member, occurrence=_occurrence(tx.now)
    )


def _lock(tx: Transaction, pair: Pair) -> ProgramMember | None:
    program_id, member = pair
    return tx.session.scalar(
        select(ProgramMember)
        .filter_by(program_id=program_id, member=member)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def without_answer(tx: Transaction) -> Sequence[Pair]:
    """Return those who did not answer in the time after they were asked."""
    asked = exists().where(
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.kind == PROGRAM_STAY,
        OutboxItem.subject_id == ProgramMember.program_id,
        OutboxItem.recipient == ProgramMember.member,
        OutboxItem.created_at >= ProgramMember.asked_to_stay_at,
        OutboxItem.finished_at <= tx.now - ANSWER_WITHIN,
    )
    rows = tx.session.scalars(
        select(ProgramMember)
        .join(Program)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramMember.is_joined.is_(True),
            ProgramMember.asked_to_stay_at <= tx.now - ANSWER_WITHIN,
            ProgramMember.answered_at < ProgramMember.asked_to_stay_at,
            asked,
        )
        .order_by(ProgramMember.program_id, ProgramMember.member)
    )
    return [(row.program_id, row.member) for row in rows if not _has_answered(row)]


def _has_answered(row: ProgramMember) -> bool:
    """Return True if the member pressed something after they were asked."""
    asked_at = row.asked_to_stay_at
    return asked_at is None or _silent_since(row) >= asked_at


def count_due(tx: Transaction) -> int:
    """Return how many people are to be asked now, or to be paused."""
    return len(silent_members(tx)) + len(without_answer(tx))


def settle(tx: Transaction, pair: Pair) -> None:
    """Pause a membership whose member did not answer, and did nothing since.

    If they did something, or never got the question, they stay.
    """
    row = _lock(tx, pair)
    if row is None or row.asked_to_stay_at is None or _has_answered(row):
        return
    key = dedup_key(
        PROGRAM_STAY, row.program_id, row.member, _occurrence(row.asked_to_stay_at)
    )
    sent = tx.session.execute(
        select(OutboxItem.state, OutboxItem.finished_at).filter_by(
            installation_id=tx.workspace.id, dedup_key=key
        )
    ).first()
    if sent is None or not sent.finished_at:
        return
    if sent.finished_at > tx.now - ANSWER_WITHIN:
        return
    program = tx.session.get_one(Program, row.program_id)
    is_active = row.member in _active(tx, program, row.asked_to_stay_at)
    end = pause_end(members.today(tx, row.member))
    stays = is_active or sent.state != "sent"
    pause = Pause(tx.now, None if stays else end, is_by_silence=not stays)
    membership.record(tx, program, row.member, pause)


def _occurrence(asked_at: datetime) -> str:
    return f"{asked_at:%Y-%m-%d}"


def _render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the question if the member is still in it, and still silent."""
    program = tx.session.get_one(Program, delivery.subject_id)
    member = delivery.recipient
    row = tx.session.get(ProgramMember, (program.id, member))
    if row is None or not row.is_joined:
        return None
    if row.asked_to_stay_at is None or _has_answered(row):
        return None
    if service.state(tx, program) is not State.RUNNING:
        return None
    if member in _active(tx, program, row.asked_to_stay_at - SILENCE):
        return None
    note = member_blocks.stay_question(program.id, program_texts(program).name)
    return PostMessage(member, *note)


MESSAGE_TYPES = (
    MessageType(
        PROGRAM_STAY,
        _render,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.QUESTION),
        can_see=service.sees(service.program_itself),
    ),
)
