"""Someone did something. Parse it, open one transaction, call one service."""

from slack_bolt import App

from bot.runtime import Runtime
from handlers import (
    answers,
    asks,
    checkins,
    everything,
    guidance,
    home,
    kudos,
    marks,
    mentors,
    newcomers,
    outsiders,
    privacy,
    refusals,
    settings,
    sharing,
    workspace,
)


def register(bolt: App, rt: Runtime) -> None:
    """Everything that a person or Slack can do, the most frequent first."""
    refusals.register(bolt, rt)
    outsiders.register(bolt, rt)
    answers.register(bolt, rt)
    guidance.register(bolt, rt)
    asks.register(bolt, rt)
    marks.register(bolt, rt)
    kudos.register(bolt, rt)
    checkins.register(bolt, rt)
    sharing.register(bolt, rt)
    mentors.register(bolt, rt)
    newcomers.register(bolt, rt)
    privacy.register(bolt, rt)
    home.register(bolt, rt)
    workspace.register(bolt, rt)
    # These take what nobody before them took.
    settings.register(bolt, rt)
    everything.register_unhandled(bolt)
