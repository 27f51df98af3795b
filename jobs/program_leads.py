"""Ask program leads what they are stuck on themselves."""

from bot.programs import lead_prompts
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace_with, write_each


@each_workspace_with(lead_prompts.leads)
def ask_leads(rt: Runtime, workspace: Workspace) -> None:
    """Ask each lead who is due, in a transaction of its own."""
    with rt.read(workspace) as tx:
        people = lead_prompts.leads_to_ask(tx)
    write_each(rt, workspace, lead_prompts.ask, people)
