"""Ask Slack about people we have met, and where the bot is a member."""

import logging

from bot.delivery import Deliverer
from bot.facts import service as facts
from bot.runtime import Runtime
from bot.slack import SlackError

log = logging.getLogger(__name__)


def meet(rt: Runtime, _deliverer: Deliverer) -> None:
    facts.meet(rt)


def look_again(rt: Runtime, _deliverer: Deliverer) -> None:
    facts.look_again(rt)


def survey(rt: Runtime, _deliverer: Deliverer) -> None:
    try:
        facts.survey_channels(rt)
    except SlackError as error:
        log.warning("channels not seen", extra={"error": error.code})
