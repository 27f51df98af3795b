"""Who is asked to look at an ask, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.routing import rules
from bot.routing.rules import (
    Candidate,
    Outcome,
    Person,
    Reason,
    SimilarAnswer,
)
from bot.search.rules import Hit

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MEMBERS = ["UANA", "UBEN", "UCHI", "UDAN", "UEVE", "UFAY"]


def answer(
    member: str,
    rank: int = 0,
    outcome: Outcome = Outcome.ANSWERED,
    *,
    age: timedelta = DAY,
    is_alike: bool = True,
) -> SimilarAnswer:
    return SimilarAnswer(member, 100 + rank, rank, outcome, NOW - age, is_alike)


def members(candidates: list[Candidate]) -> list[str]:
    return [candidate.person.member for candidate in candidates]


def scores(candidates: list[Candidate]) -> dict[str, float]:
    return {candidate.person.member: candidate.score for candidate in candidates}


def ranked(*people: Person, similar=(), counts=None) -> list[Candidate]:
    if counts is None:
        counts = {person.member: 1 for person in people}
    return rules.rank(people, similar, counts, now=NOW)


def reason(person: Person, *similar: SimilarAnswer, answers: int = 1) -> Reason:
    [candidate] = ranked(person, similar=similar, counts={person.member: answers})
    return candidate.reason


BEN, CHI, DAN = Person("UBEN"), Person("UCHI"), Person("UDAN")


def test_a_better_outcome_counts_more():
    similar = [
        answer("UDAN", 0, Outcome.ANSWERED),
        answer("UCHI", 0, Outcome.HELPED),
        answer("UBEN", 0, Outcome.SOLVED),
    ]
    found = ranked(DAN, CHI, BEN, similar=similar)
    assert members(found) == ["UBEN", "UCHI", "UDAN"]
    third = 1 / 3
    assert scores(found) == pytest.approx(
        {"UBEN": 3 / 6 + third, "UCHI": 2 / 6 + third, "UDAN": 1 / 6 + third}
    )


def test_a_more_similar_ask_counts_more():
    found = scores(ranked(BEN, CHI, similar=[answer("UBEN", 0), answer("UCHI", 5)]))
    assert found["UBEN"] - 0.5 == pytest.approx(2 * (found["UCHI"] - 0.5))


def test_an_answer_counts_half_after_a_year():
    similar = [answer("UBEN"), answer("UCHI", age=366 * DAY)]
    found = scores(ranked(BEN, CHI, similar=similar))
    assert found["UBEN"] - 0.5 == pytest.approx(2 * (found["UCHI"] - 0.5))


def test_several_answers_to_one_ask_are_one():
    similar = [answer("UBEN"), answer("UBEN", age=2 * DAY), answer("UCHI")]
    found = scores(ranked(BEN, CHI, similar=similar))
    assert found["UBEN"] == found["UCHI"]


def test_the_share_of_answers_counts():
    found = ranked(BEN, CHI, counts={"UBEN": 1, "UCHI": 3, "UELSE": 4})
    assert scores(found) == {"UCHI": 3 / 8, "UBEN": 1 / 8}


def test_without_answers_only_a_known_topic_counts():
    known = Person("UDAN", known_topics=("sql",))
    similar = [answer("UBEN", 0, Outcome.SOLVED, age=100 * DAY)]
    found = ranked(BEN, known, similar=similar, counts={"UELSE": 5})
    assert scores(found) == {"UDAN": rules.KNOWN_TOPIC}


def test_in_a_new_workspace_only_known_topics_count():
    known = Person("UDAN", known_topics=("sql",), is_new_to_asker=True)
    assert scores(ranked(BEN, known, counts={})) == {"UDAN": 0.4}


def test_people_who_are_new_to_each_other_come_first():
    new = Person("UDAN", is_new_to_asker=True)
    assert scores(ranked(BEN, new)) == {"UDAN": 0.6, "UBEN": 0.5}


def test_another_channel_says_nothing_for_a_person():
    far = Person("UDAN", is_elsewhere=True)
    assert scores(ranked(BEN, far)) == {"UDAN": 0.5, "UBEN": 0.5}


def test_each_request_lately_makes_the_next_less_likely():
    once = Person("UBEN", request_count=1)
    thrice = Person("UCHI", request_count=3)
    found = scores(ranked(once, thrice, DAN))
    assert found["UDAN"] - found["UBEN"] == pytest.approx(0.15)
    assert found["UDAN"] - found["UCHI"] == pytest.approx(0.45)


def test_requests_leave_no_one_out():
    """They say nothing about what a person knows."""
    often = Person("UBEN", request_count=9)
    assert members(ranked(often, DAN)) == ["UDAN", "UBEN"]


def test_nobody_is_asked_at_random():
    few = Person("UBEN", is_new_to_asker=True)
    counts = {"UBEN": 1, "UELSE": 99}
    assert ranked(few, counts=counts) == []
    similar = [answer("UBEN", 5), answer("UELSE")]
    assert members(ranked(few, similar=similar, counts=counts)) == ["UBEN"]
    known = replace(few, known_topics=("sql",))
    assert members(ranked(known, counts=counts)) == ["UBEN"]


def test_in_a_large_workspace_people_are_compared_with_the_best():
    counts = {f"U{number:03}": 1 for number in range(200)} | {"UBEN": 10, "UCHI": 4}
    assert members(ranked(BEN, CHI, Person("U007"), counts=counts)) == ["UBEN", "UCHI"]


def test_someone_who_knows_a_topic_may_have_answered_long_ago():
    similar = [answer("UDAN", age=100 * DAY), answer("UELSE", age=100 * DAY)]
    known = Person("UDAN", known_topics=("sql",))
    found = ranked(known, similar=similar, counts={"UELSE": 1})
    assert scores(found) == {"UDAN": rules.KNOWN_TOPIC + 0.5}
    assert found[0].reason.kind == "answered"


def test_of_equals_the_one_whose_last_request_is_oldest_is_first():
    week_ago = Person("UANA", last_requested_at=NOW - 40 * DAY)
    month_ago = Person("UBEN", last_requested_at=NOW - 50 * DAY)
    never, also_never = Person("UCHI"), Person("UDAN")
    assert members(ranked(week_ago, month_ago, also_never, never)) == [
        "UCHI",
        "UDAN",
        "UBEN",
        "UANA",
    ]


@pytest.mark.parametrize("outcome", Outcome)
def test_the_reason_is_what_they_did_with_the_most_similar_ask(outcome):
    assert reason(BEN, answer("UBEN", 0, outcome), answer("UBEN", 4, outcome)) == (
        Reason(outcome.value, ask_id=100, at=NOW - DAY)
    )


def test_the_reason_is_what_contributed_most():
    solved = answer("UBEN", 4, Outcome.SOLVED)
    assert reason(BEN, answer("UBEN", 0), solved).kind == "solved"
    assert reason(BEN, answer("UBEN", 0), answer("UBEN", 9, Outcome.HELPED)) == (
        Reason("answered", ask_id=100, at=NOW - DAY)
    )


def test_an_ask_that_is_not_really_similar_is_no_reason():
    known = Person("UBEN", known_topics=("sql", "python"))
    other = answer("UBEN", 0, Outcome.SOLVED, is_alike=False)
    assert reason(known, other) == Reason("topic", topic="sql")
    assert reason(BEN, other, answers=3) == Reason("active", answer_count=3)
    assert reason(BEN, other, answer("UBEN", 7)).ask_id == 107


def test_what_someone_else_did_is_no_reason():
    assert reason(BEN, answer("UCHI", 0, Outcome.SOLVED)).kind == "active"


def alike(*hits: tuple[int, float, int]) -> set[int]:
    """Return the asks that may be named, of ids with scores and shared words."""
    return {
        *rules.alike([Hit(number, score, words, 0.5) for number, score, words in hits])
    }


def test_asks_are_alike_if_their_titles_agree_and_few_are_better():
    assert alike((1, 20, 3), (2, 19, 1), (3, 15, 2)) == {1, 3}
    assert alike((1, 20, 0), (2, 15, 2), (3, 13, 9)) == {2}
    assert alike(*((number, 20, 2) for number in range(50))) == {0, 1, 2}
    assert alike() == set()


def people(*ids: str, **how) -> list[Candidate]:
    """Return candidates, the best first."""
    return [
        Candidate(replace(Person(each), **how), 1, Reason("active")) for each in ids
    ]


def picked(candidates: list[Candidate], *, busiest=(), **how) -> list[str]:
    return members(rules.pick(candidates, busiest, **{"step": 1, **how}))


def test_one_is_the_best_and_the_other_the_best_of_the_quiet():
    candidates = people("UANA", "UBEN", "UCHI", "UDAN")
    busiest = {"UANA", "UBEN"}
    assert picked(candidates, busiest=busiest) == ["UANA", "UCHI"]
    assert picked(candidates, busiest=busiest, places=1) == ["UANA"]
    assert picked(candidates, busiest=busiest, places=3) == ["UANA", "UCHI", "UDAN"]


def test_when_nobody_is_quiet_the_next_best_is_asked():
    assert picked(people("UANA", "UBEN", "UCHI"), busiest=MEMBERS) == ["UANA", "UBEN"]


def test_a_place_may_stay_empty():
    assert picked(people("UANA")) == ["UANA"]
    assert picked([]) == []
    assert picked(people("UANA"), places=0) == []


def test_in_the_second_step_people_from_elsewhere_come_first():
    here, elsewhere = people("UANA", "UBEN"), people("UCHI", "UDAN", is_elsewhere=True)
    assert picked(here + elsewhere, step=1) == ["UANA", "UBEN"]
    assert picked(here + elsewhere, step=2) == ["UCHI", "UDAN"]
    assert picked(here + elsewhere, step=2, busiest={"UDAN"}) == ["UCHI", "UDAN"]
    assert picked(here + elsewhere[:1], step=2, busiest={"UANA"}) == ["UCHI", "UBEN"]


def test_experts_are_asked_from_the_second_step_on():
    candidates = people("UANA", is_expert=True) + people("UBEN", "UCHI")
    assert picked(candidates, step=1) == ["UBEN", "UCHI"]
    assert picked(candidates, step=2) == ["UANA", "UBEN"]


def test_the_busiest_are_ten_or_five_percent():
    counts = {f"U{number:03}": 300 - number for number in range(300)}
    assert rules.busiest(counts) == {f"U{number:03}" for number in range(15)}
    few = {member: count for member, count in counts.items() if count > 100}
    assert rules.busiest(few) == {f"U{number:03}" for number in range(10)}
    twenty = {member: count for member, count in counts.items() if count > 280}
    assert rules.busiest(twenty) == {f"U{number:03}" for number in range(10)}
    assert rules.busiest({"UANA": 1, "UBEN": 0}) == {"UANA"}


@pytest.mark.parametrize(
    ("answers", "cap"),
    # 90 days are 12.86 weeks.
    [(0, 1), (25, 1), (51, 1), (52, 2), (77, 2), (78, 3), (180, 7), (5000, 7)],
)
def test_by_default_a_person_is_asked_for_half_of_their_pace(answers, cap):
    assert rules.weekly_cap(answers) == cap


@pytest.mark.parametrize("chosen", [0, 1, 20])
def test_what_a_person_chose_replaces_their_pace(chosen):
    assert rules.weekly_cap(100, chosen) == chosen


TIMES = st.timedeltas(timedelta(), 800 * DAY).map(lambda age: NOW - age)
RANKS = st.integers(0, rules.MAX_SIMILAR - 1)
PEOPLE = st.lists(
    st.builds(
        Person,
        member=st.sampled_from(MEMBERS),
        known_topics=st.sampled_from([(), ("sql",)]),
        is_new_to_asker=st.booleans(),
        is_elsewhere=st.booleans(),
        is_expert=st.booleans(),
        request_count=st.integers(0, 9),
        last_requested_at=st.none() | TIMES,
    ),
    unique_by=lambda person: person.member,
)
SIMILAR = st.lists(
    st.builds(
        lambda member, rank, outcome, at, is_alike: SimilarAnswer(
            member, 100 + rank, rank, outcome, at, is_alike
        ),
        st.sampled_from(MEMBERS),
        RANKS,
        st.sampled_from(Outcome),
        TIMES,
        st.booleans(),
    ),
    max_size=20,
)
COUNTS = st.dictionaries(st.sampled_from(MEMBERS), st.integers(0, 60))
BUSY = st.sets(st.sampled_from(MEMBERS))


@given(PEOPLE, SIMILAR, COUNTS, st.randoms())
@pytest.mark.deep
def test_the_order_of_the_input_changes_nothing(people, similar, counts, random):
    expected = rules.rank(people, similar, counts, now=NOW)
    for each in (people, similar):
        random.shuffle(each)
    shuffled = dict(random.sample(sorted(counts.items()), len(counts)))
    assert rules.rank(people, similar, shuffled, now=NOW) == expected
    assert rules.busiest(shuffled) == rules.busiest(counts)


@given(PEOPLE, SIMILAR, COUNTS)
@pytest.mark.deep
def test_what_speaks_for_a_person_does_not_depend_on_the_other_people(
    people, similar, counts
):
    together = rules.rank(people, similar, counts, now=NOW)
    alone = [
        candidate
        for person in people
        for candidate in rules.rank([person], similar, counts, now=NOW)
    ]
    assert sorted(together, key=lambda each: each.person.member) == sorted(
        alone, key=lambda each: each.person.member
    )


@given(PEOPLE, SIMILAR, COUNTS)
@pytest.mark.deep
def test_those_who_may_know_are_ranked_whatever_topics_they_know(
    people, similar, counts
):
    expected = {
        person.member
        for person in people
        if rules.rank([replace(person, known_topics=())], similar, counts, now=NOW)
    }
    knowing = rules.may_know(similar, counts, now=NOW)
    assert knowing & {person.member for person in people} == expected


@given(PEOPLE, SIMILAR, COUNTS)
@pytest.mark.deep
def test_every_reason_is_true(people, similar, counts):
    for candidate in rules.rank(people, similar, counts, now=NOW):
        person, reason = candidate.person, candidate.reason
        match reason.kind:
            case "topic":
                assert reason.topic in person.known_topics
            case "active":
                assert reason.answer_count == counts[person.member] > 0
            case outcome:
                assert any(
                    (each.member, each.ask_id, each.answered_at, each.outcome)
                    == (person.member, reason.ask_id, reason.at, outcome)
                    and each.is_alike
                    for each in similar
                )


@given(PEOPLE, SIMILAR, COUNTS, BUSY, st.integers(1, 3), st.integers(0, 4))
@pytest.mark.deep
def test_each_place_has_another_person(people, similar, counts, busy, step, places):
    ranked = rules.rank(people, similar, counts, now=NOW)
    chosen = rules.pick(ranked, busy, step=step, places=places)
    assert len(set(members(chosen))) == len(chosen) <= places
    assert all(each in ranked for each in chosen)
    if step == 1:
        ranked = [each for each in ranked if not each.person.is_expert]
        assert chosen[:1] == ranked[: min(places, 1)]
    # As long as there is someone, no place stays empty.
    assert len(chosen) == min(places, len(ranked))


@given(
    counts=st.dictionaries(st.sampled_from(MEMBERS), st.integers(1, 200), min_size=1),
    chosen=st.dictionaries(st.sampled_from(MEMBERS), st.integers(0, 9)),
    asks=st.lists(st.integers(0, 24 * 60), max_size=60),
)
def test_nobody_is_above_their_cap_in_any_seven_days(counts, chosen, asks):
    """Many asks in two months, each with a request to all who are free."""
    caps = {
        member: rules.weekly_cap(count, chosen.get(member))
        for member, count in counts.items()
    }
    requested: dict[str, list[datetime]] = {member: [] for member in counts}
    for hours in sorted(asks):
        now = NOW + timedelta(hours=hours)
        free = [
            Person(member)
            for member, cap in caps.items()
            if rules.is_free(requested[member], cap, now=now)
        ]
        for candidate in rules.rank(free, [], counts, now=now):
            requested[candidate.person.member].append(now)
    for member, times in requested.items():
        for start in times:
            assert sum(start <= at < start + WEEK for at in times) <= caps[member]


def test_a_place_is_free_again_after_seven_days():
    assert not rules.is_free([NOW - WEEK + DAY], 1, now=NOW)
    assert rules.is_free([NOW - WEEK], 1, now=NOW)
    assert rules.is_free([NOW - 6 * DAY, NOW - 9 * DAY], 2, now=NOW)
    assert not rules.is_free([], 0, now=NOW)
