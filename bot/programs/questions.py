"""Questions to the leads of a program, and the answer of the first who replies."""

from collections.abc import Sequence
from datetime import timedelta

from slack_sdk.models.views import View
from sqlalchemy import Select, delete, exists, select

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent, find_state
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.personal_data import Erasure
from bot.programs import membership, question_blocks, service
from bot.programs.defaults import program_texts
from bot.programs.message_kinds import (
    PROGRAM_ANSWER,
    PROGRAM_QUESTION,
    PROGRAM_UPDATE_QUESTION,
)
from bot.programs.permissions import RUN_PROGRAM
from bot.programs.question_blocks import MAX_QUESTION_LENGTH
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from bot.slack.text import sanitize, to_mrkdwn, truncate
from bot.workspace import contact_hours, members, workspace_settings
from models import OutboxItem, Program, ProgramLead, ProgramQuestion

ANSWERED_FOR = timedelta(days=30)
UNANSWERED_FOR = timedelta(days=90)

NO_LEADS = "Nobody leads this program at the moment. Ask in one of its channels."
OWN_PROGRAM = "You lead this program yourself."
EMPTY = "Write a few words first."
GONE = "That question is gone."


def _leads(tx: Transaction, program: Program, asker: str) -> list[str]:
    """Return the leads who get a question. Raises UserError if there are none."""
    leads = service.program_leads(tx, program)
    others = [lead for lead in leads if lead != asker]
    if not others:
        raise UserError(OWN_PROGRAM if leads else NO_LEADS)
    return others


def form(tx: Transaction, program: Program, *, by: str) -> View:
    """Return the form of a question. Raises UserError, or MembershipUnknown."""
    _require_may_ask(tx, program, by)
    names = members.names_in_order(tx, _leads(tx, program, by))
    return question_blocks.question_form(program.id, program_texts(program).name, names)


def _require_may_ask(tx: Transaction, program: Program, by: str) -> None:
    service.require_visible(tx, program, by)
    if not service.is_active(tx, program):
        raise UserError(membership.ENDED)


def ask(tx: Transaction, program: Program, typed: str, *, by: str) -> View:
    """Send a question to each lead, once if the form comes twice; return the answer.

    Raises UserError, with the field, or MembershipUnknown.
    """
    _require_may_ask(tx, program, by)
    text = _read(typed, field="question")
    leads = _leads(tx, program, by)
    # They are not forgotten meanwhile, and two forms of one person wait for each other.
    members.lock(tx, by)
    service.lock(tx, program.id)
    same = select(ProgramQuestion.id).filter_by(
        program_id=program.id, member=by, question=text, answered_at=None
    )
    if tx.session.scalar(same.limit(1)) is None:
        row = ProgramQuestion(
            program_id=program.id, member=by, question=text, asked_at=tx.now
        )
        tx.session.add(row)
        tx.session.flush()
        for lead in leads:
            tx.enqueue(PROGRAM_QUESTION, row.id, to=lead)
    return question_blocks.question_sent(members.names_in_order(tx, leads))


def _read(typed: str, *, field: str) -> str:
    text = to_mrkdwn(truncate(sanitize(typed), MAX_QUESTION_LENGTH))
    if not text:
        raise UserError(EMPTY, field=field)
    return text


