"""Giving kudos: the command, the form, the shortcuts, and taking them back."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from bot.kudos import allowance, blocks
from bot.slack.api import OutcomeUnknown, Rejected
from bot.workspace import channels, visibility
from models import Kudos, KudosTag, KudosThanks
from tests.factories import Story
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

FOR = "for the answer on retries, which saved my day"
REASON = FOR.removeprefix("for ")
BEN, CHI = f"<@{HELPER}|ben>", f"<@{PEER}|chi>"


def answered(response: Any) -> str:
    """Return the command's private response."""
    assert response.status == 200
    return str(json.loads(response.body)["text"])


def errors(response: Any) -> dict[str, str]:
    answer = json.loads(response.body)
    assert answer["response_action"] == "errors"
    return dict(answer["errors"])


def thanks(story: Story) -> set[tuple[str, str]]:
    """Return the pairs of giver and recipient in the database."""
    with story.rt.read_session() as session:
        return {
            (row.giver, row.recipient) for row in session.scalars(select(KudosThanks))
        }


def kudos(story: Story) -> list[Kudos]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(Kudos).order_by(Kudos.id)))


def give(
    story: Story, text: str = f"{BEN} {FOR}", giver: str = ASKER, **more: Any
) -> str:
    receipt = answered(story.command(giver, "/kudos", text, **more))
    story.deliver()
    return receipt


def form(story: Story, giver: str = ASKER, **more: Any) -> dict[str, Any]:
    """Open the form by the command with these arguments; return it."""
    assert story.command(giver, "/kudos", **more).body == ""
    return dict(story.slack.views[-1][1])


def filled(**more: Any) -> dict[str, Any]:
    return {
        "people": [HELPER],
        "reason": REASON,
        "visibility": "public",
        "channel": HELP_CHANNEL,
        **more,
    }


# The command


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


# One notification per recipient


def test_the_giver_is_named_and_only_the_recipients_are_mentioned(
    story: Story,
) -> None:
    story.slack.people[ASKER] = user_object(ASKER, "*Ana* <!here> :tada:")
    give(story)
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert ASKER not in json.dumps(posted.blocks) + posted.text
    assert "<!here>" not in posted.text
    first = posted.blocks[0]["elements"][0]["elements"][0]
    assert first == {"type": "text", "text": "*Ana* <!here> :tada:"}


def test_a_recipient_who_sees_the_message_gets_no_direct_message(story: Story) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    give(story, f"{BEN} {CHI} {FOR}")
    assert story.slack.messages_to(HELPER) == []
    [note] = story.slack.messages_to(PEER)
    assert note.text.startswith("Ana thanks you in #help: ")
    story.click(ASKER, "kudos_take_back", str(kudos(story)[0].id))
    story.deliver()
    assert story.slack.messages_to(HELPER) == []
    assert note.text == "Ana took these kudos back."


@pytest.mark.parametrize("is_in", [True, False])
def test_known_memberships_are_not_fetched_again(story: Story, *, is_in: bool) -> None:
    give(story, giver=PEER)
    with story.rt.write(story.rt.workspaces.only) as tx:
        channel_id = channels.get_or_create(tx, HELP_CHANNEL).id
        now = story.clock()
        visibility.record_memberships(tx, HELPER, {channel_id: is_in}, at=now)
    story.slack.calls.clear()
    give(story)
    assert "users.conversations" not in story.slack.calls
    assert len(story.slack.messages_to(HELPER)) == (1 if is_in else 2)


def test_a_direct_message_is_sent_if_the_membership_is_unknown(
    story: Story,
) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [HELPER]
    story.slack.fail["users.conversations"] = [
        Rejected("users.conversations", "user_not_found")
    ]
    give(story)
    assert len(story.slack.messages_to(HELPER)) == 1


def test_private_kudos_are_direct_messages_to_channel_members_too(story: Story) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    story.submit(ASKER, form(story), filled(visibility="private"))
    story.deliver()
    assert len(story.slack.messages_to(HELPER)) == 1


