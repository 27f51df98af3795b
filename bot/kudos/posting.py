"""What became of the messages about kudos in Slack, told by the outbox."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.answers import registers
from bot.kudos import reactions, rules
from bot.kudos import service as kudos_
from bot.lanes import Claim
from bot.runtime import Workspace
from models import Kudos, OutboxItem


def hold(session: Session, claim: Claim) -> None:
    """Lock the kudos as everybody does: their channel first."""
    channel_id = session.get_one(Kudos, claim.subject_id).channel_id
    if channel_id is not None:
        registers.hold_channel(session, channel_id)
    _locked(session, claim)


def _locked(session: Session, claim: Claim) -> Kudos:
    return session.scalars(
        select(Kudos)
        .filter_by(id=claim.subject_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def posted(
    session: Session,
    claim: Claim,
    sent: tuple[str, str],
    now: datetime,
    workspace: Workspace,
) -> None:
    """Slack has told the message's `ts`: its receivers are told, with a link to it."""
    kudos = _locked(session, claim)
    kudos.ts = sent[1]
    session.flush()
    if kudos.taken_back_at is None:
        kudos_.tell_receivers(session, kudos, kudos.receivers, now=now)
        reactions.adopt(session, workspace, kudos, now=now)
    else:
        kudos_.show_again(session, kudos, now=now)


def not_posted(session: Session, claim: Claim, error: str, now: datetime) -> None:
    """Slack will not have it: nothing is given, and the giver gets the words back."""
    kudos = _locked(session, claim)
    if kudos.taken_back_at is None:
        kudos_.withdraw(session, kudos, by=None, now=now)
        _tell(session, kudos, error, now=now)


def perhaps_posted(session: Session, claim: Claim, _error: str, now: datetime) -> None:
    """Nobody can tell whether it is there: the thanks stand, and the giver looks."""
    kudos = _locked(session, claim)
    if kudos.taken_back_at is None:
        kudos_.tell_receivers(session, kudos, kudos.receivers, now=now)
        _tell(session, kudos, "unknown", now=now)


def _tell(session: Session, kudos: Kudos, error: str, *, now: datetime) -> None:
    outbox.promise(
        session,
        "kudos.not_posted",
        kudos.id,
        kudos.giver,
        installation_id=kudos.installation_id,
        now=now,
        detail={"error": error},
    )


def not_whispered(session: Session, claim: Claim, _error: str, now: datetime) -> None:
    """The giver is not in the channel that they chose: tell them directly."""
    kudos = session.get_one(Kudos, claim.subject_id)
    if claim.recipient != kudos.giver:
        outbox.promise(
            session,
            "kudos.given",
            kudos.id,
            kudos.giver,
            installation_id=kudos.installation_id,
            now=now,
            detail=claim.detail,
        )


def given(
    session: Session, claim: Claim, sent: tuple[str, str] | None, now: datetime
) -> None:
    """The giver is told where it lasts: the button goes when it is of no use."""
    kudos = session.get_one(Kudos, claim.subject_id)
    if sent is not None and claim.recipient == kudos.giver:
        due = max(now, kudos.given_at + rules.UNDO_FOR)
        kudos_.settle(session, kudos, now=now, due=due)


def told(session: Session, claim: Claim, _sent: tuple[str, str], now: datetime) -> None:
    """A receiver has their letter; taken back meanwhile, it is to say so."""
    kudos = _locked(session, claim)
    if kudos.taken_back_at is not None:
        kudos_.retell(session, kudos, claim.recipient, now=now)


def letter(
    session: Session, kudos: Kudos, kind: str, reader: str
) -> tuple[str, str] | None:
    """Find a letter about the kudos in Slack, if it was sent."""
    found = session.execute(
        select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
            installation_id=kudos.installation_id,
            key=f"{kind}:{kudos.id}:{reader}",
            state="sent",
        )
    ).first()
    return (found[0], found[1]) if found and found[0] and found[1] else None
