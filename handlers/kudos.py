"""Give kudos: the command, the form, and the shortcuts to the form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from pydantic import TypeAdapter, ValidationError
from slack_bolt import App

from bot.errors import UserError
from bot.kudos import forms, history, notes, parser
from bot.kudos import service as kudos
from bot.kudos.parser import ParsedKudos
from bot.kudos.rules import MAX_RECIPIENTS
from bot.kudos.service import GiveResult
from bot.kudos.store import KudosDraft, SubjectMessage
from bot.messages import authors, tracked_messages
from bot.runtime import Runtime, Transaction
from bot.slack.text import escape, permalink, sanitize, to_mrkdwn, to_plain
from bot.workspace import channels
from handlers.group_commit import GroupCommit
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    on_button,
    on_command,
    on_global_shortcut,
    on_message_shortcut,
    on_view,
    writes,
)
from handlers.payloads import (
    BlockAction,
    Interaction,
    MessageShortcut,
    Payload,
    SlackId,
    SlashCommand,
    Ts,
    View,
    ViewSubmission,
)
from handlers.requests import Request

NO_AUTHOR = "That message is from an app."
OWN_MESSAGE = "That's your own message. Kudos are for others."
_INVALID_BUTTON = "That button isn't one of mine."

_slack_id = TypeAdapter(SlackId)


class FormSubject(Payload):
    """The message that the kudos are about, in the form's metadata."""

    channel: SlackId
    ts: Ts
    thread_ts: Ts | None = None


def register(app: App, rt: Runtime) -> None:
    # On SQLite, simultaneous commands share a commit.
    group = GroupCommit(give_all)
    on_command(app, rt, "/kudos", partial(give_by_command, group=group))
    on_global_shortcut(app, rt, "kudos", open_form)
    on_button(app, rt, "give_kudos", open_form)
    on_message_shortcut(app, rt, "thank_author", thank_author)
    on_button(app, rt, "say_thanks", say_thanks)
    on_view(app, rt, "kudos", writes(submit, before=_refresh_form))


@dataclass(slots=True, eq=False)
class CommandKudos:
    """A command that gives kudos, and its result."""

    request: Request
    command: SlashCommand
    parsed: ParsedKudos
    # None if the bot is not in the channel.
    result: GiveResult | None = None
    error: UserError | None = None


def give_by_command(
    command: SlashCommand, request: Request, *, group: GroupCommit[CommandKudos]
) -> Response:
    text = sanitize(command.text)
    if not to_plain(text).strip():
        here = command.channel_id if command.is_in_channel else None
        return OpenView(forms.kudos_form(channel=here))
    if to_plain(text).casefold() == "me":
        with request.read() as tx:
            return Reply(*history.own_history(tx, command.actor))
    parsed = parser.parse(text)
    if not command.is_in_channel:
        return _filled_form(parsed, hint=forms.CHOOSE_CHANNEL)
    request.refresh(
        users=[command.actor, *parsed.people[: MAX_RECIPIENTS + 1]],
        channel=command.channel_id,
        command_user=command.actor,
    )
    command_kudos = CommandKudos(request, command, parsed)
    if request.rt.autocommit.dialect.name == "sqlite":
        group.submit(command_kudos)
    else:
        # PostgreSQL groups the commits of several transactions itself.
        give_all([command_kudos])
    if error := command_kudos.error:
        # The text may contain names, which are not mrkdwn.
        raise UserError(escape(str(error))) from error
    result = command_kudos.result
    if result is None:
        return _filled_form(parsed, hint=forms.INVITE_BOT_FIRST)
    text, buttons = notes.receipt(
        result.kudos_id,
        result.names,
        remaining=result.remaining,
        warnings=[warning.text for warning in result.warnings],
    )
    return Reply(text, buttons)


def _filled_form(parsed: ParsedKudos, *, hint: str) -> Response:
    return OpenView(
        forms.kudos_form(
            people=parsed.people, reason=parsed.reason, tags=parsed.tags, hint=hint
        )
    )


def give_all(batch: Sequence[CommandKudos]) -> None:
    """Give all kudos in one transaction; a rejected command does not fail the others.

    The commands may belong to several workspaces.
    """
    with batch[0].request.write() as tx:
        for command_kudos in batch:
            command_kudos.result = command_kudos.error = None
            workspace = command_kudos.request.workspace
            try:
                command_kudos.result = _give(
                    replace(tx, workspace=workspace), command_kudos
                )
            except UserError as error:
                command_kudos.error = error


