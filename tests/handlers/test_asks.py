"""Asking: the command, the forms, the shortcuts and the buttons on an ask."""

import json
from typing import Any

import pytest

from bot.slack.api import OutcomeUnknown, Rejected
from handlers.errors import INTERNAL_ERROR, MODAL_EXPIRED
from tests.factories import Story
from tests.fakes import PostedMessage
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
    conversation_object,
    user_object,
)


def refused(response: Any) -> str:
    """Return the errors that a command responded with."""
    assert response.status == 200
    return str(json.loads(response.body)["text"])


def errors(response: Any) -> dict[str, str]:
    assert response.status == 200
    answer = json.loads(response.body)
    assert answer["response_action"] == "errors"
    return dict(answer["errors"])


def rendered(story: Story) -> str:
    """Return everything in the ask's message, as JSON."""
    return json.dumps(
        story.slack.message_at(HELP_CHANNEL, story.only_ask().ts or "").blocks
    )


def test_a_question_in_a_channel_is_posted_at_once(story: Story) -> None:
    posted = story.ask("How do I fix *x*?")
    assert posted.blocks[0]["elements"][0]["elements"] == [
        {"type": "text", "text": "How do I fix *x*?", "style": {"bold": True}}
    ]
    assert story.only_ask().state == "open"
    assert story.slack.views == []


def test_the_asker_is_named_and_not_notified(story: Story) -> None:
    story.slack.people[ASKER] = user_object(ASKER, "Ana <!here> *B*")
    story.ask("How do I fix x?")
    assert ASKER not in rendered(story)
    assert '"text": "Asked by Ana <!here> *B*", "type": "plain_text"' in rendered(story)


def test_only_a_first_ask_explains_how_to_mark_an_answer(story: Story) -> None:
    first = story.ask("The first one?")
    second = story.ask("The second one?")
    assert "When an answer works" in json.dumps(first.blocks)
    assert "When an answer works" not in json.dumps(second.blocks)


def test_a_first_ask_names_the_channels_own_emoji(story: Story) -> None:
    story.set_up_channel(solved=":100:")
    assert "react to it with :100:" in json.dumps(story.ask().blocks)


def test_a_long_question_gets_a_title_and_details(story: Story) -> None:
    long = "Why? " + "word " * 60
    story.ask(long)
    ask = story.only_ask()
    assert len(ask.title) <= 150
    assert ask.title.endswith("…")
    assert ask.details == long.strip()


def test_forty_thousand_characters_are_one_message_with_a_visible_cut(
    story: Story,
) -> None:
    posted = story.ask("Why " + "a" * 40_000)
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1
    assert len(json.dumps(posted.blocks)) < 8_000
    assert "a…" in json.dumps(posted.blocks, ensure_ascii=False)


@pytest.mark.parametrize("text", ["", "   ", "\u202e\x00", "\u200b"])
def test_an_empty_command_opens_the_form(story: Story, text: str) -> None:
    assert story.command(ASKER, "/ask", text).status == 200
    [(_, view)] = story.slack.views
    assert view["callback_id"] == "ask"
    assert story.asks() == []


@pytest.mark.parametrize("command", ["/ask", "/kudos", "/backswing"])
@pytest.mark.parametrize("text", ["help", "HELP!", " Help me? ", "“help”", "?"])
def test_help_works_after_every_command(story: Story, command: str, text: str) -> None:
    assert "How do I" in story.command(ASKER, command, text).body
    assert story.slack.views == []
    assert story.asks() == []


@pytest.mark.parametrize("text", ["fix", "hi there", "a b c", "fix <!here>", "@ana"])
def test_a_too_short_question_is_returned_and_posts_nothing(
    story: Story, text: str
) -> None:
    said = refused(story.command(ASKER, "/ask", text))
    assert said.startswith("Say a little more. An ask needs at least 2 words")
    assert said.endswith(f"You typed: {text.replace('<!here>', '@here')}")
    assert story.asks() == []


def test_a_too_short_question_in_the_form_is_reported_beside_it(story: Story) -> None:
    story.command(ASKER, "/ask")
    view = story.slack.views[-1][1]
    values = {"title": "Build?", "details": "It fails.", "channel": HELP_CHANNEL}
    assert list(errors(story.submit(ASKER, view, values))) == ["title"]
    story.ask("How do I fix x?")
    story.click(ASKER, "ask_menu", option=f"edit:{story.only_ask().id}")
    view = story.slack.views[-1][1]
    assert list(errors(story.submit(ASKER, view, {"title": "x"}))) == ["title"]
    assert story.only_ask().title == "How do I fix x?"


