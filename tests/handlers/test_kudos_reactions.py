"""Joining by a reaction, and thanking for a message by a reaction."""

import json
import random
from typing import Any

import pytest
from sqlalchemy import select

from bot.kudos import allowance
from bot.slack.api import OutcomeUnknown
from bot.workspace import sync
from models import Kudos, KudosThanks
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    reaction_event,
    user_object,
)

FOR = "for the answer on retries, which saved my day"
BEN, CHI = f"<@{HELPER}|ben>", f"<@{PEER}|chi>"


def give(
    story: Story, text: str = f"{BEN} {FOR}", member: str = ASKER
) -> PostedMessage:
    """Give kudos in the channel; all profiles are known."""
    sync.refresh(
        story.rt,
        story.rt.workspaces.only,
        users=[ASKER, HELPER, PEER, CHAMPION, ADMIN],
        channel=HELP_CHANNEL,
    )
    before = len(story.slack.messages_to(HELP_CHANNEL))
    story.command(member, "/kudos", text)
    story.deliver()
    return story.slack.messages_to(HELP_CHANNEL)[before]


def thanks(story: Story) -> set[tuple[str, str, bool]]:
    with story.rt.read_session() as session:
        rows = session.scalars(select(KudosThanks))
        return {(row.giver, row.recipient, row.is_join) for row in rows}


def joiners(story: Story) -> set[str]:
    return {giver for giver, _, is_second in thanks(story) if is_second}


def headline(posted: PostedMessage) -> str:
    parts = posted.blocks[0]["elements"][0]["elements"]
    return "".join(part.get("text") or f"<@{part['user_id']}>" for part in parts)


def remaining(story: Story, member: str) -> int:
    with story.rt.read(story.rt.workspaces.only) as tx:
        return allowance.remaining(tx, member, story.clock())


def limit(story: Story, a_day: int) -> None:
    with story.rt.write(story.rt.workspaces.only) as tx:
        allowance.set_daily(tx, a_day)


# Joining in


def test_a_reaction_joins_and_its_removal_leaves(story: Story) -> None:
    posted = give(story)
    story.react(PEER, posted.ts, "raised_hands", author=BOT)
    story.react(ADMIN, posted.ts, "raised_hands::skin-tone-3", author=BOT)
    story.react(CHAMPION, posted.ts, "heart", author=BOT)
    story.deliver()
    assert headline(posted) == f"Ana and 2 others thank <@{HELPER}>"
    assert (remaining(story, PEER), remaining(story, CHAMPION)) == (4, 5)
    story.unreact(PEER, posted.ts, "raised_hands", author=BOT)
    story.deliver()
    assert headline(posted) == f"Ana and 1 other thank <@{HELPER}>"
    assert remaining(story, PEER) == 5
    assert len(story.slack.messages_to(HELPER)) == 1, "nobody is told again"


def test_joining_costs_one_regardless_of_recipients(story: Story) -> None:
    posted = give(story, f"{BEN} {CHI} {FOR}")
    story.react(ADMIN, posted.ts, "raised_hands", author=BOT)
    assert remaining(story, ADMIN) == 4
    assert {(ADMIN, HELPER, True), (ADMIN, PEER, True)} <= thanks(story)


def test_the_giver_is_in_already_and_a_recipient_thanks_the_others(
    story: Story,
) -> None:
    posted = give(story, f"{BEN} {CHI} {FOR}")
    story.react(ASKER, posted.ts, "raised_hands", author=BOT)
    story.react(HELPER, posted.ts, "raised_hands", author=BOT)
    assert joiners(story) == {HELPER}
    assert (HELPER, PEER, True) in thanks(story)
    alone = give(story, f"<@{ADMIN}> {FOR}, twice")
    story.react(ADMIN, alone.ts, "raised_hands", author=BOT)
    assert joiners(story) == {HELPER}


