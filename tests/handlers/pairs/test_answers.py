"""The answers to a match: before the meeting, and after it."""

import itertools
import json

import pytest
from sqlalchemy import select

from bot.people import exclusions as people_exclusions
from bot.slack.api import OutcomeUnknown
from bot.workspace import leads
from jobs import pairs as jobs
from models import DoNotPair, PairMatchMember, PeerMeeting
from tests.factories import Story
from tests.home import visible_home
from tests.pairs import (
    DUE,
    groups,
    match_of,
    mate_of,
    names_of,
    next_round,
    opt_in,
    people_page,
    presses,
    runs,
    takes_part,
    texts_to,
    words,
)
from tests.people import choose
from tests.programs import change_program, joins_program, make_program
from tests.slack_payloads import ASKER, HELPER, PEER


@pytest.fixture
def pair(story: Story) -> tuple[str, str]:
    """Match Ana and Ben, who are the only ones."""
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    runs(story)
    return ASKER, HELPER


@pytest.fixture
def many(story: Story) -> list[str]:
    takes_part(story, *names_of(6))
    story.clock.now = DUE
    runs(story)
    return names_of(6)


def meetings(story: Story) -> list[tuple[str, str]]:
    with story.rt.read_session() as session:
        rows = session.scalars(select(PeerMeeting).order_by(PeerMeeting.member))
        return [(row.member, row.other) for row in rows]


def exclusions(story: Story) -> list[tuple[str, str, str]]:
    with story.rt.read_session() as session:
        rows = session.scalars(select(DoNotPair))
        return [(row.member, row.other, row.source) for row in rows]


def test_the_introduction_says_all_they_need(
    story: Story, pair: tuple[str, str]
) -> None:
    [to_ana] = story.slack.messages_to(ASKER)[-1:]
    text = words(to_ana)
    assert f"meet {HELPER}." in text
    assert "Why you two: You haven't met here." in text
    assert "To begin with: " in text
    assert "Times that suit you both: " in text
    assert "writes first." in text or "You write first." in text
    assert to_ana.text == "Peer coffee: meet Ben."
    for label in ("We have a time", "Can't this round", "Stop"):
        assert f'"{label}"' in json.dumps(to_ana.blocks)


def test_they_have_a_time_and_meet(story: Story, pair: tuple[str, str]) -> None:
    presses(story, ASKER, "We have a time")
    assert story.slack.replaced_texts[-1] == "You have a time with Ben. Enjoy it."
    # The other learns nothing of it, and nobody is reminded.
    story.advance(days=7)
    assert texts_to(story, HELPER, "have a time for your coffee") == []
    story.advance(days=3)
    for person, mate in ((ASKER, "Ben"), (HELPER, "Ana")):
        assert texts_to(story, person, f"Did you meet {mate}?")
    presses(story, HELPER, "We met")
    assert story.slack.replaced_texts[-1] == "You met Ana. Was it a good match?"
    assert meetings(story) == [(ASKER, HELPER)]
    presses(story, ASKER, "We met")
    assert meetings(story) == [(ASKER, HELPER)]


@pytest.mark.deep_on_postgresql
def test_the_other_is_asked_whether_it_was_a_good_match(
    story: Story, pair: tuple[str, str]
) -> None:
    match = str(match_of(story, ASKER))
    story.click(ASKER, "pair_met", match, view={"type": "home"})
    story.advance(days=10)
    assert texts_to(story, ASKER, "Did you meet") == []
    assert texts_to(story, HELPER, "Did you meet") == []
    assert texts_to(story, HELPER, "You met Ana. Was it a good match?")
    presses(story, HELPER, "So-so")
    assert "Thank you for telling me" in story.slack.replaced_texts[-1]
    story.advance(days=10)
    assert len(texts_to(story, HELPER, "Was it a good match?")) == 1


@pytest.mark.parametrize(("unasked", "count"), [("3", 1), ("0", 0)])
def test_one_reminder_if_nobody_pressed_anything(
    story: Story, pair: tuple[str, str], unasked: str, count: int
) -> None:
    """It is the only message of a round that they have not signed up for."""
    story.set_up_workspace(coffee="on", unasked_per_week=unasked)
    story.advance(days=2, hours=23)
    assert texts_to(story, ASKER, "have a time for your coffee") == []
    story.advance(hours=2)
    for _ in range(6):
        story.advance(days=1)
    for person in pair:
        assert len(texts_to(story, person, "have a time for your coffee")) == count
    story.advance(days=1)
    assert len(texts_to(story, ASKER, "Did you meet")) == 1