def test_every_error_returns_a_long_question(story: Story) -> None:
    story.slack.channels[HELP_CHANNEL]["is_archived"] = True
    text = "Why does <https://ci.example|the build> fail? " + "word " * 400
    said = refused(story.command(ASKER, "/ask", text))
    assert "Choose another" in said
    assert "the build (https://ci.example) fail? word" in said
    assert said.count("word") == 400


def test_the_form_asks(story: Story) -> None:
    story.command(ASKER, "/ask")
    [(_, view)] = story.slack.views
    values = {
        "title": "How do I fix x?",
        "details": "I tried `y`.",
        "channel": HELP_CHANNEL,
        "more_topics": "retries, #Python, python",
    }
    assert story.submit(ASKER, view, values).body == ""
    story.deliver()
    ask = story.only_ask()
    assert (ask.title, ask.details) == ("How do I fix x?", "I tried `y`.")
    assert ask.topics == ["retries", "Python"]
    assert "#retries  #Python" in rendered(story)


def test_a_form_sent_twice_is_one_ask(story: Story) -> None:
    story.command(ASKER, "/ask")
    [(_, view)] = story.slack.views
    values = {"title": "How is it done?", "channel": HELP_CHANNEL}
    story.submit(ASKER, view, values, view_id="V1")
    story.submit(ASKER, view, values, view_id="V1")
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1


def test_a_command_replayed_is_one_ask(story: Story) -> None:
    for _ in range(2):
        story.command(ASKER, "/ask", "How is it done?", trigger_id="same")
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " \u202e ", "channel": HELP_CHANNEL}, "title"),
        ({"title": "How is it done?", "channel": None}, "channel"),
        ({"title": "How is it done?", "channel": "C0AWAY"}, "channel"),
        (
            {
                "title": "How is it done?",
                "channel": HELP_CHANNEL,
                "more_topics": "a,b,c,d",
            },
            "more_topics",
        ),
    ],
)
def test_form_errors_are_shown_beside_the_field(
    story: Story, values: dict[str, Any], field: str
) -> None:
    story.slack.channels["C0AWAY"] = conversation_object(
        "C0AWAY", "away", is_member=False
    )
    story.command(ASKER, "/ask")
    [(_, view)] = story.slack.views
    assert list(errors(story.submit(ASKER, view, values))) == [field]
    assert story.asks() == []


def test_in_a_channel_without_the_bot_the_form_opens_with_the_text(
    story: Story,
) -> None:
    story.slack.channels["C0AWAY"] = conversation_object(
        "C0AWAY", "away", is_member=False
    )
    story.command(ASKER, "/ask", "How do I fix x?", channel="C0AWAY")
    [(_, view)] = story.slack.views
    fields = {b.get("block_id"): b for b in view["blocks"]}
    assert fields["title"]["element"]["initial_value"] == "How do I fix x?"
    assert "/invite @Backswing" in json.dumps(view["blocks"])
    assert "initial_conversation" not in fields["channel"]["element"]


def test_in_a_direct_message_the_form_opens_with_the_text(story: Story) -> None:
    story.command(
        ASKER, "/ask", "How is it done?", channel="D0ANA", channel_name="directmessage"
    )
    [(_, view)] = story.slack.views
    hint, question, *_ = view["blocks"]
    assert "Pick a channel I'm in" in json.dumps(hint)
    assert question["element"]["initial_value"] == "How is it done?"


@pytest.mark.parametrize("fact", ["is_archived", "is_read_only"])
def test_an_ask_needs_a_channel_that_allows_posts(story: Story, fact: str) -> None:
    story.slack.channels[HELP_CHANNEL][fact] = True
    assert "Choose another" in refused(story.command(ASKER, "/ask", "How is it done?"))
    assert story.asks() == []


def test_guests_may_ask_unless_it_is_switched_off(story: Story) -> None:
    assert story.command(GUEST, "/ask", "How is it done?").body == ""
    story.set_up_channel(guests_may_ask=[])
    assert "full members" in refused(story.command(GUEST, "/ask", "How is it done?"))


