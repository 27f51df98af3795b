"""End the exchanges of people who left."""

from bot.exchange import service
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace, write_each


@each_workspace
def end_exchanges(rt: Runtime, workspace: Workspace) -> None:
    """End each exchange with someone who is gone, in its own transaction."""
    with rt.read(workspace) as tx:
        left = service.left_members(tx)
    write_each(rt, workspace, service.end_left, left)
