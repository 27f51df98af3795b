"""Take the next step for asks without an answer."""

import logging
from functools import partial

from bot.outbox.message_type import MAX_LOOKUPS
from bot.routing import notices, requests, steps, waiting
from bot.routing.steps import RoutingRun
from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackError
from bot.workspace.visibility import MembershipUnknown
from jobs.each_workspace import each_workspace_with, run_all

log = logging.getLogger(__name__)

# Messages about asks that no longer wait, updated in one transaction.
_UPDATES = 100


@each_workspace_with(
    waiting.due_routes, waiting.unplanned_asks, notices.over, requests.over
)
def route_asks(rt: Runtime, workspace: Workspace) -> None:
    """Look at each ask that is due, in a transaction of its own, the oldest first."""
    with rt.write(workspace) as tx:
        notices.update_over(tx, limit=_UPDATES)
    with rt.read(workspace) as tx:
        run = RoutingRun.load(tx, rt.search)
        due = steps.due_asks(tx, run.peers)
        finished = steps.finished_asks(tx, run.peers)
    if finished:
        with rt.write(workspace) as tx:
            steps.stop(tx, finished)
    run_all(partial(_advance, rt, workspace, run), due)


def _advance(rt: Runtime, workspace: Workspace, run: RoutingRun, ask_id: int) -> None:
    """Look at one ask; if it is unknown who is in its channel, ask Slack and retry."""
    for _ in range(MAX_LOOKUPS):
        try:
            with rt.read(workspace) as tx:
                candidates = steps.find_candidates(tx, run, ask_id)
            with rt.write(workspace) as tx:
                steps.advance(tx, run, ask_id, candidates)
        except MembershipUnknown as unknown:
            try:
                unknown.fetch(rt, workspace, is_urgent=False)
            except SlackError as error:
                log.warning("memberships not fetched", extra={"error": error.code})
                break
        else:
            return
    with rt.write(workspace) as tx:
        steps.postpone(tx, ask_id)
