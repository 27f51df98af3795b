"""Everything that the outbox knows how to send."""

from collections.abc import Mapping

from bot.asks.draw import Drawing
from bot.delivery import Notice
from bot.home import service as home
from bot.runtime import Workspace


def notices(workspace: Workspace) -> Mapping[str, Notice]:
    return {**Drawing(workspace).notices(), "home.help": Notice(home.help_line)}
