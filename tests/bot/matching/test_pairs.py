from dataclasses import replace
from itertools import combinations
from math import inf

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.matching import pairs
from bot.matching.cost import Kind
from bot.matching.people import Hours, Person, Way
from bot.matching.tables import Costs
from tests.matching import (
    AT,
    ZONES,
    apart,
    crowd,
    least_cost_of_pairs,
    strict_people,
)

# By minimum-cost matching, and as large groups are matched.
PATHS = [inf, 0]


def form(people, max_exact=inf, seed="round 1"):
    return pairs.form(people, seed=seed, at=AT, max_exact=max_exact)


def learners():
    return [
        Person("ana", wants={"kafka": 1}, knows={"dbt": 1}),
        Person("ben", wants={"dbt": 1}, knows={"kafka": 1}),
        Person("cat", wants={"sql": 1}, knows={"go": 1}),
        Person("dan", wants={"go": 1}, knows={"sql": 1}),
    ]


@pytest.mark.parametrize("path", PATHS)
def test_people_who_want_what_the_other_knows_are_a_pair(path):
    formed = form(learners(), path)
    assert formed.groups == (("ana", "ben"), ("cat", "dan"))
    assert pairs.cost(learners(), formed.groups, AT) == -2800


@pytest.mark.parametrize("path", PATHS)
def test_people_who_met_are_not_paired_however_well_they_fit(path):
    people = learners()
    people[0] = replace(people[0], met={"ben": 12})
    assert ("ana", "ben") not in form(people, path).groups


@pytest.mark.parametrize("path", PATHS)
def test_two_who_have_only_each_other_meet_again(path):
    people = [Person("ana", met={"ben": 1}), Person("ben")]
    assert form(people, path).groups == (("ana", "ben"),)


@pytest.mark.parametrize("path", PATHS)
def test_of_repeats_the_longest_ago_is_chosen(path):
    people = [
        Person("ana", met={"ben": 1, "cat": 2, "dan": 3}),
        Person("ben", met={"cat": 3, "dan": 2}),
        Person("cat", met={"dan": 1}),
        Person("dan"),
    ]
    assert form(people, path).groups == (("ana", "dan"), ("ben", "cat"))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("count", "groups", "left_out"),
    [(0, [], 0), (1, [], 1), (2, [2], 0), (3, [3], 0), (4, [2, 2], 0), (5, [2, 3], 0)],
)
def test_a_few_people(path, count, groups, left_out):
    formed = form([Person(f"U{n}") for n in range(count)], path)
    assert sorted(len(group) for group in formed.groups) == groups
    assert len(formed.left_out) == left_out


@pytest.mark.parametrize("path", PATHS)
def test_the_odd_one_joins_where_that_costs_least(path):
    people = [
        *learners(),
        Person("eve", wants={"dbt": 1, "kafka": 1}, team="web"),
    ]
    assert form(people, path).groups == (("ana", "ben", "eve"), ("cat", "dan"))


@pytest.mark.parametrize("path", PATHS)
def test_people_all_of_one_team_are_paired_all_the_same(path):
    formed = form([Person(f"U{n}", team="web") for n in range(6)], path)
    assert len(formed.groups) == 3


@pytest.mark.parametrize("path", PATHS)
def test_one_person_twelve_hours_away_is_left_out_of_calls(path):
    people = [
        Person(f"U{n:02}", zone=ZONES[4 if n == 7 else 2], hours=Hours(), way=Way.CALLS)
        for n in range(24)
    ]
    formed = form(people, path)
    assert formed.left_out == ("U07",)
    assert sorted(len(group) for group in formed.groups) == [2] * 10 + [3]


@pytest.mark.parametrize("path", PATHS)
def test_who_was_left_out_takes_the_place_of_somebody_who_was_not(path):
    people = apart([Person("ana"), Person("ben"), Person("cat")], "ana", "cat")
    first = form(people, path)
    assert len(first.groups) == 1
    [left_out] = first.left_out
    people = [
        replace(person, rounds_left_out=int(person.id == left_out)) for person in people
    ]
    second = form(people, path)
    assert second.left_out != first.left_out
    assert len(second.groups) == 1


