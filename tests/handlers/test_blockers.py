"""What somebody is stuck on becomes an ask in one tap, and shows what became of it."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import jobs.sharing
from models import Round
from tests.checkins import WEEK, open_form, row, share, thread, words
from tests.factories import (
    ASKER,
    HELPER,
    HERE,
    MONDAY,
    PEER,
    Story,
    conversation,
    filled_in,
)

STUCK = "Why does <b> parse as `a & b`?"


def stuck(story: Story, one: Round, what: str = STUCK) -> str:
    """The value of the button that they are offered."""
    assert share(story, ASKER, one, stuck_on=what) == {}
    offered = story.slack.to(ASKER)[-1]
    assert "Want to ask them?" in offered.text
    [button] = offered.blocks[-1]["elements"]
    assert (button["action_id"], button["text"]["text"]) == (
        "checkin_ask",
        "Ask your peers",
    )
    return str(button["value"])


def press(story: Story, value: str, who: str = ASKER) -> dict[str, Any]:
    assert story.click(who, "checkin_ask", value, channel="D0ANA").status == 200
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "ask"
    return view


def ask(story: Story, view: dict[str, Any], **changes: Any) -> str:
    values = filled_in(view) | {"channel": HERE} | changes
    return story.submit(ASKER, view, values).body or ""


def follow(story: Story) -> None:
    jobs.sharing.follow(story.rt, story.deliverer)
    story.deliver()


def test_a_blocker_becomes_an_ask_in_one_tap(story: Story):
    one = story.asked()
    view = press(story, stuck(story, one))
    assert filled_in(view)["title"] == STUCK
    assert [
        block["element"]["initial_conversation"]
        for block in view["blocks"]
        if block.get("block_id") == "channel"
    ] == [HERE]
    assert ask(story, view) == ""
    story.deliver()
    asked = story.the_ask()
    assert (asked.title, asked.state) == (
        "Why does &lt;b&gt; parse as `a &amp; b`?",
        "open",
    )
    # The ask links back to the check-in,
    [shared] = thread(story, one)
    assert asked.origin == (
        f"https://peers.slack.com/archives/{HERE}/p{shared.ts.replace('.', '')}"
        f"?thread_ts={one.ts}&cid={HERE}"
    )
    post = story.slack.at(HERE, asked.ts or "")
    assert asked.origin in json.dumps(post.blocks)
    # and the check-in shows what becomes of it.
    follow(story)
    assert f"Asked: “{STUCK}”, open" in words(*thread(story, one))
    answer = story.say(HELPER, "Escape it.", thread_ts=asked.ts)
    follow(story)
    assert f"“{STUCK}”, answered" in words(*thread(story, one))
    story.react(ASKER, answer, "white_check_mark")
    follow(story)
    assert f"“{STUCK}”, solved by this answer" in words(*thread(story, one))
    assert answer.replace(".", "") in json.dumps(thread(story, one)[0].blocks)
    story.unreact(ASKER, answer, "white_check_mark")
    follow(story)
    assert f"“{STUCK}”, answered" in words(*thread(story, one))


def test_the_offer_gives_way_to_the_ask(story: Story):
    one = story.asked()
    view = press(story, stuck(story, one))
    ask(story, view)
    story.deliver()
    follow(story)
    [offer] = story.slack.to(ASKER)
    assert (story.the_ask().ts or "").replace(".", "") in json.dumps(offer.blocks)
    assert offer.text == f"You asked your peers: “{story.the_ask().title}”."
    assert offer.blocks[-1]["type"] == "rich_text"


def test_one_ask_for_each_check_in(story: Story):
    one = story.asked()
    value = stuck(story, one)
    first, second = press(story, value), press(story, value)
    assert ask(story, first, title="How is it done?") == ""
    said = json.loads(ask(story, second, title="Or how is it meant?"))
    assert "already" in said["errors"]["title"]
    story.click(ASKER, "checkin_ask", value)
    assert "already" in story.slack.responses[-1][1]
    assert len(story.asks()) == 1
    share(story, ASKER, one, stuck_on="Something else")
    assert len(story.slack.to(ASKER)) == 1


def test_two_forms_at_once_are_one_ask(story: Story):
    one = story.asked()
    value = stuck(story, one)
    views = [press(story, value) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda view: ask(story, view), views))
    assert sorted("already" in answer for answer in answers) == [False] + [True] * 3
    assert len(story.asks()) == 1


def test_an_ask_that_was_deleted_may_be_asked_again(story: Story):
    one = story.asked()
    value = stuck(story, one)
    ask(story, press(story, value))
    story.deliver()
    asked = story.the_ask()
    story.delete(ASKER, asked.ts or "")
    follow(story)
    assert "Asked their peers: taken back" in words(*thread(story, one))
    assert ask(story, press(story, value)) == ""
    assert [found.state for found in story.asks()] == ["deleted", "open"]


def test_another_channel_may_be_chosen_and_the_check_in_is_remembered(story: Story):
    story.slack.channels["C0ELSE"] = conversation("C0ELSE", "else")
    one = story.asked()
    view = press(story, stuck(story, one))
    story.set_up(topics="python")
    story.click(
        ASKER,
        "ask_channel",
        view=view,
        type="conversations_select",
        selected_conversation=HERE,
    )
    again = story.slack.views[-1][1]
    assert again["private_metadata"] == view["private_metadata"]
    assert ask(story, again, channel="C0ELSE", title="How is it done?") == ""
    story.deliver()
    assert row(story, one, ASKER).ask_id == story.the_ask().id


def test_what_was_said_in_a_private_channel_is_not_told_elsewhere(story: Story):
    story.slack.channels[HERE] = conversation(HERE, "secret", is_private=True)
    story.slack.seats[HERE] = [ASKER]
    story.slack.channels["C0ELSE"] = conversation("C0ELSE", "else")
    one = story.asked()
    view = press(story, stuck(story, one))
    ask(story, view, channel="C0ELSE")
    story.deliver()
    assert story.the_ask().origin is None


def test_an_ask_in_a_private_channel_is_not_told_where_all_can_see_it(story: Story):
    story.slack.channels["C0SECRET"] = conversation("C0SECRET", "s", is_private=True)
    story.slack.seats["C0SECRET"] = [ASKER]
    one = story.asked()
    ask(story, press(story, stuck(story, one)), channel="C0SECRET", title="Our secret")
    story.deliver()
    follow(story)
    said = json.dumps(thread(story, one)[0].blocks)
    assert "Asked their peers: open" in said
    assert "Our secret" not in said
    assert "C0SECRET" not in said


def test_nor_is_who_solved_it_there(story: Story):
    story.slack.channels["C0SECRET"] = conversation("C0SECRET", "s", is_private=True)
    story.slack.seats["C0SECRET"] = [ASKER]
    one = story.asked()
    ask(story, press(story, stuck(story, one)), channel="C0SECRET", title="Our secret")
    story.deliver()
    asked = story.the_ask()
    reply = story.say(HELPER, "Escape it.", thread_ts=asked.ts, channel="C0SECRET")
    story.react(ASKER, reply, "white_check_mark", channel="C0SECRET")
    assert story.the_ask().state == "solved"
    story.close_rounds()
    assert "Ben" not in json.dumps(story.slack.at(HERE, one.ts or "").blocks)


def test_nobody_asks_from_somebody_elses_check_in(story: Story):
    one = story.asked()
    value = stuck(story, one)
    view = press(story, value)
    for wrong in (value, "999", "x"):
        story.click(PEER, "checkin_ask", wrong)
        assert story.slack.views[-1][1] == view
    answer = story.submit(PEER, view, filled_in(view) | {"channel": HERE})
    assert "somebody else" in answer.body
    assert story.asks() == []


def test_who_is_not_stuck_is_offered_nothing(story: Story):
    one = story.asked()
    share(story, ASKER, one, working_on="Parser", proud_of="Lexer")
    assert story.slack.to(ASKER) == []
    value = stuck(story, one)
    share(story, ASKER, one, working_on="Parser")
    story.click(ASKER, "checkin_ask", value)
    assert "is empty in that check-in now" in story.slack.responses[-1][1]


def test_the_next_rounds_blocker_is_another(story: Story):
    one = story.asked()
    ask(story, press(story, stuck(story, one)))
    then = story.asked(MONDAY + WEEK)
    assert ask(story, press(story, stuck(story, then, "What comes now?"))) == ""
    assert len(story.asks()) == 2
    assert filled_in(open_form(story, ASKER, then))["stuck_on"] == "What comes now?"


@pytest.mark.parametrize("answer", ["solved", "closed"])
def test_what_became_of_it_is_in_the_digest_too(story: Story, answer: str):
    one = story.asked()
    ask(story, press(story, stuck(story, one)))
    story.deliver()
    asked = story.the_ask()
    story.close_rounds()
    digest = story.slack.at(HERE, one.ts or "")
    follow(story)
    assert f"Ana: {STUCK} · Asked their peers, open" in words(digest)
    if answer == "solved":
        reply = story.say(HELPER, "Escape it.", thread_ts=asked.ts)
        story.react(ASKER, reply, "white_check_mark")
    else:
        story.click(ASKER, "ask_menu", option=f"close:{asked.id}")
    follow(story)
    assert f"Asked their peers, {answer}" in words(digest)
    assert ("Ben solved what Ana was stuck on." in words(digest)) is (
        answer == "solved"
    )


def test_the_next_round_begins_with_the_blockers_that_peers_solved(story: Story):
    one = story.asked()
    ask(story, press(story, stuck(story, one)))
    story.deliver()
    asked = story.the_ask()
    reply = story.say(HELPER, "Escape it.", thread_ts=asked.ts)
    story.react(ASKER, reply, "white_check_mark")
    story.asked(MONDAY + WEEK)
    said = words(story.slack.to(HERE)[-1])
    assert said.startswith("Last time 1 shared; 1 blocker was solved.\n")
