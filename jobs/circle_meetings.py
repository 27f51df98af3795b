"""Plan circles' meetings, announce them, post their agendas, and end them."""

from bot.circles import meeting_plans, meetings
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace_with, write_each


@each_workspace_with(meeting_plans.unplanned, meeting_plans.ahead, meetings.due)
def keep_meetings(rt: Runtime, workspace: Workspace) -> None:
    with rt.read(workspace) as tx:
        circles = meeting_plans.unplanned_circles(tx)
        moved = meeting_plans.moved_meetings(tx)
        due = meetings.due_meetings(tx)
    write_each(rt, workspace, meeting_plans.plan_first, circles)
    write_each(rt, workspace, meeting_plans.replan_moved, moved)
    write_each(rt, workspace, meetings.do_due, due)
