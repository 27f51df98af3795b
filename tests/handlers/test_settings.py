"""`/backswing`: help for all, settings for champions and admins."""

import json
from typing import Any

import pytest

from bot.workspace import channels, workspace_settings
from bot.workspace.workspace_settings import WorkspaceSettings
from tests.ask_forms import elements
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_errors,
    form_values,
    user_object,
)


def policies_of(story: Story) -> WorkspaceSettings:
    with story.rt.read(story.rt.workspaces.only) as tx:
        return workspace_settings.get(tx)


def test_anyone_gets_help(story: Story) -> None:
    for text in ("help", "whatever"):
        assert "Ask your peers, and see what helped" in str(
            story.command(PEER, "/backswing", text).body
        )
    private = story.command(
        PEER, "/backswing", channel="D1", channel_name="directmessage"
    )
    assert "Ask your peers, and see what helped" in str(private.body)
    assert story.slack.views == []


def test_settings_are_for_champions_and_admins(story: Story) -> None:
    assert "champions" in str(story.command(PEER, "/backswing").body)
    assert "champions" in str(story.command(PEER, "/backswing", "settings").body)
    assert story.set_up_channel(champions=[CHAMPION]).body == ""
    assert story.set_up_channel(CHAMPION, topics="retries, Python").body == ""
    story.command(ASKER, "/ask")
    topics = elements(story.slack.views[-1][1])["topics"]["options"]
    assert [option["value"] for option in topics] == ["retries", "Python"]


def test_a_former_champion_changes_nothing(story: Story) -> None:
    story.set_up_channel(champions=[CHAMPION])
    story.command(CHAMPION, "/backswing")
    view = story.slack.views[-1][1]
    story.set_up_channel(champions=[])
    values = {"capture": "all", "helpful": ":+1:", "solved": ":100:"}
    assert "champions" in str(form_errors(story.submit(CHAMPION, view, values)))


def test_other_emoji_may_mean_helpful_and_solved(story: Story) -> None:
    assert story.set_up_channel(helpful=":tada: 👏", solved=":100:").body == ""
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(PEER, answer, "clap::skin-tone-2")
    story.react(PEER, answer, "heart")
    assert story.answer_marks() == {answer: (False, 1)}
    story.react(ASKER, answer, "white_check_mark")
    assert story.only_ask().state == "answered"
    story.react(ASKER, answer, "100")
    assert story.only_ask().state == "solved"


def test_existing_marks_still_count_when_the_emoji_change(story: Story) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.set_up_channel(solved=":100:")
    story.react(PEER, answer, "heart")
    assert story.only_ask().state == "solved"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"helpful": ""}, "helpful"),
        ({"helpful": "no emoji!"}, "helpful"),
        ({"helpful": ":heart:", "solved": ":heart:"}, "solved"),
        ({"helpful": ":thumbsup:", "solved": ":+1:"}, "solved"),
        ({"solved": ":eyes:"}, "solved"),
        ({"topics": ",".join(map(str, range(51)))}, "topics"),
        ({"topics": ",".join(f"{n:040}" for n in range(48))}, "topics"),
        ({"helpful": " ".join(f"o{n}" for n in range(90))}, "helpful"),
        ({"champions": ["U0ROBO"]}, "champions"),
        ({"capture": "everything"}, "capture"),
    ],
)
def test_invalid_settings_are_refused_beside_the_field(
    story: Story, changes: dict[str, Any], field: str
) -> None:
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    assert list(form_errors(story.set_up_channel(**changes))) == [field]


def test_the_help_names_the_channels_emoji(story: Story) -> None:
    story.set_up_channel(solved=":100:")
    assert "with :100:." in str(story.command(PEER, "/backswing", " HELP ").body)
    elsewhere = story.command(
        PEER, "/backswing", "help", channel="D1", channel_name="directmessage"
    )
    assert ":white_check_mark:." in str(elsewhere.body)


def test_a_save_without_a_change_changes_nothing(story: Story) -> None:
    """The form shows emoji as characters, and each has several names."""
    story.set_up_channel(
        helpful="thumbsup :tada: :clap: :our-own:", solved=":100: :ok:"
    )
    assert story.set_up_channel().body == ""
    with story.rt.read(story.rt.workspaces.only) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        assert channel.helpful_emoji == ["+1", "tada", "clap", "our-own"]
        assert channel.solved_emoji == ["100", "ok"]
    story.set_up_channel(helpful="👍🏽 🙌 ❤️ :pray: 💡")
    with story.rt.read(story.rt.workspaces.only) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        assert channel.helpful_emoji is None


def test_workspace_settings_are_for_admins_and_program_leads(story: Story) -> None:
    refused = story.command(CHAMPION, "/backswing", "workspace")
    assert "program leads can change" in str(refused.body)
    assert story.set_up_workspace(program_leads=[CHAMPION]).body == ""
    assert story.set_up_workspace(CHAMPION, sent_retention_days="10").body == ""
    assert policies_of(story).sent_retention_days == 10
    # A program lead can't name others; a forged form does nothing.
    shown = story.slack.views[-1][1]
    assert "program_leads" not in json.dumps(shown)
    story.command(ADMIN, "/backswing", "workspace")
    forged = story.slack.views[-1][1]
    story.submit(CHAMPION, forged, form_values(forged) | {"program_leads": [PEER]})
    assert story.command(PEER, "/backswing", "workspace").body != ""
    assert story.set_up_workspace(program_leads=[]).body == ""
    assert form_errors(story.submit(CHAMPION, shown, form_values(shown)))