def test_a_recipient_who_can_not_see_the_message_gets_a_direct_message(
    story: Story,
) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    story.slack.fail["chat.postMessage"] = [OutcomeUnknown("chat.postMessage", "reset")]
    story.slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    give(story)
    for _ in range(3):
        story.advance(seconds=11)
    assert len(story.slack.messages_to(HELPER)) == 1


# Outdated buttons


def test_the_button_disappears_from_a_direct_message_after_ten_minutes(
    story: Story,
) -> None:
    story.submit(ASKER, form(story), filled(visibility="private"))
    story.deliver()
    [line] = story.slack.messages_to(ASKER)
    assert "kudos_take_back" in json.dumps(line.blocks)
    story.advance(minutes=9)
    assert "kudos_take_back" in json.dumps(line.blocks)
    story.advance(minutes=1, seconds=1)
    assert "kudos_take_back" not in json.dumps(line.blocks)
    assert line.text == "Thanks sent privately to Ben."


def test_the_button_disappears_from_a_direct_message_after_an_admins_undo(
    story: Story,
) -> None:
    story.submit(ASKER, form(story), filled(visibility="private"))
    story.advance(minutes=11)
    story.click(ADMIN, "kudos_take_back", str(kudos(story)[0].id))
    story.deliver()
    [line] = story.slack.messages_to(ASKER)
    assert line.text == "Kudos taken back."


@pytest.mark.parametrize("is_used", [True, False])
def test_a_late_click_replaces_the_button_by_the_reason(
    story: Story, *, is_used: bool
) -> None:
    give(story)
    one = str(kudos(story)[0].id)
    if is_used:
        story.click(ASKER, "kudos_take_back", one)
    else:
        story.clock.advance(minutes=11)
    story.click(ASKER, "kudos_take_back", one)
    text = story.slack.replaced_texts[-1]
    assert ("already been taken back" if is_used else "for 10 minutes") in text


# Simultaneous commands


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


# Duplicates and the allowance


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


def admins_allowance(story: Story, a_day: int) -> None:
    with story.rt.write(story.rt.workspaces.only) as tx:
        allowance.set_daily(tx, a_day)


# Taking back


def test_the_giver_takes_them_back_and_the_message_shows_it(story: Story) -> None:
    give(story, f"{BEN} {FOR} #ops")
    [one] = kudos(story)
    story.clock.advance(minutes=9)
    assert story.click(ASKER, "kudos_take_back", str(one.id)).status == 200
    assert story.slack.responses[-1][1] == "Kudos taken back."
    story.deliver()
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert posted.text == "Ana took these kudos back."
    assert REASON not in json.dumps(posted.blocks)
    [note] = story.slack.messages_to(HELPER)
    assert note.text == "Ana took these kudos back."
    assert REASON not in json.dumps(note.blocks)
    assert thanks(story) == set()
    with story.rt.read_session() as session:
        assert session.scalars(select(KudosTag)).all() == []
    assert "4 more people" in give(story, f"{CHI} {FOR}"), (
        "what was taken back is left again"
    )


def test_after_ten_minutes_only_an_admin_takes_them_back(story: Story) -> None:
    give(story)
    [one] = kudos(story)
    story.clock.advance(minutes=11)
    for giver in (ASKER, HELPER, CHAMPION):
        story.click(giver, "kudos_menu", option=f"take_back:{one.id}")
    receipt = [text for _, text, _ in story.slack.responses]
    assert "for 10 minutes" in receipt[0]
    assert (
        receipt[1]
        == receipt[2]
        == "Only the person who gave them, or an admin, can take kudos back."
    )
    assert thanks(story)
    story.clock.advance(days=3)
    story.click(ADMIN, "kudos_menu", option=f"take_back:{one.id}")
    story.deliver()
    assert (
        story.slack.messages_to(HELP_CHANNEL)[0].text
        == "An admin took these kudos back."
    )
    assert thanks(story) == set()


