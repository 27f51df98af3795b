"""Routing: ask peers who may know about asks without an answer, as a feature."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, bindparam, select

from bot.db.statements import table
from bot.feature import Feature
from bot.feature.due_rows import DueRows
from bot.messages.events import BatchedChange, DeletedMessage, one_by_one
from bot.messages.tracked_messages import TrackedMessage
from bot.routing import (
    home,
    links,
    notices,
    notifications,
    offers,
    personal_data,
    requests,
    settings,
    work_items,
)
from bot.runtime import Runtime, Transaction, Workspace
from models import Answer, Ask, AskRoute, Channel, HelpRequest

# Requests are kept for so long; then only the number of each step's requests is.
KEPT_FOR = timedelta(days=90)

_requests, _answers = table(HelpRequest), table(Answer)
# Runs for each first mark of an answer, so it is built once.
_ASKED_AUTHORS = (
    select(_requests.c.id, _requests.c.member)
    .join(
        _answers,
        (_answers.c.ask_id == _requests.c.ask_id)
        & (_answers.c.author == _requests.c.member),
    )
    .where(_answers.c.id.in_(bindparam("answer_ids", expanding=True)))
    .order_by(_requests.c.id)
)


def _routes_of(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    return [AskRoute.installation_id.in_(ids)]


def _purge(tx: Transaction, _before: datetime) -> None:
    requests.purge(tx, before=tx.now - KEPT_FOR)


def _on_channel_restricted(tx: Transaction, channel: Channel) -> None:
    links.hide(tx, channel)
    if channel.is_private:
        requests.hide(tx, channel)


def _on_title_changed(tx: Transaction, ask: Ask) -> None:
    links.update_title(tx, ask)
    requests.update_title(tx, ask)
    notices.update_title(tx, ask)


def _on_marks_changed(tx: Transaction, answer_ids: Collection[int]) -> None:
    """Thank a member who was asked, and whose answer helped, or no longer thank."""
    asked = tx.session.execute(_ASKED_AUTHORS, {"answer_ids": list(answer_ids)})
    for request in asked.all():
        requests.update_message(tx, request.id, request.member)


def _on_message_deleted(
    _rt: Runtime,
    workspace: Workspace,
    deleted: DeletedMessage,
    message: TrackedMessage,
    _thread: TrackedMessage | None,
) -> BatchedChange | None:
    """Return the change to a link, in case the bot's message was one."""
    if deleted.author not in {None, workspace.bot_user_id}:
        return None
    change = partial(links.apply_deletion, message.channel_id, deleted.ts)
    return BatchedChange(one_by_one, change)


ROUTING = Feature(
    name="routing",
    message_types=(*notifications.MESSAGE_TYPES, *links.MESSAGE_TYPES),
    personal_data=(*personal_data.PERSONAL_DATA, *links.PERSONAL_DATA),
    message_policies=(*personal_data.MESSAGES, *links.MESSAGES),
    purge=_purge,
    channel_settings=settings.CHANNEL_SETTINGS,
    member_settings=settings.MEMBER_SETTINGS,
    home_sections=(home.REQUESTS,),
    home_asks=home.shown_asks,
    ask_options=offers.in_options,
    confirmation_blocks=offers.for_confirmation,
    own_ask_blocks=home.own_ask_blocks,
    work_items=(work_items.NOBODY_HAS_ANSWERED,),
    due_rows=(DueRows("route-asks", AskRoute.due_at, _routes_of),),
    on_message_deleted=_on_message_deleted,
    on_channel_restricted=_on_channel_restricted,
    on_title_changed=_on_title_changed,
    on_answers_marked=_on_marks_changed,
    on_answers_unmarked=_on_marks_changed,
)