@pytest.mark.parametrize(
    "facts",
    [{"is_bot": True}, {"deleted": True}, {"is_stranger": True}, {"team_id": "T9"}],
)
def test_an_outsider_may_not_ask(story: Story, facts: dict[str, Any]) -> None:
    story.slack.people["U9"] = user_object("U9", "Zed", **facts)
    assert refused(story.command("U9", "/ask", "How is it done?"))
    assert story.asks() == []


def test_if_slack_is_unreachable_nothing_is_saved_and_the_error_is_shown(
    story: Story,
) -> None:
    story.slack.fail["users.info"] = [OutcomeUnknown("users.info", "TimeoutError")]
    assert "can't reach Slack" in refused(
        story.command(ASKER, "/ask", "How is it done?")
    )
    assert story.asks() == []


def test_a_form_that_slack_does_not_open_in_time_is_reported(story: Story) -> None:
    story.slack.fail["views.open"] = [Rejected("views.open", "expired_trigger_id")]
    assert refused(story.command(ASKER, "/ask")) == MODAL_EXPIRED


def test_a_lost_receipt_undoes_nothing(story: Story) -> None:
    ts = story.say(ASKER, "My build fails")
    story.slack.fail["response_url"] = [OutcomeUnknown("response_url", "TimeoutError")]
    assert story.message_shortcut(ASKER, "make_ask", ASKER, ts).body == ""
    assert story.only_ask().state == "open"
    assert story.slack.responses == []


def test_a_bug_in_a_command_reports_that_nothing_was_saved(story: Story) -> None:
    story.slack.channels[HELP_CHANNEL] = {
        "id": HELP_CHANNEL,
        "name": 1j,
    }  # Not JSON from Slack.
    assert INTERNAL_ERROR in refused(story.command(ASKER, "/ask", "How is it done?"))


def test_a_channel_that_rejects_the_post_returns_the_text(story: Story) -> None:
    story.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "restricted_action")
    ]
    story.command(ASKER, "/ask", "How do I fix x?")
    story.deliver()
    [note] = story.slack.messages_to(ASKER)
    assert "only some people can post there" in note.text
    assert "How do I fix x?" in json.dumps(note.blocks)
    assert story.only_ask().state == "deleted"


# Buttons


def test_helping_is_shown_on_the_ask_and_can_be_undone(story: Story) -> None:
    story.ask()
    ask_id = str(story.only_ask().id)
    story.click(HELPER, "ask_looking", ask_id)
    assert "You're listed" in story.slack.responses[-1][1]
    story.deliver()
    assert "Looking into it: Ben" in rendered(story)
    story.advance(seconds=5)
    story.click(HELPER, "ask_looking", ask_id)
    assert "no longer listed" in story.slack.responses[-1][1]
    story.deliver()
    assert "Looking into it" not in rendered(story)


def test_a_double_click_is_one_click(story: Story) -> None:
    story.ask()
    ask_id = str(story.only_ask().id)
    story.click(HELPER, "ask_looking", ask_id, action_ts="1772442100.000001")
    story.click(HELPER, "ask_looking", ask_id, action_ts="1772442100.900000")
    story.deliver()
    assert "Looking into it: Ben" in rendered(story)


def test_the_eyes_reaction_does_the_same_as_the_button(story: Story) -> None:
    ask = story.ask()
    story.react(HELPER, ask.ts, "eyes")
    story.deliver()
    assert "Looking into it: Ben" in rendered(story)
    story.click(HELPER, "ask_looking", str(story.only_ask().id))
    assert "because of your :eyes:" in story.slack.responses[-1][1]
    story.unreact(HELPER, ask.ts, "eyes")
    story.deliver()
    assert "Looking into it" not in rendered(story)


def test_a_peer_with_the_same_problem_is_counted_and_notified(story: Story) -> None:
    ask = story.ask("How do I fix x?")
    story.click(PEER, "ask_same", str(story.only_ask().id))
    story.react(HELPER, ask.ts, "raising_hand::skin-tone-4")
    story.deliver()
    assert "2 others have this problem" in rendered(story)
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.advance(seconds=61)
    [note] = story.slack.texts_to(PEER)
    assert note == (
        "Good news: “How do I fix x?”, which you were stuck on too, is solved. See"
        " Ben's answer."
    )


def test_the_asker_can_not_help_themselves(story: Story) -> None:
    story.ask()
    story.click(ASKER, "ask_looking", str(story.only_ask().id))
    assert "your own ask" in story.slack.responses[-1][1]