def test_not_yet_is_asked_once_more(story: Story, pair: tuple[str, str]) -> None:
    story.advance(days=10)
    presses(story, ASKER, "Not yet")
    assert "I'll ask once more in 5 days" in story.slack.replaced_texts[-1]
    story.advance(days=4)
    assert len(texts_to(story, ASKER, "Did you meet")) == 1
    story.advance(days=3)
    assert len(texts_to(story, ASKER, "Did you meet")) == 2
    presses(story, ASKER, "Not yet")
    assert "ask once more" not in story.slack.replaced_texts[-1]
    story.advance(days=20)
    assert len(texts_to(story, ASKER, "Did you meet")) == 2
    assert len(texts_to(story, HELPER, "Did you meet")) == 1
    assert meetings(story) == []


def test_it_will_not_happen_and_counts_for_nothing(
    story: Story, pair: tuple[str, str]
) -> None:
    story.advance(days=10)
    presses(story, ASKER, "It won't happen")
    assert "doesn't count as a meeting" in story.slack.replaced_texts[-1]
    assert meetings(story) == []


@pytest.mark.parametrize(("text", "never"), [("Yes", 0), ("So-so", 0), ("No", 1)])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_only_they_learn_that_it_was_no_good_match(
    story: Story, pair: tuple[str, str], text: str, never: int
) -> None:
    story.advance(days=10)
    presses(story, HELPER, "We met")
    shown = len(story.slack.messages_to(ASKER))
    match = str(match_of(story, HELPER))
    action = {
        "Yes": "pair_fit_yes",
        "So-so": "pair_fit_so_so",
        "No": "pair_fit_no",
    }[text]
    story.click(HELPER, action, match, channel="D0X")
    story.deliver()
    assert exclusions(story) == [(HELPER, ASKER, "fit")] * never
    assert len(story.slack.messages_to(ASKER)) == shown
    runs(story)
    next_round(story, 4)
    assert groups(story) == ([] if never else [(ASKER, HELPER)])
    for person in pair:
        texts = texts_to(story, person, "I found nobody for you")
        assert len(texts) == never


def test_a_better_answer_keeps_someone_on_their_own_list(
    story: Story, pair: tuple[str, str]
) -> None:
    match = str(match_of(story, HELPER))
    story.click(HELPER, "pair_met", match, channel="D0X")
    with story.rt.write(story.workspace) as tx:
        people_exclusions.exclude(tx, HELPER, ASKER, source="own")
    for action in ("no", "yes"):
        story.click(HELPER, f"pair_fit_{action}", match, channel="D0X")
    assert exclusions(story) == [(HELPER, ASKER, "own")]


def test_thanks_open_the_form_for_kudos(story: Story, pair: tuple[str, str]) -> None:
    match = str(match_of(story, ASKER))
    story.click(ASKER, "pair_met", match, channel="D0X")
    story.click(ASKER, "pair_thank", match, channel="D0X")
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "kudos"
    assert HELPER in json.dumps(view)


def test_the_other_learns_only_that_they_cannot(
    story: Story, pair: tuple[str, str]
) -> None:
    presses(story, HELPER, "Can't this round")
    # The introduction has no buttons now, and a new message says more.
    edited, text = texts_to(story, ASKER, "can't this time")
    assert edited == "Ben can't this time."
    assert text.startswith("Ben can't this time. If someone else")
    story.advance(days=12)
    for person in pair:
        assert texts_to(story, person, "Did you meet") == []
        assert texts_to(story, person, "have a time for") == []
    assert opt_in(story, ASKER).rounds_left_out == 1
    assert opt_in(story, HELPER).is_in


