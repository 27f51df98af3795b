"""Weeks in writing: what members write, and the stages that the job begins and ends."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from bot import timezones
from bot.circles import actions, writing
from bot.circles import meeting_store as store
from bot.circles.writing import MAX_ISSUES, Stage
from bot.circles.writing_blocks import (
    MAX_ENTRY,
    Entry,
    Issue,
    OwnText,
    WeekView,
    field_of,
)
from bot.db.statements import upsert
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.runtime import Transaction
from bot.slack.text import is_erased, to_mrkdwn
from bot.workspace import members
from models import Circle, CircleMeeting, MeetingEntry

EMPTY = "Write something, up to 300 characters."
OVER = "This stage is over. Press Write again."
TWO_ISSUES = "Two of you have put an issue already. You can be next."
# Texts of these stages are about an issue.
_ABOUT_ISSUES = frozenset({Stage.QUESTIONS, Stage.IDEAS})


def zone_of(circle: Circle) -> ZoneInfo:
    return timezones.get_or_utc(circle.zone)


def stage_of(tx: Transaction, circle: Circle, meeting: CircleMeeting) -> Stage | None:
    """Return the week's stage now; None if it is over."""
    if meeting.ended_at is not None:
        return None
    return writing.stage_at(meeting.planned_at, zone_of(circle), tx.now)


def issue_authors(tx: Transaction, meeting: CircleMeeting) -> Sequence[str]:
    """Return the members who put an issue, in that order."""
    return [row.member for row in _entries(tx, meeting) if row.stage == Stage.ISSUES]


def _entries(tx: Transaction, meeting: CircleMeeting) -> Sequence[MeetingEntry]:
    rows = tx.session.scalars(
        select(MeetingEntry)
        .filter_by(meeting_id=meeting.id)
        .order_by(MeetingEntry.written_at, MeetingEntry.member)
        .execution_options(populate_existing=True)
    )
    return [row for row in rows if not is_erased(row.member)]


def own(
    tx: Transaction, meeting: CircleMeeting, stage: Stage, *, by: str
) -> Sequence[OwnText]:
    """Return what a member wrote in a stage: about each issue, or about none."""
    entries = {
        row.about: row.text
        for row in _entries(tx, meeting)
        if row.member == by and row.stage == stage
    }
    if stage not in _ABOUT_ISSUES:
        return [OwnText(entries.get("", ""))]
    authors = issue_authors(tx, meeting)
    names = members.first_names(tx, authors)
    return [
        OwnText(entries.get(author, ""), author, names[author]) for author in authors
    ]


def save(
    tx: Transaction,
    circle: Circle,
    meeting: CircleMeeting,
    stage: str,
    values: FormValues,
    *,
    by: str,
) -> None:
    """Store what a member wrote; it replaces what they wrote before.

    An emptied text about an issue goes. The circle is locked, and the member in it.
    Raises UserError.
    """
    authors = list(issue_authors(tx, meeting))
    abouts = authors if stage in _ABOUT_ISSUES else [""]
    fields = [field_of(about) for about in abouts if values.has_block(field_of(about))]
    field = next(iter(fields), None)
    if stage != stage_of(tx, circle, meeting) or meeting.posted_at is None:
        raise UserError(OVER, field=field)
    if stage == Stage.ISSUES and by not in authors and len(authors) >= MAX_ISSUES:
        raise UserError(TWO_ISSUES, field=field)
    if not any(to_mrkdwn(values.text(each)) for each in fields):
        raise UserError(EMPTY, field=field)
    for about in abouts:
        if field_of(about) in fields:
            _save_text(
                tx, meeting, stage, values.text(field_of(about)), about=about, by=by
            )


def _save_text(
    tx: Transaction,
    meeting: CircleMeeting,
    stage: str,
    text: str,
    *,
    about: str,
    by: str,
) -> None:
    if len(text) > MAX_ENTRY:
        raise UserError(EMPTY, field=field_of(about))
    words = to_mrkdwn(text)
    if not words:
        tx.session.execute(
            delete(MeetingEntry).filter_by(
                meeting_id=meeting.id, member=by, stage=stage, about=about
            )
        )
        return
    insert = upsert(tx.session, MeetingEntry).values(
        meeting_id=meeting.id,
        member=by,
        stage=stage,
        about=about,
        text=words,
        written_at=tx.now,
    )
    tx.session.execute(
        insert.on_conflict_do_update(
            index_elements=["meeting_id", "member", "stage", "about"],
            set_={"text": words},
        )
    )


def view(tx: Transaction, circle: Circle, meeting: CircleMeeting) -> WeekView:
    """Return the week as its members see it."""
    rows = _entries(tx, meeting)
    names = members.first_names(
        tx, {*store.members_of(tx, circle.id), *(row.member for row in rows)}
    )

    def entries(stage: Stage, about: str = "") -> list[Entry]:
        return [
            Entry(names[row.member], row.text)
            for row in rows
            if row.stage == stage and row.about == about
        ]

    stage = stage_of(tx, circle, meeting)
    return WeekView(
        id=meeting.id,
        number=meeting.number,
        zone=zone_of(circle),
        stage=stage,
        ends_at=(
            writing.end_of(stage, meeting.planned_at, zone_of(circle))
            if stage
            else None
        ),
        issues=[
            Issue(
                Entry(names[row.member], row.text),
                entries(Stage.QUESTIONS, row.member),
                entries(Stage.IDEAS, row.member),
            )
            for row in rows
            if row.stage == Stage.ISSUES
        ],
        thanks=entries(Stage.THANKS),
        actions=actions.of_meeting(tx, meeting),
    )