def test_a_reaction_beyond_the_allowance_is_never_counted(story: Story) -> None:
    posted = give(story)
    limit(story, 1)
    give(story, f"<@{ADMIN}> {FOR}", member=PEER)
    event = reaction_event(PEER, posted.ts, "raised_hands", story.ts()) | {
        "item_user": BOT
    }
    story.event(event)
    story.deliver()
    assert joiners(story) == set()
    [ephemeral] = story.slack.ephemeral_messages
    assert ephemeral.visible_to == PEER
    assert "You've thanked 1 person today" in ephemeral.text
    story.clock.advance(days=1)
    story.event(event)
    story.event(event | {"reaction": "raised_hands::skin-tone-2"})
    assert joiners(story) == set(), "it was made on a day without any left"
    story.unreact(PEER, posted.ts, "raised_hands", author=BOT)
    story.unreact(PEER, posted.ts, "raised_hands::skin-tone-2", author=BOT)
    story.react(PEER, posted.ts, "raised_hands", author=BOT)
    assert joiners(story) == {PEER}, "a new day, and a new reaction"


def test_one_message_a_day_says_that_the_allowance_is_used_up(story: Story) -> None:
    limit(story, 1)
    posts = [give(story, member=member) for member in (ASKER, CHAMPION)]
    give(story, f"<@{ADMIN}> {FOR}", member=PEER)
    for posted in posts:
        story.react(PEER, posted.ts, "raised_hands", author=BOT)
    story.deliver()
    assert len(story.slack.ephemeral_messages) == 1


def test_two_skin_tones_are_one_join_until_both_are_removed(story: Story) -> None:
    posted = give(story)
    story.react(PEER, posted.ts, "raised_hands", author=BOT)
    story.react(PEER, posted.ts, "raised_hands::skin-tone-2", author=BOT)
    assert remaining(story, PEER) == 4
    story.unreact(PEER, posted.ts, "raised_hands", author=BOT)
    assert joiners(story) == {PEER}
    story.unreact(PEER, posted.ts, "raised_hands::skin-tone-2", author=BOT)
    assert joiners(story) == set()


@pytest.mark.parametrize("seed", range(3))
def test_any_order_and_number_of_deliveries_has_the_same_result(
    story: Story, seed: int
) -> None:
    """Slack's order: Chi in, out, in; Dan in, out; Eva in by another tone, too."""
    posted = give(story)
    deeds = [
        (PEER, "raised_hands", True),
        (PEER, "raised_hands", False),
        (CHAMPION, "raised_hands", True),
        (PEER, "raised_hands", True),
        (ADMIN, "raised_hands", True),
        (ADMIN, "raised_hands::skin-tone-4", True),
        (CHAMPION, "raised_hands", False),
        (ADMIN, "raised_hands", False),
    ]
    events = [
        reaction_event(member, posted.ts, name, f"177245000{n}.000100", added=added)
        | {"item_user": BOT}
        for n, (member, name, added) in enumerate(deeds)
    ]
    shuffled = random.Random(seed).sample(events * 2, len(events) * 2)
    for event in shuffled:
        assert story.event(event) == 200
    assert joiners(story) == {PEER, ADMIN}
    story.deliver()
    assert "and 2 others" in headline(posted)


def test_after_a_change_of_the_emoji_a_join_can_be_left(
    story: Story,
) -> None:
    posted = give(story)
    story.react(PEER, posted.ts, "raised_hands", author=BOT)
    story.set_up_channel(second=":tada:")
    story.react(ADMIN, posted.ts, "raised_hands", author=BOT)
    story.react(CHAMPION, posted.ts, "tada", author=BOT)
    assert joiners(story) == {PEER, CHAMPION}
    story.unreact(PEER, posted.ts, "raised_hands", author=BOT)
    assert joiners(story) == {CHAMPION}


def test_a_join_before_the_messages_ts_is_known_counts(story: Story) -> None:
    sync.refresh(
        story.rt,
        story.rt.workspaces.only,
        users=[ASKER, HELPER, PEER],
        channel=HELP_CHANNEL,
    )
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "reset")
    ]
    story.command(ASKER, "/kudos", f"{BEN} {FOR}")
    story.deliver()
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    story.react(PEER, posted.ts, "raised_hands", author=BOT)
    assert joiners(story) == set()
    for _ in range(3):
        story.advance(seconds=11)
    assert joiners(story) == {PEER}
    assert "and 1 other" in headline(posted)


