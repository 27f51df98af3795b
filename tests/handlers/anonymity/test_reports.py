"""Reports hide an ask without a name, until a champion has looked."""

import json
from typing import Any

import pytest
from sqlalchemy import delete, select

import jobs
from models import AnonymousLink, AnonymousReply, AnonymousReview, Answer, Ask, AskRoute
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.handlers.anonymity.acting import Actor
from tests.handlers.anonymity.conftest import CROWD, QUESTION, Anonymity
from tests.handlers.routing.test_races import at_once, on_postgresql
from tests.rows import all_rows
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    message_event,
    user_object,
)

pytestmark = pytest.mark.deep

OTHER = CROWD[0]
CHAMPIONS = [CHAMPION, OTHER]
HIDDEN = "Hidden until a champion has looked"


@pytest.fixture
def anonymity(anonymity: Anonymity, story: Story) -> Anonymity:
    story.set_up_channel(champions=CHAMPIONS)
    return anonymity


def open_options(story: Story, member: str, message: PostedMessage) -> dict[str, Any]:
    before = len(story.slack.views)
    story.message_shortcut(member, "ask_options", BOT, message.ts)
    assert len(story.slack.views) == before + 1, story.slack.responses
    return story.slack.views[-1][1]


def labels(view: dict[str, Any]) -> list[str]:
    return [
        element["text"]["text"]
        for block in view["blocks"]
        for element in block.get("elements", [])
        if element.get("type") == "button"
    ]


def report(story: Story, member: str, ask_id: int | None = None) -> str:
    """Report the ask in the member's options; return what they read."""
    view = {"type": "modal", "callback_id": "ask_options", "blocks": []}
    ask_id = story.only_ask().id if ask_id is None else ask_id
    story.click(member, "anonymous_report", str(ask_id), view=view)
    answer = story.slack.views[-1][1]
    return str(answer["blocks"][0]["text"]["text"])


def hide(story: Story) -> None:
    for member in (HELPER, PEER, ASKER):
        report(story, member)
    story.deliver()


def shown(story: Story) -> str:
    ts = story.only_ask().ts or ""
    return json.dumps(story.slack.message_at(HELP_CHANNEL, ts).blocks)


def note(story: Story, champion: str = CHAMPION) -> PostedMessage:
    [found] = [
        each
        for each in story.slack.messages_to(champion)
        if "people reported" in each.text
    ]
    return found


def press(story: Story, label: str, *, member: str = CHAMPION) -> None:
    action, value = button(note(story), label)
    story.click(member, action, value, channel=f"D{member[1:]}")
    story.deliver()


def review(story: Story) -> AnonymousReview:
    with story.rt.read_session() as session:
        return session.scalars(select(AnonymousReview)).one()