def test_the_asker_closes_and_reopens(story: Story) -> None:
    story.ask()
    ask_id = story.only_ask().id
    story.click(ASKER, "ask_menu", option=f"close:{ask_id}")
    assert story.only_ask().state == "closed"
    story.deliver()
    assert "Closed by the asker" in rendered(story)
    story.click(ASKER, "ask_menu", option=f"reopen:{ask_id}")
    assert story.only_ask().state == "open"
    assert story.slack.messages_to(ASKER) == []


def test_another_person_closes_with_a_reason_and_the_asker_is_notified(
    story: Story,
) -> None:
    story.ask("How do I fix x?")
    ask_id = story.only_ask().id
    story.click(ADMIN, "ask_menu", option=f"close:{ask_id}")
    view = story.slack.views[-1][1]
    assert errors(story.submit(ADMIN, view, {"reason": " "})) == {
        "reason": "Tell the asker in a few words why you're closing it."
    }
    story.submit(ADMIN, view, {"reason": "Asked <!channel> before"})
    story.deliver()
    assert story.slack.texts_to(ASKER) == [
        "Eva closed your ask “How do I fix x?”: “Asked &lt;!channel&gt; before”."
    ]
    assert "Closed by Eva: Asked <!channel> before" in rendered(story)
    story.click(ASKER, "ask_reopen", str(ask_id))
    assert story.only_ask().state == "open"


def test_a_late_close_does_not_undo_a_later_reopening(story: Story) -> None:
    story.ask()
    ask_id = story.only_ask().id
    story.click(ASKER, "ask_menu", option=f"close:{ask_id}", action_ts="1772450000.1")
    story.click(ASKER, "ask_menu", option=f"reopen:{ask_id}", action_ts="1772450009.1")
    story.click(ASKER, "ask_menu", option=f"close:{ask_id}", action_ts="1772450005.1")
    assert story.only_ask().state == "open"


@pytest.mark.parametrize("what", ["edit", "close", "reopen", "delete"])
def test_peers_without_permission_can_not_change_an_ask(
    story: Story, what: str
) -> None:
    story.ask()
    story.click(PEER, "ask_menu", option=f"{what}:{story.only_ask().id}")
    assert "Only the person who asked" in story.slack.responses[-1][1]
    assert story.only_ask().state == "open"
    assert story.slack.views == []


def test_the_asker_edits_and_the_message_is_updated(story: Story) -> None:
    story.ask("How do I fix x?")
    story.click(ASKER, "ask_menu", option=f"edit:{story.only_ask().id}")
    view = story.slack.views[-1][1]
    assert view["blocks"][0]["element"]["initial_value"] == "How do I fix x?"
    story.submit(ASKER, view, {"title": "How do I fix y?", "details": "<b>"})
    story.deliver()
    assert "How do I fix y?" in rendered(story)
    assert story.only_ask().details == "&lt;b&gt;"


def test_a_forged_edit_of_another_members_ask_is_refused(story: Story) -> None:
    story.ask("How do I fix x?")
    story.click(ASKER, "ask_menu", option=f"edit:{story.only_ask().id}")
    view = story.slack.views[-1][1]
    assert "Only the person who asked" in str(
        errors(story.submit(PEER, view, {"title": "Mine by now"}))
    )
    assert story.only_ask().title == "How do I fix x?"


def test_deleting_asks_for_confirmation_and_removes_the_message(story: Story) -> None:
    ask = story.ask()
    story.click(ASKER, "ask_menu", option=f"delete:{story.only_ask().id}")
    view = story.slack.views[-1][1]
    assert story.only_ask().state == "open"
    story.submit(ASKER, view, {})
    story.deliver()
    assert story.slack.messages_to(HELP_CHANNEL) == []
    # Later events for it change nothing.
    story.say(HELPER, "So.", thread_ts=ask.ts)
    assert story.only_ask().state == "deleted"
    assert story.answers() == []


def test_helpers_by_button_and_by_reaction_learn_how_to_step_back(
    story: Story,
) -> None:
    ask = story.ask()
    ask_id = str(story.only_ask().id)
    story.click(HELPER, "ask_looking", ask_id)
    story.react(HELPER, ask.ts, "eyes")
    story.advance(seconds=5)
    story.click(HELPER, "ask_looking", ask_id)
    assert "because of your :eyes:" in story.slack.responses[-1][1]
    story.unreact(HELPER, ask.ts, "eyes")
    story.deliver()
    assert "Looking into it" not in rendered(story)