@pytest.mark.deep
def test_an_introduction_that_was_looked_up_says_that_the_other_cannot(
    story: Story,
) -> None:
    """The one in Tokyo says so while nobody knows whether London read of them."""
    tokyo, london = "U0TOKYO", "U0LONDON"
    story.set_up_workspace(coffee="on")
    takes_part(story, tokyo, tz="Asia/Tokyo")
    takes_part(story, london, tz="Europe/London")
    story.clock.now = DUE
    story.clock.advance(hours=-7)
    runs(story)
    for method, fail, count in (
        ("chat.postMessage", story.slack.fail_after, 1),
        ("conversations.history", story.slack.fail, 3),
    ):
        fail[method] = [OutcomeUnknown(method, "TimeoutError")] * count
    story.advance(hours=9)
    [introduction] = story.slack.messages_to(london)[-1:]
    assert '"We have a time"' in json.dumps(introduction.blocks)
    presses(story, tokyo, "Can't this round")
    for _ in range(5):
        story.advance(minutes=1)
    edited, text = texts_to(story, london, "can't this time")
    assert introduction.text == edited
    assert text.startswith(f"{edited} If someone else")


@pytest.mark.deep
def test_two_without_a_mate_are_introduced_the_same_day(
    story: Story, many: list[str]
) -> None:
    first, second = groups(story)[:2]
    presses(story, first[0], "Can't this round")
    assert len(groups(story)) == 2
    presses(story, second[0], "Can't this round")
    assert tuple(sorted((first[1], second[1]))) in groups(story)
    for person, mate in ((first[1], second[1]), (second[1], first[1])):
        assert len(texts_to(story, person, f"Peer coffee: meet {mate}")) == 1
        assert opt_in(story, person).rounds_left_out == 0
    for group in (first, second):
        # Someone who can't is in no other match of the round.
        assert all(group[0] not in each for each in groups(story))


def test_late_in_the_round_nobody_is_matched_anew(
    story: Story, many: list[str]
) -> None:
    first, second = groups(story)[:2]
    story.advance(days=6)
    presses(story, first[0], "Can't this round")
    presses(story, second[0], "Can't this round")
    assert len(groups(story)) == 1
    for gone in (first, second):
        [text] = texts_to(story, gone[1], "You come first next time.")
        assert text == f"{gone[0]} can't this time. You come first next time."


@pytest.mark.deep
def test_two_of_three_go_on(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER, PEER)
    story.clock.now = DUE
    runs(story)
    assert "Times that suit you all" in words(story.slack.messages_to(PEER)[-1])
    presses(story, HELPER, "Can't this round")
    assert texts_to(story, ASKER, "You still meet Chi")
    assert texts_to(story, PEER, "You still meet Ana")
    assert groups(story) == [(ASKER, PEER)]
    story.advance(days=10)
    assert texts_to(story, ASKER, "Did you meet Chi?")
    assert texts_to(story, HELPER, "Did you meet") == []
    presses(story, ASKER, "We met")
    assert meetings(story) == [(ASKER, PEER)]


@pytest.mark.deep
def test_stop_ends_all_of_it(story: Story, pair: tuple[str, str]) -> None:
    """But not a press from before they took part, which arrives late."""
    earlier = f"{DUE.timestamp() - 10**7:.6f}"
    story.click(HELPER, "pair_stop", "coffee", channel="D0X", action_ts=earlier)
    story.deliver()
    assert texts_to(story, ASKER, "can't") == []
    presses(story, HELPER, "Stop")
    assert "no longer take part" in story.slack.replaced_texts[-1]
    assert texts_to(story, ASKER, "Ben can't this time")
    assert not opt_in(story, HELPER).is_in
    for _ in range(3):
        next_round(story)
    assert len(texts_to(story, HELPER, "Peer coffee")) == 1


def test_stop_keeps_a_time_that_they_have(story: Story, pair: tuple[str, str]) -> None:
    presses(story, HELPER, "We have a time")
    story.click(HELPER, "pair_stop", "coffee", channel="D0X")
    story.deliver()
    assert texts_to(story, ASKER, "can't") == []
    story.advance(days=10)
    assert texts_to(story, HELPER, "Did you meet Ana?")


def test_someone_who_stops_before_the_message_is_not_introduced(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, "U0TOKYO", tz="Asia/Tokyo")
    takes_part(story, "U0LONDON", tz="Europe/London")
    story.clock.now = DUE
    story.clock.advance(hours=-7)
    runs(story)
    assert groups(story) == [("U0LONDON", "U0TOKYO")]
    presses(story, "U0TOKYO", "Stop")
    story.advance(hours=12)
    [text] = texts_to(story, "U0LONDON")
    assert text.startswith("I found nobody for you in this round")


