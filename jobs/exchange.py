"""End the exchanges of people who left."""

from bot.exchange import service
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace_with, write_each


@each_workspace_with(service.running_in)
def end_exchanges(rt: Runtime, workspace: Workspace) -> None:
    """End each exchange with someone who is gone, in its own transaction."""
    with rt.read(workspace) as tx:
        left = service.left_members(tx)
    write_each(rt, workspace, service.end_left, left)
