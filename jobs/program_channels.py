"""Follow what became of programs: channels, last days, and new leads."""

from bot.programs import invitation_updates, pauses, questions
from bot.runtime import Transaction
from jobs.each_workspace import work_if_due


def _is_due(tx: Transaction) -> bool:
    return bool(
        pauses.count_due(tx) or invitation_updates.count_due(tx) or questions.unread(tx)
    )


def _check(tx: Transaction) -> None:
    pauses.tell_leads(tx)
    invitation_updates.close(tx)
    questions.tell_new_leads(tx)


check_programs = work_if_due(_is_due, _check)
