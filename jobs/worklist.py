"""Suggest useful things to champions, and tell them on Mondays."""

import logging
from datetime import timedelta

from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackError
from bot.worklist import assignment, items, mondays, people
from jobs.in_turn import in_turn

log = logging.getLogger(__name__)


def suggest_in(rt: Runtime, workspace: Workspace) -> None:
    """Ask Slack who is in the channels concerned, then give and pass on items."""
    with rt.read(workspace) as tx:
        unknown = assignment.find_unknown(tx)
    for each in unknown:
        try:
            each.fetch(rt, workspace, is_urgent=False)
        except SlackError as error:
            log.warning("memberships not fetched", extra={"error": error.code})
    with rt.write(workspace) as tx:
        assignment.run(tx)
        tx.session.flush()
        mondays.enqueue_due(tx)


suggest_work = in_turn(
    "suggest-work",
    every=timedelta(minutes=30),
    rows_of=(people.champions, people.program_people, items.open_in),
)(suggest_in)
