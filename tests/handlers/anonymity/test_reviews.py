"""A champion posts a draft or refuses it, without knowing its author."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

import jobs.anonymity
from bot.anonymity import drafts, reviews
from bot.privacy import service as privacy
from models import AnonymousDraft, AnonymousLink, Ask, OutboxItem
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.handlers.anonymity.conftest import QUESTION, Anonymity, known_authors
from tests.handlers.routing.test_races import at_once, on_postgresql
from tests.rows import PROFILES, all_rows
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    user_object,
)

pytestmark = pytest.mark.deep

OTHER = "U0C00"
CHAMPIONS = [CHAMPION, OTHER]


@pytest.fixture
def reviewed(anonymity: Anonymity, story: Story) -> Anonymity:
    story.set_up_channel(champions=CHAMPIONS, anonymous_asks="reviewed")
    return anonymity


def submit(anonymity: Anonymity, *, member: str = ASKER, title: str = QUESTION) -> None:
    anonymity.press_post(anonymity.preview(title, member=member), member=member)
    anonymity.run()


def message(story: Story, champion: str = CHAMPION) -> PostedMessage:
    [found] = [
        each
        for each in story.slack.messages_to(champion)
        if each.text.startswith(("Can this", "Posted", "Not posted"))
    ]
    return found


def press(story: Story, label: str, *, member: str = CHAMPION) -> str:
    """Press a button of the champion's message; return the answer."""
    action, value = button(message(story), label)
    story.click(member, action, value, channel=f"D{member[1:]}")
    story.deliver()
    return story.slack.responses[-1][1]


def reject(story: Story, reason: str, *, member: str = CHAMPION) -> dict[str, Any]:
    action, value = button(message(story), "Not like this")
    story.click(member, action, value, channel=f"D{member[1:]}")
    form = story.slack.views[-1][1]
    body = story.submit(member, form, {"reason": reason}).body
    story.deliver()
    return dict(json.loads(body))


def stored_drafts(story: Story) -> list[AnonymousDraft]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(AnonymousDraft)))


def test_a_champion_reads_it_first_and_posts_it(
    reviewed: Anonymity, story: Story
) -> None:
    submit(reviewed)
    assert story.slack.messages_to(HELP_CHANNEL) == []
    shown = message(story)
    assert QUESTION in json.dumps(shown.blocks)
    assert QUESTION not in shown.text
    assert ASKER not in json.dumps([shown.blocks, shown.text])
    assert "Your choice counts" in press(story, "Post")
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert "Asked by someone" in json.dumps(posted.blocks)
    for champion in CHAMPIONS:
        assert message(story, champion).text == "Posted."
        assert QUESTION not in json.dumps(message(story, champion).blocks)
    with story.rt.read_session() as session:
        assert session.scalars(select(AnonymousLink)).one().ask_id
        assert session.scalars(select(AnonymousDraft)).all() == []


def test_not_like_this_tells_only_the_author_why(
    reviewed: Anonymity, story: Story
) -> None:
    submit(reviewed)
    assert reject(story, "")["errors"] == {"reason": "Write a few words about why."}
    assert "Your choice counts" in json.dumps(reject(story, " Names a customer.\n"))
    [draft] = stored_drafts(story)
    assert (draft.state, draft.reason) == ("refused", "Names a customer.")
    assert message(story).text == "Not posted."
    assert message(story, OTHER).text == "Not posted."
    assert "customer." not in json.dumps(
        [each.blocks for each in story.slack.messages_to(OTHER)]
    )
    assert story.slack.messages_to(HELP_CHANNEL) == []
    assert story.slack.messages_to(ASKER) == []
    story.clock.advance(days=8)
    reviewed.run()
    assert stored_drafts(story) == []


def test_no_answer_in_eight_working_hours_refuses_it(
    reviewed: Anonymity, story: Story
) -> None:
    # Friday, 15:00 in Helsinki: two working hours are left of the day.
    story.clock.now = datetime(2026, 3, 6, 13, 0, tzinfo=UTC)
    submit(reviewed)
    [draft] = stored_drafts(story)
    assert draft.state == "reviewed"
    monday = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
    assert 0 <= (draft.due_at - monday).total_seconds() <= 300
    story.clock.now = monday.replace(hour=12, minute=59)
    reviewed.run(seconds=0)
    assert stored_drafts(story)[0].state == "reviewed"
    story.clock.now = monday.replace(minute=6)
    assert "decided already" in press(story, "Post")
    reviewed.run(seconds=0)
    [draft] = stored_drafts(story)
    assert "No champion could look at it" in (draft.reason or "")
    assert message(story).text == "Not posted."
    assert story.slack.messages_to(HELP_CHANNEL) == []


