"""Ask people who did nothing for weeks whether they stay in their program."""

from datetime import timedelta

from bot.programs import service, stay
from bot.runtime import Runtime, Transaction, Workspace
from bot.workspace import leads
from jobs.each_workspace import write_each, write_if
from jobs.in_turn import in_turn


@in_turn(
    "ask-silent-members",
    every=timedelta(hours=1),
    rows_of=(stay.joined_long_ago, service.without_program),
)
def ask_silent_members(rt: Runtime, workspace: Workspace) -> None:
    """Pause those who did not answer, and ask others; each in its own transaction.

    Before, create the workspace's own program where the bot was before there was one.
    """
    write_if(rt, workspace, _has_no_program, leads.workspace_program_id)
    with rt.read(workspace) as tx:
        unanswered = stay.without_answer(tx)
    write_each(rt, workspace, stay.settle, unanswered)
    with rt.read(workspace) as tx:
        silent = stay.silent_members(tx)
    write_each(rt, workspace, stay.ask, silent)


def _has_no_program(tx: Transaction) -> bool:
    return service.find_workspace_program(tx) is None
