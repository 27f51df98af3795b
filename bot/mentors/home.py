"""The Home sections with a member's own credits and their choices."""

from sqlalchemy import select

from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.mentors import forms
from bot.mentors.forms import OwnCredit
from bot.runtime import Transaction
from bot.workspace import member_settings, visibility
from models import Channel, Credit, CreditEvidence

LIST_LIMIT = 5


def _render_pending(context: HomeContext) -> RenderedSection:
    """Render the credits that wait for the member's answer."""
    credits_ = _load_credits(context.tx, context.member, is_pending=True)
    return RenderedSection(forms.pending_credits(credits_), has_activity=bool(credits_))


def _render_past(context: HomeContext) -> RenderedSection:
    """Render the credits that the member has answered."""
    credits_ = _load_credits(context.tx, context.member, is_pending=False)
    return RenderedSection(forms.past_credits(credits_), has_activity=bool(credits_))


def _load_credits(tx: Transaction, member: str, *, is_pending: bool) -> list[OwnCredit]:
    # The name of a private channel is hidden from members who have left it.
    is_channel_visible = visibility.visible(member, now=tx.now)
    rows = tx.session.execute(
        select(Credit, Channel.name, is_channel_visible)
        .outerjoin(Channel, Channel.id == Credit.channel_id)
        .where(
            Credit.installation_id == tx.workspace.id,
            Credit.member == member,
            Credit.notified_at.is_not(None),
            (Credit.consent == "asked") == is_pending,
        )
        .order_by(Credit.period.desc())
        .limit(LIST_LIMIT)
    ).all()
    if not rows:
        return []
    helped: dict[int, list[list[str]]] = {credit.id: [] for credit, _, _ in rows}
    for credit_id, people in tx.session.execute(
        select(CreditEvidence.credit_id, CreditEvidence.helped_members).where(
            CreditEvidence.credit_id.in_(helped)
        )
    ):
        helped[credit_id].append(people)
    settings = member_settings.get(tx, member)
    return [
        OwnCredit(
            id=credit.id,
            day=credit.period,
            answers=len(helped[credit.id]),
            people=len({person for people in helped[credit.id] for person in people}),
            channel=channel or "",
            is_channel_visible=bool(is_visible),
            consent=forms.to_consent(credit.consent),
            is_naming_allowed=settings.public_naming != "never",
        )
        for credit, channel, is_visible in rows
    ]


PENDING_CREDITS = HomeSection(render=_render_pending, position=10, is_waiting=True)
PAST_CREDITS = HomeSection(render=_render_past, position=300)
