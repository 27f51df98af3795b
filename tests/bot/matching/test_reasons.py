import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matching.cost import pair_parts
from bot.matching.people import Person
from bot.matching.reasons import Phrase, Readers, group_reasons, pair_reasons, plain
from tests.matching import AT, TOPICS, strict_people

NAMES = {"ana": "Ana", "ben": "Ben", "cat": "Cat", "dan": "Dan"}
ALL = range(100)


def reasons(ana, ben, *, visible=ALL, you=None):
    parts = pair_parts(Person("ana", **ana), Person("ben", **ben), AT)
    sentences = pair_reasons(parts, Readers(NAMES, visible, you))
    return [plain(sentence) for sentence in sentences]


def group(*people, visible=ALL, **known):
    sentences = group_reasons(people, Readers(NAMES, visible, **known), AT)
    return [plain(sentence) for sentence in sentences]


def test_a_pair_reads_what_each_can_learn_from_the_other():
    ana = {"wants": {"Kafka": 1}, "knows": {"dbt": 1}, "team": "data"}
    ben = {
        "wants": {"dbt": 1},
        "knows": {"Kafka": 1},
        "solved": {"Kafka": (1, 2, 3)},
        "team": "web",
    }
    assert reasons(ana, ben) == [
        "Ana wants to learn Kafka; Ben solved three asks on that.",
        "Ben wants to learn dbt; Ana knows about that.",
        "You are in different teams and haven't met here.",
    ]


@pytest.mark.parametrize(
    ("ana", "ben", "sentence"),
    [
        (
            {"wants": {"SQL": 1}, "asked": {"SQL": (1,)}},
            {"knows": {"SQL": 1}, "helped_with": {"SQL": (2,)}},
            "Ana asked about SQL; Ben helped with an ask on that.",
        ),
        (
            {"wants": {"SQL": 1}},
            {
                "knows": {"SQL": 1},
                "helped_with": {"SQL": (2, 3)},
                "solved": {"SQL": (2,)},
            },
            "Ana wants to learn SQL; Ben solved an ask on that.",
        ),
        (
            {"open_asks": {"SQL": (1,)}},
            {"solved": {"SQL": tuple(range(2, 14))}},
            "Ana has an open ask on SQL; Ben solved 12 asks on that.",
        ),
        (
            {
                "open_asks": {"SQL": (1, 4)},
                "asked": {"SQL": (1, 4)},
                "wants": {"SQL": 1},
            },
            {
                "solved": {"SQL": (2,)},
                "helped_with": {"SQL": (2,)},
                "knows": {"SQL": 1},
            },
            "Ana has two open asks on SQL; Ben solved an ask on that.",
        ),
        (
            {"wants": {"Rust & Go": 1}},
            {"knows": {"Rust & Go": 1}},
            "Ana wants to learn Rust & Go; Ben knows about that.",
        ),
    ],
)
def test_a_sentence_says_what_each_did(ana, ben, sentence):
    assert reasons(ana, ben)[0] == sentence


@pytest.mark.parametrize(
    ("helped_with", "sentence"),
    [
        ((1,), "Ben helped with Ana's ask on SQL."),
        ((1, 2), "Ben helped with Ana's asks on SQL."),
        ((1, 2, 3), "Ana asked about SQL; Ben helped with an ask on that."),
    ],
)
def test_answers_to_ones_own_asks_are_not_counted_as_others(helped_with, sentence):
    ana = {"wants": {"SQL": 1}, "asked": {"SQL": (1, 2)}}
    ben = {
        "knows": {"SQL": 1},
        "helped_with": {"SQL": helped_with},
        "helped": frozenset({"ana"}),
    }
    assert reasons(ana, ben) == [sentence]


def test_an_open_ask_is_not_like_ones_own_that_was_solved():
    ana = {"open_asks": {"SQL": (2,)}, "asked": {"SQL": (1, 2)}}
    ben = {"solved": {"SQL": (1,)}, "helped_with": {"SQL": (1,)}}
    assert reasons(ana, ben)[0] == "Ben helped with Ana's ask on SQL."


def test_the_two_directions_are_on_two_topics_if_possible():
    ana = {"wants": {"SQL": 1, "dbt": 1}, "knows": {"SQL": 1}}
    ben = {"wants": {"SQL": 1}, "knows": {"SQL": 1, "dbt": 1}, "solved": {"SQL": (1,)}}
    assert reasons(ana, ben)[:2] == [
        "Ana wants to learn SQL; Ben solved an ask on that.",
        "Ben wants to learn SQL; Ana knows about that.",
    ]
    ana["knows"] = {"SQL": 1, "zig": 1}
    ben["wants"] = {"SQL": 1, "zig": 1}
    assert reasons(ana, ben)[1] == "Ben wants to learn zig; Ana knows about that."


