"""Weeks in writing: what members write, and the stages that the job begins and ends."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot import timezones
from bot.circles import actions, writing
from bot.circles import meeting_store as store
from bot.circles.writing import MAX_ISSUES, Stage
from bot.circles.writing_blocks import MAX_ENTRY, Entry, Issue, WeekView
from bot.db.statements import upsert
from bot.errors import UserError
from bot.runtime import Transaction
from bot.slack.text import is_erased, to_mrkdwn
from bot.workspace import members
from models import Circle, CircleMeeting, MeetingEntry

EMPTY = "Write something, up to 300 characters."
OVER = "This stage is over. Press Write again."
TWO_ISSUES = "Two of you have put an issue already. You can be next."
CHOOSE = "Choose an issue."


def zone_of(circle: Circle) -> ZoneInfo:
    return timezones.get(circle.zone) or ZoneInfo("UTC")


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


def own(tx: Transaction, meeting: CircleMeeting, stage: Stage, *, by: str) -> str:
    """Return what a member wrote in a stage of issues or thanks, in mrkdwn."""
    key = (meeting.id, by, stage.value, "")
    entry = tx.session.get(MeetingEntry, key)
    return entry.text if entry is not None else ""


def save(
    tx: Transaction,
    circle: Circle,
    meeting: CircleMeeting,
    stage: str,
    text: str,
    *,
    about: str = "",
    by: str,
) -> None:
    """Store what a member wrote; it replaces what they wrote before.

    The circle is locked, and the member in it. Raises UserError.
    """
    if stage != stage_of(tx, circle, meeting) or meeting.posted_at is None:
        raise UserError(OVER, field="text")
    words = to_mrkdwn(text)
    if not words or len(text) > MAX_ENTRY:
        raise UserError(EMPTY, field="text")
    authors = issue_authors(tx, meeting)
    if stage == Stage.ISSUES and by not in authors and len(authors) >= MAX_ISSUES:
        raise UserError(TWO_ISSUES, field="text")
    is_about_an_issue = stage in {Stage.QUESTIONS, Stage.IDEAS}
    if is_about_an_issue and about not in authors:
        raise UserError(CHOOSE, field="about")
    insert = upsert(tx.session, MeetingEntry).values(
        meeting_id=meeting.id,
        member=by,
        stage=stage,
        about=about if is_about_an_issue else "",
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
    names = members.names(
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
