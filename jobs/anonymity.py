"""Post asks without a name and replies to them, and tell their authors of news."""

from bot.anonymity import drafts, notices, replies
from bot.runtime import Runtime, Workspace
from jobs.each_workspace import each_workspace, write_each


@each_workspace
def post_asks(rt: Runtime, workspace: Workspace) -> None:
    """Handle each draft that is due, in a transaction of its own."""
    with rt.read(workspace) as tx:
        due = drafts.due(tx)
    write_each(rt, workspace, drafts.advance, due)


@each_workspace
def tell_authors(rt: Runtime, workspace: Workspace) -> None:
    """Tell authors once a day that there is news, each in a transaction of its own."""
    with rt.read(workspace) as tx:
        people = notices.authors_with_news(tx)
    write_each(rt, workspace, notices.tell, people)


@each_workspace
def post_replies(rt: Runtime, workspace: Workspace) -> None:
    """Post each reply that is due, in a transaction of its own."""
    with rt.read(workspace) as tx:
        due = replies.due(tx)
    write_each(rt, workspace, replies.post, due)
