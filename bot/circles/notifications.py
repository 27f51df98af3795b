"""Messages about seasons and circles; their words are made when they are sent."""

from datetime import datetime, timedelta
from typing import Any

from bot.circles import (
    apart,
    forming,
    merge_blocks,
    merge_texts,
    merging,
    newcomers,
    page_blocks,
    place_blocks,
    preview_blocks,
    roster_messages,
    season_blocks,
    seasons,
    service,
    signups,
    started,
    started_blocks,
    times,
)
from bot.circles import meeting_store as store
from bot.circles.message_kinds import (
    CIRCLE_CALENDAR,
    CIRCLE_ENDED,
    CIRCLE_FORMED,
    CIRCLE_INVITATION,
    CIRCLE_MERGE,
    CIRCLE_NONE,
    CIRCLE_NOT_MERGED,
    CIRCLE_PLACE,
    CIRCLE_SEASON,
    CIRCLE_TOO_FEW,
)
from bot.circles.rules import WORKING_HOURS_TO_TAKE, State
from bot.matching.circles import STAYS
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.programs import kinds, membership
from bot.programs import service as programs
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, Reschedule, SlackAction, UploadFile
from bot.workspace import contact_hours, members
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from bot.workspace.working_time import WorkingTime
from models import Circle, CircleMember, CircleMerge, CircleSeason

# By then a program that is in no channel may be in one again.
_RECHECK_AFTER = timedelta(hours=1)
_WAIT_FOR_JOB = timedelta(minutes=2)


def _season(tx: Transaction, delivery: Delivery) -> CircleSeason:
    return tx.session.get_one(CircleSeason, delivery.subject_id)


def _circle(tx: Transaction, delivery: Delivery) -> Circle:
    return tx.session.get_one(Circle, delivery.subject_id)


def _program_of_season(tx: Transaction, delivery: Delivery) -> int:
    return _season(tx, delivery).program_id


