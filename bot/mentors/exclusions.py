"""Members who can't be credited in a period."""

from datetime import date, timedelta

from sqlalchemy import or_, select, union

from bot.config.mentors import MentorSettings
from bot.db.statements import table
from bot.runtime import Transaction
from models import Credit, ExpectedExpert, Member, MemberSettingsRow

_members = table(Member)


def excluded_members(
    tx: Transaction, period: date, *, settings: MentorSettings
) -> frozenset[str]:
    """Return the members who can't be credited in the period, even if they qualify.

    1. Bots, and external, deactivated and unknown people.
    2. Expected experts.
    3. Members who opted out of credits.
    4. Members credited within `cooldown_days`, counted between the days on which the
       periods end; a run may store its credits later than that.
    """
    return frozenset(
        tx.session.scalars(
            union(
                select(_members.c.slack_id).where(
                    _members.c.installation_id == tx.workspace.id,
                    or_(
                        _members.c.is_bot.is_(True),
                        _members.c.is_deactivated.is_(True),
                        _members.c.is_external.is_(True),
                        _members.c.fetched_at.is_(None),
                    ),
                ),
                select(ExpectedExpert.member).filter_by(
                    installation_id=tx.workspace.id
                ),
                select(MemberSettingsRow.member).filter_by(
                    installation_id=tx.workspace.id, public_naming="never"
                ),
                select(Credit.member).where(
                    Credit.installation_id == tx.workspace.id,
                    Credit.period > period - timedelta(days=settings.cooldown_days),
                ),
            )
        )
    )