@pytest.mark.parametrize("newcomer", ["ana", "cat", "dan"])
@pytest.mark.parametrize("path", PATHS)
def test_newcomers_come_first_where_there_are_not_enough_partners(path, newcomer):
    people = [Person(name) for name in ("ana", "ben", "cat", "dan")]
    for pair in combinations(("ana", "cat", "dan"), 2):
        people = apart(people, *pair)
    people = [replace(p, is_newcomer=p.id == newcomer) for p in people]
    assert form(people, path).groups == (tuple(sorted(("ben", newcomer))),)


def test_a_chain_of_changes_gives_everybody_a_partner():
    # Those who may be paired are in a row: a pair in the middle leaves both ends over.
    people = [Person(f"U{n}") for n in range(6)]
    for n, m in combinations(range(6), 2):
        if m - n > 1:
            people = apart(people, f"U{n}", f"U{m}")
    for path in PATHS:
        formed = form(people, path)
        assert formed.groups == (("U0", "U1"), ("U2", "U3"), ("U4", "U5"))


@pytest.mark.deep
@settings(max_examples=40, deadline=None)
@given(strict_people(), st.sampled_from(PATHS), st.randoms())
def test_what_always_holds_of_pairs(people, path, random):
    formed = form(people, path)
    together = [person for group in formed.groups for person in group]
    assert sorted([*together, *formed.left_out]) == sorted(p.id for p in people)
    costs = Costs(people, AT)
    for group in formed.groups:
        assert len(group) in {2, 3}
        for person, other in combinations(group, 2):
            assert costs.is_possible(costs.number[person], costs.number[other])
    shuffled = people.copy()
    random.shuffle(shuffled)
    assert form(shuffled, path) == formed
    # Nobody is left over beside someone they could meet.
    for person, other in combinations(formed.left_out, 2):
        assert not costs.is_possible(costs.number[person], costs.number[other])


@pytest.mark.deep
@settings(max_examples=40, deadline=None)
@given(strict_people(), st.sampled_from(PATHS))
def test_nobody_with_a_free_partner_is_left_out_twice(people, path):
    people = [replace(p, rounds_left_out=0) for p in people]
    first = form(people, path)
    people = [replace(p, rounds_left_out=int(p.id in first.left_out)) for p in people]
    second = form(people, path, "round 2")
    costs = Costs(people, AT)
    waited = set(first.left_out)
    group_of = {person: group for group in second.groups for person in group}
    for person in waited & set(second.left_out):
        # All possible partners are with someone who also waited, and only with them.
        for other in costs.people:
            if costs.is_possible(costs.number[person], costs.number[other.id]):
                [mate] = set(group_of[other.id]) - {other.id}
                assert mate in waited


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 15).map(lambda n: n - n % 2), st.integers(0, 10_000))
@pytest.mark.deep
def test_pairs_cost_least(count, seed):
    people = [replace(p, met={}) for p in crowd(count, seed)]
    formed = form(people)
    assert pairs.cost(people, formed.groups, AT) == least_cost_of_pairs(people)


@pytest.mark.deep
@settings(max_examples=15, deadline=None)
@given(st.sampled_from([3, 5, 7, 9, 11, 13, 15]), st.integers(0, 10_000))
def test_pairs_and_a_three_cost_least(count, seed):
    people = [replace(p, met={}) for p in crowd(count, seed)]
    formed = form(people)
    assert pairs.cost(people, formed.groups, AT) == least_cost_of_pairs(people)


@pytest.mark.deep
@settings(max_examples=40, deadline=None)
@given(st.integers(5, 20).map(lambda n: 2 * n), st.integers(0, 10_000))
def test_large_groups_cost_nearly_as_little(count, seed):
    people = [replace(p, met={}) for p in crowd(count, seed)]
    exact = pairs.cost(people, form(people).groups, AT)
    swapped = pairs.cost(people, form(people, 0).groups, AT)
    assert swapped <= exact + 0.04 * abs(exact)


