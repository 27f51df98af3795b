"""Follow what became of programs: no channel is left, or the last day is over."""

from bot.programs import invitation_updates, pauses
from bot.runtime import Transaction
from jobs.each_workspace import work_if_due


def _is_due(tx: Transaction) -> bool:
    return bool(pauses.count_due(tx) or invitation_updates.count_due(tx))


def _check(tx: Transaction) -> None:
    pauses.tell_leads(tx)
    invitation_updates.close(tx)


check_programs = work_if_due(_is_due, _check)
