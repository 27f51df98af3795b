"""Circles' meetings: the buttons of their agendas, and what people write for them."""

from datetime import date
from functools import partial

from slack_bolt import App

from bot.circles import (
    actions,
    agenda_blocks,
    announcement_blocks,
    announcements,
    ask_offers,
    focus,
    format_blocks,
    meeting_replies,
    meetings,
    member_questions,
    moves,
    outcomes,
    writing_blocks,
    writing_weeks,
)
from bot.circles import meeting_store as store
from bot.circles.keeper import State
from bot.circles.offer_blocks import OfferAnswer
from bot.circles.outcome_rules import Outcome, Receipt, Worth
from bot.circles.presses import ANSWERS, FORMAT_ACTS, Act, Press
from bot.clock import datetime_to_micros
from bot.errors import UserError
from bot.runtime import Runtime, Transaction
from bot.workspace import members
from handlers.interactions import (
    UNKNOWN_ID,
    OpenView,
    Reply,
    Response,
    on_button,
    on_view,
    parse_id,
    reads,
    writes,
)
from handlers.payloads import BlockAction, ViewSubmission
from models import Circle, CircleMeeting

# The parts of a button's value: the meeting, the step's position, its extensions.
_PARTS = 3


def register(app: App, rt: Runtime) -> None:
    for act in Act:
        listener = answer if act in ANSWERS else press
        on_button(app, rt, f"meeting_{act}", writes(partial(listener, act=act)))
    for outcome in Outcome:
        met = partial(answer_outcome, outcome=outcome)
        on_button(app, rt, f"meeting_met_{outcome}", writes(met))
    for worth in Worth:
        rated = partial(rate, worth=worth)
        on_button(app, rt, f"meeting_worth_{worth}", writes(rated))
        unrated = partial(take_rating_back, worth=worth)
        on_button(app, rt, f"meeting_unrate_{worth}", writes(unrated))
    for given in OfferAnswer:
        answered = partial(answer_offer, given=given)
        on_button(app, rt, f"meeting_ask_{given}", writes(answered))
    on_button(app, rt, "meeting_ask_swap", reads(open_swap))
    on_view(app, rt, "circle_swap", writes(ask_to_swap))
    on_button(app, rt, "meeting_action", reads(open_action))
    on_view(app, rt, "circle_action", writes(save_action))
    on_button(app, rt, "meeting_report", reads(open_report))
    on_view(app, rt, "circle_report", writes(save_report))
    on_button(app, rt, "meeting_focus", reads(open_focus))
    on_view(app, rt, "circle_focus", writes(save_focus))
    on_button(app, rt, "meeting_write", reads(open_write))
    on_view(app, rt, "circle_write", writes(save_entry))
    on_button(app, rt, "meeting_move", reads(open_move))
    on_view(app, rt, "circle_meeting_move", writes(propose_move))
    for action_id, is_yes in (("meeting_move_yes", True), ("meeting_move_no", False)):
        on_button(app, rt, action_id, writes(partial(answer_move, is_yes=is_yes)))
    on_button(app, rt, "meeting_question", reads(open_question))
    on_view(app, rt, "circle_question", writes(save_question))


def _parse(click: BlockAction, act: Act) -> tuple[int, Press]:
    """Parse a button's value. Raises UserError."""
    numbers, other = click.value.split(":"), ""
    if act == Act.SWAP:
        *numbers, other = numbers
    if len(numbers) != _PARTS:
        raise UserError(UNKNOWN_ID)
    meeting_id, position, extensions = map(parse_id, numbers)
    press = Press(click.at_micros, click.actor, act, position, extensions, other)
    return meeting_id, press


def press(click: BlockAction, tx: Transaction, *, act: Act) -> Response:
    meeting_id, pressed = _parse(click, act)
    state = meetings.press(tx, meeting_id, pressed)
    text = _reason(tx, state, pressed)
    return Reply(text) if text else None


