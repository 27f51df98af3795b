"""Suggest useful things to champions, and tell them on Mondays."""

import logging

from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackError
from bot.worklist import assignment, mondays
from bot.worklist.feature import Worklist
from jobs.each_workspace import each_workspace

log = logging.getLogger(__name__)


@each_workspace
def suggest_work_when_due(rt: Runtime, workspace: Workspace) -> None:
    """Suggest things every half hour, by the bot's own clock."""
    if rt.features.get(Worklist).last_runs.is_due(workspace.id, rt.clock()):
        suggest_in(rt, workspace)


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


suggest_work = each_workspace(suggest_in)