def _render_season(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Render the message while the sign-up lasts, unless they signed up already."""
    season, member = _season(tx, delivery), delivery.recipient
    if seasons.state(tx, season) is not State.SIGN_UP:
        return None
    own = membership.find(tx, season.program_id, member)
    if own is None or not own.is_joined or own.is_paused(members.today(tx, member)):
        return None
    if programs.is_paused(tx, seasons.program_of(tx, season)):
        return Reschedule(tx.now + _RECHECK_AFTER)
    if signups.find(tx, season.id, member) is not None:
        return None
    note = season_blocks.season_note(
        seasons.summary(tx, season, member),
        members.zone(tx, member),
        season.program_id,
    )
    return PostMessage(member, *note)


def _render_formed(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    season, member = _season(tx, delivery), delivery.recipient
    is_none = delivery.payload == forming.NO_CIRCLE
    if seasons.state(tx, season) is not (State.RUNNING if is_none else State.PREVIEW):
        return None
    if not seasons.can_run(tx, season, member):
        return None
    note = preview_blocks.formed_note(
        seasons.summary(tx, season, member),
        len(seasons.circles(tx, season)),
        len(signups.people(tx, season)),
    )
    return PostMessage(member, *note)


def _render_place(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    circle, member = _circle(tx, delivery), delivery.recipient
    place = roster_messages.open_place(tx, circle, member)
    if place is None or place.taken_at is not None:
        return None
    if newcomers.is_asked(tx, circle, member):
        return None
    season = service.season_of(tx, circle)
    people = [each.member for each in service.places(tx, circle)]
    if apart.avoided(tx, member, people):
        # The job ends one of the two places.
        return Reschedule(tx.now + _WAIT_FOR_JOB)
    offer = place_blocks.Offer(
        circle.id,
        circle.program_id,
        seasons.summary(tx, season, member),
        service.others(tx, circle, member),
        service.reasons(tx, [people], member)[0],
        _until(tx, place),
        service.next_meeting(tx, circle),
        has_begun=store.has_begun(tx, circle, before=place.invited_at),
    )
    return PostMessage(
        member, *place_blocks.place_note(offer, members.zone(tx, member))
    )


def _until(tx: Transaction, place: CircleMember) -> datetime:
    """Return the end of the time for an answer: it begins when the message is sent."""
    working_time = WorkingTime(members.zone(tx, place.member))
    return working_time.add(tx.now, WORKING_HOURS_TO_TAKE)


def _on_place_sent(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    place = tx.session.get(CircleMember, (delivery.subject_id, delivery.recipient))
    # Without a time, they wanted it while the message was on its way.
    if place is not None and place.take_until is not None:
        place.take_until = _until(tx, place)


def _render_none(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    season, member = _season(tx, delivery), delivery.recipient
    if signups.find(tx, season.id, member) is None:
        return None
    if not service.is_present(tx, season.program_id, member):
        return None
    if delivery.payload == signups.AT_START:
        return _at_start(tx, season, member)
    is_running = seasons.state(tx, season) is State.RUNNING
    if not is_running or signups.has_place(tx, season.id, member):
        return None
    summary = seasons.summary(tx, season, member)
    if not seasons.has_no_circles(tx, season):
        return PostMessage(member, *season_blocks.none_note(summary))
    note = season_blocks.no_circles_note(
        summary,
        is_too_few=len(signups.people(tx, season)) < STAYS,
        has_coffee=bool(kinds.of_member(tx, member, Kind.COFFEE)),
    )
    return PostMessage(member, *note)


def _at_start(tx: Transaction, season: CircleSeason, member: str) -> SlackAction | None:
    """Render what became of a season to which nobody was invited by its first day."""
    if season.invited_at is not None:
        return None
    has_ended = seasons.state(tx, season) is State.ENDED
    note = season_blocks.not_invited_note(
        seasons.summary(tx, season, member), has_ended=has_ended
    )
    return PostMessage(member, *note)


def _render_calendar(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    circle, member = _circle(tx, delivery), delivery.recipient
    place = roster_messages.open_place(tx, circle, member)
    if place is None or place.taken_at is None or circle.starts_at is None:
        return None
    summary = seasons.summary(tx, service.season_of(tx, circle), member)
    zone = members.zone(tx, member)
    at = service.next_meeting(tx, circle) or circle.starts_at
    title = season_blocks.calendar_title(summary)
    return UploadFile(
        member=member,
        name="circle",
        title=f"{title}.ics",
        comment=season_blocks.calendar_comment(summary, at, zone),
        content=times.calendar(tx, circle, title),
        suffix="ics",
    )


def _calendar_after(tx: Transaction, delivery: Delivery) -> datetime:
    """Return when to send the file: at once to someone who asked for it."""
    if delivery.is_wanted:
        return delivery.started_at
    return contact_hours.send_after(tx, delivery)


def _render_merge(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    merge, member = tx.session.get(CircleMerge, delivery.subject_id), delivery.recipient
    if merge is None or not service.is_present(
        tx, seasons.get(tx, merge.season_id).program_id, member
    ):
        return None
    text = merge_texts.text(tx, merge, member)
    if text is None:
        return None
    return PostMessage(
        member, *merge_blocks.merge_question(text, members.zone(tx, member))
    )


def _render_not_merged(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    merge = tx.session.get(CircleMerge, delivery.subject_id)
    circles = () if merge is None else merging.circles_of(tx, merge)
    if not any(service.is_in(tx, each, delivery.recipient) for each in circles):
        return None
    return PostMessage(delivery.recipient, *merge_blocks.not_merged())


def _program_of_circle(tx: Transaction, delivery: Delivery) -> int:
    return _circle(tx, delivery).program_id


def _render_invitation(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the invitation to a circle that a member started, if they can join it."""
    member = delivery.recipient
    row = started.offered_row(tx, _circle(tx, delivery), member)
    if row is None:
        return None
    zone = members.zone(tx, member)
    is_again = bool(delivery.payload.get("is_again"))
    return PostMessage(member, *started_blocks.invitation(row, zone, is_again=is_again))


def _render_ended(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the last questions to a person who was in the circle until its end."""
    circle, member = _circle(tx, delivery), delivery.recipient
    place = tx.session.get(CircleMember, (circle.id, member))
    if place is None or place.taken_at is None or place.left_at is not None:
        return None
    if not service.is_present(tx, circle.program_id, member):
        return None
    summary = seasons.summary(tx, service.season_of(tx, circle), member)
    others = service.others_in(tx, circle, member)
    return PostMessage(member, *page_blocks.ended_note(circle.id, summary, others))


def _render_too_few(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    circle, member = _circle(tx, delivery), delivery.recipient
    place = tx.session.get(CircleMember, (circle.id, member))
    if place is None or place.left_at is not None:
        return None
    summary = seasons.summary(tx, service.season_of(tx, circle), member)
    has_begun = circle.introduced_at is not None
    note = started_blocks.too_few_note(summary, has_begun=has_begun)
    return PostMessage(member, *note)


MESSAGE_TYPES = (
    MessageType(
        CIRCLE_SEASON,
        _render_season,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.INVITATION),
        can_see=programs.sees(_program_of_season),
    ),
    MessageType(CIRCLE_FORMED, _render_formed, send_after=contact_hours.send_after),
    MessageType(
        CIRCLE_PLACE,
        _render_place,
        on_sent=_on_place_sent,
        send_after=contact_hours.send_after,
    ),
    MessageType(CIRCLE_NONE, _render_none, send_after=contact_hours.send_after),
    MessageType(
        CIRCLE_INVITATION,
        _render_invitation,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.INVITATION),
        can_see=programs.sees(_program_of_circle),
    ),
    MessageType(CIRCLE_ENDED, _render_ended, send_after=contact_hours.send_after),
    MessageType(CIRCLE_TOO_FEW, _render_too_few, send_after=contact_hours.send_after),
    MessageType(
        CIRCLE_NOT_MERGED, _render_not_merged, send_after=contact_hours.send_after
    ),
    MessageType(CIRCLE_MERGE, _render_merge, send_after=contact_hours.send_after),
    MessageType(
        CIRCLE_CALENDAR,
        _render_calendar,
        send_after=_calendar_after,
    ),
)
