"""The rules for texts of authors of asks without a name."""

from sqlalchemy import select

from bot.anonymity import notes, rules
from bot.errors import UserError
from bot.runtime import Transaction
from models import Member


def require_no_people(tx: Transaction, mrkdwn: str, *, field: str) -> None:
    """Raise UserError, with the field, if a text mentions a person."""
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
