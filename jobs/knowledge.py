"""Have the words of answers read that were marked since the last time."""

from bot.knowledge import answer_texts
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace


@each_workspace
def read_answers(rt: Runtime, workspace: Workspace) -> None:
    with rt.read(workspace) as tx:
        is_due = answer_texts.is_any_due(tx)
    if is_due:
        with rt.write(workspace) as tx:
            answer_texts.enqueue_due(tx)