@pytest.mark.parametrize(
    ("ana", "ben", "sentences"),
    [
        ({}, {}, ["You haven't met here."]),
        (
            {"met": {"ben": 1}, "circle_mates": frozenset({"ben"})},
            {"met": {"ana": 1}},
            ["You share a circle."],
        ),
        (
            {"team": "data"},
            {"team": "web"},
            ["You are in different teams and haven't met here."],
        ),
        (
            {"team": "data", "level": "senior"},
            {"team": "web", "level": "senior"},
            ["You are at the same level in different teams and haven't met here."],
        ),
        # A team or level that is unknown or hidden is not spoken of, nor is the same.
        ({"team": "data"}, {"team": None}, ["You haven't met here."]),
        ({"level": "senior"}, {"level": "senior"}, ["You haven't met here."]),
        ({"team": "data"}, {"team": "data"}, ["You haven't met here."]),
        # Nor is it that people met who did not, or the other way round.
        ({"met": {"ben": 1}}, {}, ["You have met here before."]),
        ({}, {"met": {"ana": 3}}, ["You have met here before."]),
        (
            {"team": "data", "met": {"ben": 13}},
            {"team": "web"},
            ["You are in different teams and have met here before."],
        ),
        ({"helped": frozenset({"ben"})}, {}, []),
        # Reasons against a pair are no reasons to meet.
        (
            {"poor_fits": frozenset({"ben"}), "met": {"ben": 2}},
            {},
            ["You have met here before."],
        ),
    ],
)
def test_without_a_topic_only_what_is_known_is_said(ana, ben, sentences):
    assert reasons(ana, ben) == sentences


@pytest.mark.parametrize(
    ("you", "sentences"),
    [
        (
            "ana",
            [
                "You have an open ask on SQL; Ben solved an ask on that.",
                "Ben wants to learn dbt; you know about that.",
                "You haven't met here.",
            ],
        ),
        (
            "ben",
            [
                "Ana has an open ask on SQL; you solved an ask on that.",
                "You want to learn dbt; Ana knows about that.",
                "You haven't met here.",
            ],
        ),
    ],
)
def test_the_only_reader_is_addressed(you, sentences):
    ana = {"open_asks": {"SQL": (1,)}, "knows": {"dbt": 1}}
    ben = {"solved": {"SQL": (2,)}, "wants": {"dbt": 1}}
    assert reasons(ana, ben, you=you) == sentences


@pytest.mark.parametrize(
    ("you", "sentence"),
    [
        ("ana", "Ben helped with your ask on SQL."),
        ("ben", "You helped with Ana's ask on SQL."),
    ],
)
def test_the_only_reader_has_an_ask_of_their_own(you, sentence):
    ana = {"wants": {"SQL": 1}, "asked": {"SQL": (1,)}}
    ben = {"knows": {"SQL": 1}, "helped_with": {"SQL": (1,)}}
    assert reasons(ana, ben, you=you)[0] == sentence


def test_asks_that_the_readers_may_not_see_are_neither_counted_nor_hinted_at():
    ana = {"wants": {"SQL": 1}, "asked": {"SQL": (1, 2)}, "open_asks": {"SQL": (2,)}}
    ben = {
        "knows": {"SQL": 1},
        "helped_with": {"SQL": (3, 4, 5)},
        "solved": {"SQL": (5,)},
    }
    said = "Ana asked about SQL; Ben helped with two asks on that."
    assert reasons(ana, ben, visible={1, 3, 4})[0] == said
    for visible in ({3, 4, 5}, {1, 2}, set()):
        assert reasons(ana, ben, visible=visible) == ["You haven't met here."]


def test_the_caller_may_link_what_is_said_to_asks():
    ana = Person("ana", wants={"SQL": 1}, asked={"SQL": (1, 9)})
    ben = Person("ben", knows={"SQL": 1}, helped_with={"SQL": (2, 3)})
    sentence, _ = pair_reasons(pair_parts(ana, ben, AT), Readers(NAMES, {1, 2, 3}))
    linked = [phrase for phrase in sentence if phrase.asks]
    assert linked == [Phrase("asked", (1,)), Phrase("two asks", (2, 3))]


def test_each_in_a_circle_reads_who_can_help_them_or_whom_they_can_help():
    ana = Person("ana", wants={"SQL": 1, "dbt": 1}, team="data")
    knows = {"SQL": 1, "dbt": 1}
    ben = Person("ben", knows=knows, solved={"SQL": (1, 2)}, team="web")
    cat = Person("cat", knows={"SQL": 1}, helped_with={"SQL": (3,)}, team="ops")
    dan = Person("dan", team="hr")
    lines = [
        "Ana wants to learn SQL; Ben solved two asks on that.",
        "Cat helped with an ask on SQL; Ana wants to learn that.",
        "You are all in different teams and haven't met here.",
    ]
    assert group(ana, ben, cat, dan) == lines
    # Whoever reads it comes first, and leads read of others.
    assert group(ana, ben, cat, dan, you="cat")[0] == (
        "You helped with an ask on SQL; Ana wants to learn that."
    )
    assert group(ana, ben, cat, dan, everyone="They")[-1] == (
        "They are all in different teams and haven't met here."
    )


