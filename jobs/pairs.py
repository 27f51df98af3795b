"""Form rounds of peer coffee, and take people out of matches who can't come."""

from bot.pairs import opt_ins, rounds, withdrawals
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace_with


@each_workspace_with(opt_ins.people, withdrawals.new_matches)
def match_pairs(rt: Runtime, workspace: Workspace) -> None:
    """Form the round that is due; matching takes seconds, and holds up nobody."""
    with rt.read(workspace) as tx:
        has_absent = withdrawals.has_absent(tx)
        draft = rounds.draft(tx)
    if has_absent:
        with rt.write(workspace) as tx:
            withdrawals.withdraw_absent(tx)
    if draft is not None:
        formed = draft.form()
        with rt.write(workspace) as tx:
            rounds.store(tx, draft, formed)
