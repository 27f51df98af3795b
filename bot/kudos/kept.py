"""What is kept of people in kudos."""

from collections.abc import Iterable

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from bot.kept import Kept, Leaving, Told, mentions
from models import Giver, Kudos, KudosReaction, KudosTag, Thanks

WORDS_GONE = "(Removed at the author's request)"


def _kudos(session: Session, leaving: Leaving) -> Iterable[int]:
    """The kudos that the person gave, got, joined or is mentioned in."""
    who = leaving.member
    joined = select(Thanks.kudos_id).where(
        Thanks.installation_id == leaving.installation_id,
        or_(Thanks.giver == who, Thanks.receiver == who),
    )
    return session.scalars(
        select(Kudos.id).where(
            Kudos.installation_id == leaving.installation_id,
            or_(
                Kudos.giver == who,
                Kudos.taken_back_by == who,
                cast(Kudos.receivers, Text).contains(f'"{who}"', autoescape=True),
                mentions(Kudos.reason, who),
                Kudos.id.in_(joined),
            ),
        )
    )


KEPT = (
    Kept(
        model=Kudos,
        what="Kudos: who thanked whom, for what, and where.",
        why="To show them, and to take them back.",
        until="The giver is forgotten: then the words and the name go; a receiver who"
        " is forgotten loses their name.",
        owners=("giver",),
        readers=("receivers",),
        others=("taken_back_by",),
        words={"reason": "giver"},
        instead={"reason": WORDS_GONE},
        neutral=("ts", "thread_ts", "about_ts", "about_thread_ts", "emoji", "tags"),
        keys=("source",),
    ),
    Kept(
        model=Thanks,
        what="Who thanked whom, and when, for each kudos that stands.",
        why="To count by.",
        until="The person is forgotten: then it stays as somebody's.",
        owners=("giver", "receiver"),
    ),
    Kept(
        model=KudosTag,
        what="The tags of each kudos that stands.",
        why="To count by.",
        until="The kudos are taken back.",
        neutral=("tag",),
    ),
    Kept(
        model=KudosReaction,
        what="Reactions that mean kudos: who, which emoji, on which message.",
        why="They give kudos, and join in.",
        until="The person is forgotten: then it stays as somebody's.",
        owners=("member",),
        others=("author",),
        neutral=("message_ts", "emoji"),
    ),
    Kept(
        model=Giver,
        what="Who has given kudos, or wanted to.",
        why="So that nobody gives more than the allowance by giving twice at once.",
        until="The person is forgotten.",
        owners=("member",),
        when_forgotten="delete",
    ),
)

TOLD = (
    Told(
        frozenset(
            {
                "kudos.post",
                "kudos.show",
                "kudos.received",
                "kudos.retell",
                "kudos.given",
                "kudos.settled",
                "kudos.not_posted",
            }
        ),
        _kudos,
    ),
    # For one person's eyes, until they reload.
    Told(frozenset({"kudos.spent"})),
)
