"""The message types of every feature."""

from collections.abc import Mapping

from bot.asks import notifications as asks
from bot.checkins import notifications
from bot.checkins import notifications as sharing
from bot.config.mentors import MentorSettings
from bot.home import service as home
from bot.kudos import notifications as kudos
from bot.mentors import notifications as mentors
from bot.onboarding import notifications as onboarding
from bot.outbox.message_type import MessageType
from bot.privacy import service as privacy
from bot.privacy.redaction import RedactMessage
from bot.runtime import Workspace


def message_types(
    workspace: Workspace, settings: MentorSettings | None = None
) -> Mapping[str, MessageType]:
    everything = {
        **asks.AskRenderer(workspace).message_types(),
        **kudos.KudosRenderer(workspace).message_types(),
        **notifications.ScheduleNotifications(workspace).message_types(),
        **onboarding.OnboardingRenderer(workspace).message_types(),
        **sharing.ParticipantNotifications(workspace).message_types(),
        **mentors.MentorRenderer(
            workspace, settings or MentorSettings()
        ).message_types(),
        **home.HomeMessages(workspace).message_types(),
        "privacy.my_data": MessageType(privacy.render_data_file),
    }
    return {**everything, "privacy.reword": RedactMessage(everything).message_type()}
