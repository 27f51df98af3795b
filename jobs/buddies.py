"""Ask newcomers, find buddies for them, and end it for those who left or must part."""

from bot.buddies import offers, partings, questions, service, wishes
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace_with, write_each


@each_workspace_with(
    service.running_in, offers.offered, wishes.joined_lately, questions.looking
)
def find_buddies(rt: Runtime, workspace: Workspace) -> None:
    """Do what is due; matching takes up to seconds, and holds up nobody."""
    with rt.read(workspace) as tx:
        left, asks = service.left_members(tx), service.waiting_asks(tx)
        parted = partings.due(tx)
        silent, unasked = offers.silent(tx), wishes.unasked(tx)
        draft = questions.draft(tx)
    write_each(rt, workspace, service.end_left, left)
    write_each(rt, workspace, partings.part, parted)
    write_each(rt, workspace, service.tell_of_ask, asks)
    write_each(rt, workspace, offers.pause, silent)
    write_each(rt, workspace, wishes.ask, unasked)
    if draft is not None:
        assigned = draft.assign()
        with rt.write(workspace) as tx:
            questions.store(tx, [each.id for each in draft.newcomers], assigned)