def _give(tx: Transaction, command_kudos: CommandKudos) -> GiveResult | None:
    command, parsed = command_kudos.command, command_kudos.parsed
    channel = channels.find(tx, command.channel_id)
    if channel is None or not channel.is_joined:
        return None
    return kudos.give(
        tx,
        channel,
        KudosDraft(parsed.people, parsed.reason, parsed.tags, parsed.has_group),
        giver=command.actor,
        source=f"command:{command.trigger_id}",
    )


def open_form(_: Interaction, __: Request) -> Response:
    return OpenView(forms.kudos_form(use_current_channel=True))


def thank_author(shortcut: MessageShortcut, request: Request) -> Response:
    message, here = shortcut.message, shortcut.channel.id
    author = _author(shortcut, request)
    if author == shortcut.actor:
        raise UserError(OWN_MESSAGE)
    with request.read() as tx:
        channel = channels.find(tx, here)
        is_joined = channel is not None and channel.is_joined
    thread_ts = message.thread_ts if message.is_reply else None
    about = url = None
    # Nobody else could open a link to a direct message.
    if not shortcut.channel.is_direct_message:
        about = {"channel": here, "ts": message.ts}
        if thread_ts:
            about["thread_ts"] = thread_ts
        url = permalink(request.workspace.team_url, here, message.ts, thread_ts)
    return OpenView(
        forms.kudos_form(
            people=[author],
            channel=here if is_joined else None,
            about=about,
            about_url=url,
            hint=None if is_joined else forms.CHOOSE_CHANNEL,
        )
    )


def _author(shortcut: MessageShortcut, request: Request) -> str:
    """Return the message's author; for the bot's message, the member it stands for."""
    message, workspace = shortcut.message, request.workspace
    if message.user and authors.is_by_human(message.model_dump(), workspace):
        return message.user
    with request.rt.autocommit.connect() as connection:
        tracked = tracked_messages.find(
            connection,
            workspace.id,
            shortcut.channel.id,
            message.ts,
            request.rt.features.tracked_tables,
        )
    if tracked is None or not tracked.author:
        raise UserError(NO_AUTHOR)
    return tracked.author


def say_thanks(click: BlockAction, _: Request) -> Response:
    """Open the form with the button's value, which may be forged."""
    thanks = forms.parse_thank_value(click.value)
    if thanks is None:
        raise UserError(_INVALID_BUTTON)
    recipient, reason = thanks
    try:
        _slack_id.validate_python(recipient)
    except ValidationError as error:
        raise UserError(_INVALID_BUTTON) from error
    if recipient == click.actor:
        raise UserError("Kudos are for others. You can't thank yourself.")
    return OpenView(
        forms.kudos_form(
            people=[recipient], reason=to_mrkdwn(reason), use_current_channel=True
        )
    )


def _refresh_form(form: ViewSubmission, request: Request) -> None:
    people = form.view.users("people")[: MAX_RECIPIENTS + 1]
    request.refresh(users=[form.actor, *people], channel=_chosen_channel(form.view))
    if subject := _form_subject(form.view):
        # The channel's privacy decides whether others may see a link to the message.
        request.refresh(channel=subject.channel)


def submit(form: ViewSubmission, tx: Transaction) -> None:
    view, channel = form.view, None
    if channel_id := _chosen_channel(view):
        channel = channels.find(tx, channel_id)
        if channel is None or not channel.is_joined:
            raise UserError(forms.INVITE_BOT, field="channel")
    draft = KudosDraft(
        view.users("people"),
        to_mrkdwn(view.text("reason")),
        parser.parse_tags(view.text("tags")),
        about=_subject_message(tx, _form_subject(view)),
    )
    source = f"form:{view.id}"
    result = kudos.give(tx, channel, draft, giver=form.actor, source=source)
    kudos.send_receipt(tx, result, channel=channel)


def _chosen_channel(view: View) -> str | None:
    """Return the channel to post the kudos in, or None for private kudos."""
    if view.chosen("visibility") == "private":
        return None
    channel = view.conversation("channel")
    if not channel:
        raise UserError("Choose a channel, or choose “Only for them”.", field="channel")
    return channel


def _form_subject(view: View) -> FormSubject | None:
    about = view.metadata().get("about")
    return FormSubject.model_validate(about) if about else None


def _subject_message(
    tx: Transaction, subject: FormSubject | None
) -> SubjectMessage | None:
    if subject is None or channels.places_among(tx, [subject.channel]):
        return None
    channel = channels.get_or_create(tx, subject.channel)
    return SubjectMessage(channel.id, subject.ts, subject.thread_ts)