@pytest.mark.deep_on_postgresql
def test_a_join_by_an_unknown_user_counts_once_they_are_known(story: Story) -> None:
    posted = give(story)
    story.slack.people["U0NEW"] = user_object("U0NEW", "New")
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    for member in ("U0NEW", "U0ROBO"):
        story.react(member, posted.ts, "raised_hands", author=BOT)
    assert joiners(story) == set()
    sync.fetch_new_users(story.rt, story.rt.workspaces.only)
    assert joiners(story) == {"U0NEW"}


def test_when_kudos_are_taken_back_nobody_is_in(story: Story) -> None:
    posted = give(story)
    story.react(PEER, posted.ts, "raised_hands", author=BOT)
    with story.rt.read_session() as session:
        kudos_id = session.scalar(select(Kudos.id))
    story.click(ASKER, "kudos_take_back", str(kudos_id))
    story.react(ADMIN, posted.ts, "raised_hands", author=BOT)
    story.unreact(PEER, posted.ts, "raised_hands", author=BOT)
    assert thanks(story) == set()
    story.deliver()
    assert posted.text == "Ana took these kudos back."


# Thanking for a message


@pytest.fixture
def thanking(story: Story) -> Story:
    """Let :tada: give kudos in the channel."""
    sync.refresh(
        story.rt,
        story.rt.workspaces.only,
        users=[ASKER, HELPER, PEER, CHAMPION, ADMIN],
        channel=HELP_CHANNEL,
    )
    story.set_up_channel(kudos=":tada:")
    return story


def test_without_a_chosen_emoji_reactions_give_none(story: Story) -> None:
    ts = story.say(HELPER, "Use jitter.")
    story.react(ASKER, ts, "tada", author=HELPER)
    assert thanks(story) == set()


def test_a_reaction_thanks_and_its_removal_takes_that_back(thanking: Story) -> None:
    story = thanking
    ts = story.say(HELPER, "Use jitter.")
    story.react(ASKER, ts, "tada::skin-tone-2", author=HELPER)
    assert thanks(story) == {(ASKER, HELPER, False)}
    assert remaining(story, ASKER) == 4
    story.deliver()
    assert story.slack.messages_to(HELPER) == []
    story.advance(minutes=1)
    [note] = story.slack.messages_to(HELPER)
    assert note.text == "Ana gave you :tada: for your message"
    assert ts.replace(".", "") in json.dumps(note.blocks)
    assert story.slack.messages_to(HELP_CHANNEL) == []
    story.unreact(ASKER, ts, "tada::skin-tone-2", author=HELPER)
    story.deliver()
    assert note.text == "Ana took these kudos back."
    assert (thanks(story), remaining(story, ASKER)) == (set(), 5)
    story.react(ASKER, ts, "tada", author=HELPER)
    story.advance(minutes=2)
    assert note.text == "Ana gave you :tada: for your message"
    assert len(story.slack.messages_to(HELPER)) == 1


def test_undone_within_a_minute_nobody_is_notified(thanking: Story) -> None:
    ts = thanking.say(HELPER, "Use jitter.")
    thanking.react(ASKER, ts, "tada", author=HELPER)
    thanking.unreact(ASKER, ts, "tada", author=HELPER)
    thanking.advance(minutes=2)
    assert thanking.slack.messages_to(HELPER) == []


@pytest.mark.parametrize("author", [ASKER, BOT, "U0ROBO", None])
def test_only_other_people_can_be_thanked(thanking: Story, author: str | None) -> None:
    story = thanking
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    story.react(ASKER, "1772442000.000100", "tada", author=author)
    sync.fetch_new_users(story.rt, story.rt.workspaces.only)
    story.advance(minutes=2)
    assert thanks(story) == set()
    assert story.slack.ephemeral_messages == []


def test_a_reaction_to_a_posted_ask_thanks_its_asker(thanking: Story) -> None:
    ask = thanking.ask()
    thanking.react(HELPER, ask.ts, "tada", author=BOT)
    assert thanks(thanking) == {(HELPER, ASKER, False)}


