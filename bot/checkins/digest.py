"""Compose the digest of a closed round."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.checkins import blocks, rules, sharing
from bot.checkins.blocks import DigestEntry, PreviousRound
from bot.checkins.rules import State
from bot.runtime import Transaction, Workspace
from bot.slack.blocks import Note
from bot.slack.text import ERASED_PREFIX, is_erased, permalink
from bot.workspace import members
from models import Answer, Ask, Channel, CheckIn, Round


def compose(tx: Transaction, round_: Round) -> Note:
    """Compose a round's digest, as everybody in its channel may see it."""
    shared = [
        checkin
        for checkin in tx.session.scalars(
            select(CheckIn)
            .filter_by(round_id=round_.id, state="shared")
            .order_by(CheckIn.id)
        )
        if not is_erased(checkin.member)
    ]
    people = [checkin.member for checkin in shared]
    names = members.names(tx, people)
    past = _past_states(tx.session, round_, people)
    channel = tx.session.get_one(Channel, round_.channel_id)
    lines = [
        _entry(
            tx,
            checkin,
            name=names[checkin.member],
            url=_response_url(tx.workspace, channel, round_, checkin),
            past=past[checkin.member],
        )
        for checkin in shared
    ]
    return blocks.digest(round_.question, lines)


def previous_round(tx: Transaction, round_: Round) -> PreviousRound | None:
    """Sum up the round before, for the post of this one.

    None for a first round, and where nobody shared in the last one or its message is
    gone.
    """
    last = tx.session.scalar(
        select(Round)
        .where(
            Round.schedule_id == round_.schedule_id,
            Round.due_at < round_.due_at,
            Round.state.in_(("open", "closed", "failed")),
        )
        .order_by(Round.due_at.desc())
        .limit(1)
    )
    if last is None or last.ts is None:
        return None
    shared, solved = tx.session.execute(
        select(func.count(), func.count(Ask.id))
        .select_from(CheckIn)
        .outerjoin(Ask, (Ask.id == CheckIn.ask_id) & (Ask.state == "solved"))
        .where(
            CheckIn.round_id == last.id,
            CheckIn.state == "shared",
            # The message that this links to doesn't count who was forgotten, either.
            ~CheckIn.member.startswith(ERASED_PREFIX),
        )
    ).one()
    if not shared:
        return None
    channel = tx.session.get_one(Channel, last.channel_id)
    url = permalink(tx.workspace.team_url, channel.slack_id, last.ts)
    return PreviousRound(url, shared, solved)


def _entry(
    tx: Transaction,
    checkin: CheckIn,
    *,
    name: str,
    url: str,
    past: Sequence[State | None],
) -> DigestEntry:
    count = rules.streak(past)
    blocker = sharing.visible_blocker(tx, checkin)
    # Without a link its readers may not see where it was asked, nor by whom it was
    # solved there.
    is_seen = blocker is not None and bool(blocker.url)
    return DigestEntry(
        name=name,
        url=url,
        proud_of=checkin.proud_of,
        stuck_on=checkin.stuck_on,
        blocker=blocker,
        solved_by=_solver(tx, checkin) if is_seen else "",
        is_first=past.count("shared") == 1,
        streak=count if rules.is_milestone(count) else 0,
    )


def _response_url(
    workspace: Workspace, channel: Channel, round_: Round, checkin: CheckIn
) -> str:
    ts = checkin.ts or checkin.reply_ts
    if ts is None:
        return ""
    return permalink(workspace.team_url, channel.slack_id, ts, round_.ts)


def _solver(tx: Transaction, checkin: CheckIn) -> str:
    """Return the name of the person whose answer solved the blocker, or ""."""
    if checkin.ask_id is None:
        return ""
    author = tx.session.scalar(
        select(Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Ask.id == checkin.ask_id,
            Ask.state == "solved",
            Answer.is_solution.is_(True),
            Answer.is_deleted.is_(False),
        )
        .order_by(Answer.ts)
        .limit(1)
    )
    if author is None or is_erased(author):
        return ""
    return members.name(tx, author)


def _past_states(
    session: Session, round_: Round, people: Sequence[str]
) -> dict[str, list[State | None]]:
    """Each person's rounds until this one, the latest first; None for no part in it."""
    rounds = session.scalars(
        select(Round.id)
        .where(
            Round.schedule_id == round_.schedule_id,
            Round.due_at <= round_.due_at,
            Round.state.in_(("open", "closed")),
        )
        .order_by(Round.due_at.desc())
    ).all()
    rows = session.execute(
        select(CheckIn.round_id, CheckIn.member, CheckIn.state).where(
            CheckIn.round_id.in_(rounds), CheckIn.member.in_(people)
        )
    )
    known = {(row.round_id, row.member): cast("State", row.state) for row in rows}
    return {
        member: [known.get((round_id, member)) for round_id in rounds]
        for member in people
    }
