"""Circles: load them and their members, for those who may see them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot import timezones
from bot.circles import conversation, meeting_store, rules, seasons, wishes
from bot.circles.list_blocks import CircleRow
from bot.circles.meeting_times import all_dates, as_moved
from bot.circles.page_blocks import CirclePage, Mate
from bot.circles.vote_rules import Answer
from bot.errors import UserError
from bot.matching.circles import STAYS
from bot.people.facts import load_people
from bot.people.reasons import Sentence, sentences, visible_asks
from bot.programs import membership
from bot.runtime import Transaction
from bot.workspace import members
from bot.workspace.working_time import WorkingTime
from models import Circle, CircleMember, CircleSeason, CircleSignup, Member

GONE = "That circle is gone."


def get(tx: Transaction, circle_id: int) -> Circle:
    """Return a circle of the workspace. Raises UserError if there is none."""
    circle = tx.session.scalar(
        select(Circle).filter_by(id=circle_id, installation_id=tx.workspace.id)
    )
    if circle is None:
        raise UserError(GONE)
    return circle


def season_of(tx: Transaction, circle: Circle) -> CircleSeason:
    return tx.session.get_one(CircleSeason, circle.season_id)


def lock(tx: Transaction, circle_id: int) -> Circle:
    """Lock a circle's season and the circle, and return it. Raises UserError."""
    circle = get(tx, circle_id)
    if circle.season_id is not None:
        seasons.lock(tx, circle.season_id)
    return tx.session.scalars(
        select(Circle)
        .filter_by(id=circle.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def places(tx: Transaction, circle: Circle) -> Sequence[CircleMember]:
    """Return the places that have not ended, in the order of the rota."""
    return tx.session.scalars(
        select(CircleMember)
        .filter_by(circle_id=circle.id, left_at=None)
        .order_by(CircleMember.position, CircleMember.member)
        .execution_options(populate_existing=True)
    ).all()


def people_in(tx: Transaction, circle: Circle) -> list[str]:
    """Return those who took their places, in the order of the rota."""
    return [each.member for each in places(tx, circle) if each.taken_at is not None]


def is_in(tx: Transaction, circle: Circle, member: str) -> bool:
    return circle.ended_at is None and member in people_in(tx, circle)


def is_complete(tx: Transaction, circle: Circle) -> bool:
    """Return True if all have answered, and enough are in it."""
    own = places(tx, circle)
    return len(own) >= STAYS and all(each.taken_at is not None for each in own)


def require_in(tx: Transaction, circle: Circle, by: str) -> CircleMember:
    """Return the member's place. Raises UserError for all others."""
    person = members.find(tx, by)
    place = tx.session.get(CircleMember, (circle.id, by), populate_existing=True)
    if (
        circle.ended_at is not None
        or person is None
        or person.is_deactivated
        or person.is_external
        or place is None
        or place.left_at is not None
        or place.taken_at is None
    ):
        raise UserError(GONE)
    return place


def facilitator(tx: Transaction, circle: Circle) -> str | None:
    """Return the member who runs the next meeting."""
    return next(iter(meeting_store.rota_of(tx, circle.id)), None)


def anyone_chooses_at(circle: Circle) -> datetime:
    """Return when (UTC) anyone in a circle may choose its time, if it has none."""
    since = circle.introduced_at or circle.formed_at
    working_time = WorkingTime(zone_of(circle))
    return working_time.add(since, rules.WORKING_HOURS_TO_CHOOSE)


def may_choose_time(tx: Transaction, circle: Circle, by: str) -> bool:
    """Return True if the member may choose the time: all are known, and it's theirs.

    It is for the person who runs the next meeting, and after two working days without
    a time for anyone; also if the circle decided to look for another time.
    """
    if circle.introduced_at is None or circle.is_in_writing:
        return False
    if wishes.wants(tx, circle, Answer.TIME):
        return True
    if facilitator(tx, circle) == by:
        return True
    return circle.starts_at is None and anyone_chooses_at(circle) <= tx.now


def zone_of(circle: Circle) -> ZoneInfo:
    return timezones.get_or_utc(circle.zone)


def own_places(tx: Transaction, member: str) -> Sequence[tuple[Circle, CircleMember]]:
    """Return the member's circles that go on, with their invited places."""
    rows = tx.session.execute(
        select(Circle, CircleMember)
        .join(CircleMember, CircleMember.circle_id == Circle.id)
        .join(CircleSeason, CircleSeason.id == Circle.season_id)
        .where(
            Circle.installation_id == tx.workspace.id,
            Circle.ended_at.is_(None),
            CircleSeason.ended_at.is_(None),
            CircleSeason.ends_on >= tx.now.date(),
            CircleMember.member == member,
            CircleMember.left_at.is_(None),
            CircleMember.invited_at.is_not(None),
        )
        .order_by(Circle.id)
    )
    return [(circle, place) for circle, place in rows]


# Words for one reader


def others(tx: Transaction, circle: Circle, reader: str) -> list[str]:
    """Return the names of the others who have a place, by name."""
    ids = {each.member for each in places(tx, circle)} | {reader}
    return _names_without(tx, ids, reader)


def others_in(tx: Transaction, circle: Circle, reader: str) -> list[str]:
    """Return the names of the others who took their places, by name.

    They say nothing about those who have not, or who said no.
    """
    return _names_without(tx, {*people_in(tx, circle), reader}, reader)


def _names_without(tx: Transaction, ids: set[str], reader: str) -> list[str]:
    names = members.first_names(tx, ids)
    return sorted((names[each] for each in ids - {reader}), key=str.casefold)


def reasons(
    tx: Transaction, circles: Sequence[Collection[str]], reader: str
) -> list[list[Sentence]]:
    """Return why the people of each circle are together, as it is now, for a reader."""
    people = load_people(tx, set().union(*circles), for_circles=True)
    asks = visible_asks(tx, people, [reader])
    return [
        sentences(
            tx,
            [person for person in people if person.id in present],
            [reader],
            names=members.first_names(tx, present),
            asks=asks,
        )
        for present in circles
    ]


def row(tx: Transaction, circle: Circle, place: CircleMember) -> CircleRow:
    """Return a circle in its member's list."""
    season = season_of(tx, circle)
    return CircleRow(
        circle.id,
        seasons.program_name(tx, season, place.member, is_exact=False),
        season.theme,
        others_in(tx, circle, place.member),
        is_taken=place.taken_at is not None,
        next_meeting=next_meeting(tx, circle),
        is_frozen=circle.frozen_at is not None,
        is_asked=place.taken_at is None and place.take_until is None,
    )


def dates(tx: Transaction, circle: Circle) -> list[datetime]:
    """Return the times (UTC) of all meetings; none until the first is chosen.

    Meetings that were keep their times, whenever the others move.
    """
    if circle.starts_at is None:
        return []
    recurrence = meeting_store.recurrence_of(tx, circle)
    return as_moved(
        all_dates(circle.starts_at, zone_of(circle), recurrence),
        past=meeting_store.times_of_posted(tx, circle.id),
        moved=meeting_store.moved_times(tx, circle.id),
    )


def next_meeting(tx: Transaction, circle: Circle) -> datetime | None:
    """Return the time (UTC) of the first meeting that is ahead, if there is one."""
    if circle.frozen_at is not None:
        return None
    return next((at for at in dates(tx, circle) if at > tx.now), None)


def dates_ahead(tx: Transaction, circle: Circle) -> list[datetime]:
    """Return the times (UTC) of the meetings that are ahead."""
    return [at for at in dates(tx, circle) if at > tx.now]


def page(tx: Transaction, circle: Circle, *, by: str, notice: str = "") -> CirclePage:
    """Return a circle as its member sees it.

    Raises UserError for all others, and MembershipUnknown.
    """
    place = require_in(tx, circle, by)
    season = season_of(tx, circle)
    own = [each for each in places(tx, circle) if each.taken_at is not None]
    names = members.first_names(tx, {each.member for each in own})
    brings = _brings(tx, season)
    runs = facilitator(tx, circle)
    return CirclePage(
        id=circle.id,
        season=seasons.summary(tx, season, by),
        mates=[
            Mate(
                names[each.member],
                brings.get(each.member, ""),
                each.agreed_at is not None,
            )
            for each in sorted(own, key=lambda each: names[each.member].casefold())
        ],
        reasons=reasons(tx, [names], by)[0],
        facilitator=names.get(runs, "") if runs else "",
        is_facilitator=runs == by,
        is_introduced=circle.introduced_at is not None,
        may_choose_time=may_choose_time(tx, circle, by),
        dates=dates(tx, circle),
        has_agreed=place.agreed_at is not None,
        goal=circle.goal,
        call_link=circle.call_link,
        zone=members.zone(tx, by),
        notice=notice,
        next_meeting=next_meeting(tx, circle),
        next_format=meeting_store.next_format(tx, circle),
        movable=meeting_store.movable(tx, circle),
        free_places=max(0, (season.places or 0) - len(own)),
        back_until=circle.ends_on if circle.frozen_at is not None else None,
        wants_time=wishes.wants(tx, circle, Answer.TIME),
        may_break=meeting_store.ahead(tx, circle.id) is not None,
        channel=conversation.channel_for(tx, circle.id, by),
    )


def _brings(tx: Transaction, season: CircleSeason) -> dict[str, str]:
    rows = tx.session.execute(
        select(CircleSignup.member, CircleSignup.brings).filter_by(season_id=season.id)
    )
    return {row.member: row.brings for row in rows}


def is_present(tx: Transaction, program_id: int, member: str) -> bool:
    """Return False for people who left the program or the workspace."""
    person: Member | None = members.find(tx, member)
    return (
        person is not None
        and not person.is_deactivated
        and not person.is_external
        and person.erased_at is None
        and membership.is_joined(tx, program_id, member)
    )