@pytest.mark.deep
def test_a_large_group_gives_the_same_pairs_in_any_order():
    people = crowd(601)
    formed = form(people, 0)
    assert form(people[::-1], 0) == formed
    assert sorted({len(group) for group in formed.groups}) == [2, 3]
    assert formed.left_out == ()


def test_proposals_are_those_who_also_want_something():
    ana, ben, cat, dan = learners()
    eve = Person("eve", knows={"kafka": 1})
    fay = replace(ben, id="fay", team="web", poor_fits=frozenset({"ana"}))
    gus = replace(ben, id="gus", do_not_pair=frozenset({"ana"}))
    offered = pairs.proposals(ana, [ana, ben, cat, dan, eve, fay, gus], AT)
    assert [(each.other, each.cost) for each in offered] == [
        ("ben", -1400),
        ("fay", -600),
    ]
    assert offered[0].parts[0].kind is Kind.BOTH_WANT
    anyone = pairs.proposals(ana, [cat, eve, gus], AT, limit=1, are_mutual=False)
    assert [each.other for each in anyone] == ["eve"]


def anyone_helps(_newcomer, _other):
    return True


def test_each_newcomer_gets_a_helper_of_their_own():
    """The first takes the second best, so that both have what they want."""
    newcomers = [
        Person("new1", wants={"sql": 1, "go": 1}),
        Person("new2", wants={"sql": 1}),
    ]
    others = [
        Person("ann", knows={"sql": 1}),
        Person("bob", knows={"go": 1}),
        Person("cat"),
    ]
    for order in (others, others[::-1]):
        assigned = pairs.assign(newcomers, order, AT, may_help=anyone_helps)
        assert assigned == [("new1", "bob"), ("new2", "ann")]


def test_without_enough_helpers_those_who_wait_longest_come_first():
    newcomers = [Person("zoe"), Person("amy", wants={"sql": 1})]
    others = [Person("ann", knows={"sql": 1})]
    assigned = pairs.assign(newcomers, others, AT, may_help=anyone_helps)
    assert assigned == [("zoe", "ann")]
    never = [replace(newcomers[0], do_not_pair=frozenset({"ann"})), newcomers[1]]
    assigned = pairs.assign(never, others, AT, may_help=anyone_helps)
    assert assigned == [("amy", "ann")]
    assert pairs.assign(newcomers, [], AT, may_help=anyone_helps) == []
    assert pairs.assign([], others, AT, may_help=anyone_helps) == []


def test_a_helper_whom_they_met_is_the_last_resort():
    newcomers = [Person("zoe", wants={"sql": 1}, knows={"go": 1}, met={"ann": 12})]
    others = [Person("ann", knows={"sql": 1}, wants={"go": 1}), Person("bob")]
    assigned = pairs.assign(newcomers, others, AT, may_help=anyone_helps)
    assert assigned == [("zoe", "bob")]
    assigned = pairs.assign(newcomers, others[:1], AT, may_help=anyone_helps)
    assert assigned == [("zoe", "ann")]


@given(people=strict_people(), count=st.integers(0, 6))
@settings(max_examples=60, deadline=None)
@pytest.mark.deep
def test_no_assignment_is_impossible_or_less_than_it_could_be(people, count):
    newcomers, others = people[:count], people[count:]
    assigned = pairs.assign(newcomers, others, AT, may_help=anyone_helps)
    costs = Costs(list(people), AT)
    number = costs.number
    used = [each for pair in assigned for each in pair]
    assert len(used) == len(set(used))
    assert all(costs.is_possible(number[n], number[m]) for n, m in assigned)
    graph = nx.Graph()
    graph.add_edges_from(
        (n.id, m.id)
        for n in newcomers
        for m in others
        if costs.is_possible(number[n.id], number[m.id])
    )
    assert len(assigned) == len(nx.max_weight_matching(graph, maxcardinality=True))