def test_an_author_who_is_a_champion_gets_the_same_and_decides_nothing(
    reviewed: Anonymity, story: Story
) -> None:
    submit(reviewed, member=CHAMPION)
    assert QUESTION in json.dumps(message(story, CHAMPION).blocks)
    assert QUESTION in json.dumps(message(story, OTHER).blocks)
    before = all_rows(story, but=PROFILES | {"outbox", "outbox_channels"})
    own = press(story, "Post", member=CHAMPION)
    own_form = reject(story, "No", member=CHAMPION)
    assert all_rows(story, but=PROFILES | {"outbox", "outbox_channels"}) == before
    assert stored_drafts(story)[0].state == "reviewed"
    action, value = button(message(story, OTHER), "Post")
    story.click(OTHER, action, value)
    assert story.slack.responses[-1][1] == own
    assert own in json.dumps(own_form, ensure_ascii=False)
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1


def test_a_champions_choice_fetches_no_profile(
    reviewed: Anonymity, story: Story
) -> None:
    """The time would tell who pressed without an effect: their own ask's author."""
    submit(reviewed, member=CHAMPION)
    story.clock.advance(hours=3)
    calls = len(story.slack.calls)
    press(story, "Post", member=CHAMPION)
    reject(story, "No", member=CHAMPION)
    assert stored_drafts(story)[0].state == "reviewed"
    assert "users.info" not in story.slack.calls[calls:]


def test_the_only_champions_own_ask_is_refused_like_any_other(
    reviewed: Anonymity, story: Story
) -> None:
    story.set_up_channel(champions=[CHAMPION])
    submit(reviewed, member=CHAMPION)
    press(story, "Post", member=CHAMPION)
    submit(reviewed, member=HELPER, title="How do I say no to a friend?")
    story.clock.advance(days=2)
    reviewed.run()
    reasons = {draft.reason for draft in stored_drafts(story)}
    assert len(reasons) == 1
    assert story.slack.messages_to(HELP_CHANNEL) == []


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_two_champions_at_once_post_it_once(reviewed: Anonymity, story: Story) -> None:
    submit(reviewed)
    action, value = button(message(story), "Post")
    at_once(
        lambda: story.click(CHAMPION, action, value),
        lambda: story.click(OTHER, action, value),
        lambda: story.click(CHAMPION, action, value),
    )
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1
    assert message(story, OTHER).text == "Posted."
    story.click(OTHER, action, value)
    assert "decided already" in story.slack.responses[-1][1]


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_post_and_not_like_this_at_once_have_one_outcome(
    reviewed: Anonymity, story: Story
) -> None:
    submit(reviewed)
    action, value = button(message(story), "Post")
    story.click(OTHER, *button(message(story), "Not like this"))
    form = story.slack.views[-1][1]
    at_once(
        lambda: story.click(CHAMPION, action, value),
        lambda: story.submit(OTHER, form, {"reason": "No"}),
    )
    story.deliver()
    posted = len(story.slack.messages_to(HELP_CHANNEL))
    refused = len(stored_drafts(story))
    assert posted + refused == 1
    assert message(story).text == ("Posted." if posted else "Not posted.")


def test_a_decision_while_the_message_is_being_sent_ends_it_too(
    reviewed: Anonymity, story: Story
) -> None:
    reviewed.press_post(reviewed.preview())
    story.clock.advance(minutes=5)
    jobs.anonymity.post_asks(story.rt, story.worker)
    [draft] = stored_drafts(story)

    def decide(method: str) -> None:
        if method == "chat.postMessage":
            story.slack.on_call = lambda _: None
            story.click(ADMIN, "anonymous_accept", str(draft.id))

    story.slack.on_call = decide
    story.deliver()
    for champion in CHAMPIONS:
        # To one of them it was not sent at all.
        assert {each.text for each in story.slack.messages_to(champion)} <= {"Posted."}
    assert "Posted." in (*story.slack.texts_to(CHAMPION), *story.slack.texts_to(OTHER))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_others_and_forged_ids_decide_nothing(
    reviewed: Anonymity, story: Story
) -> None:
    submit(reviewed)
    story.slack.people["U9ZED"] = user_object("U9ZED", "Zed", team_id="T9")
    [draft] = stored_drafts(story)
    before = all_rows(story)
    for member in (ASKER, HELPER, PEER, GUEST, "U9ZED"):
        for action in ("anonymous_accept", "anonymous_reject"):
            story.click(member, action, str(draft.id))
            assert all_rows(story) == before, (member, action)
    assert "champions, admins and program leads" in str(story.slack.responses)
    for value in ("", "0", "-1", "x", "9" * 30, str(draft.id + 1)):
        story.click(CHAMPION, "anonymous_accept", value)
        story.click(CHAMPION, "anonymous_reject", value)
        assert all_rows(story) == before, value
    assert QUESTION not in json.dumps(story.slack.views)


