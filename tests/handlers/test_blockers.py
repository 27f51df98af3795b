"""A blocker becomes an ask by one click, and shows the ask's state."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import jobs.checkins
from models import Round
from tests.checkins import (
    WEEK,
    get_checkin,
    open_form,
    round_replies,
    share,
    visible_text,
)
from tests.factories import MONDAY, Story
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_values,
)

STUCK = "Why does <b> parse as `a & b`?"


def share_blocker(story: Story, round_: Round, blocker: str = STUCK) -> str:
    """Share a blocker; return the value of the offered button."""
    assert share(story, ASKER, round_, stuck_on=blocker) == {}
    offered = story.slack.messages_to(ASKER)[-1]
    assert "Want to ask them?" in offered.text
    [button] = offered.blocks[-1]["elements"]
    assert (button["action_id"], button["text"]["text"]) == (
        "checkin_ask",
        "Ask your peers",
    )
    return str(button["value"])


def press(story: Story, value: str, member: str = ASKER) -> dict[str, Any]:
    assert story.click(member, "checkin_ask", value, channel="D0ANA").status == 200
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "ask"
    return view


def ask(story: Story, view: dict[str, Any], **changes: Any) -> str:
    values = form_values(view) | {"channel": HELP_CHANNEL} | changes
    return story.submit(ASKER, view, values).body or ""


def update_blockers(story: Story) -> None:
    jobs.checkins.update_blockers(story.rt, story.worker)
    story.deliver()


@pytest.mark.deep
def test_a_blocker_becomes_an_ask_in_one_tap(story: Story):
    round_ = story.post_round()
    view = press(story, share_blocker(story, round_))
    assert form_values(view)["title"] == STUCK
    assert [
        block["element"]["initial_conversation"]
        for block in view["blocks"]
        if block.get("block_id") == "channel"
    ] == [HELP_CHANNEL]
    assert ask(story, view) == ""
    story.deliver()
    new_ask = story.only_ask()
    assert (new_ask.title, new_ask.state) == (
        "Why does &lt;b&gt; parse as `a &amp; b`?",
        "open",
    )
    # The ask links back to the check-in,
    [shared] = round_replies(story, round_)
    assert new_ask.origin_url == (
        f"https://peers.slack.com/archives/{HELP_CHANNEL}/p{shared.ts.replace('.', '')}"
        f"?thread_ts={round_.ts}&cid={HELP_CHANNEL}"
    )
    post = story.slack.message_at(HELP_CHANNEL, new_ask.ts or "")
    assert new_ask.origin_url in json.dumps(post.blocks)
    # and the check-in shows the ask's state.
    update_blockers(story)
    assert f"Asked: “{STUCK}”, open" in visible_text(*round_replies(story, round_))
    answer = story.say(HELPER, "Escape it.", thread_ts=new_ask.ts)
    update_blockers(story)
    assert f"“{STUCK}”, answered" in visible_text(*round_replies(story, round_))
    story.react(ASKER, answer, "white_check_mark")
    update_blockers(story)
    assert f"“{STUCK}”, solved by this answer" in visible_text(
        *round_replies(story, round_)
    )
    assert answer.replace(".", "") in json.dumps(round_replies(story, round_)[0].blocks)
    story.unreact(ASKER, answer, "white_check_mark")
    update_blockers(story)
    assert f"“{STUCK}”, answered" in visible_text(*round_replies(story, round_))


@pytest.mark.deep_on_postgresql
def test_the_ask_replaces_the_offer(story: Story):
    round_ = story.post_round()
    view = press(story, share_blocker(story, round_))
    ask(story, view)
    story.deliver()
    update_blockers(story)
    [offer] = story.slack.messages_to(ASKER)
    assert (story.only_ask().ts or "").replace(".", "") in json.dumps(offer.blocks)
    assert offer.text == f"You asked your peers: “{story.only_ask().title}”"
    assert offer.blocks[-1]["type"] == "rich_text"


def test_one_ask_per_check_in(story: Story):
    round_ = story.post_round()
    value = share_blocker(story, round_)
    first, second = press(story, value), press(story, value)
    assert ask(story, first, title="How is it done?") == ""
    said = json.loads(ask(story, second, title="Or how is it meant?"))
    assert "already" in said["errors"]["title"]
    story.click(ASKER, "checkin_ask", value)
    assert "already" in story.slack.responses[-1][1]
    assert len(story.asks()) == 1
    share(story, ASKER, round_, stuck_on="Something else")
    assert len(story.slack.messages_to(ASKER)) == 1


@pytest.mark.deep_on_postgresql
def test_two_forms_at_once_are_one_ask(story: Story):
    round_ = story.post_round()
    value = share_blocker(story, round_)
    views = [press(story, value) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda view: ask(story, view), views))
    assert sorted("already" in answer for answer in answers) == [False] + [True] * 3
    assert len(story.asks()) == 1


def test_a_deleted_ask_may_be_asked_again(story: Story):
    round_ = story.post_round()
    value = share_blocker(story, round_)
    ask(story, press(story, value))
    story.deliver()
    new_ask = story.only_ask()
    story.delete(ASKER, new_ask.ts or "")
    update_blockers(story)
    assert "Asked their peers: taken back" in visible_text(
        *round_replies(story, round_)
    )
    assert ask(story, press(story, value)) == ""
    assert [found.state for found in story.asks()] == ["deleted", "open"]


def test_another_channel_may_be_chosen_and_the_check_in_is_linked(story: Story):
    story.slack.channels["C0ELSE"] = conversation_object("C0ELSE", "else")
    round_ = story.post_round()
    view = press(story, share_blocker(story, round_))
    story.set_up_channel(topics="python")
    story.click(
        ASKER,
        "ask_channel",
        view=view,
        type="conversations_select",
        selected_conversation=HELP_CHANNEL,
    )
    again = story.slack.views[-1][1]
    checkins = [
        json.loads(each["private_metadata"])["checkin"] for each in (again, view)
    ]
    assert checkins[0] == checkins[1]
    assert ask(story, again, channel="C0ELSE", title="How is it done?") == ""
    story.deliver()
    assert get_checkin(story, round_, ASKER).ask_id == story.only_ask().id


def test_a_private_channels_text_is_not_shown_elsewhere(story: Story):
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "secret", is_private=True
    )
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER]
    story.slack.channels["C0ELSE"] = conversation_object("C0ELSE", "else")
    round_ = story.post_round()
    view = press(story, share_blocker(story, round_))
    ask(story, view, channel="C0ELSE")
    story.deliver()
    assert story.only_ask().origin_url is None


def ask_in_a_private_channel(story: Story) -> Round:
    """Ask about a blocker in a private channel; return the round."""
    story.slack.channels["C0SECRET"] = conversation_object(
        "C0SECRET", "s", is_private=True
    )
    story.slack.members_by_channel["C0SECRET"] = [ASKER]
    round_ = story.post_round()
    ask(
        story,
        press(story, share_blocker(story, round_)),
        channel="C0SECRET",
        title="Our secret",
    )
    story.deliver()
    return round_


def test_an_ask_in_a_private_channel_is_not_shown_in_public(story: Story):
    round_ = ask_in_a_private_channel(story)
    update_blockers(story)
    said = json.dumps(round_replies(story, round_)[0].blocks)
    assert "Asked their peers: open" in said
    assert "Our secret" not in said
    assert "C0SECRET" not in said


def test_its_solver_is_not_shown_in_public_either(story: Story):
    round_ = ask_in_a_private_channel(story)
    new_ask = story.only_ask()
    reply = story.say(HELPER, "Escape it.", thread_ts=new_ask.ts, channel="C0SECRET")
    story.react(ASKER, reply, "white_check_mark", channel="C0SECRET")
    assert story.only_ask().state == "solved"
    story.close_rounds()
    assert "Ben" not in json.dumps(
        story.slack.message_at(HELP_CHANNEL, round_.ts or "").blocks
    )


def test_nobody_asks_from_another_members_check_in(story: Story):
    round_ = story.post_round()
    value = share_blocker(story, round_)
    view = press(story, value)
    for wrong in (value, "999", "x"):
        story.click(PEER, "checkin_ask", wrong)
        assert story.slack.views[-1][1] == view
    answer = story.submit(PEER, view, form_values(view) | {"channel": HELP_CHANNEL})
    assert "someone else" in answer.body
    assert story.asks() == []


def test_without_a_blocker_nothing_is_offered(story: Story):
    round_ = story.post_round()
    share(story, ASKER, round_, working_on="Parser", proud_of="Lexer")
    assert story.slack.messages_to(ASKER) == []
    value = share_blocker(story, round_)
    share(story, ASKER, round_, working_on="Parser")
    story.click(ASKER, "checkin_ask", value)
    assert "is empty in that check-in now" in story.slack.responses[-1][1]


def test_the_next_rounds_blocker_is_another(story: Story):
    round_ = story.post_round()
    ask(story, press(story, share_blocker(story, round_)))
    then = story.post_round(MONDAY + WEEK)
    assert ask(story, press(story, share_blocker(story, then, "What comes now?"))) == ""
    assert len(story.asks()) == 2
    assert form_values(open_form(story, ASKER, then))["stuck_on"] == "What comes now?"


@pytest.mark.parametrize("answer", ["solved", "closed"])
@pytest.mark.deep_on_postgresql
def test_the_digest_shows_the_asks_state_too(story: Story, answer: str):
    round_ = story.post_round()
    ask(story, press(story, share_blocker(story, round_)))
    story.deliver()
    new_ask = story.only_ask()
    story.close_rounds()
    digest = story.slack.message_at(HELP_CHANNEL, round_.ts or "")
    update_blockers(story)
    assert f"Ana: {STUCK} · Asked their peers, open" in visible_text(digest)
    if answer == "solved":
        reply = story.say(HELPER, "Escape it.", thread_ts=new_ask.ts)
        story.react(ASKER, reply, "white_check_mark")
    else:
        story.click(ASKER, "ask_menu", option=f"close:{new_ask.id}")
    update_blockers(story)
    assert f"Asked their peers, {answer}" in visible_text(digest)
    assert ("Ben solved what Ana was stuck on." in visible_text(digest)) is (
        answer == "solved"
    )


def test_the_next_round_starts_with_the_blockers_that_peers_solved(story: Story):
    round_ = story.post_round()
    ask(story, press(story, share_blocker(story, round_)))
    story.deliver()
    new_ask = story.only_ask()
    reply = story.say(HELPER, "Escape it.", thread_ts=new_ask.ts)
    story.react(ASKER, reply, "white_check_mark")
    story.post_round(MONDAY + WEEK)
    said = visible_text(story.slack.messages_to(HELP_CHANNEL)[-1])
    assert said.startswith("Last time 1 shared; 1 blocker was solved.\n")