def test_kudos_taken_back_before_the_post_are_never_posted(story: Story) -> None:
    story.command(ASKER, "/kudos", f"{BEN} {FOR}")
    story.click(ASKER, "kudos_take_back", str(kudos(story)[0].id))
    story.deliver()
    assert story.slack.messages == []


def test_they_are_taken_back_once(story: Story) -> None:
    give(story)
    one = str(kudos(story)[0].id)
    story.click(ASKER, "kudos_take_back", one)
    story.click(ASKER, "kudos_take_back", one)
    assert "already been taken back" in story.slack.responses[-1][1]


@pytest.mark.parametrize("value", ["", "x", "99", "1e3", "-1", "٣"])
def test_a_forged_button_takes_nothing_back(story: Story, value: str) -> None:
    give(story)
    assert story.click(ADMIN, "kudos_take_back", value).status == 200
    assert thanks(story)


def test_deleting_the_message_takes_its_kudos_back(story: Story) -> None:
    give(story)
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    story.delete(BOT, posted.ts)
    story.delete(BOT, posted.ts)
    assert thanks(story) == set()


def test_an_edit_gives_nothing_new(story: Story) -> None:
    give(story)
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    story.edit(BOT, posted.ts, f"{CHI} {FOR}", before="x")
    ts = story.say(ASKER, f"kudos {CHI}")
    story.edit(ASKER, ts, f"/kudos {CHI} {FOR}", before=f"kudos {CHI}")
    story.deliver()
    assert thanks(story) == {(ASKER, HELPER)}


# The form


def test_the_form_posts_publicly_and_confirms_privately(story: Story) -> None:
    view = form(story)
    assert story.submit(ASKER, view, filled(tags="#Ops, teamwork")).body == ""
    story.deliver()
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert "#ops  #teamwork" in json.dumps(posted.blocks)
    [ephemeral] = story.slack.ephemeral_messages
    assert (ephemeral.channel, ephemeral.visible_to) == (HELP_CHANNEL, ASKER)
    assert ephemeral.text == "Thanks sent to Ben. You can thank 4 more people today."


def test_private_kudos_are_direct_messages_and_appear_nowhere_else(
    story: Story,
) -> None:
    values = filled(people=[HELPER, PEER], visibility="private")
    assert story.submit(ASKER, form(story), values).body == ""
    story.deliver()
    assert story.slack.messages_to(HELP_CHANNEL) == story.slack.ephemeral_messages == []
    for recipient, other in ((HELPER, "Chi"), (PEER, "Ben")):
        [note] = story.slack.messages_to(recipient)
        assert note.text == f"Ana thanks you privately: {REASON}"
        assert other not in json.dumps(note.blocks)
    [told] = story.slack.messages_to(ASKER)
    assert "Thanks sent privately to Ben and Chi. You can thank 3 more" in told.text
    assert REASON not in told.text
    assert REASON not in give(story, "me", giver=CHAMPION)


def test_private_kudos_taken_back_leave_no_text(story: Story) -> None:
    story.submit(ASKER, form(story), filled(visibility="private"))
    story.deliver()
    story.click(ASKER, "kudos_take_back", str(kudos(story)[0].id))
    story.deliver()
    assert REASON not in json.dumps([m.blocks for m in story.slack.messages])


def test_the_form_shows_errors_beside_their_fields(story: Story) -> None:
    view = form(story)
    wrong = filled(people=[ASKER], reason="thx", tags="a b c d e f")
    receipt = errors(story.submit(ASKER, view, wrong))
    assert receipt.keys() == {"people", "reason", "tags"}
    receipt = errors(story.submit(ASKER, view, filled(channel=None)))
    assert "Choose a channel" in receipt["channel"]
    story.slack.channels["C0OUT"] = conversation_object("C0OUT", "out", is_member=False)
    receipt = errors(story.submit(ASKER, view, filled(channel="C0OUT")))
    assert "/invite" in receipt["channel"]
    story.slack.channels["C0OLD"] = conversation_object(
        "C0OLD", "old", is_archived=True
    )
    receipt = errors(story.submit(ASKER, view, filled(channel="C0OLD")))
    assert "archived" in receipt["channel"]