def test_someone_who_excludes_the_other_reads_no_name_before_the_job(
    story: Story,
) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, "U0TOKYO", tz="Asia/Tokyo")
    takes_part(story, "U0LONDON", tz="Europe/London")
    story.clock.now = DUE
    story.clock.advance(hours=-7)
    runs(story)
    with story.rt.write(story.workspace) as tx:
        people_exclusions.exclude(tx, "U0LONDON", "U0TOKYO", source="own")
    story.advance(hours=12)
    assert texts_to(story, "U0LONDON") == []


@pytest.mark.parametrize("by", ["U0LONDON", "U0TOKYO"])
def test_someone_who_excludes_the_other_after_an_answer_leaves(
    story: Story, by: str
) -> None:
    """Tokyo has answered before London is introduced, which is not put off for ever."""
    story.set_up_workspace(coffee="on")
    takes_part(story, "U0TOKYO", tz="Asia/Tokyo")
    takes_part(story, "U0LONDON", tz="Europe/London")
    story.clock.now = DUE
    story.clock.advance(hours=-7)
    runs(story)
    presses(story, "U0TOKYO", "We have a time")
    other = "U0LONDON" if by == "U0TOKYO" else "U0TOKYO"
    with story.rt.write(story.workspace) as tx:
        row = {"member": by, "other": other, "source": "own"}
        tx.session.add(DoNotPair(installation_id=tx.workspace.id, **row))
    runs(story)
    story.advance(hours=12)
    assert texts_to(story, "U0LONDON", "meet") == []
    told = f"{by} can't this time" if by == "U0LONDON" else "I found nobody for you"
    assert texts_to(story, other, told)
    assert groups(story) == []


def test_someone_who_has_a_time_is_introduced_though_they_stopped(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, "U0TOKYO", tz="Asia/Tokyo")
    takes_part(story, "U0LONDON", tz="Europe/London")
    story.clock.now = DUE
    story.clock.advance(hours=-7)
    runs(story)
    presses(story, "U0TOKYO", "We have a time")
    story.click("U0TOKYO", "pair_stop", "coffee", view={"type": "home"})
    story.advance(hours=12)
    assert texts_to(story, "U0LONDON", "Peer coffee: meet U0TOKYO")


@pytest.mark.parametrize("change", ["deactivated", "paused", "excluded"])
@pytest.mark.deep
def test_someone_who_is_gone_is_replaced(
    story: Story, many: list[str], change: str
) -> None:
    first, second = groups(story)[:2]
    match change:
        case "deactivated":
            user = {**story.slack.people[first[0]], "deleted": True}
            story.slack.people[first[0]] = user
            story.event({"type": "user_change", "user": user})
        case "paused":
            choose(story, first[0], paused_until=DUE.date().replace(day=28))
        case "excluded":
            with story.rt.write(story.workspace) as tx:
                row = {"member": first[0], "other": first[1], "source": "own"}
                tx.session.add(DoNotPair(installation_id=tx.workspace.id, **row))
    presses(story, second[0], "Can't this round")
    runs(story)
    assert texts_to(story, first[1], f"{first[0]} can't this time")
    assert tuple(sorted((first[1], second[1]))) in groups(story)


ORDERS = list(itertools.permutations(["time", "cant", "met"]))


@pytest.mark.parametrize("order", ORDERS)
def test_presses_in_any_order_give_one_state(
    story: Story, pair: tuple[str, str], order: tuple[str, ...]
) -> None:
    match = str(match_of(story, ASKER))
    people = {"time": ASKER, "cant": ASKER, "met": HELPER}
    times = {
        name: f"{int(DUE.timestamp()) + 100}.{number:06d}"
        for number, name in enumerate(people)
    }
    for name in [*order, *order]:
        click = story.click(
            people[name], f"pair_{name}", match, channel="D0X", action_ts=times[name]
        )
        assert click.status == 200
    story.deliver()
    with story.rt.read_session() as session:
        rows = session.scalars(
            select(PairMatchMember).order_by(PairMatchMember.member)
        ).all()
    assert [(row.answer, row.outcome) for row in rows] == [
        ("cant", None),
        (None, "met"),
    ]


