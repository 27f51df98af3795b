"""The views of circles, filled with what one person may see."""

from collections.abc import Sequence

from slack_sdk.models.views import View

from bot.circles import (
    forms,
    list_blocks,
    outcomes,
    preview_blocks,
    roster,
    seasons,
    service,
    signups,
    started,
    starting,
)
from bot.circles.list_blocks import CircleRow, SeasonRow
from bot.circles.preview_blocks import PAGE_SIZE, PreviewCircle
from bot.circles.rules import State
from bot.errors import UserError
from bot.people.reasons import Sentence
from bot.programs import membership
from bot.programs import service as programs
from bot.runtime import Transaction
from bot.workspace import members
from models import Circle, CircleSeason

NOT_HERE = "You can't see circles here."


def circle_list(tx: Transaction, *, by: str) -> View:
    """Return a person's circles and seasons. Raises UserError, MembershipUnknown."""
    if not programs.visible_programs(tx, by):
        raise UserError(NOT_HERE)
    return list_blocks.circle_list(
        circle_rows(tx, by),
        season_rows(tx, by),
        started.rows(tx, by),
        zone=members.zone(tx, by),
        is_in_program=bool(membership.joined_programs(tx, by)),
        may_open=bool(seasons.runnable_programs(tx, by)),
        may_start=bool(starting.startable_programs(tx, by)),
    )


def circle_rows(tx: Transaction, by: str) -> list[CircleRow]:
    """Return the circles in which a person has a place, or is offered one."""
    return [
        service.row(tx, circle, place) for circle, place in service.own_places(tx, by)
    ]


def season_rows(tx: Transaction, by: str, *, is_exact: bool = True) -> list[SeasonRow]:
    """Return the seasons that a person can sign up for or runs."""
    rows = [
        _season_row(tx, season, by, is_exact=is_exact)
        for season in seasons.visible(tx, by, is_exact=is_exact)
    ]
    return [row for row in rows if row.is_run or row.may_sign_up]


def _season_row(
    tx: Transaction, season: CircleSeason, by: str, *, is_exact: bool
) -> SeasonRow:
    is_run = seasons.can_run(tx, season, by)
    has_place = signups.has_place(tx, season.id, by)
    is_signed_up = has_place or _counts(tx, season, by)
    may_sign_up = membership.is_joined(tx, season.program_id, by) and not has_place
    return SeasonRow(
        seasons.summary(tx, season, by, is_exact=is_exact),
        seasons.state(tx, season),
        is_signed_up=is_signed_up,
        may_sign_up=may_sign_up
        and (is_signed_up or not seasons.has_no_circles(tx, season)),
        is_run=is_run,
        people=len(signups.people(tx, season)) if is_run else 0,
        circles=len(seasons.circles(tx, season)) if is_run else 0,
    )


def _counts(tx: Transaction, season: CircleSeason, by: str) -> bool:
    """Return False if they did not sign up, or must do it again for another place."""
    row = signups.find(tx, season.id, by)
    if row is None or season.invited_at is None:
        return row is not None
    return signups.is_waiting(row, signups.place_ends(tx, season.id, by))


def preview(
    tx: Transaction, season: CircleSeason, *, by: str, start: int = 0, notice: str = ""
) -> View:
    """Return a page of the season's circles, for those who run it.

    Raises UserError, and MembershipUnknown.
    """
    seasons.require_runs(tx, season, by)
    state = seasons.state(tx, season)
    if state not in {State.PREVIEW, State.RUNNING}:
        raise UserError(
            seasons.OVER if state is State.ENDED else "I haven't formed them yet."
        )
    circles = seasons.circles(tx, season)
    shown = circles[start : start + PAGE_SIZE]
    is_invited = state is State.RUNNING
    # After the invitation only those who took a place: a name that vanishes would be
    # a no.
    people = [
        [
            each.member
            for each in service.places(tx, circle)
            if not is_invited or each.taken_at is not None
        ]
        for circle in shown
    ]
    return preview_blocks.preview(
        seasons.summary(tx, season, by),
        [
            _preview_circle(tx, circle, present, why)
            for circle, present, why in zip(
                shown, people, service.reasons(tx, people, by), strict=True
            )
        ],
        left_out=members.names_in_order(tx, roster.waiting(tx, season)),
        start=start if shown else 0,
        total=len(circles),
        is_invited=is_invited,
        meetings=outcomes.season_line(tx, season) if is_invited else "",
        notice=notice,
    )


def _preview_circle(
    tx: Transaction,
    circle: Circle,
    people: Sequence[str],
    reasons: Sequence[Sentence],
) -> PreviewCircle:
    names = members.names(tx, people)
    return PreviewCircle(
        circle.number,
        sorted(names.values(), key=str.casefold),
        reasons,
        is_open=circle.introduced_at is None,
    )


def move_form(tx: Transaction, season: CircleSeason, *, by: str) -> View:
    """Return the form to move a person. Raises UserError, and MembershipUnknown."""
    seasons.require_runs(tx, season, by)
    people = [row.member for row in signups.people(tx, season)]
    names = members.names(tx, people)
    labels = [
        (
            circle.id,
            f"Circle {circle.number}: "
            + ", ".join(
                members.names_in_order(
                    tx, [each.member for each in service.places(tx, circle)]
                )
            ),
        )
        for circle in seasons.circles(tx, season)
    ]
    if not people or not labels:
        raise UserError("There is nobody to move.")
    ordered = sorted(people, key=lambda each: (names[each].casefold(), each))
    return forms.move_form(season.id, [(each, names[each]) for each in ordered], labels)
