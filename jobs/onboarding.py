"""Store to whom people wrote, of those who are new."""

from bot.onboarding import newcomers
from bot.onboarding.feature import Onboarding
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace, write_drained


@each_workspace
def notice_newcomers(rt: Runtime, workspace: Workspace) -> None:
    contacts = rt.features.get(Onboarding).contacts
    write_drained(rt, workspace, contacts, newcomers.notice)
