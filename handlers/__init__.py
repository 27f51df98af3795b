"""Listeners for Slack's requests: parse, open a transaction, call a service."""

import re
from typing import Any

from slack_bolt import App

from bot.runtime import Runtime
from handlers import (
    anonymity,
    anonymity_moderation,
    anonymous_asks,
    answers,
    ask_actions,
    ask_form,
    asks,
    buddies,
    checkin_sharing,
    checkins,
    circle_meetings,
    circle_votes,
    circles,
    errors,
    exchange,
    external_members,
    finding,
    help_command,
    home,
    installations,
    knowledge,
    kudos,
    kudos_buttons,
    mentors,
    messages,
    onboarding,
    pairs,
    pointers,
    privacy,
    program_champions,
    program_leads,
    program_members,
    programs,
    routing,
    settings,
    suggestions,
    worklist,
    workspace,
)


def register(bolt: App, rt: Runtime) -> None:
    """Register all listeners, those for the most frequent requests first."""
    errors.register(bolt, rt)
    external_members.register(bolt, rt)
    messages.register(bolt, rt)
    help_command.register(bolt, rt)
    asks.register(bolt, rt)
    ask_form.register(bolt, rt)
    anonymity.register(bolt, rt)
    anonymity_moderation.register(bolt, rt)
    anonymous_asks.register(bolt, rt)
    ask_actions.register(bolt, rt)
    answers.register(bolt, rt)
    finding.register(bolt, rt)
    suggestions.register(bolt, rt)
    pointers.register(bolt, rt)
    routing.register(bolt, rt)
    kudos.register(bolt, rt)
    kudos_buttons.register(bolt, rt)
    checkins.register(bolt, rt)
    checkin_sharing.register(bolt, rt)
    circle_meetings.register(bolt, rt)
    circle_votes.register(bolt, rt)
    mentors.register(bolt, rt)
    program_leads.register(bolt, rt)
    pairs.register(bolt, rt)
    exchange.register(bolt, rt)
    buddies.register(bolt, rt)
    onboarding.register(bolt, rt)
    knowledge.register(bolt, rt)
    programs.register(bolt, rt)
    program_members.register(bolt, rt)
    circles.register(bolt, rt)
    privacy.register(bolt, rt)
    worklist.register(bolt, rt)
    program_champions.register(bolt, rt)
    home.register(bolt, rt)
    workspace.register(bolt, rt)
    installations.register(bolt, rt)
    # The last listeners match everything that is left.
    settings.register(bolt, rt)
    register_unhandled(bolt)


def register_unhandled(bolt: App) -> None:
    """Register a listener for all other events. Bolt runs the first that matches."""

    @bolt.event(re.compile(".*"))
    def ignored(event: dict[str, Any]) -> None:
        """Acknowledge the event; it has no effect."""