def test_the_asker_learns_who_deleted_their_ask(story: Story) -> None:
    story.ask("How do I fix x?")
    story.click(ADMIN, "ask_menu", option=f"delete:{story.only_ask().id}")
    story.submit(ADMIN, story.slack.views[-1][1], {})
    story.deliver()
    assert story.slack.texts_to(ASKER) == ["Eva deleted your ask “How do I fix x?”."]


def test_a_note_that_reopens_an_ask_shows_it(story: Story) -> None:
    story.ask()
    ask_id = story.only_ask().id
    story.click(ASKER, "ask_menu", option=f"close:{ask_id}")
    story.click(ASKER, "ask_reopen", str(ask_id))
    assert story.slack.responses[-1][1] == "It's open again."
    story.slack.fail["response_url"] = [OutcomeUnknown("response_url", "TimeoutError")]
    assert story.click(ASKER, "ask_reopen", str(ask_id)).status == 200


def test_text_that_the_form_shows_unchanged_stays_whole(story: Story) -> None:
    story.ask(f"Ask <@{PEER}|chi> " + "word " * 1000)
    before = story.only_ask()
    story.click(ASKER, "ask_menu", option=f"edit:{before.id}")
    view = story.slack.views[-1][1]
    current = {
        block["block_id"]: block["element"].get("initial_value")
        for block in view["blocks"]
    }
    assert len(current["details"]) <= 3000
    story.submit(ASKER, view, current | {"more_topics": "words"})
    after = story.only_ask()
    assert after.topics == ["words"]
    assert (after.title, after.details) == (before.title, before.details)
    assert f"<@{PEER}|chi>" in after.title
    story.submit(ASKER, view, current | {"details": "Shorter"})
    assert (story.only_ask().title, story.only_ask().details) == (
        before.title,
        "Shorter",
    )


@pytest.mark.parametrize("value", ["", "x", "-1", "999999", "1; DROP TABLE asks", "٣"])
def test_a_forged_id_is_refused(story: Story, value: str) -> None:
    story.ask()
    assert story.click(ASKER, "ask_looking", value).status == 200
    assert "is gone." in story.slack.responses[-1][1]


# Messages converted to asks


def test_the_author_converts_a_message_to_an_ask(story: Story) -> None:
    ts = story.say(ASKER, "My build fails")
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.slack.thread_messages[HELP_CHANNEL, ts] = [
        {"ts": ts, "user": ASKER, "text": "My build fails"},
        {
            "ts": answer,
            "thread_ts": ts,
            "user": HELPER,
            "text": "Clean it",
            "reactions": [{"name": "+1", "users": [PEER], "count": 1}],
        },
    ]
    assert story.answers() == []
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, "My build fails")
    story.deliver()
    ask = story.only_ask()
    assert (ask.title, ask.asker, ask.is_users_message) == (
        "My build fails",
        ASKER,
        True,
    )
    # Earlier replies and reactions are fetched once, and count.
    assert story.answer_marks() == {answer: (False, 1)}
    assert story.slack.messages_to(ASKER) == []


def converted(story: Story, text: str = "My build fails") -> tuple[str, PostedMessage]:
    """Return a message that its author converted, and the bot's line in its thread."""
    ts = story.say(ASKER, text)
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, text)
    story.deliver()
    return ts, line_below(story, ts)


def line_below(story: Story, ts: str) -> PostedMessage:
    [line] = [m for m in story.slack.messages_to(HELP_CHANNEL) if m.thread_ts == ts]
    return line