def test_three_members_hide_it_and_champions_read_it(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    answers = {report(story, member) for member in (HELPER, HELPER, PEER)}
    story.deliver()
    assert QUESTION in shown(story)
    answers.add(report(story, ASKER))
    story.deliver()
    assert len(answers) == 1
    assert HIDDEN in shown(story)
    assert QUESTION not in shown(story)
    for champion in CHAMPIONS:
        text = json.dumps([note(story, champion).text, note(story, champion).blocks])
        assert QUESTION in text
        assert not {HELPER, PEER, ASKER} & set(text.split('"'))
    assert review(story).reporters == []


def test_reports_are_stored_as_indexes_of_this_ask_only(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    anonymity.ask("How do I say no?", member=PEER)
    for ask in story.asks():
        report(story, HELPER, ask.id)
    with story.rt.read_session() as session:
        rows = session.scalars(select(AnonymousReview)).all()
    assert all(HELPER not in row.reporters for row in rows)
    [first], [second] = (row.reporters for row in rows)
    assert first != second


def test_the_authors_options_and_reports_look_like_anyones(
    anonymity: Anonymity, story: Story
) -> None:
    message = anonymity.ask()
    views = [
        json.dumps(open_options(story, member, message)) for member in (ASKER, HELPER)
    ]
    assert views[0] == views[1]
    before = all_rows(story)
    first = report(story, ASKER)
    changed = all_rows(story)
    with story.rt.write(story.workspace) as tx:
        tx.session.delete(tx.session.get_one(AnonymousReview, story.only_ask().id))
    assert all_rows(story) == before
    assert report(story, HELPER) == first
    # The same rows change, in the same way.
    differing = [
        name for name, rows in all_rows(story).items() if rows != changed[name]
    ]
    assert differing == ["anonymous_reviews"]


def test_a_hidden_ask_is_nowhere(anonymity: Anonymity, story: Story) -> None:
    message = anonymity.ask()
    ts = story.say(HELPER, "Tell them early.", thread_ts=message.ts)
    story.react(PEER, ts, "white_check_mark")
    story.deliver()
    hide(story)
    assert story.only_ask().state == "deleted"
    story.command(PEER, "/find", "customer late")
    assert QUESTION not in json.dumps(story.slack.views[-1][1])
    before = len(story.slack.views)
    story.message_shortcut(HELPER, "ask_options", BOT, message.ts)
    assert len(story.slack.views) == before
    story.say(PEER, "Or so.", thread_ts=message.ts)
    story.deliver()
    assert HIDDEN in shown(story)
    assert "is gone" in report(story, ADMIN)


def test_routing_stops_and_goes_on(anonymity: Anonymity, story: Story) -> None:
    story.set_up_channel(routes_asks="on")
    anonymity.ask()
    jobs.routing.route_asks(story.rt, story.worker)

    def due_at() -> Any:
        with story.rt.read_session() as session:
            return session.scalars(select(AskRoute.due_at)).one()

    assert due_at() is not None
    hide(story)
    story.clock.now = due_at()
    jobs.routing.route_asks(story.rt, story.worker)
    assert due_at() is None
    press(story, "Show it again")
    jobs.routing.route_asks(story.rt, story.worker)
    assert due_at() is not None


def test_shown_again_it_has_what_happened_and_stays(
    anonymity: Anonymity, story: Story
) -> None:
    message = anonymity.ask()
    hide(story)
    ts = story.say(HELPER, "Tell them early.", thread_ts=message.ts)
    reply = message_event(HELPER, "Tell them early.", ts, message.ts)
    story.slack.thread_messages[HELP_CHANNEL, message.ts] = [reply]
    story.deliver()
    press(story, "Show it again")
    assert QUESTION in shown(story)
    assert story.only_ask().state == "answered"
    for champion in CHAMPIONS:
        over = story.slack.messages_to(champion)[-1]
        assert "is shown again" in over.text
        assert QUESTION not in json.dumps(over.blocks)
    for member in (HELPER, PEER, ASKER, ADMIN, *CROWD):
        report(story, member)
    assert story.only_ask().deleted_at is None
    assert review(story).reporters == []


@pytest.mark.deep_on_postgresql
def test_deleted_it_is_gone_with_its_words(anonymity: Anonymity, story: Story) -> None:
    message = anonymity.ask()
    hide(story)
    press(story, "Delete it", member=OTHER)
    assert all(each.ts != message.ts for each in story.slack.messages)
    ask = story.only_ask()
    assert (ask.title, ask.details, ask.state) == ("", "", "deleted")
    assert "was deleted" in story.slack.messages_to(CHAMPION)[-1].text
    assert "No more from this author here" in json.dumps(
        story.slack.messages_to(CHAMPION)[-1].blocks
    )
    story.click(CHAMPION, "anonymous_show", str(ask.id))
    assert "decided already" in story.slack.responses[-1][1]
    story.deliver()
    assert story.only_ask().title == ""


def test_without_a_decision_it_is_deleted_after_seven_days(
    anonymity: Anonymity, story: Story
) -> None:
    message = anonymity.ask()
    hide(story)
    # Its link has been cut before, so the ask alone starts the job.
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(delete(AnonymousLink))
    story.clock.advance(days=6, hours=23)
    jobs.privacy.purge_expired(story.rt, story.worker)
    story.deliver()
    assert HIDDEN in shown(story)
    assert story.only_ask().title == QUESTION
    story.clock.advance(minutes=50)
    jobs.privacy.purge_short_lived(story.rt, story.worker)
    assert story.only_ask().title == QUESTION
    story.clock.advance(minutes=11)
    jobs.privacy.purge_short_lived(story.rt, story.worker)
    story.deliver()
    assert story.only_ask().title == ""
    assert all(each.ts != message.ts for each in story.slack.messages)
    assert QUESTION not in json.dumps([m.blocks for m in story.slack.messages])
    with story.rt.read_session() as session:
        assert session.scalars(select(AnonymousReview)).one().hidden_at is None


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_reports_at_once_hide_it_once(anonymity: Anonymity, story: Story) -> None:
    anonymity.ask()
    members = (HELPER, PEER, ASKER, ADMIN)
    at_once(*(lambda member=member: report(story, member) for member in members))
    story.deliver()
    assert HIDDEN in shown(story)
    for champion in CHAMPIONS:
        assert note(story, champion)
    assert review(story).hidden_at is not None


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_reports_and_a_deletion_at_once(anonymity: Anonymity, story: Story) -> None:
    message = anonymity.ask()
    report(story, HELPER)
    report(story, PEER)
    ask_id = story.only_ask().id
    form = {
        "type": "modal",
        "callback_id": "delete_ask",
        "private_metadata": json.dumps({"ask": ask_id}),
        "blocks": [],
    }
    at_once(
        lambda: report(story, ASKER, ask_id),
        lambda: story.submit(CHAMPION, form, {}),
    )
    story.deliver()
    ask = story.only_ask()
    assert ask.state == "deleted"
    is_there = any(each.ts == message.ts for each in story.slack.messages)
    assert is_there == ask.is_hidden


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_show_and_delete_at_once_have_one_outcome(
    anonymity: Anonymity, story: Story
) -> None:
    message = anonymity.ask()
    hide(story)
    ask_id = str(story.only_ask().id)
    at_once(
        lambda: story.click(CHAMPION, "anonymous_show", ask_id),
        lambda: story.click(OTHER, "anonymous_delete", ask_id),
    )
    story.deliver()
    ask = story.only_ask()
    assert not ask.is_hidden
    is_shown = ask.deleted_at is None
    assert is_shown == bool(ask.title)
    assert is_shown == any(each.ts == message.ts for each in story.slack.messages)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_others_and_forged_ids_decide_nothing(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    hide(story)
    ask_id = str(story.only_ask().id)
    story.slack.people["U9ZED"] = user_object("U9ZED", "Zed", team_id="T9")
    before = all_rows(story)
    for member in (ASKER, HELPER, PEER, GUEST, "U9ZED"):
        for action in ("anonymous_show", "anonymous_delete", "anonymous_stop"):
            story.click(member, action, ask_id)
            assert all_rows(story) == before, (member, action)
    for value in ("", "0", "-1", "x", "9" * 30, "99999"):
        for action in ("show", "delete", "stop", "report", "stop_everywhere"):
            story.click(CHAMPION, f"anonymous_{action}", value)
            assert all_rows(story) == before, (value, action)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_ordinary_ask_can_not_be_reported(
    anonymity: Anonymity, story: Story
) -> None:
    message = story.ask()
    assert "Report it" not in labels(open_options(story, HELPER, message))
    before = all_rows(story)
    assert "only for asks without a name" in report(story, HELPER)
    story.click(CHAMPION, "anonymous_stop", str(story.only_ask().id))
    assert "only for asks without a name" in str(story.slack.responses)
    story.click(CHAMPION, "anonymous_show", str(story.only_ask().id))
    story.click(CHAMPION, "anonymous_delete", str(story.only_ask().id))
    assert all_rows(story) == before


def test_members_report_and_moderators_stop(anonymity: Anonymity, story: Story) -> None:
    story.set_up_workspace(program_leads=[PEER])
    message = anonymity.ask()
    stop = "No more from this author here"
    for member in (ASKER, HELPER, GUEST):
        assert "Report it" in labels(open_options(story, member, message))
        assert stop not in labels(open_options(story, member, message))
    for member in (CHAMPION, ADMIN, PEER):
        assert {"Report it", stop} <= set(labels(open_options(story, member, message)))


def test_without_champions_program_leads_decide(
    anonymity: Anonymity, story: Story
) -> None:
    story.set_up_channel(champions=[])
    story.set_up_workspace(program_leads=[HELPER])
    anonymity.ask()
    hide(story)
    assert note(story, HELPER)
    action, value = button(note(story, HELPER), "Show it again")
    story.click(HELPER, action, value)
    story.deliver()
    assert QUESTION in shown(story)


def test_a_report_fetches_no_profile(anonymity: Anonymity, story: Story) -> None:
    """The time of a fetch would tell who reported."""
    anonymity.ask()
    story.clock.advance(days=3)
    calls = len(story.slack.calls)
    report(story, HELPER)
    assert "users.info" not in story.slack.calls[calls:]


def test_answers_of_a_hidden_ask_give_no_credit_until_it_is_back(
    anonymity: Anonymity, story: Story
) -> None:
    message = anonymity.ask()
    ts = story.say(HELPER, "Tell them early.", thread_ts=message.ts)
    story.react(PEER, ts, "raised_hands")
    story.deliver()
    hide(story)
    with story.rt.read_session() as session:
        assert session.scalars(select(Answer)).one().ask_id == story.only_ask().id
        assert session.scalars(select(Ask)).one().deleted_at is not None
    press(story, "Show it again")
    assert story.only_ask().state == "answered"


def test_reports_end_with_the_time_of_links(anonymity: Anonymity, story: Story) -> None:
    anonymity.ask()
    report(story, HELPER)
    story.clock.advance(days=89)
    jobs.privacy.purge_expired(story.rt, story.worker)
    assert len(review(story).reporters) == 1
    story.clock.advance(days=2)
    jobs.privacy.purge_expired(story.rt, story.worker)
    with story.rt.read_session() as session:
        assert session.scalars(select(AnonymousReview)).all() == []


def test_the_authors_replies_are_hidden_shown_and_deleted_with_it(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.ask()
    author = Actor(story)
    ask_id = story.only_ask().id
    author.submit(author.press("reply", ask_id), text="It is about a date.")
    story.clock.advance(minutes=5)
    jobs.anonymity.post_replies(story.rt, story.worker)
    story.deliver()

    def in_channel() -> str:
        messages = story.slack.messages_to(HELP_CHANNEL)
        return json.dumps([message.blocks for message in messages])

    assert "about a date" in in_channel()
    hide(story)
    assert "about a date" not in in_channel()
    press(story, "Delete it")
    assert story.slack.messages_to(HELP_CHANNEL) == []
    with story.rt.read_session() as session:
        assert session.scalars(select(AnonymousReply.text)).all() == [""]
