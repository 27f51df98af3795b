"""Suggest useful things to champions, and tell them on Mondays."""

import logging

from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackError
from bot.worklist import assignment, mondays
from jobs.each_workspace import each_workspace

log = logging.getLogger(__name__)


@each_workspace
def suggest_work(rt: Runtime, workspace: Workspace) -> None:
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