def _get(tx: Transaction, question_id: int, by: str) -> tuple[ProgramQuestion, Program]:
    """Return a question for one who runs its program.

    Raises UserError, and MembershipUnknown.
    """
    row = tx.session.scalar(
        select(ProgramQuestion)
        .join(Program, Program.id == ProgramQuestion.program_id)
        .where(
            ProgramQuestion.id == question_id,
            Program.installation_id == tx.workspace.id,
        )
        .with_for_update(of=ProgramQuestion)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise UserError(GONE)
    program = service.get(tx, row.program_id)
    # Not even an admin reads a question about a program that they may not see.
    service.authorize(tx, program, RUN_PROGRAM, by)
    return row, program


def _require_unanswered(tx: Transaction, row: ProgramQuestion, by: str) -> None:
    if row.answered_at is not None and row.answered_by != by:
        name = members.name(tx, row.answered_by or "")
        raise UserError(f"{name} has answered that already.")
    if row.answered_at is not None:
        raise UserError("You have answered that already.")


def reply_form(tx: Transaction, question_id: int, *, by: str) -> View:
    """Return the form of a lead's answer. Raises UserError, and MembershipUnknown."""
    row, _ = _get(tx, question_id, by)
    _require_unanswered(tx, row, by)
    text = members.text_with_names(tx, row.question)
    return question_blocks.reply_form(row.id, text)


def reply(tx: Transaction, question_id: int, typed: str, *, by: str) -> None:
    """Bring a lead's answer to the person; the first one counts.

    Raises UserError, and MembershipUnknown.
    """
    row, program = _get(tx, question_id, by)
    text = _read(typed, field="answer")
    if row.answered_by == by and row.answer == text:
        return
    _require_unanswered(tx, row, by)
    row.answered_by, row.answer, row.answered_at = by, text, tx.now
    tx.session.flush()
    tx.enqueue(PROGRAM_ANSWER, row.id, to=row.member)
    for lead in service.program_leads(tx, program):
        key = dedup_key(PROGRAM_QUESTION, row.id, lead)
        if find_state(tx.session, tx.workspace.id, key) is not None:
            tx.enqueue_update(PROGRAM_UPDATE_QUESTION, row.id, to=lead)


def unanswered(installation_id: InstallationId, _now: Time) -> Select[int]:
    """Select the ids of the questions without an answer."""
    return (
        select(ProgramQuestion.id)
        .join(Program, Program.id == ProgramQuestion.program_id)
        .where(
            Program.installation_id == installation_id,
            ProgramQuestion.answered_at.is_(None),
            ProgramQuestion.question != "",
        )
    )


def unread(tx: Transaction) -> list[tuple[int, str]]:
    """Return open questions with leads who became that later, and did not get them.

    Those from before the records of sent messages begin are left out.
    """
    days = workspace_settings.get(tx).sent_retention_days
    got_it = exists().where(
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.kind == PROGRAM_QUESTION,
        OutboxItem.subject_id == ProgramQuestion.id,
        OutboxItem.recipient == ProgramLead.member,
    )
    rows = tx.session.execute(
        select(ProgramQuestion, ProgramLead.member)
        .join(Program, Program.id == ProgramQuestion.program_id)
        .join(ProgramLead, ProgramLead.program_id == Program.id)
        .where(
            Program.installation_id == tx.workspace.id,
            ProgramQuestion.answered_at.is_(None),
            ProgramQuestion.question != "",
            ProgramQuestion.asked_at > tx.now - timedelta(days=days),
            ProgramLead.member != ProgramQuestion.member,
            ~got_it,
        )
        .order_by(ProgramQuestion.id, ProgramLead.member)
    ).all()
    return [
        (question.id, lead)
        for question, lead in rows
        if service.is_active(tx, tx.session.get_one(Program, question.program_id))
    ]


def tell_new_leads(tx: Transaction) -> None:
    """Bring the open questions of a program to leads who did not get them."""
    for question_id, lead in unread(tx):
        tx.enqueue(PROGRAM_QUESTION, question_id, to=lead)


def _question_note(tx: Transaction, row: ProgramQuestion) -> Note:
    program = tx.session.get_one(Program, row.program_id)
    return question_blocks.question(
        row.id,
        members.name(tx, row.member),
        program_texts(program).name,
        members.text_with_names(tx, row.question),
        answered_by=members.name(tx, row.answered_by) if row.answered_by else "",
        answer=members.text_with_names(tx, row.answer),
    )


def _render_question(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    row = tx.session.get(ProgramQuestion, delivery.subject_id)
    if row is None or not row.question:
        return None
    program = tx.session.get_one(Program, row.program_id)
    if not service.can_run(tx, program, delivery.recipient):
        return None
    return PostMessage(delivery.recipient, *_question_note(tx, row))


def _render_question_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    row = tx.session.get(ProgramQuestion, delivery.subject_id)
    key = dedup_key(PROGRAM_QUESTION, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    if row is None or not row.question or message is None:
        return None
    return UpdateMessage(*message, *_question_note(tx, row))


def _render_answer(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    row = tx.session.get(ProgramQuestion, delivery.subject_id)
    if row is None or not row.answer or row.answered_by is None:
        return None
    program = tx.session.get_one(Program, row.program_id)
    is_joined = membership.is_joined(tx, program.id, row.member)
    can_join = service.takes_people(tx, program) and membership.is_open_to(
        tx, program, row.member
    )
    note = question_blocks.answer(
        program.id,
        program_texts(program).name,
        lead=members.name(tx, row.answered_by),
        question_text=members.text_with_names(tx, row.question),
        text=members.text_with_names(tx, row.answer),
        is_joined=is_joined,
        can_join=can_join and not is_joined,
    )
    return PostMessage(delivery.recipient, *note)


def _program_of(tx: Transaction, delivery: Delivery) -> int | None:
    row = tx.session.get(ProgramQuestion, delivery.subject_id)
    return None if row is None else row.program_id


_SEES = service.sees(_program_of)
MESSAGE_TYPES = (
    # The leads and the asker wait for these, in their own hours.
    MessageType(
        PROGRAM_QUESTION,
        _render_question,
        update=PROGRAM_UPDATE_QUESTION,
        send_after=contact_hours.send_after,
        can_see=_SEES,
    ),
    MessageType(
        PROGRAM_UPDATE_QUESTION, _render_question_update, "resend", can_see=_SEES
    ),
    MessageType(
        PROGRAM_ANSWER,
        _render_answer,
        send_after=contact_hours.send_after,
        can_see=_SEES,
    ),
)


def questions_naming(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    """Return the ids of the questions whose messages may name or quote the member."""
    member = erasure.member
    return tx.session.scalars(
        select(ProgramQuestion.id)
        .join(Program, Program.id == ProgramQuestion.program_id)
        .where(
            Program.installation_id == tx.workspace.id,
            (ProgramQuestion.member == member)
            | (ProgramQuestion.answered_by == member)
            | ProgramQuestion.question.contains(f"<@{member}", autoescape=True)
            | ProgramQuestion.answer.contains(f"<@{member}", autoescape=True),
        )
    ).all()


def purge(tx: Transaction) -> None:
    """Delete questions some time after their answer, or after nobody answered."""
    of_workspace = select(Program.id).filter_by(installation_id=tx.workspace.id)
    tx.session.execute(
        delete(ProgramQuestion).where(
            ProgramQuestion.program_id.in_(of_workspace),
            (ProgramQuestion.answered_at < tx.now - ANSWERED_FOR)
            | (
                ProgramQuestion.answered_at.is_(None)
                & (ProgramQuestion.asked_at < tx.now - UNANSWERED_FOR)
            ),
        )
    )
