"""Repeated kudos, and the allowance of a day and a week."""

from tests.factories import Story
from tests.kudos import (
    BEN,
    CHI,
    FOR,
    admins_allowance,
    filled,
    form,
    give,
    kudos,
    thanks,
)
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, user_object


def test_a_repeated_request_is_one_kudos(story: Story) -> None:
    for _ in range(2):
        assert "4 more people" in give(story, trigger_id="same")
    assert (
        len(story.slack.messages_to(HELP_CHANNEL))
        == len(story.slack.messages_to(HELPER))
        == 1
    )


def test_the_same_text_sent_again_at_once_is_one_kudos(story: Story) -> None:
    give(story)
    assert "4 more people" in give(story)
    assert "2 more people" in give(story, f"{BEN} {CHI} {FOR}"), "Chi is somebody new"
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 2
    story.clock.advance(minutes=2)
    assert "twice in the last 7 days" in give(story)


def test_the_same_text_for_two_messages_are_two_kudos(story: Story) -> None:
    give(story, giver=PEER)
    for n in range(2):
        ts = story.say(HELPER, f"Use jitter {n}.")
        story.message_shortcut(ASKER, "thank_author", HELPER, ts)
        story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    assert len([one for one in kudos(story) if one.giver == ASKER]) == 2


def test_a_form_sent_twice_is_one_kudos(story: Story) -> None:
    view = form(story)
    for _ in range(2):
        assert story.submit(ASKER, view, filled(), view_id="V1").body == ""
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1


def test_the_allowance_ends_and_resets_at_midnight(story: Story) -> None:
    for n in range(5):
        story.slack.people[f"U0P{n}"] = user_object(f"U0P{n}", f"P{n}")
    everyone = " ".join(f"<@U0P{n}>" for n in range(5))
    assert "That was your last for today" in give(story, f"{everyone} {FOR}")
    assert "You've thanked 5 people today" in give(story)
    story.clock.advance(hours=12)  # It is 23:00 in Helsinki.
    assert "You've thanked 5 people today" in give(story)
    story.clock.advance(hours=1, minutes=1)
    assert "4 more people" in give(story)


def test_kudos_beyond_the_allowance_are_refused_whole(story: Story) -> None:
    admins_allowance(story, 1)
    assert "That's 2 people, and you have 1 left today. Pick up to 1." in give(
        story, f"{BEN} {CHI} {FOR}"
    )
    assert thanks(story) == set()


def test_only_two_a_week_go_to_the_same_recipient(story: Story) -> None:
    give(story)
    story.clock.advance(days=3)
    give(story)
    story.clock.advance(days=3)
    receipt = give(story)
    assert (
        "thanked Ben twice in the last 7 days. You can again from Mon 9 Mar" in receipt
    )
    assert "Thanks sent to Chi" in give(story, f"{BEN} {CHI} {FOR}")
    assert "Thanks sent to Ana" in give(story, f"<@{ASKER}> {FOR}", giver=HELPER)
    story.clock.advance(days=1)
    assert "Thanks sent to Ben" in give(story)
