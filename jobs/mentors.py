"""Notice the quiet people who help, once a week; and write down who writes how much."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from bot.mentors import consent, detection, message_counts
from bot.mentors.queries import PrivateMembers
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from bot.slack.api import Rejected, SlackError

log = logging.getLogger(__name__)


def detect(rt: Runtime, _worker: OutboxWorker) -> None:
    """Look at the period that has ended, where nobody has done so yet.

    The look itself can take seconds, and is taken outside the transaction that
    records it: whoever is first writes the result down, any other finds it written.
    """
    with rt.read(rt.workspace) as tx:
        waiting = detection.due_runs(tx, settings=rt.mentor_settings)
        places = detection.private_channels(tx) if waiting else {}
    if not waiting:
        return
    flush_message_counts(rt, _worker)
    try:
        seats = _private_members(rt, places)
    except SlackError as error:
        # The tick after next may have more luck; a period waits for days.
        log.warning("private channels not seen", extra={"error": error.code})
        return
    for due in waiting:
        with rt.read(rt.workspace) as tx:
            result = detection.run(tx, due, seats, settings=rt.mentor_settings)
        with rt.write(rt.workspace) as tx:
            detection.record(tx, due, result, settings=rt.mentor_settings)


def _private_members(rt: Runtime, channels: dict[int, str]) -> PrivateMembers:
    """Who is in the private channels; one that Slack won't show counts for nobody."""
    seats = {}
    for channel_id, slack_id in channels.items():
        try:
            seats[channel_id] = frozenset(rt.slack.conversation_members(slack_id))
        except Rejected as error:
            log.warning("channel not seen", extra={"error": error.code})
    return seats


def apply_consent(rt: Runtime, _worker: OutboxWorker) -> None:
    """What was not answered stays between us; who opted out is named no more."""
    with rt.write(rt.workspace) as tx:
        consent.expire(tx, settings=rt.mentor_settings)
        consent.apply_opt_outs(tx)


def flush_message_counts(rt: Runtime, _worker: OutboxWorker) -> None:
    """Write down the messages counted since the last time."""
    taken = rt.message_counter.drain()
    if not taken:
        return
    try:
        with rt.write(rt.workspace) as tx:
            message_counts.add(tx, taken)
    except SQLAlchemyError:
        rt.message_counter.restore(taken)
        raise


def purge_message_counts(rt: Runtime, _worker: OutboxWorker) -> None:
    with rt.write(rt.workspace) as tx:
        message_counts.purge_expired(tx)
