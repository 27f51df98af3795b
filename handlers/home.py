"""The Home tab is drawn when somebody opens it."""

import logging
from typing import Any

from slack_bolt import App

from bot.home import service as home
from bot.runtime import Runtime
from bot.slack import SlackError
from handlers.payloads import HomeOpened

log = logging.getLogger(__name__)


def register(bolt: App, rt: Runtime) -> None:
    @bolt.event("app_home_opened")
    def opened(event: dict[str, Any]) -> None:
        opening = HomeOpened.model_validate(event)
        if opening.tab != "home":
            return
        with rt.reads() as session:
            view = home.view(session, rt.workspace, opening.user)
        try:
            rt.slack.publish_home(opening.user, view)
        except SlackError as error:
            # It is drawn anew at the next opening; delivering the event again
            # would draw it for somebody who has looked away.
            log.warning("home not drawn", extra={"error": error.code})