def test_a_converted_message_has_one_line_that_is_kept_up_to_date(
    story: Story,
) -> None:
    ts, line = converted(story)
    assert ":white_circle: Open" in json.dumps(line.blocks)
    story.click(HELPER, *button(line, "I can help"))
    story.click(PEER, *button(line, "Same here"))
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.deliver()
    current = json.dumps(line.blocks)
    assert ":speech_balloon: Answered" in current
    assert "Looking into it: Ben" in current
    assert "1 other person has this problem" in current
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert "Ben's answer" in json.dumps(line.blocks)
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "white_check_mark")}
    story.unreact(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.slack.reactions == set()
    story.click(ASKER, "ask_menu", option=f"close:{story.only_ask().id}")
    story.deliver()
    assert "Closed by the asker" in json.dumps(line.blocks)
    assert story.slack.messages_to(HELP_CHANNEL) == [line]


def test_changes_before_the_lines_ts_is_known_are_shown_later(
    story: Story,
) -> None:
    ts = story.say(ASKER, "My build fails")
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ]
    story.message_shortcut(ASKER, "make_ask", ASKER, ts)
    story.deliver()
    story.say(HELPER, "Clean it", thread_ts=ts)
    story.advance(minutes=2)
    assert "Answered" in json.dumps(line_below(story, ts).blocks)


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_deleted_line_does_not_come_back(story: Story, is_heard: bool) -> None:
    ts, line = converted(story)
    story.slack.messages.remove(line)
    if is_heard:
        story.delete(BOT, line.ts, thread_ts=ts)
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.deliver()
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.only_ask().state == "solved"
    assert story.only_ask().thread_line_ts is None
    assert story.slack.messages_to(HELP_CHANNEL) == []
    assert [a.ts for a in story.answers()] == [answer]


def test_a_channel_that_rejects_the_line_keeps_the_ask(story: Story) -> None:
    ts = story.say(ASKER, "My build fails")
    story.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "restricted_action")
    ]
    story.message_shortcut(ASKER, "make_ask", ASKER, ts)
    story.deliver()
    assert story.only_ask().state == "open"
    assert story.slack.messages == []


def test_the_line_is_deleted_with_its_message(story: Story) -> None:
    ts, _ = converted(story)
    story.delete(ASKER, ts)
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert story.slack.messages_to(HELP_CHANNEL) == []


def test_not_an_ask_is_one_click_and_so_is_its_undo(story: Story) -> None:
    _, line = converted(story)
    ask_id = story.only_ask().id
    story.click(PEER, "ask_menu", option=f"delete:{ask_id}")
    assert "Only the person who asked" in story.slack.responses[-1][1]
    story.click(ASKER, "ask_menu", option=f"delete:{ask_id}")
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert line.text == "This message isn't an ask."
    story.click(PEER, *button(line, "Undo"))
    assert story.only_ask().state == "deleted"
    story.click(ASKER, *button(line, "Undo"))
    story.deliver()
    assert story.only_ask().state == "open"
    assert ":white_circle: Open" in json.dumps(line.blocks)
    assert story.slack.messages_to(HELP_CHANNEL) == [line]
    assert story.slack.messages_to(ASKER) == []


# Captured messages


def captured(story: Story, sign: str) -> str:
    story.set_up_channel(capture="questions", capture_indicator=sign)
    ts = story.say(ASKER, "Why does my build fail?")
    story.deliver()
    return ts


def test_a_captured_messages_reaction_becomes_a_check_mark(
    story: Story,
) -> None:
    ts = captured(story, "reaction")
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "white_check_mark")}
    story.unreact(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}
    story.click(ASKER, "ask_menu", option=f"close:{story.only_ask().id}")
    story.deliver()
    assert story.slack.reactions == set()
    assert story.slack.messages_to(HELP_CHANNEL) == []


@pytest.mark.parametrize("method", ["reactions.add", "reactions.remove"])
def test_after_any_response_of_slack_one_reaction_is_left(
    story: Story, method: str
) -> None:
    ts = captured(story, "reaction")
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.slack.fail_after[method] = [OutcomeUnknown(method, "TimeoutError")]
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    story.unreact(ASKER, answer, "white_check_mark")
    story.advance(minutes=1)
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}


def test_a_captured_message_may_have_a_line(story: Story) -> None:
    ts = captured(story, "line")
    assert button(line_below(story, ts), "I can help")
    assert story.slack.reactions == set()
    assert story.slack.calls.count("reactions.add") == 0


def test_a_captured_message_may_show_nothing_until_it_is_solved(story: Story) -> None:
    ts = captured(story, "nothing")
    assert (story.slack.messages_to(HELP_CHANNEL), story.slack.reactions) == ([], set())
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "white_check_mark")}