def _reason(tx: Transaction, state: State, pressed: Press) -> str | None:
    """Return the answer to a press: why it did nothing, or the chosen format."""
    facilitator = state.facilitator
    name = members.name(tx, facilitator) if facilitator else None
    if pressed.act in FORMAT_ACTS:
        return meeting_replies.format_chosen(state, pressed, name)
    return meeting_replies.no_effect(state, pressed, name)


def answer(click: BlockAction, tx: Transaction, *, act: Act) -> Response:
    """Take a facilitator's answer, and replace the question by the result."""
    meeting_id, pressed = _parse(click, act)
    state = meetings.press(tx, meeting_id, pressed)
    if state.meeting.has_moved_since(pressed):
        return Reply(meeting_replies.MOVED, replace=True)
    facilitator = state.facilitator
    name = members.name(tx, facilitator) if facilitator else None
    is_own = facilitator == click.actor
    return Reply(meeting_replies.answered(is_own=is_own, name=name), replace=True)


def _meeting(click: BlockAction, tx: Transaction) -> CircleMeeting:
    meeting_id, _ = _parse(click, Act.LEAD)
    return store.get(tx, meeting_id, by=click.actor)


def _submitted(form: ViewSubmission, tx: Transaction) -> CircleMeeting:
    """Return the locked meeting of a form; its author is in the circle."""
    meeting_id = parse_id(form.view.metadata().get("meeting"))
    circle, meeting = store.lock(tx, meeting_id)
    store.require_member(tx, circle.id, form.actor)
    return meeting


def _locked(click: BlockAction, tx: Transaction, meeting_id: int) -> CircleMeeting:
    """Return the locked meeting of a button; the person is in its circle."""
    circle, meeting = store.lock(tx, meeting_id)
    store.require_member(tx, circle.id, click.actor)
    return meeting


def answer_outcome(
    click: BlockAction, tx: Transaction, *, outcome: Outcome
) -> Response:
    meeting_id, _ = _parse(click, Act.LEAD)
    meeting = _locked(click, tx, meeting_id)
    at_micros = click.at_micros
    outcomes.answer(tx, meeting, outcome, by=click.actor, event_micros=at_micros)
    return Reply(*outcomes.note(tx, meeting, click.actor), replace=True)


def rate(click: BlockAction, tx: Transaction, *, worth: Worth) -> Response:
    meeting_id, _ = _parse(click, Act.LEAD)
    meeting = _locked_with_season(click, tx, meeting_id)
    receipt = outcomes.rate(tx, meeting, worth, by=click.actor)
    note = outcomes.note(tx, meeting, click.actor, receipt=receipt)
    return Reply(*note, replace=True)


def take_rating_back(click: BlockAction, tx: Transaction, *, worth: Worth) -> Response:
    meeting_id, _, secret = click.value.partition(":")
    meeting = _locked_with_season(click, tx, parse_id(meeting_id))
    outcomes.take_back(tx, meeting, Receipt(worth, secret), by=click.actor)
    return Reply(*outcomes.note(tx, meeting, click.actor), replace=True)


def _locked_with_season(
    click: BlockAction, tx: Transaction, meeting_id: int
) -> CircleMeeting:
    store.lock_season(tx, meeting_id)
    return _locked(click, tx, meeting_id)


def answer_offer(
    click: BlockAction, tx: Transaction, *, given: OfferAnswer
) -> Response:
    meeting, row = ask_offers.lock(tx, parse_id(click.value), by=click.actor)
    note = ask_offers.answer(tx, meeting, row, given, event_micros=click.at_micros)
    return Reply(*note, replace=True)


def open_swap(click: BlockAction, tx: Transaction) -> Response:
    meeting = _meeting(click, tx)
    people = announcements.swap_choices(tx, meeting, by=click.actor)
    return OpenView(announcement_blocks.swap_form(meeting.id, people))


def ask_to_swap(form: ViewSubmission, tx: Transaction) -> Response:
    meeting = _submitted(form, tx)
    other = form.view.chosen("member") or ""
    announcements.ask_to_swap(tx, meeting, other, by=form.actor)
    return None


