"""Post asks without a name and replies to them, and tell their authors of news."""

import logging

from bot.anonymity import drafts, notices, replies
from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackError
from bot.workspace import members
from jobs.each_workspace import each_workspace, each_workspace_with, write_each

log = logging.getLogger(__name__)


@each_workspace_with(drafts.due_in)
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


@each_workspace_with(replies.due_in)
def post_replies(rt: Runtime, workspace: Workspace) -> None:
    """Post each reply that is due, in a transaction of its own."""
    with rt.read(workspace) as tx:
        due = replies.due(tx)
    write_each(rt, workspace, replies.post, due)


@each_workspace
def meet_people(rt: Runtime, workspace: Workspace) -> None:
    """Insert the members of channels that take asks without a name, before they ask.

    Otherwise the row of someone who is new to the bot would begin when they ask.
    """
    with rt.read(workspace) as tx:
        slack_ids = drafts.offered_channels(tx)
    for slack_id in slack_ids:
        try:
            people = list(rt.slack_of(workspace).conversation_members(slack_id))
        except SlackError as error:
            # The next run tries again.
            log.warning("channel's members not fetched", extra={"error": error.code})
            continue
        with rt.write(workspace) as tx:
            members.ensure(tx, people)
