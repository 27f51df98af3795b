"""Ask Slack about people we have met, and where the bot is a member."""

import logging

from bot.delivery import Deliverer
from bot.facts import service as facts
from bot.runtime import Runtime
from bot.settings import service as settings
from bot.slack import SlackError

log = logging.getLogger(__name__)


def meet(rt: Runtime, _deliverer: Deliverer) -> None:
    facts.meet(rt)


def look_again(rt: Runtime, _deliverer: Deliverer) -> None:
    facts.look_again(rt)


def survey(rt: Runtime, _deliverer: Deliverer) -> None:
    see_channels(rt)


def see_channels(rt: Runtime) -> None:
    """See where the bot is, and begin where nobody has said that it came.

    What Slack does not tell now it tells later; what it does not take, it refuses.
    """
    try:
        facts.survey_channels(rt)
    except SlackError as error:
        log.warning("channels not seen", extra={"error": error.code})
        return
    with rt.sessions.begin() as session:
        settings.begin_unheard(session, rt.workspace, now=rt.clock())
