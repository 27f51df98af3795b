"""Notice the quiet people who help, once a week; and write down who writes how much."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from bot.delivery import Deliverer
from bot.mentors import consent, counts, rounds
from bot.mentors.looking import Seats
from bot.runtime import Runtime
from bot.slack import Refused, SlackError

log = logging.getLogger(__name__)


def look(rt: Runtime, _deliverer: Deliverer) -> None:
    """Look at the period that has ended, where nobody has done so yet.

    The look itself can take seconds, and is taken outside the transaction that
    records it: whoever is first writes the result down, any other finds it written.
    """
    with rt.reads() as session:
        waiting = rounds.due(session, rt.workspace, now=rt.clock(), numbers=rt.mentors)
        places = rounds.private_places(session, rt.workspace) if waiting else {}
    if not waiting:
        return
    write_down(rt, _deliverer)
    try:
        seats = _seats(rt, places)
    except SlackError as error:
        # The tick after next may have more luck; a period waits for days.
        log.warning("private channels not seen", extra={"error": error.code})
        return
    for due in waiting:
        with rt.reads() as session:
            result = rounds.look(session, rt.workspace, due, seats, numbers=rt.mentors)
        with rt.sessions.begin() as session:
            rounds.record(
                session,
                rt.workspace,
                due,
                result,
                numbers=rt.mentors,
                now=rt.clock(),
            )


def _seats(rt: Runtime, places: dict[int, str]) -> Seats:
    """Who is in the private channels; one that Slack won't show counts for nobody."""
    seats = {}
    for channel_id, slack_id in places.items():
        try:
            seats[channel_id] = frozenset(rt.slack.channel_members(slack_id))
        except Refused as error:
            log.warning("channel not seen", extra={"error": error.code})
    return seats


def follow(rt: Runtime, _deliverer: Deliverer) -> None:
    """What was not answered stays between us; who opted out is named no more."""
    with rt.sessions.begin() as session:
        now = rt.clock()
        consent.fall_silent(session, rt.workspace, numbers=rt.mentors, now=now)
        consent.leave_all(session, rt.workspace, now=now)


def write_down(rt: Runtime, _deliverer: Deliverer) -> None:
    """Write down the messages counted since the last time."""
    taken = rt.tally.take()
    if not taken:
        return
    try:
        with rt.sessions.begin() as session:
            counts.add(session, rt.workspace, taken)
    except SQLAlchemyError:
        rt.tally.put_back(taken)
        raise


def forget(rt: Runtime, _deliverer: Deliverer) -> None:
    with rt.sessions.begin() as session:
        counts.forget(session, rt.workspace, now=rt.clock())
