"""What the app remembers. Importing `models` maps every table."""

from models.answers import Answer, Reaction, Sighting
from models.asks import Ask
from models.base import Base
from models.channels import Champion, Channel
from models.checkins import CheckIn, CheckInReply, Round, Schedule, Seat
from models.homes import ChannelMember, Home
from models.installations import Installation
from models.kudos import Giver, Kudos, KudosReaction, KudosTag, Thanks
from models.members import Member
from models.mentors import (
    Credit,
    Evidence,
    Expert,
    Mentoring,
    MentorRound,
    MessageCount,
    RingNote,
)
from models.newcomers import Introduction
from models.outbox import Lane, OutboxItem, Pause
from models.policies import Policy, ProgramLead
from models.preferences import Preference

__all__ = [
    "Answer",
    "Ask",
    "Base",
    "Champion",
    "Channel",
    "ChannelMember",
    "CheckIn",
    "CheckInReply",
    "Credit",
    "Evidence",
    "Expert",
    "Giver",
    "Home",
    "Installation",
    "Introduction",
    "Kudos",
    "KudosReaction",
    "KudosTag",
    "Lane",
    "Member",
    "MentorRound",
    "Mentoring",
    "MessageCount",
    "OutboxItem",
    "Pause",
    "Policy",
    "Preference",
    "ProgramLead",
    "Reaction",
    "RingNote",
    "Round",
    "Schedule",
    "Seat",
    "Sighting",
    "Thanks",
]
