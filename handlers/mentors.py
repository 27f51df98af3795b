"""What people decide about their credits, and what program leads see and add."""

from typing import Any

from slack_bolt import Ack, App

from bot.errors import UserError
from bot.mentors import administration, consent, forms
from bot.mentors.consent import Choice
from bot.runtime import Runtime
from bot.workspace import sync
from handlers.home import show_home
from handlers.interactions import parse_id, subcommand
from handlers.payloads import BlockAction, SlashCommand, ViewSubmission

_CHOICES: dict[str, Choice] = {
    "mentor_tell": "public",
    "mentor_keep": "private",
    "mentor_never": "never",
}


def register(bolt: App, rt: Runtime) -> None:
    mentors = MentorListeners(rt)
    for action_id in _CHOICES:
        bolt.action(action_id)(mentors.choose)
    bolt.command("/backswing", matchers=subcommand("mentors"))(mentors.command)
    bolt.action("mentor_newer")(mentors.turn_page)
    bolt.action("mentor_older")(mentors.turn_page)
    bolt.action("mentor_add")(mentors.open_credit_form)
    bolt.view("mentor_add")(mentors.add_credit)
    bolt.action("mentor_set_up")(mentors.open_settings)
    bolt.view("mentor_set_up")(mentors.save_settings)


class MentorListeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def choose(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        with self._rt.write(self._rt.workspace) as tx:
            consent.decide(
                tx,
                parse_id(pressed.action.value),
                _CHOICES[pressed.action.action_id],
                by=pressed.user.id,
            )
        ack()
        if (body.get("view") or {}).get("type") != "home":
            return
        show_home(self._rt, pressed.user.id)

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        asked = SlashCommand.model_validate(body)
        sync.refresh(self._rt, users=[asked.user_id])
        with self._rt.read(self._rt.workspace) as tx:
            view = administration.overview(tx, by=asked.user_id, start=0)
        self._rt.slack.open_view(asked.trigger_id, view)
        ack()

    def turn_page(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read(self._rt.workspace) as tx:
            view = administration.overview(
                tx, by=pressed.user.id, start=parse_id(pressed.action.value)
            )
        if pressed.view is not None:
            self._rt.slack.update_view(pressed.view.id, view, hash=pressed.view.hash)
        ack()

    def open_credit_form(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read(self._rt.workspace) as tx:
            administration.require_access(tx, pressed.user.id)
        self._rt.slack.push_view(pressed.trigger_id, forms.credit_form())
        ack()

    def add_credit(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        people = form.view.users("member")
        channel = form.view.conversation("channel")
        if len(people) != 1 or channel is None:
            raise UserError("Choose one person.", field="member")
        both = [form.user.id, *people]
        sync.refresh(self._rt, users=both, channel=channel)
        with self._rt.read(self._rt.workspace) as tx:
            administration.require_access(tx, form.user.id)
        with self._rt.write(self._rt.workspace) as tx:
            administration.credit_by_hand(
                tx,
                member=people[0],
                channel=channel,
                reason=form.view.text("reason"),
                by=form.user.id,
                settings=self._rt.mentor_settings,
            )
        ack()

    def open_settings(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = BlockAction.model_validate(body)
        sync.refresh(self._rt, users=[pressed.user.id])
        with self._rt.read(self._rt.workspace) as tx:
            view = administration.settings_view(tx, by=pressed.user.id)
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def save_settings(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        sync.refresh(self._rt, users=[form.user.id])
        with self._rt.write(self._rt.workspace) as tx:
            administration.update_settings(
                tx,
                scope=form.view.chosen("scope") or "",
                experts=form.view.users("experts"),
                by=form.user.id,
            )
        ack()
