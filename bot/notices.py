"""Everything that the outbox knows how to send."""

from collections.abc import Mapping

from bot.asks import draw as asks
from bot.checkins import draw as checkins
from bot.checkins import telling as sharing
from bot.config import MentorSettings
from bot.delivery import MessageType
from bot.home import service as home
from bot.kudos import draw as kudos
from bot.mentors import draw as mentors
from bot.newcomers import draw as newcomers
from bot.privacy import service as privacy
from bot.privacy.letters import RedactMessage
from bot.runtime import Workspace


def message_types(
    workspace: Workspace, settings: MentorSettings | None = None
) -> Mapping[str, MessageType]:
    everything = {
        **asks.AskRenderer(workspace).message_types(),
        **kudos.KudosRenderer(workspace).message_types(),
        **checkins.ScheduleNotifications(workspace).message_types(),
        **newcomers.OnboardingRenderer(workspace).message_types(),
        **sharing.ParticipantNotifications(workspace).message_types(),
        **mentors.MentorRenderer(
            workspace, settings or MentorSettings()
        ).message_types(),
        **home.HomeMessages(workspace).message_types(),
        "privacy.my_data": MessageType(privacy.render_data_file),
    }
    return {**everything, "privacy.reword": RedactMessage(everything).message_type()}
