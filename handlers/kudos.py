"""Kudos: the command, the form, the shortcuts, and the buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from slack_bolt import Ack, App

from bot.errors import UserError
from bot.kudos import forms, history, notes, parser
from bot.kudos import service as kudos
from bot.kudos.parser import ParsedKudos
from bot.kudos.rules import MAX_RECIPIENTS
from bot.kudos.service import GiveResult
from bot.kudos.store import KudosDraft, SubjectMessage
from bot.messages import authors, tracked_messages
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import Note
from bot.slack.text import escape, permalink, sanitize, to_mrkdwn, to_plain
from bot.workspace import channels, sync
from handlers.group_commit import GroupCommit
from handlers.kudos_buttons import ButtonListeners
from handlers.payloads import (
    BlockAction,
    Message,
    MessageShortcut,
    Payload,
    Shortcut,
    SlackId,
    SlashCommand,
    Ts,
    View,
    ViewSubmission,
)

NO_AUTHOR = "That message is from an app."
OWN_MESSAGE = "That's your own message. Kudos are for others."
_INVALID_BUTTON = "That button is not one of mine."

_slack_id = TypeAdapter(SlackId)


class FormSubject(Payload):
    """The message that a form is about, as the form brings it back."""

    channel: SlackId
    ts: Ts
    thread_ts: Ts | None = None


def register(bolt: App, rt: Runtime) -> None:
    ways = GiveListeners(rt)
    bolt.command("/kudos")(ways.command)
    bolt.shortcut({"type": "shortcut", "callback_id": "kudos"})(ways.shortcut)
    bolt.action("give_kudos")(ways.shortcut)
    bolt.shortcut({"type": "message_action", "callback_id": "thank_author"})(
        ways.thank_author
    )
    bolt.action("say_thanks")(ways.say_thanks)
    bolt.view("kudos")(ways.submit)
    buttons = ButtonListeners(rt)
    bolt.action("kudos_take_back")(buttons.take_back)
    bolt.action("kudos_menu")(buttons.menu)
    for what in ("received", "given", "newest"):
        bolt.action(f"kudos_{what}")(buttons.turn_page)


@dataclass(slots=True, eq=False)
class _CommandRequest:
    """Kudos that a command wants to give, and what came of it."""

    command: SlashCommand
    parsed: ParsedKudos
    result: GiveResult | None = None
    error: UserError | None = None


class GiveListeners:
    """How people give kudos."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._batch = GroupCommit(self._give_all)

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        command = SlashCommand.model_validate(body)
        text = sanitize(command.text)
        if not to_plain(text).strip():
            self._open_form(command.trigger_id, channel=_current_channel(command))
            ack()
            return
        if to_plain(text).casefold() == "me":
            with self._rt.read(self._rt.workspace) as tx:
                said, drawn = history.own_history(tx, command.user_id)
            ack(text=said, blocks=drawn)
            return
        said_ = parser.parse(text)
        if not command.is_in_channel:
            self._open_form(command.trigger_id, said_, hint=forms.CHOOSE_CHANNEL)
            ack()
            return
        people = said_.people[: MAX_RECIPIENTS + 1]
        sync.refresh(
            self._rt,
            users=[command.user_id, *people],
            channel=command.channel_id,
            command_user=command.user_id,
        )
        answer = self._give(command, said_)
        if answer is None:
            self._open_form(command.trigger_id, said_, hint=forms.INVITE_BOT_FIRST)
            ack()
            return
        ack(text=answer[0], blocks=answer[1])

    def _give(self, command: SlashCommand, parsed: ParsedKudos) -> Note | None:
        """What the giver is answered; None where the bot is not in the channel."""
        wanted = _CommandRequest(command, parsed)
        if self._rt.autocommit.dialect.name == "sqlite":
            self._batch.commit(wanted)
        else:
            # PostgreSQL lets several commit at once, and gathers them itself.
            self._give_all([wanted])
        if wanted.error is not None:
            # It may name people, and names are no mrkdwn.
            raise UserError(escape(str(wanted.error))) from wanted.error
        if wanted.result is None:
            return None
        return notes.receipt(
            wanted.result.kudos_id,
            wanted.result.names,
            remaining=wanted.result.remaining,
            warnings=[problem.text for problem in wanted.result.warnings],
        )

    def _give_all(self, requests: Sequence[_CommandRequest]) -> None:
        with self._rt.write(self._rt.workspace) as tx:
            for wanted in requests:
                wanted.result = wanted.error = None
                try:
                    wanted.result = self._give_one(tx, wanted)
                except UserError as no:
                    # It has given nothing, and the others are not to fail.
                    wanted.error = no

    def _give_one(self, tx: Transaction, request: _CommandRequest) -> GiveResult | None:
        command, typed = request.command, request.parsed
        channel = channels.get_or_create(tx, command.channel_id)
        if not channel.is_joined:
            return None
        return kudos.give(
            tx,
            channel,
            KudosDraft(typed.people, typed.reason, typed.tags, typed.has_group),
            giver=command.user_id,
            source=f"command:{command.trigger_id}",
        )

    def _open_form(
        self,
        trigger_id: str,
        parsed: ParsedKudos | None = None,
        *,
        channel: str | None = None,
        use_current_channel: bool = False,
        hint: str | None = None,
    ) -> None:
        self._rt.slack.open_view(
            trigger_id,
            forms.kudos_form(
                people=parsed.people if parsed else (),
                reason=parsed.reason if parsed else "",
                tags=parsed.tags if parsed else (),
                channel=channel,
                use_current_channel=use_current_channel,
                hint=hint,
            ),
        )

    def shortcut(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Shortcut.model_validate(body)
        self._open_form(asked.trigger_id, use_current_channel=True)
        ack()

    def thank_author(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        message, here = chosen.message, chosen.channel.id
        author = self._author(here, message)
        if author == chosen.user.id:
            raise UserError(OWN_MESSAGE)
        with self._rt.read(self._rt.workspace) as tx:
            channel = channels.find(tx, here)
            is_joined = channel is not None and channel.is_joined
        is_dm = _is_dm(body, here)
        thread_ts = message.thread_ts if message.is_reply else None
        about = None
        if not is_dm:
            about = {"channel": here, "ts": message.ts}
            if thread_ts:
                about["thread_ts"] = thread_ts
        url = permalink(self._rt.workspace.team_url, here, message.ts, thread_ts)
        self._rt.slack.open_view(
            chosen.trigger_id,
            forms.kudos_form(
                people=[author],
                channel=here if is_joined else None,
                about=about,
                about_url=url if about else None,
                hint=None if is_joined else forms.CHOOSE_CHANNEL,
            ),
        )
        ack()

    def _author(self, slack_channel: str, message: Message) -> str:
        """Who wrote it, or for whom the bot did."""
        if message.user and authors.is_by_human(
            message.model_dump(), self._rt.workspace
        ):
            return message.user
        with self._rt.autocommit.connect() as connection:
            place = tracked_messages.find(
                connection, self._rt.workspace.id, slack_channel, message.ts
            )
        if place is None or not place.author:
            raise UserError(NO_AUTHOR)
        return place.author

    def say_thanks(self, body: dict[str, Any], ack: Ack) -> None:
        """Anybody's button: what it holds is only put into the form."""
        pressed = BlockAction.model_validate(body)
        thanked = forms.parse_thank_value(pressed.action.value)
        if thanked is None:
            raise UserError(_INVALID_BUTTON)
        receiver, reason = thanked
        try:
            _slack_id.validate_python(receiver)
        except ValidationError as error:
            raise UserError(_INVALID_BUTTON) from error
        if receiver == pressed.user.id:
            raise UserError("That's you. Kudos are for others.")
        in_modal = pressed.view is not None and pressed.view.is_modal
        show = self._rt.slack.push_view if in_modal else self._rt.slack.open_view
        show(
            pressed.trigger_id,
            forms.kudos_form(
                people=[receiver], reason=to_mrkdwn(reason), use_current_channel=True
            ),
        )
        ack()

    def submit(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        view, giver = form.view, form.user.id
        is_private = view.chosen("visibility") == "private"
        channel_id = None if is_private else view.conversation("channel")
        if not is_private and not channel_id:
            raise UserError(
                "Choose a channel, or let only them see it.", field="channel"
            )
        people = view.users("people")
        sync.refresh(
            self._rt, users=[giver, *people[: MAX_RECIPIENTS + 1]], channel=channel_id
        )
        origin = _form_subject(view)
        if origin:
            # Whether a link to the message may be shown elsewhere.
            sync.refresh(self._rt, channel=origin.channel)
        with self._rt.write(self._rt.workspace) as tx:
            channel = None
            if channel_id:
                channel = channels.get_or_create(tx, channel_id)
                if not channel.is_joined:
                    raise UserError(forms.INVITE_BOT, field="channel")
            given = kudos.give(
                tx,
                channel,
                KudosDraft(
                    people,
                    to_mrkdwn(view.text("reason")),
                    parser.parse_tags(view.text("tags")),
                    about=self._subject_message(tx, origin),
                ),
                giver=giver,
                source=f"form:{view.id}",
            )
            kudos.send_receipt(tx, given, channel=channel)
        ack()

    def _subject_message(
        self, tx: Transaction, subject: FormSubject | None
    ) -> SubjectMessage | None:
        if subject is None:
            return None
        channel = channels.get_or_create(tx, subject.channel)
        return SubjectMessage(channel.id, subject.ts, subject.thread_ts)


def _current_channel(command: SlashCommand) -> str | None:
    return command.channel_id if command.is_in_channel else None


def _is_dm(body: dict[str, Any], channel: str) -> bool:
    """A direct message's address leads nobody else anywhere."""
    name = (body.get("channel") or {}).get("name")
    return name == "directmessage" or channel.startswith("D")


def _form_subject(view: View) -> FormSubject | None:
    about = view.metadata().get("about")
    return FormSubject.model_validate(about) if about else None
