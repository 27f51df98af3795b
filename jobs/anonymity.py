"""Post asks without a name and replies to them, and tell their authors of news."""

import logging
from datetime import timedelta

from bot.anonymity import drafts, notices, replies
from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackError
from bot.workspace import members
from jobs.each_workspace import each_workspace_with, write_each
from jobs.in_turn import in_turn

log = logging.getLogger(__name__)


@each_workspace_with(drafts.due_in)
def post_asks(rt: Runtime, workspace: Workspace) -> None:
    """Handle each draft that is due, in a transaction of its own."""
    with rt.read(workspace) as tx:
        due = drafts.due(tx)
    write_each(rt, workspace, drafts.advance, due)


@each_workspace_with(notices.answered, notices.refused)
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


@in_turn("add-channel-members", every=timedelta(hours=1), rows_of=(drafts.may_offer,))
def add_channel_members(rt: Runtime, workspace: Workspace) -> bool:
    """Insert the members of channels that take asks without a name, before they ask.

    Otherwise the row of someone who is new to the bot would begin when they ask.
    Returns False if Slack did not answer.
    """
    is_complete = True
    with rt.read(workspace) as tx:
        slack_ids = drafts.offered_channels(tx)
    for slack_id in slack_ids:
        try:
            people = list(rt.slack_of(workspace).conversation_members(slack_id))
        except SlackError as error:
            log.warning("channel's members not fetched", extra={"error": error.code})
            is_complete = False
            continue
        with rt.write(workspace) as tx:
            members.ensure(tx, people)
    return is_complete
