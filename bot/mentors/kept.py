"""What is kept of people for noticing mentors, and what is told about them."""

from collections.abc import Iterable

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from bot.kept import Kept, Leaving, Told
from models import (
    Credit,
    Evidence,
    Expert,
    Member,
    Mentoring,
    MentorRound,
    MessageCount,
    RingNote,
)


def _credits(session: Session, leaving: Leaving) -> Iterable[int]:
    """The credits that name the person: as its own, by hand, or for having asked."""
    who = leaving.member
    return session.scalars(
        select(Credit.id)
        .outerjoin(Evidence, Evidence.credit_id == Credit.id)
        .where(
            Credit.installation_id == leaving.installation_id,
            or_(
                Credit.member == who,
                Credit.credited_by == who,
                Evidence.asker == who,
                *(
                    cast(people, Text).contains(f'"{who}"', autoescape=True)
                    for people in (Evidence.helped, Evidence.marked_by)
                ),
            ),
        )
        .distinct()
    )


def _rings(session: Session, leaving: Leaving) -> Iterable[int]:
    """What leads were told of a ring that the person is of, by whom it is about."""
    return session.scalars(
        select(Member.id)
        .join(
            RingNote,
            (RingNote.installation_id == Member.installation_id)
            & (RingNote.member == Member.slack_id),
        )
        .where(
            RingNote.installation_id == leaving.installation_id,
            or_(
                RingNote.member == leaving.member,
                cast(RingNote.ring, Text).contains(
                    f'"{leaving.member}"', autoescape=True
                ),
            ),
        )
    )


KEPT = (
    Kept(
        model=MessageCount,
        what="How many messages each person wrote in a channel on a day. Nothing of"
        " the messages.",
        why="Whoever writes little and helps much is to be noticed.",
        until="A year has passed. When the person is forgotten it stays as somebody's.",
        owners=("member",),
    ),
    Kept(
        model=Mentoring,
        what="Where the bot looks for mentors.",
        why="The program leads choose it.",
        until="The database is deleted.",
        neutral=("scope",),
    ),
    Kept(
        model=Expert,
        what="Who is expected to help anyway.",
        why="They are no unexpected mentors.",
        until="It is taken back, or the person is forgotten.",
        owners=("member",),
        when_forgotten="delete",
    ),
    Kept(
        model=MentorRound,
        what="When the bot looked for mentors, and how many it found.",
        why="It looks once in each period.",
        until="The database is deleted.",
    ),
    Kept(
        model=Credit,
        what="Who was noticed, or credited by hand and why; what they chose; where they"
        " were told.",
        why="To tell them first, to keep to their choice, and to let them change it.",
        until="The person is forgotten: then it stays as somebody's, and its public"
        " post names nobody. Whoever credited by hand takes their reason along.",
        owners=("member",),
        others=("credited_by",),
        words={
            "reason": "credited_by",
            # Where somebody's direct messages are leads back to them.
            "told_channel": "member",
            "told_ts": "member",
        },
        neutral=("consent", "post_ts"),
    ),
    Kept(
        model=Evidence,
        what="The marks behind a credit: who asked, whom it helped.",
        why="A credit says what it rests on.",
        until="The person is forgotten: then it stays as somebody's.",
        others=("asker",),
        json=("helped", "marked_by"),
    ),
    Kept(
        model=RingNote,
        what="That most of somebody's marks come from one small ring.",
        why="The program leads are told once.",
        until="The person is forgotten.",
        owners=("member",),
        json=("ring",),
        when_forgotten="delete",
    ),
)

TOLD = (
    Told(
        frozenset(
            {
                "mentor.told",
                "mentor.choice",
                "mentor.post",
                "mentor.show",
                "mentor.helped",
                "mentor.not_posted",
            }
        ),
        _credits,
    ),
    Told(frozenset({"mentor.ring"}), _rings),
)
