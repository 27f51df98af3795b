"""What is kept of people in check-ins, and what is told about them."""

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.kept import Kept, Leaving, Told
from models import Answer, Ask, Channel, CheckIn, CheckInReply, Round, Schedule, Seat


def _rounds(session: Session, leaving: Leaving) -> Iterable[int]:
    """Rounds whose digest names the person: they shared, or solved what one was on."""
    return session.scalars(
        select(CheckIn.round_id)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Channel, Channel.id == Round.channel_id)
        .outerjoin(Answer, Answer.ask_id == CheckIn.ask_id)
        .where(
            Channel.installation_id == leaving.installation_id,
            or_(CheckIn.member == leaving.member, Answer.author == leaving.member),
        )
        .distinct()
    )


def _checkins(session: Session, leaving: Leaving) -> Iterable[int]:
    """What the person shared; and what was asked about it, if the ask's words go."""
    return session.scalars(
        select(CheckIn.id)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Channel, Channel.id == Round.channel_id)
        .outerjoin(Ask, Ask.id == CheckIn.ask_id)
        .where(
            Channel.installation_id == leaving.installation_id,
            or_(CheckIn.member == leaving.member, Ask.asker == leaving.member),
        )
    )


def _before(session: Session, leaving: Leaving) -> None:
    """Nobody changes meanwhile what became of the rounds that the person is in."""
    session.execute(
        select(Round.id)
        .where(Round.id.in_(select(CheckIn.round_id).filter_by(member=leaving.member)))
        .order_by(Round.id)
        .with_for_update(key_share=True)
    )


KEPT = (
    Kept(
        model=Schedule,
        what="When a channel is asked what, and who set it up.",
        why="To ask, and to tell whoever set it up when that can't go on.",
        until="The person is forgotten: then it stays as somebody's.",
        owners=("owner",),
        neutral=(
            "question",
            "hint",
            "reflections",
            "every",
            "weekdays",
            "zone",
            "skip_dates",
            "holidays_of",
            "state",
            "paused_because",
        ),
        keys=("source",),
    ),
    Kept(
        model=Seat,
        what="Who joined a check-in, left it, or was asked whether to join.",
        why="Only those who joined are asked, and nobody is asked to join twice.",
        until="The person is forgotten.",
        owners=("member",),
        when_forgotten="delete",
    ),
    Kept(
        model=Round,
        what="Each time that a channel was asked, and its message.",
        why="To take in what people share there.",
        until="The database is deleted.",
        neutral=("question", "hint", "reflection", "state", "reason", "ts"),
    ),
    Kept(
        model=CheckIn,
        what="What each member shared in the form, and whether they did.",
        why="To show it in the thread, and to remind once.",
        until="The person is forgotten: then the words and the name go.",
        owners=("member",),
        words={
            "working_on": "member",
            "stuck_on": "member",
            "proud_of": "member",
            "reflection": "member",
        },
        neutral=("state", "ts", "reply_ts", "ask_state"),
        before=_before,
    ),
    Kept(
        model=CheckInReply,
        what="Replies to a check-in: which message, by whom. Not their text.",
        why="To know who has shared something.",
        until="The author is forgotten: then it stays as somebody's.",
        owners=("author",),
        neutral=("ts",),
    ),
)

TOLD = (
    Told(frozenset({"checkin.post", "checkin.show"}), _rounds),
    Told(frozenset({"checkin.answer", "checkin.reword"}), _checkins),
    # To one person, about nobody; or nothing that can be read.
    Told(
        frozenset(
            {
                "checkin.asked",
                "checkin.invite",
                "checkin.not_posted",
                "checkin.nudge",
                "checkin.paused",
                "checkin.read",
                "checkin.skipped",
                "checkin.stopped",
                "checkin.stuck",
            }
        )
    ),
)