def open_action(click: BlockAction, tx: Transaction) -> Response:
    meeting = _meeting(click, tx)
    action = actions.own(tx, meeting.id, by=click.actor)
    text, due_on = (action.text, action.due_on) if action else ("", None)
    return OpenView(agenda_blocks.action_form(meeting.id, text, due_on))


def save_action(form: ViewSubmission, tx: Transaction) -> Response:
    meeting = _submitted(form, tx)
    due_on = _date(form.view.date("due_on"))
    text = form.view.text("action")
    actions.save(tx, meeting, text, due_on, by=form.actor)
    meetings.update_messages(tx, meeting)
    return None


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UserError(meeting_replies.NO_DATE, field="due_on") from error


def open_report(click: BlockAction, tx: Transaction) -> Response:
    meeting = _meeting(click, tx)
    action = actions.own_of_last_time(tx, meeting, by=click.actor)
    form = agenda_blocks.report_form(meeting.id, action.id, action.text, action.state)
    return OpenView(form)


def save_report(form: ViewSubmission, tx: Transaction) -> Response:
    meeting = _submitted(form, tx)
    actions.set_state(
        tx,
        meeting.circle_id,
        parse_id(form.view.metadata().get("action")),
        form.view.chosen("state") or "",
        # Slack does not say when a form was submitted.
        at_micros=datetime_to_micros(tx.now),
        by=form.actor,
    )
    meetings.update_messages(tx, meeting)
    return None


def open_focus(click: BlockAction, tx: Transaction) -> Response:
    meeting = _meeting(click, tx)
    focus.require_discussion(tx, meeting)
    form = format_blocks.focus_form(meeting.id, meeting.goal, meeting.scope)
    return OpenView(form)


def save_focus(form: ViewSubmission, tx: Transaction) -> Response:
    meeting = _submitted(form, tx)
    focus.save(tx, meeting, form.view, by=form.actor)
    meetings.update_messages(tx, meeting)
    return None


def open_write(click: BlockAction, tx: Transaction) -> Response:
    meeting = _meeting(click, tx)
    circle = tx.session.get_one(Circle, meeting.circle_id)
    stage = writing_weeks.stage_of(tx, circle, meeting)
    if stage is None or not circle.is_in_writing:
        raise UserError(writing_weeks.OVER)
    texts = writing_weeks.own(tx, meeting, stage, by=click.actor)
    return OpenView(writing_blocks.write_form(meeting.id, stage, texts))


def save_entry(form: ViewSubmission, tx: Transaction) -> Response:
    meeting = _submitted(form, tx)
    writing_weeks.save(
        tx,
        tx.session.get_one(Circle, meeting.circle_id),
        meeting,
        str(form.view.metadata().get("stage")),
        form.view,
        by=form.actor,
    )
    meetings.update_messages(tx, meeting)
    return None


def open_question(click: BlockAction, tx: Transaction) -> Response:
    meeting = _meeting(click, tx)
    text = member_questions.own(tx, meeting.id, by=click.actor)
    return OpenView(announcement_blocks.question_form(meeting.id, text))


def save_question(form: ViewSubmission, tx: Transaction) -> Response:
    meeting = _submitted(form, tx)
    member_questions.save(tx, meeting, form.view.text("question"), by=form.actor)
    meetings.update_messages(tx, meeting)
    return None


def open_move(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(moves.form(tx, _meeting(click, tx), by=click.actor))


def propose_move(form: ViewSubmission, tx: Transaction) -> Response:
    moves.propose(tx, _submitted(form, tx), form.view, by=form.actor)
    return None


def answer_move(click: BlockAction, tx: Transaction, *, is_yes: bool) -> Response:
    meeting, move = moves.lock(tx, parse_id(click.value), by=click.actor)
    note = moves.answer(
        tx,
        meeting,
        move,
        by=click.actor,
        is_yes=is_yes,
        event_micros=click.at_micros,
    )
    return Reply(*note, replace=True)
