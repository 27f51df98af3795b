"""Plan circles' meetings, announce them, post their agendas, and end them."""

from bot.circles import meetings
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace, write_each


@each_workspace
def keep_meetings(rt: Runtime, workspace: Workspace) -> None:
    with rt.read(workspace) as tx:
        circles = meetings.unplanned_circles(tx)
        moved = meetings.moved_meetings(tx)
        due = meetings.due_meetings(tx)
    write_each(rt, workspace, meetings.plan_first, circles)
    write_each(rt, workspace, meetings.replan_moved, moved)
    write_each(rt, workspace, meetings.do_due, due)
