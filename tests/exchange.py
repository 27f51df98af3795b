"""People who learn together: their wishes, questions, agreements, and answers."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from models import Exchange, ExchangeMember, ExchangeWish
from tests.factories import Story
from tests.pairs import words_of as words
from tests.people import join_program
from tests.remembered import played_once
from tests.seasons import text_of
from tests.slack_payloads import ASKER, HELPER, form_values

# A Tuesday, ten in Helsinki.
START = datetime(2026, 3, 10, 8, tzinfo=UTC)
HOME = {"type": "home"}
TOPICS = {ASKER: ("retries", "postgres"), HELPER: ("postgres", "retries")}
AGREEMENT = {
    "hopes": "How to test retries.",
    "brings": "Years with postgres.",
    "how_we_meet": "A call of 45 minutes",
}


@played_once
def opens_up(story: Story, member: str, **values: Any) -> dict[str, Any]:
    """Join a program and fill in *Learn together*; return the people shown."""
    join_program(story, member)
    wanted, known = TOPICS.get(member, ("retries", "postgres"))
    story.click(member, "exchange_join", "exchange", view=HOME)
    form = story.slack.views[-1][1]
    assert form["callback_id"] == "exchange_wish"
    filled = {"topics_wanted": wanted, "topics_known": known} | values
    response = story.submit(member, form, form_values(form) | filled)
    assert response.status == 200
    answer = json.loads(response.body)
    return dict(answer.get("view") or answer)


def sees(story: Story, member: str) -> str:
    """Press *See people*, and return what is shown."""
    story.click(member, "exchange_people", "exchange", view=HOME)
    return words(story.slack.views[-1][1]["blocks"])


@played_once
def asks(story: Story, member: str = ASKER, peer: str = HELPER) -> None:
    """Ask a peer from the list of people."""
    modal = {"type": "modal", "blocks": []}
    assert story.click(member, "exchange_ask", peer, view=modal).status == 200
    story.deliver()


def exchange(story: Story) -> Exchange:
    """Return the last exchange."""
    with story.rt.read_session() as session:
        last = session.scalars(select(Exchange).order_by(Exchange.id.desc())).first()
    assert last is not None
    return last


def exchanges(story: Story) -> list[Exchange]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(Exchange).order_by(Exchange.id)))


def row_of(story: Story, member: str) -> ExchangeMember:
    """Return a member's row of the last exchange."""
    with story.rt.read_session() as session:
        return session.get_one(ExchangeMember, (exchange(story).id, member))


def wish(story: Story, member: str) -> ExchangeWish:
    with story.rt.read_session() as session:
        return session.scalars(select(ExchangeWish).filter_by(member=member)).one()


def opens_agreement(story: Story, member: str) -> dict[str, Any]:
    """Open the form of the agreement from its page."""
    modal = {"type": "modal", "blocks": []}
    number = str(exchange(story).id)
    story.click(member, "exchange_change", number, view=modal)
    return story.slack.views[-1][1]


def writes(
    story: Story, member: str, form: dict[str, Any] | None = None, **values: Any
) -> Any:
    """Fill in the agreement; return what the bot answers, if anything."""
    form = form or opens_agreement(story, member)
    assert form["callback_id"] == "exchange_agreement", form
    response = story.submit(member, form, form_values(form) | AGREEMENT | values)
    assert response.status == 200
    story.deliver()
    return json.loads(response.body) if response.body else None


def agrees(story: Story, member: str, version: int | None = None) -> str:
    """Press *Agreed* on the page; return the page after it."""
    row = exchange(story)
    value = f"{row.id}:{row.version if version is None else version}"
    modal = {"type": "modal", "blocks": []}
    story.click(member, "exchange_agree", value, view=modal)
    story.deliver()
    return text_of(story.slack.views[-1][1])


def presses(story: Story, member: str, action: str, number: int | None = None) -> str:
    """Press a button of a message; return what stands in its place."""
    before = len(story.slack.replaced_texts)
    value = str(exchange(story).id if number is None else number)
    story.click(member, f"exchange_{action}", value, channel="D0X")
    story.deliver()
    replaced = story.slack.replaced_texts[before:]
    return replaced[-1] if replaced else ""


@played_once
def begin(story: Story, *people: str) -> None:
    """Let two people be open to an exchange, with no need of more."""
    story.set_up_workspace(exchange="on")
    story.clock.now = START
    for person in people or (ASKER, HELPER):
        opens_up(story, person)


@played_once
def agree_all(story: Story) -> None:
    """Go from the question to an agreement of both."""
    asks(story)
    presses(story, HELPER, "yes")
    writes(story, ASKER)
    writes(story, HELPER, hopes="Indexes.", brings="Patience.")
    for person in (HELPER, ASKER):
        agrees(story, person)
    assert exchange(story).agreed_at is not None


def looks_back(story: Story, member: str, **values: Any) -> None:
    story.click(member, "exchange_look", str(exchange(story).id), channel="D0X")
    form = story.slack.views[-1][1]
    assert form["callback_id"] == "exchange_look", form
    filled = {"got": "Indexes at last.", "gave": "My evenings."} | values
    assert story.submit(member, form, form_values(form) | filled).status == 200
    story.deliver()
