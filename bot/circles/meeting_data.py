"""Personal data about circles' meetings, and how long it is stored."""

from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from bot.circles import agenda_messages, announcements, ask_offers, moves
from bot.personal_data import Erasure, TablePolicy
from bot.runtime import Transaction
from models import (
    AskOffer,
    Circle,
    CircleAction,
    CircleMeeting,
    CircleMeetingMessage,
    CircleMember,
    CircleQuestion,
    CircleSeason,
    MeetingAnswer,
    MeetingEntry,
    MeetingMove,
    MeetingMoveAnswer,
    MeetingTurn,
)

# Texts that people wrote for their circle are stored so long after its end.
KEPT_FOR = timedelta(days=90)


def _lock_circles(tx: Transaction, erasure: Erasure) -> None:
    """Lock the circles of a member, as presses do: none stores the member again."""
    circles = select(CircleMember.circle_id).filter_by(member=erasure.member)
    tx.session.execute(
        select(Circle.id)
        .where(Circle.installation_id == tx.workspace.id, Circle.id.in_(circles))
        .order_by(Circle.id)
        .with_for_update(key_share=True)
    )


PERSONAL_DATA = (
    TablePolicy(
        model=CircleMeeting,
        row_names=("meeting of a circle", "meetings of circles"),
        contents="Meetings of circles: when, in which turn members facilitate them, who"
        " pressed which button when, and the goal and scope of an open discussion. Not"
        " who came.",
        purpose="Run a meeting's agenda, and share the work of facilitating.",
        retention="The presses, goals and scopes: 90 days after the circle ended.",
        stays="A few for each circle; leads see how many took place.",
        # The presses of the others are not the facilitator's own.
        mentioned_columns=("facilitator", "focus_by"),
        text_columns={"goal": "focus_by", "scope": "focus_by"},
        json_columns=("rota", "presses"),
        non_personal=("format",),
        before_erasure=_lock_circles,
    ),
    TablePolicy(
        model=MeetingAnswer,
        row_names=(
            "answer after a circle's meeting",
            "answers after circles' meetings",
        ),
        contents="Whether a member says that their circle met, and that they rated the"
        " meeting. Not how: that is only counted.",
        purpose="Know which meetings took place and, for matching, who has met.",
        retention="90 days after the circle ended.",
        owner_columns=("member",),
        non_personal=("answer", "receipt"),
        on_erasure="delete",
    ),
    TablePolicy(
        model=CircleMeetingMessage,
        contents="The bot's messages with a meeting's agenda.",
        purpose="Edit one message instead of sending many.",
        retention="90 days after the circle ended.",
        owner_columns=("recipient",),
        non_personal=("ts", "slack_channel"),
        on_erasure="delete",
    ),
    TablePolicy(
        model=MeetingMove,
        row_names=("proposal to move a meeting", "proposals to move meetings"),
        contents="Proposals to have a circle's meeting at another time: who, and when.",
        purpose="Let a circle meet when it suits most.",
        retention="90 days after the circle ended.",
        owner_columns=("proposed_by",),
    ),
    TablePolicy(
        model=MeetingMoveAnswer,
        row_names=("answer about moving a meeting", "answers about moving meetings"),
        contents="Answers to such a proposal. Nobody else sees them.",
        purpose="Let more than half of the circle decide.",
        retention="90 days after the circle ended.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=MeetingTurn,
        row_names=("turn in a circle's meeting", "turns in circles' meetings"),
        contents="Who had a turn in which meeting of a circle.",
        purpose="Let those come first who had none for longest.",
        retention="90 days after the circle ended.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=CircleAction,
        row_names=("next action in a circle", "next actions in circles"),
        contents="One thing that a member said in their circle they will do, by when,"
        " and whether it is done.",
        purpose="Show it to the circle at its next meeting.",
        retention="90 days after the circle ended.",
        owner_columns=("member",),
        text_columns={"text": "member"},
        non_personal=("state",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=MeetingEntry,
        row_names=("text for a circle", "texts for circles"),
        contents="What members wrote in their circle's week in writing.",
        purpose="Show it to the circle.",
        retention="90 days after the circle ended.",
        owner_columns=("member",),
        mentioned_columns=("about",),
        text_columns={"text": "member"},
        non_personal=("stage",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=AskOffer,
        row_names=("question about an ask", "questions about asks"),
        contents="Asks of members that their circle could think about, and whether the"
        " member allowed it.",
        purpose="Ask a circle only about asks whose members said yes.",
        retention="90 days after the circle ended.",
        owner_columns=("member",),
        non_personal=("answer",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=CircleQuestion,
        row_names=("question for a circle", "questions for circles"),
        contents="Questions for a circle to think about before a meeting.",
        purpose="Ask each question once, and show members' own to their circle.",
        retention="90 days after the circle ended.",
        owner_columns=("member",),
        text_columns={"text": "member"},
        non_personal=("key",),
        on_erasure="delete",
    ),
)

ERASURE_LINES = (
    "Meetings of your circles stay, without your name.",
    "Your questions and actions in circles are deleted.",
)
MESSAGES = (
    *agenda_messages.MESSAGES,
    *announcements.MESSAGES,
    *ask_offers.MESSAGES,
    *moves.MESSAGES,
)


def purge(tx: Transaction) -> None:
    """Delete what people wrote and pressed in circles that ended long ago."""
    before = tx.now - KEPT_FOR
    over = (
        select(Circle.id)
        .outerjoin(CircleSeason, CircleSeason.id == Circle.season_id)
        .where(
            Circle.installation_id == tx.workspace.id,
            or_(
                Circle.ended_at < before,
                CircleSeason.ended_at < before,
                CircleSeason.ends_on < before.date(),
            ),
        )
    )
    meetings = select(CircleMeeting.id).where(CircleMeeting.circle_id.in_(over))
    proposals = select(MeetingMove.id).where(MeetingMove.meeting_id.in_(meetings))
    for statement in (
        delete(CircleAction).where(CircleAction.circle_id.in_(over)),
        delete(CircleQuestion).where(CircleQuestion.circle_id.in_(over)),
        delete(MeetingEntry).where(MeetingEntry.meeting_id.in_(meetings)),
        delete(MeetingMoveAnswer).where(MeetingMoveAnswer.move_id.in_(proposals)),
        delete(MeetingMove).where(MeetingMove.meeting_id.in_(meetings)),
        delete(AskOffer).where(AskOffer.meeting_id.in_(meetings)),
        delete(MeetingAnswer).where(MeetingAnswer.meeting_id.in_(meetings)),
        delete(MeetingTurn).where(MeetingTurn.meeting_id.in_(meetings)),
        delete(CircleMeetingMessage).where(
            CircleMeetingMessage.meeting_id.in_(meetings)
        ),
        update(CircleMeeting)
        .where(CircleMeeting.circle_id.in_(over))
        .values(presses=[], rota=[], goal="", scope="", focus_by=None),
    ):
        tx.session.execute(statement)