def test_a_giver_outside_the_channel_gets_a_direct_receipt(story: Story) -> None:
    story.slack.fail["chat.postEphemeral"] = [
        Rejected("chat.postEphemeral", "user_not_in_channel")
    ]
    story.submit(ASKER, form(story), filled())
    story.deliver()
    assert "You can thank 4 more people today" in story.slack.texts_to(ASKER)[0]


def test_the_global_shortcut_opens_the_form_for_the_current_channel(
    story: Story,
) -> None:
    story.dispatch(
        {
            "type": "shortcut",
            "callback_id": "kudos",
            "team": {"id": "T0PEERS"},
            "user": {"id": ASKER},
            "trigger_id": "t",
        }
    )
    channel = story.slack.views[-1][1]["blocks"][-1]["element"]
    assert channel["default_to_current_conversation"] is True


# Thank the author


def test_the_author_of_a_message_is_filled_in_with_a_link(story: Story) -> None:
    story.command(ASKER, "/kudos")
    give(story, giver=PEER)
    ts = story.say(HELPER, "Use jitter.")
    story.message_shortcut(ASKER, "thank_author", HELPER, ts)
    view = story.slack.views[-1][1]
    assert view["blocks"][1]["element"]["initial_users"] == [HELPER]
    assert ts.replace(".", "") in json.dumps(view["blocks"][0])
    before = len(story.slack.messages_to(HELP_CHANNEL))
    story.submit(ASKER, view, filled())
    story.deliver()
    posted = story.slack.messages_to(HELP_CHANNEL)[before]
    assert posted.thread_ts is None
    assert ts.replace(".", "") in json.dumps(posted.blocks)
    assert ts.replace(".", "") in json.dumps(story.slack.messages_to(HELPER)[-1].blocks)


def test_in_a_thread_kudos_are_a_reply_and_looked_up_there(story: Story) -> None:
    give(story, giver=PEER)
    top = story.say(ASKER, "How is it done?")
    ts = story.say(HELPER, "So.", thread_ts=top)
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, thread_ts=top)
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "reset")
    ]
    story.submit(ASKER, story.slack.views[-1][1], filled())
    for _ in range(3):
        story.advance(seconds=11)
    [reply] = [m for m in story.slack.messages_to(HELP_CHANNEL) if m.thread_ts]
    assert reply.thread_ts == top
    assert kudos(story)[-1].ts == reply.ts


@pytest.mark.parametrize("is_seen_at_once", [True, False])
def test_in_a_deleted_thread_they_are_not_given_and_not_retried(
    story: Story, is_seen_at_once: bool
) -> None:
    top = story.say(ASKER, "How is it done?")
    ts = story.say(HELPER, "So.", thread_ts=top)
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, thread_ts=top)
    thread_error = Rejected("chat.postMessage", "thread_not_found")
    if is_seen_at_once:
        story.slack.fail["chat.postMessage"] = [thread_error]
    else:
        story.slack.fail["chat.postMessage"] = [
            OutcomeUnknown("chat.postMessage", "reset")
        ]
        story.slack.fail["conversations.history"] = [thread_error]
    story.submit(ASKER, story.slack.views[-1][1], filled())
    for _ in range(5):
        story.advance(seconds=60)
    assert kudos(story)[-1].taken_back_at is not None
    assert [m for m in story.slack.messages_to(HELP_CHANNEL) if m.thread_ts] == []
    assert "don't count" in story.slack.messages_to(ASKER)[-1].text
    assert story.slack.calls.count("chat.postMessage") == 2


def test_kudos_for_a_posted_ask_go_to_its_asker(story: Story) -> None:
    ask = story.ask()
    story.message_shortcut(HELPER, "thank_author", BOT, ask.ts)
    view = story.slack.views[-1][1]
    assert ASKER in json.dumps(view["blocks"])


