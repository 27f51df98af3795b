"""The tables. Importing `models` maps all of them."""

from models.anonymity import (
    AnonymousBlock,
    AnonymousCount,
    AnonymousDraft,
    AnonymousLink,
    AnonymousReply,
    AnonymousReview,
    SecretKey,
)
from models.asks import Answer, Ask, AskReference, Reaction, UnmatchedMessage
from models.base import Base
from models.buddies import BuddyOffer, BuddyPair, BuddyQuestion, BuddyWish
from models.channels import Champion, Channel
from models.checkins import CheckIn, CheckInReply, Participant, Round, Schedule
from models.circle_meetings import (
    AskOffer,
    CircleAction,
    CircleMeeting,
    CircleMeetingMessage,
    CircleQuestion,
    MeetingAnswer,
    MeetingEntry,
    MeetingMove,
    MeetingMoveAnswer,
    MeetingTurn,
)
from models.circles import (
    Circle,
    CircleMember,
    CircleMerge,
    CircleMergeAnswer,
    CircleSeason,
    CircleSignup,
    CircleVote,
    CircleVoteAnswer,
)
from models.exchange import Exchange, ExchangeMember, ExchangeWish
from models.home import ChannelMember, Home
from models.installations import Installation
from models.job_runs import JobRun
from models.knowledge import (
    AnswerText,
    AnswerTextNotice,
    AskPointer,
    AskSuggestion,
    EntryReview,
)
from models.kudos import Kudos, KudosGiverLock, KudosReaction, KudosTag, KudosThanks
from models.member_settings import MemberSettingsRow
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
from models.oauth import OAuthState, OrganisationWorkspace, WorkspaceToken
from models.onboarding import ChannelIntroduction, Newcomer
from models.outbox import OutboxChannel, OutboxItem, RateLimit
from models.pairs import PairMatch, PairMatchMember, PairOptIn, PairRound
from models.people import DoNotPair, MemberAttributes, PeerMeeting, PeerPlace
from models.program_versions import ProgramVersion
from models.programs import (
    Program,
    ProgramChampion,
    ProgramChange,
    ProgramChannel,
    ProgramInvitation,
    ProgramLead,
    ProgramMember,
    ProgramQuestion,
    WorkAssignment,
    WorkItem,
)
from models.routing import AskLink, AskRoute, AskStep, HelpRequest, RefusedChannel
from models.search import SearchChange, SearchRebuild, SearchReplica
from models.unasked_messages import UnaskedMessage
from models.workspace_settings import WorkspaceSettingsRow

__all__ = [
    "AnonymousBlock",
    "AnonymousCount",
    "AnonymousDraft",
    "AnonymousLink",
    "AnonymousReply",
    "AnonymousReview",
    "Answer",
    "AnswerText",
    "AnswerTextNotice",
    "Ask",
    "AskLink",
    "AskOffer",
    "AskPointer",
    "AskReference",
    "AskRoute",
    "AskStep",
    "AskSuggestion",
    "Base",
    "BuddyOffer",
    "BuddyPair",
    "BuddyQuestion",
    "BuddyWish",
    "Champion",
    "Channel",
    "ChannelIntroduction",
    "ChannelMember",
    "CheckIn",
    "CheckInReply",
    "Circle",
    "CircleAction",
    "CircleMeeting",
    "CircleMeetingMessage",
    "CircleMember",
    "CircleMerge",
    "CircleMergeAnswer",
    "CircleQuestion",
    "CircleSeason",
    "CircleSignup",
    "CircleVote",
    "CircleVoteAnswer",
    "Credit",
    "CreditEvidence",
    "DoNotPair",
    "EntryReview",
    "Exchange",
    "ExchangeMember",
    "ExchangeWish",
    "ExpectedExpert",
    "HelpRequest",
    "Home",
    "Installation",
    "JobRun",
    "Kudos",
    "KudosGiverLock",
    "KudosReaction",
    "KudosTag",
    "KudosThanks",
    "MeetingAnswer",
    "MeetingEntry",
    "MeetingMove",
    "MeetingMoveAnswer",
    "MeetingTurn",
    "Member",
    "MemberAttributes",
    "MemberSettingsRow",
    "MentorRingAlert",
    "MentorRun",
    "MentorWorkspaceSettings",
    "MessageCount",
    "Newcomer",
    "OAuthState",
    "OrganisationWorkspace",
    "OutboxChannel",
    "OutboxItem",
    "PairMatch",
    "PairMatchMember",
    "PairOptIn",
    "PairRound",
    "Participant",
    "PeerMeeting",
    "PeerPlace",
    "Program",
    "ProgramChampion",
    "ProgramChange",
    "ProgramChannel",
    "ProgramInvitation",
    "ProgramLead",
    "ProgramMember",
    "ProgramQuestion",
    "ProgramVersion",
    "RateLimit",
    "Reaction",
    "RefusedChannel",
    "Round",
    "Schedule",
    "SearchChange",
    "SearchRebuild",
    "SearchReplica",
    "SecretKey",
    "UnaskedMessage",
    "UnmatchedMessage",
    "WorkAssignment",
    "WorkItem",
    "WorkspaceSettingsRow",
    "WorkspaceToken",
]
