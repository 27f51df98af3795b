"""A Bolt app that does nothing, served like the bot.

`python -m benchmarks.bare_bolt PORT`
"""

import sys
from typing import Any

from slack_bolt import Ack

from benchmarks.events import BOT, BOT_USER, SIGNING_SECRET, TEAM
from bot import logs
from bot.clock import utc_now
from bot.runtime import ServedWorkspaces, Workspace
from bot.slack.client import SlackClient
from cli.server import create_server
from handlers.bolt_app import build_bolt
from handlers.health import Health
from handlers.http import SlackHttpEndpoint
from handlers.readiness import Readiness


def main(port: int) -> None:
    logs.set_up(style="json", level="INFO")
    bolt = build_bolt(
        ServedWorkspaces(
            [
                (
                    Workspace(1, TEAM, BOT, BOT_USER, "https://peers.slack.com/"),
                    SlackClient("xoxb-"),
                )
            ]
        )
    )

    @bolt.event("message")
    @bolt.event("reaction_added")
    def nothing(event: dict[str, Any]) -> None:
        """Do nothing: the rest is the cost of HTTP, the signature and Bolt."""

    @bolt.command("/kudos")
    def acknowledge(ack: Ack) -> None:
        ack()

    edge = SlackHttpEndpoint(
        bolt,
        SIGNING_SECRET,
        now=lambda: utc_now().timestamp(),
    )
    health = Health(Readiness({}), bolt.metrics)
    create_server(edge.app(*health.routes()), "127.0.0.1", port).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