@pytest.mark.parametrize(
    ("author", "reason"), [(ASKER, "your own message"), (BOT, "from an app")]
)
def test_without_an_author_nobody_is_filled_in(
    story: Story, author: str, reason: str
) -> None:
    story.message_shortcut(ASKER, "thank_author", author, "1772442000.000100")
    assert reason in story.slack.responses[-1][1]
    assert story.slack.views == []


def test_a_link_to_a_private_channel_is_not_shown_elsewhere(story: Story) -> None:
    story.slack.channels["C0DEN"] = conversation_object("C0DEN", "den", is_private=True)
    give(story, giver=PEER, channel="C0DEN")
    ts = story.say(HELPER, "Secret", channel="C0DEN")
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, channel="C0DEN")
    story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert "C0DEN" not in json.dumps(posted.blocks)


def test_a_link_to_an_unknown_private_channel_is_not_shown_elsewhere(
    story: Story,
) -> None:
    """Slack sends nothing about private channels without the bot."""
    give(story, giver=PEER)
    ts = "1772442000.000100"
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, channel="C0DEN")
    story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    posted = story.slack.messages_to(HELP_CHANNEL)[-1]
    assert REASON in posted.text
    assert "C0DEN" not in json.dumps(posted.blocks)


def test_a_message_in_a_public_channel_is_linked(story: Story) -> None:
    story.slack.channels["C0OUT"] = conversation_object("C0OUT", "out", is_member=False)
    ts = "1772442000.000100"
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, channel="C0OUT")
    story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    assert "C0OUT" in json.dumps(story.slack.messages_to(HELP_CHANNEL)[-1].blocks)


def test_a_link_is_removed_with_its_message(story: Story) -> None:
    give(story, giver=PEER)
    ts = story.say(HELPER, "Use jitter.")
    story.message_shortcut(ASKER, "thank_author", HELPER, ts)
    story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    posted = story.slack.messages_to(HELP_CHANNEL)[-1]
    assert ts.replace(".", "") in json.dumps(posted.blocks)
    story.delete(HELPER, ts)
    story.deliver()
    assert REASON in posted.text
    assert ts.replace(".", "") not in json.dumps(posted.blocks)


def test_a_recipient_outside_does_not_see_a_private_channels_name(story: Story) -> None:
    story.slack.channels["C0DEN"] = conversation_object("C0DEN", "den", is_private=True)
    give(story, channel="C0DEN")
    [note] = story.slack.messages_to(HELPER)
    assert note.text.startswith("Ana thanks you in a private channel: ")


def test_a_message_in_a_direct_message_is_not_linked(story: Story) -> None:
    ts = "1772442000.000100"
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, channel="D0X")
    view = story.slack.views[-1][1]
    assert json.loads(view["private_metadata"]) == {"about": None}
    assert "D0X" not in json.dumps(view["blocks"])


# The "Say thanks" button


def test_a_button_anywhere_opens_the_form_filled_in(story: Story) -> None:
    button = blocks.thank_button(HELPER, "You *helped* <us>")
    story.click(ASKER, "say_thanks", button.value or "")
    shown = story.slack.views[-1][1]["blocks"]
    assert shown[0]["element"]["initial_users"] == [HELPER]
    assert shown[1]["element"]["initial_value"] == "You *helped* <us>"


@pytest.mark.parametrize("receipt", ["word " * 600, '"Yes."\n' * 600, "\x01" * 3000])
def test_a_buttons_text_is_limited_by_slack(receipt: str) -> None:
    value = blocks.thank_button(HELPER, receipt).value or ""
    assert 1900 < len(value) <= 2000


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        '{"receiver": 1}',
        '{"receiver": "<!channel>", "reason": ""}',
        '{"receiver": "U0BEN", "reason": {}}',
        json.dumps({"receiver": ASKER}),
    ],
)
def test_a_forged_button_opens_nothing(story: Story, value: str) -> None:
    assert story.click(ASKER, "say_thanks", value).status == 200
    assert story.slack.views == []


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
