"""Kudos: the command, the form, the shortcuts, and the buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from slack_bolt import Ack, App
from sqlalchemy.orm import Session

from bot.answers import registers
from bot.answers import service as answers
from bot.channels import service as channels
from bot.errors import Refusal
from bot.facts import service as facts
from bot.kudos import forms, lists, notes, words
from bot.kudos import service as kudos
from bot.kudos.lists import What
from bot.kudos.rules import MOST_RECEIVERS
from bot.kudos.service import About, Draft, Given
from bot.kudos.words import Said
from bot.runtime import Runtime
from bot.text import clean, escape, marked, permalink, plain
from handlers.asks import number
from handlers.courtesy import courtesy
from handlers.gathered import Gathered
from handlers.payloads import (
    Command,
    Message,
    MessageShortcut,
    Payload,
    Pressed,
    Shortcut,
    SlackId,
    Submitted,
    Ts,
    View,
)

NO_PERSON = "That message is from an app."
OWN_MESSAGE = "That's your own message. Kudos are for others."
_NO_BUTTON = "That button is not one of mine."

_slack_id = TypeAdapter(SlackId)


class Origin(Payload):
    """The message that a form is about, as the form brings it back."""

    channel: SlackId
    ts: Ts
    thread_ts: Ts | None = None


def register(bolt: App, rt: Runtime) -> None:
    ways = Ways(rt)
    bolt.command("/kudos")(ways.command)
    bolt.shortcut({"type": "shortcut", "callback_id": "kudos"})(ways.shortcut)
    bolt.action("give_kudos")(ways.shortcut)
    bolt.shortcut({"type": "message_action", "callback_id": "thank_author"})(
        ways.thank_author
    )
    bolt.action("say_thanks")(ways.say_thanks)
    bolt.view("kudos")(ways.submitted)
    buttons = Buttons(rt)
    bolt.action("kudos_take_back")(buttons.taken_back)
    bolt.action("kudos_menu")(buttons.menu)
    for what in ("received", "given", "newest"):
        bolt.action(f"kudos_{what}")(buttons.older)


@dataclass(slots=True, eq=False)
class _Wanted:
    """Kudos that a command wants to give, and what came of it."""

    command: Command
    typed: Said
    given: Given | None = None
    refusal: Refusal | None = None


class Ways:
    """How people give kudos."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._gathered = Gathered(self._give_all)

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        command = Command.model_validate(body)
        text = clean(command.text)
        if not plain(text).strip():
            self._open(command.trigger_id, channel=_here(command))
            ack()
            return
        if plain(text).casefold() == "me":
            with self._rt.reads() as session:
                said, drawn = lists.mine(
                    session,
                    self._rt.workspace,
                    command.user_id,
                    now=self._rt.clock(),
                )
            ack(text=said, blocks=drawn)
            return
        said_ = words.parse(text)
        if not command.is_in_channel:
            self._open(command.trigger_id, said_, hint=forms.CHOOSE)
            ack()
            return
        people = said_.people[: MOST_RECEIVERS + 1]
        facts.ensure(
            self._rt,
            people=[command.user_id, *people],
            channel=command.channel_id,
            typed_by=command.user_id,
        )
        answer = self._give(command, said_)
        if answer is None:
            self._open(command.trigger_id, said_, hint=forms.INVITE_FIRST)
            ack()
            return
        ack(text=answer[0], blocks=answer[1])

    def _give(self, command: Command, typed: Said) -> notes.Note | None:
        """What the giver is answered; None where the bot is not in the channel."""
        wanted = _Wanted(command, typed)
        if self._rt.lookups.dialect.name == "sqlite":
            self._gathered.make(wanted)
        else:
            # PostgreSQL lets several commit at once, and gathers them itself.
            self._give_all([wanted])
        if wanted.refusal is not None:
            # It may name people, and names are no mrkdwn.
            raise Refusal(escape(str(wanted.refusal))) from wanted.refusal
        if wanted.given is None:
            return None
        return notes.given(
            wanted.given.kudos_id,
            wanted.given.names,
            left=wanted.given.left,
            dropped=[problem.text for problem in wanted.given.dropped],
        )

    def _give_all(self, everything: Sequence[_Wanted]) -> None:
        with self._rt.sessions.begin() as session:
            for wanted in everything:
                wanted.given = wanted.refusal = None
                try:
                    wanted.given = self._give_one(session, wanted)
                except Refusal as no:
                    # It has given nothing, and the others are not to fail.
                    wanted.refusal = no

    def _give_one(self, session: Session, wanted: _Wanted) -> Given | None:
        command, typed = wanted.command, wanted.typed
        channel = channels.note(session, self._rt.workspace.id, command.channel_id)
        if not channel.is_joined:
            return None
        return kudos.give(
            session,
            self._rt.workspace,
            channel,
            Draft(typed.people, typed.reason, typed.tags, typed.has_group),
            giver=command.user_id,
            source=f"command:{command.trigger_id}",
            now=self._rt.clock(),
        )

    def _open(
        self,
        trigger_id: str,
        said: Said | None = None,
        *,
        channel: str | None = None,
        is_here: bool = False,
        hint: str | None = None,
    ) -> None:
        self._rt.slack.open_view(
            trigger_id,
            forms.kudos_form(
                people=said.people if said else (),
                reason=said.reason if said else "",
                tags=said.tags if said else (),
                channel=channel,
                is_here=is_here,
                hint=hint,
            ),
        )

    def shortcut(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Shortcut.model_validate(body)
        self._open(asked.trigger_id, is_here=True)
        ack()

    def thank_author(self, body: dict[str, Any], ack: Ack) -> None:
        chosen = MessageShortcut.model_validate(body)
        message, here = chosen.message, chosen.channel.id
        author = self._author(here, message)
        if author == chosen.user.id:
            raise Refusal(OWN_MESSAGE)
        with self._rt.reads() as session:
            channel = channels.find(session, self._rt.workspace.id, here)
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
                hint=None if is_joined else forms.CHOOSE,
            ),
        )
        ack()

    def _author(self, slack_channel: str, message: Message) -> str:
        """Who wrote it, or for whom the bot did."""
        if message.user and answers.is_by_human(
            message.model_dump(), self._rt.workspace
        ):
            return message.user
        with self._rt.lookups.connect() as connection:
            place = registers.locate(
                connection, self._rt.workspace.id, slack_channel, message.ts
            )
        if place is None or not place.author:
            raise Refusal(NO_PERSON)
        return place.author

    def say_thanks(self, body: dict[str, Any], ack: Ack) -> None:
        """Anybody's button: what it holds is only put into the form."""
        pressed = Pressed.model_validate(body)
        thanked = forms.thanked(pressed.action.value)
        if thanked is None:
            raise Refusal(_NO_BUTTON)
        receiver, reason = thanked
        try:
            _slack_id.validate_python(receiver)
        except ValidationError as error:
            raise Refusal(_NO_BUTTON) from error
        if receiver == pressed.user.id:
            raise Refusal("That's you. Kudos are for others.")
        in_modal = pressed.view is not None and pressed.view.is_modal
        show = self._rt.slack.push_view if in_modal else self._rt.slack.open_view
        show(
            pressed.trigger_id,
            forms.kudos_form(people=[receiver], reason=marked(reason), is_here=True),
        )
        ack()

    def submitted(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        view, giver = form.view, form.user.id
        is_private = view.chosen("visibility") == "private"
        channel_id = None if is_private else view.conversation("channel")
        if not is_private and not channel_id:
            raise Refusal("Choose a channel, or let only them see it.", field="channel")
        people = view.users("people")
        facts.ensure(
            self._rt, people=[giver, *people[: MOST_RECEIVERS + 1]], channel=channel_id
        )
        origin = _origin(view)
        if origin:
            # Whether a link to the message may be shown elsewhere.
            facts.ensure(self._rt, channel=origin.channel)
        with self._rt.sessions.begin() as session:
            channel = None
            if channel_id:
                channel = channels.note(session, self._rt.workspace.id, channel_id)
                if not channel.is_joined:
                    raise Refusal(forms.INVITE, field="channel")
            now = self._rt.clock()
            given = kudos.give(
                session,
                self._rt.workspace,
                channel,
                Draft(
                    people,
                    marked(view.text("reason")),
                    words.tags_typed(view.text("tags")),
                    about=self._about(session, origin),
                ),
                giver=giver,
                source=f"form:{view.id}",
                now=now,
            )
            kudos.tell_giver(session, given, channel=channel, now=now)
        ack()

    def _about(self, session: Session, origin: Origin | None) -> About | None:
        if origin is None:
            return None
        channel = channels.note(session, self._rt.workspace.id, origin.channel)
        return About(channel.id, origin.ts, origin.thread_ts)


def _here(command: Command) -> str | None:
    return command.channel_id if command.is_in_channel else None


def _is_dm(body: dict[str, Any], channel: str) -> bool:
    """A direct message's address leads nobody else anywhere."""
    name = (body.get("channel") or {}).get("name")
    return name == "directmessage" or channel.startswith("D")


def _origin(view: View) -> Origin | None:
    about = view.meta().get("about")
    return Origin.model_validate(about) if about else None


class Buttons:
    """What people do with kudos that are there."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def taken_back(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        text = notes.TAKEN_BACK
        try:
            self._take_back(pressed, pressed.action.value)
        except Refusal as no:
            # Nor will it be possible later, so the button goes.
            text = escape(str(no))
        ack()
        self._answer(body, text, replace=True)

    def menu(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        option = pressed.action.selected_option
        facts.ensure(self._rt, people=[pressed.user.id])
        self._take_back(pressed, (option.value if option else "").partition(":")[2])
        ack()
        self._answer(body, notes.TAKEN_BACK, replace=False)

    def _take_back(self, pressed: Pressed, kudos_id: str) -> None:
        with self._rt.sessions.begin() as session:
            kudos.take_back(
                session,
                self._rt.workspace,
                number(kudos_id),
                by=pressed.user.id,
                now=self._rt.clock(),
            )

    def older(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        me, now = pressed.user.id, self._rt.clock()
        with self._rt.reads() as session:
            if pressed.action.action_id == "kudos_newest":
                text, drawn = lists.mine(session, self._rt.workspace, me, now=now)
            else:
                what: What = (
                    "given" if pressed.action.action_id == "kudos_given" else "received"
                )
                text, drawn = lists.page(
                    session,
                    self._rt.workspace,
                    me,
                    what,
                    pressed.action.value,
                    now=now,
                )
        ack()
        with courtesy():
            self._rt.slack.respond(body["response_url"], text, drawn, replace=True)

    def _answer(self, body: dict[str, Any], text: str, *, replace: bool) -> None:
        if body.get("response_url"):
            with courtesy():
                self._rt.slack.respond(body["response_url"], text, [], replace=replace)
