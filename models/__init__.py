"""What the app remembers. Importing `models` maps every table."""

from models.answers import Answer, Reaction, UnmatchedMessage
from models.asks import Ask
from models.base import Base
from models.channels import Champion, Channel
from models.checkins import CheckIn, CheckInReply, Participant, Round, Schedule
from models.homes import ChannelMember, Home
from models.installations import Installation
from models.kudos import Kudos, KudosGiverLock, KudosReaction, KudosTag, KudosThanks
from models.members import Member
from models.mentors import (
    Credit,
    CreditEvidence,
    ExpectedExpert,
    MentorRingAlert,
    MentorRun,
    MentorWorkspaceSettings,
    MessageCount,
)
from models.newcomers import ChannelIntroduction
from models.outbox import OutboxChannel, OutboxItem, RateLimit
from models.policies import ProgramLead, WorkspaceSettingsRow
from models.preferences import MemberSettingsRow

__all__ = [
    "Answer",
    "Ask",
    "Base",
    "Champion",
    "Channel",
    "ChannelIntroduction",
    "ChannelMember",
    "CheckIn",
    "CheckInReply",
    "Credit",
    "CreditEvidence",
    "ExpectedExpert",
    "Home",
    "Installation",
    "Kudos",
    "KudosGiverLock",
    "KudosReaction",
    "KudosTag",
    "KudosThanks",
    "Member",
    "MemberSettingsRow",
    "MentorRingAlert",
    "MentorRun",
    "MentorWorkspaceSettings",
    "MessageCount",
    "OutboxChannel",
    "OutboxItem",
    "Participant",
    "ProgramLead",
    "RateLimit",
    "Reaction",
    "Round",
    "Schedule",
    "UnmatchedMessage",
    "WorkspaceSettingsRow",
]