def test_anyone_can_disclaim_a_captured_message_and_undo_it(
    story: Story,
) -> None:
    ts = captured(story, "reaction")
    ask_id = str(story.only_ask().id)
    story.message_shortcut(PEER, "ask_options", ASKER, ts)
    view = story.slack.views[-1][1]
    story.click(PEER, "option_delete", ask_id, view=view)
    assert "isn't an ask" in json.dumps(story.slack.views[-1][1])
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert story.slack.reactions == set()
    assert "Chi says your message" in story.slack.texts_to(ASKER)[-1]
    # The same again, by a click on an outdated message.
    story.click(HELPER, "ask_menu", option=f"delete:{ask_id}")
    story.edit(ASKER, ts, "Why, oh why?", before="Why does my build fail?")
    assert story.only_ask().state == "deleted"
    story.say(HELPER, "Clean it", thread_ts=ts)
    story.click(PEER, "ask_restore", ask_id, view=story.slack.views[-1][1])
    story.click(PEER, "ask_restore", ask_id)
    story.deliver()
    assert story.only_ask().state == "open"
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}


def test_only_the_asker_and_moderators_disclaim_an_answered_ask(story: Story) -> None:
    ts = captured(story, "reaction")
    ask_id = story.only_ask().id
    story.say(HELPER, "Clean it", thread_ts=ts)
    story.click(PEER, "ask_menu", option=f"delete:{ask_id}")
    assert "Only the person who asked" in story.slack.responses[-1][1]
    assert story.only_ask().state == "answered"
    story.click(ADMIN, "ask_menu", option=f"delete:{ask_id}")
    assert story.only_ask().state == "deleted"


def test_a_deleted_message_does_not_become_an_ask_again(story: Story) -> None:
    ts = captured(story, "reaction")
    ask_id = str(story.only_ask().id)
    story.click(PEER, "ask_menu", option=f"delete:{ask_id}")
    story.delete(ASKER, ts)
    story.click(PEER, "ask_restore", ask_id)
    assert story.slack.responses[-1][1] == "That ask is gone."
    story.deliver()
    assert story.only_ask().state == "deleted"


def test_the_note_about_a_first_captured_ask_can_disclaim_it(story: Story) -> None:
    captured(story, "nothing")
    [message] = story.slack.messages_to(ASKER)
    story.click(ASKER, *button(message, "Not an ask"), channel="D0ANA")
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert story.slack.messages_to(ASKER) == [message]


def test_the_menu_shows_help_and_opens_the_options(story: Story) -> None:
    story.ask()
    ask_id = story.only_ask().id
    story.click(PEER, "ask_menu", option=f"help:{ask_id}")
    assert "How do I" in story.slack.responses[-1][1]
    story.click(PEER, "ask_menu", option=f"options:{ask_id}")
    assert buttons_of(story.slack.views[-1][1]) == ["I can help", "Same here"]


def buttons_of(view: dict[str, Any]) -> list[str]:
    return [
        element["text"]["text"]
        for block in view["blocks"]
        for element in block.get("elements", [])
        if element["type"] == "button"
    ]


@pytest.mark.parametrize(
    ("member", "what"),
    [
        (PEER, ["I can help", "Same here"]),
        (GUEST, ["I can help", "Same here"]),
        (ASKER, ["Edit", "Close", "Delete…"]),
        (ADMIN, ["I can help", "Same here", "Close", "Delete…"]),
        (CHAMPION, ["I can help", "Same here", "Close", "Delete…"]),
    ],
)
def test_the_options_are_the_persons_permitted_actions(
    story: Story, member: str, what: list[str]
) -> None:
    story.set_up_channel(champions=[CHAMPION])
    ask = story.ask()
    story.message_shortcut(member, "ask_options", BOT, ask.ts)
    assert buttons_of(story.slack.views[-1][1]) == what
    # Each of them works.
    view = story.slack.views[-1][1]
    for element in view["blocks"][-1]["elements"]:
        story.click(member, element["action_id"], element["value"], view=view)
        assert "Not possible" not in json.dumps(story.slack.views[-1][1])


def test_the_options_of_a_solved_ask(story: Story) -> None:
    ask = story.ask()
    story.react(ASKER, ask.ts, "white_check_mark")
    current = {}
    for member in (ASKER, ADMIN, PEER):
        story.message_shortcut(member, "ask_options", BOT, ask.ts)
        current[member] = buttons_of(story.slack.views[-1][1])
    assert current == {
        ASKER: ["Edit", "Add what worked", "Not solved yet", "Delete…"],
        ADMIN: ["Not solved yet", "Delete…"],
        PEER: [],
    }


