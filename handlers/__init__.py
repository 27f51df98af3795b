"""Someone did something. Parse it, open one transaction, call one service."""

from slack_bolt import App

from bot.runtime import Runtime
from handlers import (
    answers,
    asks,
    everything,
    home,
    marks,
    refusals,
    settings,
    workspace,
)


def register(bolt: App, rt: Runtime) -> None:
    """Everything that a person or Slack can do, the most frequent first."""
    refusals.register(bolt, rt)
    answers.register(bolt, rt)
    asks.register(bolt, rt)
    marks.register(bolt, rt)
    settings.register(bolt, rt)
    home.register(bolt, rt)
    workspace.register(bolt, rt)
    everything.register(bolt)