@pytest.mark.deep_on_postgresql
def test_a_new_channel_has_the_workspaces_defaults(story: Story) -> None:
    story.set_up_workspace(
        default_capture="questions", default_solved="💯", default_guests_may_ask=[]
    )
    story.slack.channels["C0NEW"] = conversation_object("C0NEW", "new")
    arrival = {"type": "member_joined_channel", "user": BOT, "channel": "C0NEW"}
    story.event({**arrival, "inviter": ADMIN})
    story.command(ADMIN, "/backswing", channel="C0NEW")
    chosen = form_values(story.slack.views[-1][1])
    assert chosen["capture"] == "questions"
    assert chosen["solved"] == "💯"
    assert chosen["helpful"] == "👍 🙌 ❤️ 🙏 💡"
    assert chosen["guests_may_ask"] == []
    # Invited once more, it keeps its settings.
    view = story.slack.views[-1][1]
    story.submit(ADMIN, view, chosen | {"capture": "off"})
    story.event({"type": "channel_left", "channel": "C0NEW"})
    story.event({**arrival, "inviter": ADMIN})
    story.command(ADMIN, "/backswing", channel="C0NEW")
    assert form_values(story.slack.views[-1][1])["capture"] == "off"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sent_retention_days": "0"}, "sent_retention_days"),
        ({"unmatched_retention_days": "a week"}, "unmatched_retention_days"),
        ({"deactivated_retention_days": "٣"}, "deactivated_retention_days"),
        (
            {"deactivated_retention_days": "99999999999999999999"},
            "deactivated_retention_days",
        ),
        ({"program_leads": ["U0ROBO"]}, "program_leads"),
        ({"program_leads": [f"U{n:03}" for n in range(31)]}, "program_leads"),
        ({"default_capture": "everything"}, "default_capture"),
        ({"default_solved": "👍"}, "default_solved"),
    ],
)
def test_invalid_workspace_settings_are_refused_beside_the_field(
    story: Story, changes: dict[str, Any], field: str
) -> None:
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    assert list(form_errors(story.set_up_workspace(**changes))) == [field]
    assert policies_of(story) == WorkspaceSettings()


def test_settings_of_a_channel_without_the_bot_are_refused(story: Story) -> None:
    response = story.command(ADMIN, "/backswing", channel="C0AWAY")
    assert "/invite @Backswing" in str(response.body)


def test_a_champion_may_close_and_solve_for_others(story: Story) -> None:
    story.set_up_channel(champions=[CHAMPION])
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(CHAMPION, answer, "white_check_mark")
    story.deliver()
    assert story.only_ask().state == "solved"


def test_a_solution_by_a_former_champion_stays(story: Story) -> None:
    story.set_up_channel(champions=[CHAMPION])
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(CHAMPION, answer, "white_check_mark")
    story.deliver()
    story.set_up_channel(champions=[])
    story.react(PEER, answer, "heart")
    assert story.only_ask().state == "solved"


def test_choosing_another_channel_shows_its_topics_and_keeps_the_text(
    story: Story,
) -> None:
    story.set_up_channel(topics="retries")
    story.command(ASKER, "/ask", channel="D1", channel_name="directmessage")
    view = story.slack.views[-1][1]
    view["state"] = {
        "values": {
            "title": {"title": {"value": "How <x>?"}},
            "details": {"details": {"value": None}},
            "topics": {"topics": {"selected_options": [{"value": "retries"}]}},
            "more_topics": {"more_topics": {"value": "time, , zones,time"}},
        }
    }
    story.click(ASKER, "ask_channel", view=view, selected_conversation="C0HELP")
    shown = story.slack.views[-1][1]
    blocks = {block["block_id"]: block for block in shown["blocks"]}
    assert blocks["title"]["element"]["initial_value"] == "How <x>?"
    topics = blocks["topics"]["element"]
    assert topics["options"][0]["value"] == "retries"
    assert topics["initial_options"][0]["value"] == "retries"
    assert blocks["more_topics"]["element"]["initial_value"] == "time, zones"


def test_a_name_keeps_its_capitals_in_an_error(story: Story):
    story.slack.people["U0MCD"] = user_object("U0MCD", "Anna McDonald", deleted=True)
    assert "Anna McDonald can't be" in story.set_up_channel(champions=["U0MCD"]).body


def test_users_in_a_forged_form_are_not_fetched(story: Story):
    story.set_up_channel()
    story.command(ADMIN, "/backswing")
    view = story.slack.views[-1][1]
    named = {"champions": [f"U0C{n}" for n in range(30)]}
    story.command(PEER, "/backswing", "help")
    before = story.slack.calls.count("users.info")
    story.submit(PEER, view, form_values(view) | named)
    assert story.slack.calls.count("users.info") - before <= 1


def test_users_chosen_before_are_not_fetched_again(story: Story):
    """Thirty calls in turn take longer than Slack waits."""
    chosen = [f"U0C{n}" for n in range(30)]
    for who in chosen:
        story.slack.people[who] = user_object(who)
    story.set_up_channel(champions=chosen)
    story.clock.advance(hours=2)
    story.command(ADMIN, "/backswing")
    view = story.slack.views[-1][1]
    asked = story.slack.calls.count("users.info")
    story.submit(ADMIN, view, form_values(view))
    assert story.slack.calls.count("users.info") - asked <= 1