def test_beyond_the_allowance_a_reaction_gives_nothing_with_a_message(
    thanking: Story,
) -> None:
    story = thanking
    limit(story, 1)
    for member in (HELPER, PEER):
        ts = story.say(member, "Use jitter.")
        story.react(ASKER, ts, "tada", author=member)
    story.deliver()
    assert thanks(story) == {(ASKER, HELPER, False)}
    assert "doesn't count as kudos" in story.slack.ephemeral_messages[0].text
    story.clock.advance(days=1)
    story.unreact(ASKER, ts, "tada", author=PEER)
    assert thanks(story) == {(ASKER, HELPER, False)}


def test_a_third_in_a_week_to_the_same_recipient_is_none(thanking: Story) -> None:
    for n in range(3):
        ts = thanking.say(HELPER, f"Use jitter {n}.")
        thanking.react(ASKER, ts, "tada", author=HELPER)
    thanking.deliver()
    assert remaining(thanking, ASKER) == 3
    assert "twice in the last 7 days" in thanking.slack.ephemeral_messages[0].text


def test_a_reaction_delivered_late_is_no_third_either(thanking: Story) -> None:
    story = thanking
    ts, yesterday = story.say(HELPER, "Use jitter."), story.ts()
    story.clock.advance(days=1)
    for n in range(2):
        later = story.say(HELPER, f"Use jitter {n}.")
        story.react(ASKER, later, "tada", author=HELPER)
    story.react(ASKER, ts, "tada", author=HELPER, event_ts=yesterday)
    with story.rt.read_session() as session:
        assert len(session.scalars(select(KudosThanks)).all()) == 2


def test_a_reaction_with_a_former_emoji_can_still_be_removed(thanking: Story) -> None:
    ts = thanking.say(HELPER, "Use jitter.")
    thanking.react(ASKER, ts, "tada", author=HELPER)
    thanking.set_up_channel(kudos="")
    thanking.react(PEER, ts, "tada", author=HELPER)
    assert thanks(thanking) == {(ASKER, HELPER, False)}
    thanking.unreact(ASKER, ts, "tada", author=HELPER)
    assert thanks(thanking) == set()


@pytest.mark.deep_on_postgresql
def test_thanks_outlive_the_message_and_lose_their_link(thanking: Story) -> None:
    ts = thanking.say(HELPER, "Use jitter.")
    thanking.react(ASKER, ts, "tada", author=HELPER)
    thanking.delete(HELPER, ts)
    thanking.advance(minutes=2)
    assert thanks(thanking) == {(ASKER, HELPER, False)}
    [note] = thanking.slack.messages_to(HELPER)
    assert ts.replace(".", "") not in json.dumps(note.blocks)


def test_two_unknown_people_both_become_known(thanking: Story) -> None:
    story = thanking
    for n, name in enumerate(("U0NEW", "U0OLD")):
        story.slack.people[name] = user_object(name, f"N{n}")
    story.react("U0NEW", "1772442000.000100", "tada", author="U0OLD")
    assert thanks(story) == set()
    sync.fetch_new_users(story.rt, story.rt.workspaces.only)
    assert thanks(story) == {("U0NEW", "U0OLD", False)}


def emoji_refused(response: Any) -> bool:
    return "kudos" in json.loads(response.body)["errors"]


def test_the_emoji_for_kudos_has_no_other_meaning(thanking: Story) -> None:
    for emoji in (":+1:", ":white_check_mark:", ":eyes:", ":raising_hand:"):
        assert emoji_refused(thanking.set_up_channel(kudos=emoji))
    assert thanking.set_up_channel(kudos=":+1:", helpful=":heart:").body == ""


def test_a_mark_and_thanks_by_one_emoji_are_both_taken_back(story: Story) -> None:
    """The emoji was for kudos before it was for helpful answers."""
    sync.refresh(
        story.rt,
        story.rt.workspaces.only,
        users=[ASKER, HELPER, PEER],
        channel=HELP_CHANNEL,
    )
    story.set_up_channel(kudos=":tada:")
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(ASKER, answer, "tada", author=HELPER)
    story.set_up_channel(kudos="", helpful=":tada:")
    story.react(PEER, answer, "tada", author=HELPER)
    assert story.answer_marks() == {answer: (False, 1)}
    for member in (ASKER, PEER):
        story.unreact(member, answer, "tada", author=HELPER)
    assert story.answer_marks() == {answer: (False, 0)}
    assert thanks(story) == set()
