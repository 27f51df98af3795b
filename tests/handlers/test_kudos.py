"""Giving kudos by the command."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.slack.api import OutcomeUnknown, Rejected
from tests.factories import Story
from tests.kudos import (
    BEN,
    CHI,
    FOR,
    REASON,
    admins_allowance,
    answered,
    give,
    kudos,
    thanks,
)
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)


def test_kudos_are_one_message_and_a_direct_message_to_each(story: Story) -> None:
    receipt = give(story, f"{BEN} {CHI} {FOR} #teamwork")
    assert receipt == "Thanks sent to Ben and Chi. You can thank 3 more people today."
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    headline = posted.blocks[0]["elements"][0]["elements"]
    assert headline == [
        {"type": "text", "text": "Ana"},
        {"type": "text", "text": " thanks "},
        {"type": "user", "user_id": HELPER},
        {"type": "text", "text": " and "},
        {"type": "user", "user_id": PEER},
    ]
    assert REASON in json.dumps(posted.blocks[1])
    assert "#teamwork" in json.dumps(posted.blocks[2])
    assert posted.text == f"Ana thanks Ben and Chi: {REASON}"
    for recipient in (HELPER, PEER):
        [note] = story.slack.messages_to(recipient)
        assert note.text == f"Ana thanks you in #help: {REASON}"
        assert posted.ts.replace(".", "") in json.dumps(note.blocks)
    assert thanks(story) == {(ASKER, HELPER), (ASKER, PEER)}


def test_the_reason_is_shown_as_written_and_mentions_no_group(story: Story) -> None:
    give(story, f"{BEN} for *not* `code` <!channel> <https://evil.example|bank> words")
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    shown = json.dumps(posted.blocks)
    assert "*not* `code`" in shown
    assert "<!channel>" not in shown + posted.text
    assert "bank (https://evil.example)" in shown


def test_the_response_lists_dropped_recipients(story: Story) -> None:
    receipt = give(story, f"{BEN} <@{ASKER}> <@{BOT}> <!subteam^S1|@devs> {FOR}")
    assert receipt.splitlines()[1:] == [
        "Kudos are for others. You can't thank yourself.",
        "I don't recognise one of the people you named.",
        "Groups and @channel can't get kudos. Pick people instead.",
    ]
    assert thanks(story) == {(ASKER, HELPER)}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (f"<@{ASKER}>", "can't thank yourself"),
        ("<@U0ROBO>", "Robo is a bot"),
        ("<@USLACKBOT>", "Slackbot is a bot"),
        ("<@U0GONE>", "Gone is no longer here"),
        ("<@U123>", "don't recognise one of the people"),
        ("<@U0ZED>", "Zed is from another organisation"),
        ("<!subteam^S1>", "Pick people"),
        ("<!channel>", "Pick people"),
        ("@ben", "Who do you want to thank?"),
    ],
)
def test_an_ineligible_recipient_is_refused_privately(
    story: Story, target: str, reason: str
) -> None:
    story.slack.people |= {
        "U0ROBO": user_object("U0ROBO", "Robo", is_bot=True),
        "USLACKBOT": user_object("USLACKBOT", "Slackbot"),
        "U0GONE": user_object("U0GONE", "Gone", deleted=True),
        "U0ZED": user_object("U0ZED", "Zed", team_id="T0OTHER", is_stranger=True),
    }
    receipt = give(story, f"{target} {FOR}")
    assert reason in receipt
    assert "You typed: " in receipt
    assert (kudos(story), story.slack.messages) == ([], [])


@pytest.mark.parametrize(
    "reason",
    ["", "for", "thx", ":tada:" * 2000, "🎉" * 40, f"{CHI} {CHI}", "\u202e\u200b\x00"],
)
def test_a_meaningless_reason_is_refused_with_all_other_errors(
    story: Story, reason: str
) -> None:
    receipt = give(story, f"{BEN} <@{ASKER}> {reason}")
    assert "at least 20 characters" in receipt
    assert "can't thank yourself" in receipt
    assert kudos(story) == []


def test_a_reason_of_forty_thousand_characters_is_one_message(story: Story) -> None:
    give(story, f"{BEN} {FOR} " + "and so on " * 4000)
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert len(json.dumps(posted.blocks)) < 4000
    assert len(posted.text) < 4000


def test_an_updated_message_has_room_for_any_reason(story: Story) -> None:
    """Slack does not update a message to more than 4,000 characters."""
    give(story, f"{BEN} {FOR} " + "&lt;" * 4000)
    [posted], [note] = (
        story.slack.messages_to(HELP_CHANNEL),
        story.slack.messages_to(HELPER),
    )
    assert max(len(posted.text), len(note.text)) <= 4000


ODD = ["\u202eevil", "a\u200bb", "nul\x00", "\ud800", "z" + "\u0301" * 40]


@pytest.mark.parametrize("odd", ODD)
def test_harmful_characters_are_not_stored(story: Story, odd: str) -> None:
    give(story, f"{BEN} {FOR} {odd} end")
    [one] = kudos(story)
    assert one.reason.endswith(" end")
    assert not set(one.reason) & set("\u202e\u200b\x00\ud800")
    assert len(one.reason) < len(FOR) + 15


def test_three_thousand_mentions_are_ten_people_at_most(story: Story) -> None:
    crowd = {f"U0P{n}": user_object(f"U0P{n}", f"P{n}") for n in range(3000)}
    story.slack.people |= crowd
    admins_allowance(story, 20)
    receipt = give(story, " ".join(f"<@{one}>" for one in crowd) + f" {FOR}")
    assert "the last 2990 got none" in receipt
    assert len(thanks(story)) == 10
    assert story.slack.calls.count("users.info") < 15


def test_people_of_the_same_name_are_distinguished(story: Story) -> None:
    for slack_id, name in ((HELPER, "Chi Ito"), (PEER, "Chi Tan")):
        profile = {"display_name": "Chi", "real_name": name}
        story.slack.people[slack_id] = user_object(slack_id, "Chi", profile=profile)
    receipt = give(story, f"{BEN} {CHI} {FOR}")
    assert "Chi Ito and Chi Tan" in receipt
    assert story.slack.messages_to(HELP_CHANNEL)[0].text.startswith(
        "Ana thanks Chi Ito and Chi Tan: "
    )
    assert "To Chi Ito and Chi Tan, " in json.dumps(give_me(story, ASKER))
    give(story, f"{BEN} {FOR} again")
    assert "thanked Chi Ito twice" in give(story, f"{BEN} {CHI} {FOR} once more")


def give_me(story: Story, giver: str) -> Any:
    return json.loads(story.command(giver, "/kudos", "me").body)


@pytest.mark.parametrize(
    "reason",
    [
        "帮我修好了构建",
        "コードレビュー",
        "빌드를 고쳐 주셔서 감사",
        "شكرا على مراجعة الكود",
    ],
)
def test_a_short_reason_in_a_dense_script_is_long_enough(
    story: Story, reason: str
) -> None:
    give(story, f"{BEN} {reason}")
    assert [one.reason for one in kudos(story)] == [reason]


def test_one_person_fifty_times_is_one(story: Story) -> None:
    assert "4 more people" in give(story, f"{BEN} " * 50 + FOR)
    assert thanks(story) == {(ASKER, HELPER)}


def test_mentions_in_code_or_a_quotation_give_nothing(story: Story) -> None:
    give(story, f"{BEN} for fixing this line: `{CHI}`\n&gt; {CHI} said")
    assert thanks(story) == {(ASKER, HELPER)}


def test_without_the_bot_in_the_channel_the_form_keeps_the_text(story: Story) -> None:
    story.slack.channels["C0OUT"] = conversation_object("C0OUT", "out", is_member=False)
    story.command(ASKER, "/kudos", f"{BEN} {FOR} #ops", channel="C0OUT")
    shown = json.dumps(story.slack.views[-1][1])
    assert "/invite @Backswing" in shown
    assert REASON in shown
    assert HELPER in shown
    assert "#ops" in shown
    assert kudos(story) == []


def test_in_a_direct_message_the_form_asks_for_a_channel(story: Story) -> None:
    story.command(
        ASKER, "/kudos", f"{BEN} {FOR}", channel="D1", channel_name="directmessage"
    )
    shown = json.dumps(story.slack.views[-1][1])
    assert "Pick a channel I'm in" in shown
    assert REASON in shown


def test_guests_may_thank_and_external_members_may_not(story: Story) -> None:
    assert "more people today" in give(story, giver=GUEST)
    story.slack.people["U0ZED"] = user_object("U0ZED", "Zed", is_stranger=True)
    assert "members of the workspace" in give(story, giver="U0ZED")


def test_a_channel_may_allow_kudos_for_external_members(story: Story) -> None:
    story.slack.people["U0ZED"] = user_object("U0ZED", "Zed", is_stranger=True)
    story.set_up_channel(allow_external_kudos=["yes"])
    assert "Thanks sent to Zed" in give(story, f"<@U0ZED> {FOR}")


# Simultaneous commands


@pytest.mark.deep_on_postgresql
def test_simultaneous_commands_each_get_their_response(
    story: Story,
) -> None:
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    texts = [
        (ASKER, f"{BEN} {FOR}"),
        (PEER, f"<@U0ROBO> {FOR}"),
        (CHAMPION, f"{CHI} {FOR}"),
        (ADMIN, f"{BEN} thx"),
    ]
    for giver, text in texts:
        # All profiles are known then.
        story.command(giver, "/kudos", f"{text} #warm")
    with ThreadPoolExecutor(len(texts)) as pool:
        receipt = list(
            pool.map(
                lambda one: answered(
                    story.command(one[0], "/kudos", f"{one[1]}, all at once")
                ),
                texts,
            )
        )
    assert receipt[0].startswith("Thanks sent to Ben.")
    assert "Robo is a bot" in receipt[1]
    assert receipt[2].startswith("Thanks sent to Chi.")
    assert "at least 20 characters" in receipt[3]
    assert len([one for one in kudos(story) if "at once" in one.reason]) == 2


# Rejected and lost posts


def test_kudos_whose_post_is_rejected_are_not_given(story: Story) -> None:
    story.slack.fail["chat.postMessage"] = [Rejected("chat.postMessage", "is_archived")]
    give(story)
    [told] = story.slack.messages_to(ASKER)
    assert "couldn't post your kudos to Ben in #help, so they don't count" in told.text
    assert REASON in json.dumps(told.blocks)
    assert story.slack.messages_to(HELPER) == []
    assert thanks(story) == set()


def test_after_a_lost_post_the_giver_is_asked_to_check(story: Story) -> None:
    story.slack.fail["chat.postMessage"] = [OutcomeUnknown("chat.postMessage", "reset")]
    story.slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    give(story)
    for _ in range(3):
        story.advance(seconds=11)
    assert "Please check" in story.slack.texts_to(ASKER)[0]
    assert thanks(story) == {(ASKER, HELPER)}
