"""Buttons, forms and reactions on a posted ask."""

import pytest

from bot.slack.api import OutcomeUnknown
from tests.asks import rendered
from tests.factories import Story
from tests.slack_payloads import ADMIN, ASKER, HELP_CHANNEL, HELPER, PEER, form_errors


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
    # Ben has the problem, too, and solves it then.
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
    assert "Good news" not in str(story.slack.texts_to(HELPER))


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
    assert form_errors(story.submit(ADMIN, view, {"reason": " "})) == {
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


@pytest.mark.deep_on_postgresql
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
        form_errors(story.submit(PEER, view, {"title": "Mine by now"}))
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
    assert story.slack.texts_to(ASKER) == ["Eva deleted your ask “How do I fix x?”"]


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
