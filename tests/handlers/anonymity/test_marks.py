"""The asker's marks without a name: as a number, and for unexpected mentors."""

import json

import pytest

from tests.factories import Story
from tests.handlers.anonymity.acting import Actor
from tests.handlers.anonymity.conftest import Anonymity
from tests.mentors import credited, meet, on_friday
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, HELPER, PEER


def answered(story: Story, *, by: str = HELPER) -> tuple[int, str, int]:
    """Answer the last ask; return its id, and the ts and id of the answer."""
    ask = story.asks()[-1]
    ts = story.say(by, "Tell them today.", thread_ts=ask.ts)
    story.deliver()
    answer = next(each for each in story.answers() if each.ts == ts)
    return ask.id, ts, answer.id


def help_count(story: Story, answer_id: int) -> int:
    return next(a.helpful_count for a in story.answers() if a.id == answer_id)


@pytest.mark.parametrize("first", ["reaction", "mark"])
def test_the_authors_own_reaction_counts_beside_the_askers_mark(
    anonymity: Anonymity, story: Story, first: str
) -> None:
    """Two marks, as from any other member: if one were left out, it would be theirs."""
    anonymity.ask()
    ask_id, ts, answer = answered(story)
    author = Actor(story)
    if first == "reaction":
        story.react(ASKER, ts, "+1")
    author.press("mark_helpful", f"{ask_id}:{answer}:1")
    if first == "mark":
        story.react(ASKER, ts, "+1")
    by_author = help_count(story, answer)
    story.react(ASKER, ts, "+1", added=False)
    assert help_count(story, answer) == 1
    story.react(PEER, ts, "+1")
    assert help_count(story, answer) == by_author == 2
    author.press("mark_helpful", f"{ask_id}:{answer}:0")
    assert help_count(story, answer) == 1


def test_the_helper_reads_the_same_whoever_reacts(
    anonymity: Anonymity, story: Story
) -> None:
    texts = []
    for member in (ASKER, PEER):
        anonymity.ask(f"How do I tell {member}?")
        ask_id, ts, answer = answered(story)
        Actor(story).press("mark_helpful", f"{ask_id}:{answer}:1")
        story.react(member, ts, "+1")
        story.advance(minutes=2)
        note = story.slack.messages_to(HELPER)[-1]
        texts.append(json.dumps([note.text, note.blocks]))
    names = {ASKER: "Ana", PEER: "Chi"}
    by_author, by_other = (
        text.replace(names[member], "X").replace(member, "X")
        for text, member in zip(texts, (ASKER, PEER), strict=True)
    )
    assert _without_numbers(by_author) == _without_numbers(by_other)


def _without_numbers(text: str) -> str:
    return "".join("0" if letter.isdigit() else letter for letter in text)


@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_all_asks_without_a_name_are_by_one_giver(
    anonymity: Anonymity, story: Story, is_named: bool
) -> None:
    """Two authors are not two people helped: no one can tell that there are two."""
    for author in (ASKER, PEER):
        anonymity.ask(f"How does {author} do it?", member=author)
        ask_id, _, answer = answered(story)
        Actor(story, author).press("mark_solved", f"{ask_id}:{answer}:1")
    if is_named:
        ask = story.ask("How do I do it with my name?", member=ADMIN)
        reply = story.say(HELPER, "Like this.", thread_ts=ask.ts)
        story.react(ADMIN, reply, "+1")
    for talker in (ADMIN, CHAMPION, ASKER):
        for _ in range(4):
            story.say(talker, "Good morning")
    story.advance(minutes=2)
    for member in (HELPER, ASKER, PEER, ADMIN, CHAMPION):
        meet(story, member)
    on_friday(story)
    if not is_named:
        assert credited(story) == []
        return
    [credit] = credited(story)
    assert credit.member == HELPER
    # Two marks of one giver count as 1 and 1/2.
    assert credit.helpfulness == 2.5
    asked = story.slack.messages_to(HELPER)[-1]
    shown = json.dumps([asked.text, asked.blocks])
    assert "someone" in shown.lower()
    assert "Ana" not in shown
    assert "Chi" not in shown