def test_a_champion_who_lost_the_role_decides_nothing(
    reviewed: Anonymity, story: Story
) -> None:
    submit(reviewed)
    story.click(CHAMPION, *button(message(story), "Not like this"))
    form = story.slack.views[-1][1]
    story.set_up_channel(champions=[OTHER])
    assert "Only this channel's champions" in press(story, "Post")
    answer = json.loads(story.submit(CHAMPION, form, {"reason": "No"}).body)
    assert "Only this channel's champions" in json.dumps(answer)
    assert stored_drafts(story)[0].state == "reviewed"


def test_a_champion_is_asked_in_their_own_hours(
    reviewed: Anonymity, story: Story
) -> None:
    story.slack.people[CHAMPION] = user_object(CHAMPION, "Dan", tz="America/New_York")
    story.event({"type": "user_change", "user": story.slack.people[CHAMPION]})
    submit(reviewed)
    assert story.slack.messages_to(CHAMPION) == []
    assert message(story, OTHER)
    story.advance(hours=6)
    assert message(story)


def test_a_channel_that_takes_none_any_more_refuses_it(
    reviewed: Anonymity, story: Story
) -> None:
    submit(reviewed)
    story.set_up_channel(anonymous_asks="off")
    press(story, "Post")
    [draft] = stored_drafts(story)
    assert draft.state == "refused"
    assert message(story).text == "Not posted."


def test_a_forgotten_authors_draft_stays_as_no_ones(
    reviewed: Anonymity, story: Story
) -> None:
    """If it vanished, champions would know who wrote it."""
    submit(reviewed)
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, ASKER)
    story.deliver()
    assert QUESTION in json.dumps(message(story).blocks)
    press(story, "Post")
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1
    assert known_authors(story) == []
    with story.rt.read_session() as session:
        assert session.scalars(select(Ask)).one().asker == "anonymous"


@pytest.mark.parametrize("has_left_slack", [True, False])
@pytest.mark.each_parameter
def test_an_author_who_has_left_has_no_link_to_what_is_posted_later(
    reviewed: Anonymity, story: Story, *, has_left_slack: bool
) -> None:
    submit(reviewed)
    if has_left_slack:
        gone = user_object(ASKER, deleted=True)
        story.event({"type": "user_change", "user": gone})
    else:
        left = {"type": "member_left_channel", "user": ASKER, "channel": HELP_CHANNEL}
        story.event(left)
    story.deliver()
    assert QUESTION in json.dumps(message(story).blocks)
    press(story, "Post")
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1
    assert known_authors(story) == []


def test_nothing_in_the_database_names_the_author(
    reviewed: Anonymity, story: Story
) -> None:
    submit(reviewed)
    reject(story, "Not so.")
    with story.rt.read_session() as session:
        items = session.scalars(select(OutboxItem)).all()
    named = [item for item in items if ASKER in f"{item.recipient}{item.payload}"]
    assert named == []
    with story.rt.read(story.workspace) as tx:
        assert [draft.reason for draft in drafts.own_drafts(tx, ASKER)] == ["Not so."]
        assert drafts.own_drafts(tx, HELPER) == []


def test_a_channel_without_champions_can_not_have_them_read_first(
    anonymity: Anonymity, story: Story
) -> None:
    body = story.set_up_channel(champions=[], anonymous_asks="reviewed").body
    assert "Choose champions first" in body
    assert "errors" in body


def test_without_the_key_nothing_is_decided(
    reviewed: Anonymity, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(reviewed)
    monkeypatch.setattr(reviews, "keys_of", lambda _tx: None)
    assert "switched off" in press(story, "Post")
    assert stored_drafts(story)[0].state == "reviewed"
