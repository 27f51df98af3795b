"""Follow what became of programs: channels, last days, and new leads."""

from bot.programs import invitation_updates, pauses, questions
from bot.runtime import Runtime, Transaction, Workspace
from jobs.each_workspace import each_workspace_with, write_if


@each_workspace_with(
    pauses.without_channel,
    pauses.with_channel_again,
    invitation_updates.over,
    questions.unanswered,
)
def check_programs(rt: Runtime, workspace: Workspace) -> None:
    write_if(rt, workspace, _is_due, _check)


def _is_due(tx: Transaction) -> bool:
    return bool(
        pauses.count_due(tx) or invitation_updates.count_due(tx) or questions.unread(tx)
    )


def _check(tx: Transaction) -> None:
    pauses.tell_leads(tx)
    invitation_updates.close(tx)
    questions.tell_new_leads(tx)
