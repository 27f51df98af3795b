"""The modals of exchanges, as one member sees them."""

from slack_sdk.models.views import View

from bot.errors import UserError
from bot.exchange import agreement, blocks, forms, proposals, rules, service, wishes
from bot.exchange.agreement import Changed
from bot.exchange.blocks import Page, ProposedPerson
from bot.exchange.forms import AgreementText, Look
from bot.exchange.rules import State
from bot.exchange.service import Pair
from bot.forms.fields import FormValues
from bot.programs.join_blocks import TOPICS_KNOWN, TOPICS_WANTED
from bot.runtime import Transaction
from bot.workspace import member_settings


def wish_form(tx: Transaction, *, by: str) -> View:
    """Build the form of *Learn together*. Raises UserError."""
    wishes.require(tx, by)
    own, settings = wishes.find(tx, by), member_settings.get(tx, by)
    return forms.wish_form(
        topics_wanted=settings.topics_wanted,
        topics_known=settings.topics_known,
        hours_a_month=own.hours_a_month if own else rules.DEFAULT_HOURS,
        max_exchanges=own.max_exchanges if own else rules.DEFAULT_LIMIT,
    )


def submit_wish(tx: Transaction, form: FormValues, *, by: str) -> View:
    """Store a wish, and propose people. Raises UserError with the field."""
    wanted, known = TOPICS_WANTED.read(form), TOPICS_KNOWN.read(form)
    for topics, field in ((wanted, TOPICS_WANTED), (known, TOPICS_KNOWN)):
        if not topics:
            raise UserError("Name at least one topic.", field=field.name)
    wishes.join(
        tx,
        by,
        hours_a_month=forms.HOURS.read(form),
        max_exchanges=forms.MAX_EXCHANGES.read(form),
    )
    member_settings.update(tx, by, topics_wanted=list(wanted), topics_known=list(known))
    tx.session.flush()
    return people(tx, by=by)


def people(tx: Transaction, *, by: str) -> View:
    """Propose people. Raises UserError, or MembershipUnknown."""
    wishes.require(tx, by)
    if not wishes.takes_part(tx, by):
        return wish_form(tx, by=by)
    proposed = [
        ProposedPerson(each.id, each.name, each.hours_a_month, each.reasons)
        for each in proposals.propose(tx, by)
    ]
    return blocks.proposed(proposed, few_people=wishes.shortage(tx, by))


def page(tx: Transaction, pair: Pair, *, notice: str = "") -> View:
    """Build the page of an agreement, or of one that is over."""
    exchange, their = pair.exchange, pair.their
    return blocks.page(
        Page(
            exchange.id,
            exchange.version,
            service.name(tx, pair),
            service.state(tx, exchange),
            agreement.text(tx, pair),
            is_written=exchange.until is not None,
            is_complete=agreement.is_complete(pair),
            their_hopes=their.hopes if their else "",
            their_brings=their.brings if their else "",
            has_agreed=agreement.has_agreed(pair),
            has_other_agreed=agreement.has_agreed(pair, other=True),
            times=agreement.first_times(tx, pair),
            notice=notice,
        )
    )


def agreement_form(tx: Transaction, pair: Pair) -> View:
    """Build the form of the agreement. Raises UserError if it can't be changed."""
    agreement.require_draft(tx, pair)
    return _agreement_form(tx, pair, agreement.text(tx, pair), None)


def changed_form(tx: Transaction, changed: Changed, typed: AgreementText) -> View:
    """Build the form again, with what the member typed and what was saved."""
    return _agreement_form(tx, changed.pair, typed, changed.stored)


def _agreement_form(
    tx: Transaction, pair: Pair, text: AgreementText, changed: AgreementText | None
) -> View:
    return forms.agreement_form(
        pair.exchange.id,
        pair.exchange.version,
        text,
        other=service.name(tx, pair),
        their_hopes=pair.their.hopes if pair.their else "",
        their_brings=pair.their.brings if pair.their else "",
        changed=changed,
    )


def look_form(tx: Transaction, pair: Pair) -> View:
    """Build the form of the end. Raises UserError if it is too late for it."""
    agreement.require_can_look_back(tx, pair)
    return forms.look_form(
        pair.exchange.id,
        service.name(tx, pair),
        Look(pair.own.got, pair.own.gave, pair.own.goes_on),
        until=str(pair.exchange.until),
        can_go_on=service.state(tx, pair.exchange) is State.RUNNING,
    )
