"""Detect unexpected mentors once a week, and store message counts."""

import logging
from datetime import timedelta

from bot.mentors import consent, detection, message_counts
from bot.mentors.feature import Mentors
from bot.mentors.queries import PrivateMembers
from bot.runtime import Runtime, Workspace
from bot.slack.api import REVOKED_TOKEN_ERRORS, Rejected, SlackError
from jobs.each_workspace import (
    each_workspace,
    each_workspace_with,
    write_drained,
)
from jobs.in_turn import in_turn

log = logging.getLogger(__name__)


@in_turn("detect-mentors", every=timedelta(minutes=10))
def detect(rt: Runtime, workspace: Workspace) -> None:
    """Run the detection for each past period that has none yet.

    A run can take seconds, so it happens outside the transaction that records it. If
    several processes run it, only the first records its result.
    """
    settings = rt.features.get(Mentors).settings
    with rt.read(workspace) as tx:
        due_runs = detection.due_runs(tx, settings=settings)
        private_channels = detection.private_channels(tx) if due_runs else {}
    if not due_runs:
        return
    write_message_counts(rt, workspace)
    try:
        members = _private_members(rt, workspace, private_channels)
    except SlackError as error:
        # The next run of the job tries again; a run may be days late.
        log.warning("private channels not fetched", extra={"error": error.code})
        return
    for due in due_runs:
        with rt.read(workspace) as tx:
            result = detection.run(tx, due, members, settings=settings)
        with rt.write(workspace) as tx:
            detection.record(tx, due, result, settings=settings)


def _private_members(
    rt: Runtime, workspace: Workspace, channels: dict[int, str]
) -> PrivateMembers:
    """Return the members of the private channels that the bot can read."""
    members = {}
    for channel_id, slack_id in channels.items():
        try:
            members[channel_id] = frozenset(
                rt.slack_of(workspace).conversation_members(slack_id)
            )
        except Rejected as error:
            if error.code in REVOKED_TOKEN_ERRORS:
                raise
            log.warning("channel not fetched", extra={"error": error.code})
    return members


@each_workspace_with(consent.asked, consent.opted_out)
def apply_consent(rt: Runtime, workspace: Workspace) -> None:
    """Close unanswered requests for consent, and apply opt-outs."""
    with rt.write(workspace) as tx:
        consent.expire(tx, settings=rt.features.get(Mentors).settings)
        consent.apply_opt_outs(tx)


def write_message_counts(rt: Runtime, workspace: Workspace) -> None:
    """Store the messages counted since the last run."""
    counter = rt.features.get(Mentors).message_counter
    write_drained(rt, workspace, counter, message_counts.add)


flush_message_counts = each_workspace(write_message_counts)
