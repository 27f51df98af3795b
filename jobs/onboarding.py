"""Store to whom people wrote, of those who are new."""

from sqlalchemy.exc import SQLAlchemyError

from bot.onboarding import newcomers
from bot.onboarding.feature import Onboarding
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace


@each_workspace
def notice_newcomers(rt: Runtime, workspace: Workspace) -> None:
    contacts = rt.features.get(Onboarding).contacts
    collected = contacts.drain(workspace.id)
    if not collected:
        return
    try:
        with rt.write(workspace) as tx:
            newcomers.notice(tx, collected)
    except SQLAlchemyError:
        contacts.restore(workspace.id, collected)
        raise
