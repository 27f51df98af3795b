"""What people decide about their credits, and what program leads see and add."""

from typing import Any

from slack_bolt import Ack, App

from bot.errors import Refusal
from bot.facts import service as facts
from bot.mentors import consent, forms, leads
from bot.mentors.consent import Choice
from bot.runtime import Runtime
from handlers.asks import number
from handlers.home import show
from handlers.payloads import Command, Pressed, Submitted
from handlers.phrases import says

_CHOICES: dict[str, Choice] = {
    "mentor_tell": "public",
    "mentor_keep": "private",
    "mentor_never": "never",
}


def register(bolt: App, rt: Runtime) -> None:
    mentors = Mentors(rt)
    for action_id in _CHOICES:
        bolt.action(action_id)(mentors.chosen)
    bolt.command("/backswing", matchers=says("mentors"))(mentors.command)
    bolt.action("mentor_newer")(mentors.turned)
    bolt.action("mentor_older")(mentors.turned)
    bolt.action("mentor_add")(mentors.adding)
    bolt.view("mentor_add")(mentors.added)
    bolt.action("mentor_set_up")(mentors.setting_up)
    bolt.view("mentor_set_up")(mentors.set_up)


class Mentors:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def chosen(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        with self._rt.sessions.begin() as session:
            consent.decide(
                session,
                self._rt.workspace,
                number(pressed.action.value),
                _CHOICES[pressed.action.action_id],
                by=pressed.user.id,
                now=self._rt.clock(),
            )
        ack()
        if (body.get("view") or {}).get("type") != "home":
            return
        show(self._rt, pressed.user.id)

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        facts.ensure(self._rt, people=[asked.user_id])
        with self._rt.reads() as session:
            view = leads.overview(
                session, self._rt.workspace, by=asked.user_id, start=0
            )
        self._rt.slack.open_view(asked.trigger_id, view)
        ack()

    def turned(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.reads() as session:
            view = leads.overview(
                session,
                self._rt.workspace,
                by=pressed.user.id,
                start=number(pressed.action.value),
            )
        if pressed.view is not None:
            self._rt.slack.update_view(pressed.view.id, view, hash=pressed.view.hash)
        ack()

    def adding(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.reads() as session:
            leads.may_see(session, self._rt.workspace, pressed.user.id)
        self._rt.slack.push_view(pressed.trigger_id, forms.by_hand())
        ack()

    def added(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        people = form.view.users("member")
        channel = form.view.conversation("channel")
        if len(people) != 1 or channel is None:
            raise Refusal("Choose one person.", field="member")
        both = [form.user.id, *people]
        facts.ensure(self._rt, people=both, channel=channel)
        with self._rt.reads() as session:
            leads.may_see(session, self._rt.workspace, form.user.id)
        with self._rt.sessions.begin() as session:
            leads.credit_by_hand(
                session,
                self._rt.workspace,
                member=people[0],
                channel=channel,
                reason=form.view.text("reason"),
                by=form.user.id,
                numbers=self._rt.mentors,
                now=self._rt.clock(),
            )
        ack()

    def setting_up(self, body: dict[str, Any], ack: Ack) -> None:
        pressed = Pressed.model_validate(body)
        facts.ensure(self._rt, people=[pressed.user.id])
        with self._rt.reads() as session:
            view = leads.settings(session, self._rt.workspace, by=pressed.user.id)
        self._rt.slack.push_view(pressed.trigger_id, view)
        ack()

    def set_up(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        facts.ensure(self._rt, people=[form.user.id])
        with self._rt.sessions.begin() as session:
            leads.set_up(
                session,
                self._rt.workspace,
                scope=form.view.chosen("scope") or "",
                experts=form.view.users("experts"),
                by=form.user.id,
            )
        ack()
