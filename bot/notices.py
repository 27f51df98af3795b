"""Everything that the outbox knows how to send."""

from collections.abc import Mapping

from bot.asks import draw as asks
from bot.checkins import draw as checkins
from bot.checkins import telling as sharing
from bot.config import MentorNumbers
from bot.delivery import Notice
from bot.home import service as home
from bot.kudos import draw as kudos
from bot.mentors import draw as mentors
from bot.newcomers import draw as newcomers
from bot.privacy import service as privacy
from bot.privacy.letters import Rewording
from bot.runtime import Workspace


def notices(
    workspace: Workspace, numbers: MentorNumbers | None = None
) -> Mapping[str, Notice]:
    everything = {
        **asks.Drawing(workspace).notices(),
        **kudos.Drawing(workspace).notices(),
        **checkins.Drawing(workspace).notices(),
        **newcomers.Drawing(workspace).notices(),
        **sharing.Telling(workspace).notices(),
        **mentors.Drawing(workspace, numbers or MentorNumbers()).notices(),
        **home.Drawing(workspace).notices(),
        "privacy.my_data": Notice(privacy.data_file),
    }
    return {**everything, "privacy.reword": Rewording(everything).notice()}
