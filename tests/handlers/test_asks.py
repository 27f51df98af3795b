"""Asking by the command and by the form."""

import json
from typing import Any

import pytest

from bot.slack.api import OutcomeUnknown, Rejected
from handlers.errors import INTERNAL_ERROR, MODAL_EXPIRED
from tests.ask_forms import block_ids, open_form, with_typed
from tests.asks import rendered
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_errors,
    user_object,
)


def refused(response: Any) -> str:
    """Return the errors that a command responded with."""
    assert response.status == 200
    return str(json.loads(response.body)["text"])


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


@pytest.mark.deep_on_postgresql
def test_a_too_short_question_in_the_form_is_reported_beside_it(story: Story) -> None:
    story.command(ASKER, "/ask")
    view = story.slack.views[-1][1]
    values = {"title": "Build?", "details": "It fails.", "channel": HELP_CHANNEL}
    assert list(form_errors(story.submit(ASKER, view, values))) == ["title"]
    story.ask("How do I fix x?")
    story.click(ASKER, "ask_menu", option=f"edit:{story.only_ask().id}")
    view = story.slack.views[-1][1]
    assert list(form_errors(story.submit(ASKER, view, {"title": "x"}))) == ["title"]
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
    assert list(form_errors(story.submit(ASKER, view, values))) == [field]
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
    hint, _, question, *_ = view["blocks"]
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


ASKING_WELL = "Say what you want to do, what you tried"


def test_who_asks_for_the_first_time_reads_in_the_form_how_to_ask_well(
    story: Story,
) -> None:
    story.command(ASKER, "/ask")
    assert ASKING_WELL in str(story.slack.views[-1][1])
    story.command(ASKER, "/ask", "How do I fix x?", channel="C0NOBOT")
    assert ASKING_WELL in str(story.slack.views[-1][1])


def test_the_form_keeps_it_while_its_fields_change(story: Story) -> None:
    story.set_up_channel(topics="python, time")
    typed = with_typed(open_form(story), "Where is x?")
    story.click(PEER, "ask_channel", view=typed, selected_conversation=HELP_CHANNEL)
    form = story.slack.views[-1][1]
    assert "topics" in block_ids(form)
    assert ASKING_WELL in str(form)


def test_who_has_asked_before_does_not_read_it_again(story: Story) -> None:
    story.ask("How do I fix x?")
    story.command(ASKER, "/ask")
    assert ASKING_WELL not in str(story.slack.views[-1][1])
    story.command(HELPER, "/ask")
    assert ASKING_WELL in str(story.slack.views[-1][1])


def test_after_a_first_ask_by_the_command_only_its_asker_reads_it(
    story: Story,
) -> None:
    story.ask("How do I fix x?")
    assert ASKING_WELL in str(story.slack.responses)
    assert ASKING_WELL not in rendered(story)
    story.slack.responses.clear()
    story.ask("And how do I fix y?")
    assert ASKING_WELL not in str(story.slack.responses)
