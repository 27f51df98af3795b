"""Post the asks without a name whose random time has come."""

from bot.anonymity import drafts
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace


@each_workspace
def post_asks(rt: Runtime, workspace: Workspace) -> None:
    """Post each draft that is due, in a transaction of its own."""
    with rt.read(workspace) as tx:
        due = drafts.due(tx)
    for draft_id in due:
        with rt.write(workspace) as tx:
            drafts.post(tx, draft_id)
