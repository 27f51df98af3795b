"""The rules for what authors write about their asks without a name."""

from sqlalchemy import select

from bot.anonymity import limits, notes, rules
from bot.anonymity.keyring import keys_of
from bot.errors import UserError
from bot.runtime import Transaction
from models import Ask, Member


def require_allowed(
    tx: Transaction, ask: Ask, mrkdwn: str, *, by: str, field: str
) -> None:
    """Raise UserError, with the field, if the author's text can't be posted.

    They were stopped there, or it mentions a person.
    """
    keys = keys_of(tx)
    if keys is not None:
        limits.require_not_stopped(tx, keys, by, ask.channel_id, field=field)
    names: list[str] = []
    if "@" in mrkdwn:
        rows = tx.session.execute(
            select(Member.name, Member.handle).filter_by(
                installation_id=tx.workspace.id
            )
        )
        names = [name for row in rows for name in row if name]
    if rules.mentions_people(mrkdwn, names):
        raise UserError(notes.LEAVE_OUT_NAMES, field=field)