def test_people_whom_nobody_can_help_read_what_they_have_in_common():
    ana = Person("ana", wants={"SQL": 1, "dbt": 1}, met={"ben": 1})
    ben = Person("ben", wants={"SQL": 1, "Kafka": 1})
    cat = Person("cat", wants={"dbt": 1}, knows={"Kafka": 1})
    assert group(ana, ben, cat) == [
        "Ben wants to learn Kafka; Cat knows about that.",
        "Ana and Ben want to learn SQL.",
        "Ana and Cat want to learn dbt.",
    ]
    assert group(ana, ben, cat, you="ben")[1] == "You and Ana want to learn SQL."
    # Someone who asked about it did not say that.
    ben = Person("ben", wants={"SQL": 1}, asked={"SQL": (1,)})
    assert group(ana, ben, Person("cat")) == []


@pytest.mark.parametrize(
    ("dan", "about_all"),
    [
        ({"team": "data"}, ["You haven't met here."]),
        ({"team": None}, ["You are in several teams and haven't met here."]),
        ({"team": "hr", "met": {"ana": 2}}, ["You are all in different teams."]),
        (
            {"team": "hr", "helped": frozenset({"cat"})},
            ["You are all in different teams."],
        ),
        ({"met": {"ana": 12}}, ["You are in several teams."]),
    ],
)
def test_all_of_a_circle_read_only_what_is_true_of_each_two(dan, about_all):
    people = [
        Person("ana", team="data"),
        Person("ben", team="web"),
        Person("cat", team="ops"),
        Person("dan", **dan),
    ]
    assert group(*people) == about_all


@pytest.mark.parametrize(
    ("teams", "are_several"),
    [
        (("a", "a", "b", "b", "c"), True),
        (("a", "b", "c", "d", "e", None), True),
        (("a", "a", "a", "a", "a", "b"), False),
        (("a", "a", "b", "b"), False),
        (("a", None, None, None, None), False),
        ((None, None, None), False),
    ],
)
def test_people_are_in_several_teams_if_none_has_half_of_them(teams, are_several):
    people = [Person(f"U{n}", team=team, met={"U0": 1}) for n, team in enumerate(teams)]
    names = {person.id: person.id for person in people}
    sentences = group_reasons(people, Readers(names, ()), AT)
    assert [plain(sentence) for sentence in sentences] == [
        "You are in several teams."
    ] * are_several


def test_nothing_is_said_of_topics_to_people_who_have_none():
    people = [Person("ana", met={"ben": 1}), Person("ben"), Person("cat")]
    assert group(*people) == []


CLAUSE = re.compile(r"(U\d) (wants to learn|knows about|asked|has|solved|helped with) ")


@given(strict_people(max_size=6), st.sets(st.integers(1, 9)))
@pytest.mark.deep
def test_no_sentence_claims_what_is_not_known(people, visible):
    by_id = {person.id: person for person in people}
    readers = Readers({name: name for name in by_id}, visible)
    for pair in combinations(people, 2):
        parts = pair_parts(*pair, AT)
        of_group = group_reasons(pair, readers, AT)
        for sentence in [*pair_reasons(parts, readers), *of_group]:
            asks = {ask for phrase in sentence for ask in phrase.asks}
            assert asks <= visible
            clauses = plain(sentence).split("; ")
            if clauses[0].startswith("You"):
                _check_about_both(clauses[0], *pair)
                continue
            [topic] = [name for name in TOPICS if name in clauses[0]]
            for clause in clauses:
                if " and " in clause:
                    for person in pair:
                        _check(person, "wants to learn", topic, asks)
                    continue
                [(member, verb)] = CLAUSE.findall(clause)
                _check(by_id[member], verb, topic, asks)


def _check(person, verb, topic, asks):
    match verb:
        case "wants to learn":
            assert person.wants[topic] > 0
            assert topic not in person.asked
        case "knows about":
            assert person.knows[topic] > 0
            assert topic not in person.helped_with
        case "asked":
            assert asks & {*person.asked[topic]}
        case "has":
            assert asks & {*person.open_asks[topic]}
        case "solved" | "helped with":
            assert asks & {*getattr(person, verb.replace(" ", "_"))[topic]}


def _check_about_both(sentence, ana, ben):
    if "different teams" in sentence:
        assert ana.team
        assert ben.team
        assert ana.team != ben.team
    assert ("same level" in sentence) <= (ana.level == ben.level is not None)
    have_met = ben.id in ana.met or ana.id in ben.met
    assert ("met here before" in sentence) <= have_met
    if "haven't met" in sentence:
        assert not have_met
        assert ben.id not in ana.helped
        assert ana.id not in ben.helped