def test_only_its_members_can_answer(story: Story, pair: tuple[str, str]) -> None:
    takes_part(story, PEER)
    match = str(match_of(story, ASKER))
    for action in ("time", "cant", "met", "not_yet", "wont", "fit_no", "thank"):
        story.click(PEER, f"pair_{action}", match, channel="D0X")
        assert story.slack.responses[-1][1] == "That match is gone."
    for value in ("", "x", "0", "-1", "9" * 30, "99999"):
        story.click(ASKER, "pair_met", value, channel="D0X")
    assert meetings(story) == []


@pytest.mark.deep
def test_the_home_tab_shows_the_match(story: Story, pair: tuple[str, str]) -> None:
    assert "This round you meet " in people_page(story, ASKER)
    match = str(match_of(story, ASKER))
    story.click(ASKER, "pair_time", match, view={"type": "home"})
    story.advance(seconds=5)
    assert '"We met"' in visible_home(story, ASKER)
    assert "We have a time" not in visible_home(story, ASKER)
    assert mate_of(story, ASKER) == HELPER
    story.click(HELPER, "pair_met", match, view={"type": "home"})
    story.advance(seconds=5)
    assert "This round you meet " not in visible_home(story, ASKER)


@pytest.mark.parametrize("answer", ["", "We have a time", "Not yet"])
def test_who_leaves_the_program_leaves_the_match(
    story: Story, pair: tuple[str, str], answer: str
) -> None:
    if answer == "Not yet":
        story.advance(days=10)
    if answer:
        presses(story, ASKER, answer)
    shown = len(story.slack.messages_to(ASKER))
    leaves_all_programs(story, ASKER)
    story.deliver()
    assert groups(story) == []
    told = texts_to(story, HELPER, "Ana can't this time.")
    assert told
    assert "left" not in "".join(told)
    # Nothing of it comes any more, to either of them.
    for _ in range(16):
        story.advance(days=1)
    assert len(story.slack.messages_to(ASKER)) == shown
    if not answer:
        assert texts_to(story, HELPER, "Did you meet") == []


def leaves_all_programs(story: Story, member: str) -> None:
    program = str(workspace_program(story))
    story.click(member, "program_leave", program, view={"type": "home"})


def workspace_program(story: Story) -> int:
    with story.rt.write(story.workspace) as tx:
        return leads.workspace_program_id(tx)


def test_who_is_in_another_program_still_meets(
    story: Story, pair: tuple[str, str]
) -> None:
    other = make_program(story)
    joins_program(story, ASKER, other)
    leaves_all_programs(story, ASKER)
    story.deliver()
    assert groups(story) == [(ASKER, HELPER)]
    assert texts_to(story, HELPER, "can't this time") == []


def test_a_meeting_that_was_is_not_undone(story: Story, pair: tuple[str, str]) -> None:
    story.advance(days=10)
    presses(story, ASKER, "We met")
    leaves_all_programs(story, ASKER)
    story.deliver()
    assert meetings(story) == [(ASKER, HELPER)]
    assert texts_to(story, HELPER, "can't this time") == []


@pytest.mark.deep
def test_nobody_is_asked_about_a_match_after_their_program_ended(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    program = make_program(story, coffee="on")
    takes_part(story, ASKER, HELPER)
    joins_program(story, ASKER, program)
    joins_program(story, HELPER, program)
    for person in (ASKER, HELPER):
        leaves_all_programs(story, person)
    story.clock.now = DUE
    runs(story)
    assert groups(story) == [(ASKER, HELPER)]
    change_program(story, program, ended_at=story.clock())
    for _ in range(12):
        story.advance(days=1)
    for person in (ASKER, HELPER):
        assert texts_to(story, person, "a time for your coffee") == []
        assert texts_to(story, person, "Did you meet") == []


def test_the_job_twice_changes_nothing(story: Story, many: list[str]) -> None:
    before = groups(story)
    jobs.match_pairs(story.rt, story.worker)
    jobs.match_pairs(story.rt, story.worker)
    assert groups(story) == before
