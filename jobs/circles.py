"""Form circles, pass on places, look after quiet circles, and end seasons."""

from bot.circles import decisions, endings, forming, places, quiet, seasons, votes
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace_with, write_each


@each_workspace_with(forming.unformed)
def form_circles(rt: Runtime, workspace: Workspace) -> None:
    """Form the circles of each season, in its own transaction."""
    with rt.read(workspace) as tx:
        due = forming.due(tx)
    write_each(rt, workspace, forming.form, due)


@each_workspace_with(seasons.unended)
def pass_on_places(rt: Runtime, workspace: Workspace) -> None:
    """End the places of each season that were not taken in time."""
    with rt.read(workspace) as tx:
        due = places.due(tx)
    write_each(rt, workspace, places.settle, due)


@each_workspace_with(quiet.due_in, votes.due_in)
def check_circles(rt: Runtime, workspace: Workspace) -> None:
    """Ask circles that went quiet, and decide what their answers have not."""
    with rt.read(workspace) as tx:
        unchecked = quiet.due(tx)
        due = votes.due(tx)
    write_each(rt, workspace, quiet.check, unchecked)
    write_each(rt, workspace, decisions.settle, due)


@each_workspace_with(seasons.unended)
def end_seasons(rt: Runtime, workspace: Workspace) -> None:
    """End each season whose last day is over."""
    with rt.read(workspace) as tx:
        due = endings.due(tx)
    write_each(rt, workspace, endings.settle, due)
