"""`/backswing`: help for everybody, settings for champions and admins."""

import json
from typing import Any

import pytest

from tests.factories import ADMIN, ASKER, CHAMPION, HELPER, PEER, Story, person


def errors(response: Any) -> dict[str, str]:
    return dict(json.loads(response.body)["errors"])


def test_everybody_gets_help(story: Story) -> None:
    for text in ("help", "whatever"):
        assert "puts a problem" in str(story.command(PEER, "/backswing", text).body)
    private = story.command(
        PEER, "/backswing", channel="D1", channel_name="directmessage"
    )
    assert "puts a problem" in str(private.body)
    assert story.slack.views == []


def test_settings_are_for_champions_and_admins(story: Story) -> None:
    assert "champions" in str(story.command(PEER, "/backswing").body)
    assert story.set_up(champions=[CHAMPION]).body == ""
    assert story.set_up(CHAMPION, topics="retries, Python").body == ""
    story.command(ASKER, "/ask")
    topics = story.slack.views[-1][1]["blocks"][3]["element"]["options"]
    assert [option["value"] for option in topics] == ["retries", "Python"]


def test_a_former_champion_changes_nothing(story: Story) -> None:
    story.set_up(champions=[CHAMPION])
    story.command(CHAMPION, "/backswing")
    view = story.slack.views[-1][1]
    story.set_up(champions=[])
    values = {"capture": "all", "helpful": ":+1:", "solved": ":100:"}
    assert "champions" in str(errors(story.submit(CHAMPION, view, values)))


def test_other_emoji_may_mean_helpful_and_solved(story: Story) -> None:
    assert story.set_up(helpful=":tada: 👏", solved=":100:").body == ""
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(PEER, answer, "clap::skin-tone-2")
    story.react(PEER, answer, "heart")
    assert story.marks() == {answer: (False, 1)}
    story.react(ASKER, answer, "white_check_mark")
    assert story.the_ask().state == "answered"
    story.react(ASKER, answer, "100")
    assert story.the_ask().state == "solved"


def test_what_counted_goes_on_counting_when_the_emoji_change(story: Story) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.set_up(solved=":100:")
    story.react(PEER, answer, "heart")
    assert story.the_ask().state == "solved"


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
        (
            {
                "helpful": " ".join(
                    "👏😀🎉🙌🎈🎁🎂🎃🎄🎅🎆🎇🎐🎏🎎🎍🎌🎋🎊🎉🎀🎓🎠🎡🎢🎣🎤🎥🎦🎧🎨🎩🎪🎫🎬🎭🎮🎯🎰🎱"
                )
            },
            "helpful",
        ),
        ({"champions": ["U0ROBO"]}, "champions"),
        ({"capture": "everything"}, "capture"),
    ],
)
def test_settings_that_make_no_sense_are_refused_beside_the_field(
    story: Story, changes: dict[str, Any], field: str
) -> None:
    story.slack.people["U0ROBO"] = person("U0ROBO", "Robo", is_bot=True)
    assert list(errors(story.set_up(**changes))) == [field]


def test_settings_of_a_channel_without_the_bot_are_refused(story: Story) -> None:
    response = story.command(ADMIN, "/backswing", channel="C0AWAY")
    assert "/invite @Backswing" in str(response.body)


def test_a_champion_may_close_and_solve_for_others(story: Story) -> None:
    story.set_up(champions=[CHAMPION])
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(CHAMPION, answer, "white_check_mark")
    story.deliver()
    assert story.the_ask().state == "solved"


def test_a_solve_by_somebody_who_was_champion_then_stays(story: Story) -> None:
    story.set_up(champions=[CHAMPION])
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(CHAMPION, answer, "white_check_mark")
    story.deliver()
    story.set_up(champions=[])
    story.react(PEER, answer, "heart")
    assert story.the_ask().state == "solved"


def test_the_home_tab_lists_my_open_asks(story: Story) -> None:
    opened = {"type": "app_home_opened", "user": ASKER, "tab": "home"}
    story.event(opened)
    assert "None at the moment" in json.dumps(story.slack.homes[ASKER])
    for n in range(12):
        story.ask(f"Question {n}?")
    story.event(opened)
    shown = json.dumps(story.slack.homes[ASKER])
    assert "Question 11?" in shown
    assert "Question 1?" not in shown
    assert "and 2 more" in shown
    story.event({**opened, "user": PEER, "tab": "messages"})
    assert PEER not in story.slack.homes


def test_the_home_tabs_button_opens_the_form(story: Story) -> None:
    story.click(PEER, "home_ask", view={"type": "home"})
    assert story.slack.views[-1][1]["callback_id"] == "ask"


def test_a_message_to_the_bot_gets_one_line_of_help(story: Story) -> None:
    ts = story.say(PEER, "hello?", channel="D0CHI", channel_type="im")
    story.say(PEER, "hello?", channel="D0CHI", channel_type="im", ts=ts)
    story.deliver()
    assert len(story.slack.to(PEER)) == 1
    assert "/ask" in story.slack.texts(PEER)[0]


def test_choosing_another_channel_shows_its_topics_and_keeps_the_words(
    story: Story,
) -> None:
    story.set_up(topics="retries")
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