def test_replies_to_shortcuts_appear_in_their_thread(
    story: Story,
) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.message_shortcut(PEER, "mark_helpful", HELPER, answer, thread_ts=ask.ts)
    story.message_shortcut(PEER, "mark_solved", HELPER, answer, thread_ts=ask.ts)
    done, refusal = story.slack.ephemeral_messages
    assert (done.visible_to, done.thread_ts) == (PEER, ask.ts)
    assert button(done, "Undo")
    assert "Only the person who asked" in refusal.text
    assert refusal.thread_ts == ask.ts
    assert story.slack.responses == []


def test_if_slack_shows_nothing_in_the_thread_the_reply_is_in_the_channel(
    story: Story,
) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.slack.fail["chat.postEphemeral"] = [
        Rejected("chat.postEphemeral", "user_not_in_channel")
    ]
    story.message_shortcut(PEER, "mark_helpful", HELPER, answer, thread_ts=ask.ts)
    assert "Marked as helpful" in story.slack.responses[-1][1]


def test_a_champion_converts_another_members_message_and_the_author_is_told(
    story: Story,
) -> None:
    story.set_up_channel(champions=[CHAMPION])
    ts = story.say(ASKER, "My build fails")
    for other in (PEER, ADMIN):
        story.message_shortcut(other, "make_ask", ASKER, ts)
        assert "Only its author" in story.slack.responses[-1][1]
    story.message_shortcut(CHAMPION, "make_ask", ASKER, ts, "My build fails")
    story.deliver()
    assert story.slack.texts_to(ASKER)[0].startswith(
        "Dan made your message “My build fails” an ask"
    )
    story.message_shortcut(CHAMPION, "make_ask", ASKER, ts)
    assert "already an ask" in story.slack.responses[-1][1]


def test_where_guests_may_not_ask_their_messages_are_not_converted(
    story: Story,
) -> None:
    story.set_up_channel(guests_may_ask=[], champions=[CHAMPION], capture="all")
    story.say(GUEST, "Who am I?")  # Their role is fetched first.
    story.deliver()
    ask_count = len(story.asks())
    ts = story.say(GUEST, "My build fails")
    assert len(story.asks()) == ask_count
    for by in (GUEST, CHAMPION):
        story.message_shortcut(by, "make_ask", GUEST, ts)
        assert "Only full members" in story.slack.responses[-1][1]
    assert len(story.asks()) == ask_count


@pytest.mark.parametrize("author", ["USLACKBOT", BOT, "U0ROBO"])
def test_a_message_not_written_by_a_person_is_not_converted(
    story: Story, author: str
) -> None:
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    story.set_up_channel(champions=[CHAMPION])
    story.message_shortcut(CHAMPION, "make_ask", author, story.ts())
    assert "is from an app" in story.slack.responses[-1][1]
    assert story.asks() == []


def test_a_first_ask_from_ones_own_message_explains_marking(story: Story) -> None:
    story.set_up_channel(solved=":100:")
    for said in ("It breaks", "It breaks again"):
        story.message_shortcut(ASKER, "make_ask", ASKER, story.say(ASKER, said))
    first, second = (text for _, text, _ in story.slack.responses)
    assert "react to that reply with :100:" in first
    assert "react" not in second


def test_the_options_of_a_converted_message(story: Story) -> None:
    ts = story.say(ASKER, "My build fails")
    story.message_shortcut(HELPER, "ask_options", ASKER, ts)
    assert "no ask" in story.slack.responses[-1][1]
    story.message_shortcut(ASKER, "make_ask", ASKER, ts)
    story.message_shortcut(HELPER, "ask_options", ASKER, ts)
    view = story.slack.views[-1][1]
    story.click(HELPER, "option_looking", str(story.only_ask().id), view=view)
    assert "I can't help after all" in json.dumps(story.slack.views[-1][1])
    story.click(ASKER, "option_close", str(story.only_ask().id), view=view)
    assert story.only_ask().state == "closed"


def test_people_of_the_same_name_are_distinguished_in_an_ask(story: Story):
    for slack_id, name in ((HELPER, "Chi Ito"), (PEER, "Chi Tan")):
        profile = {"display_name": "Chi", "real_name": name}
        story.slack.people[slack_id] = user_object(slack_id, "Chi", profile=profile)
    ask = story.ask()
    story.react(PEER, ask.ts, "eyes")
    answer = story.say(HELPER, "With a mutex.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    current = json.dumps(story.slack.messages_to(HELP_CHANNEL)[0].blocks)
    assert "Chi Ito" in current
