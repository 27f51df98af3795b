from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matching.cost import (
    IMPOSSIBLE,
    POINT,
    SAME_LEVEL_IN_CIRCLE,
    Kind,
    Topic,
    help_parts,
    hours_apart,
    pair_parts,
)
from bot.matching.people import Hours, Person, Way, meeting_times
from bot.matching.tables import CircleCosts, Costs
from tests.matching import AT, DAY, crowd, strict_people

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
TOKYO, PARIS = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")


def parts(person, other):
    return {
        (part.kind, part.member, part.cost) for part in pair_parts(person, other, AT)
    }


def kinds(person, other):
    return {part.kind for part in pair_parts(person, other, AT)}


def pair_cost(person, other):
    return Costs([person, other], AT).pair(0, 1)


def circle_cost(people):
    return CircleCosts(Costs(people, AT), range(len(people))).cost(range(len(people)))


def test_people_of_whom_nothing_is_known_cost_nothing():
    ana, ben = Person("ana"), Person("ben")
    assert pair_cost(ana, ben) == 0
    assert kinds(ana, ben) == {Kind.NEVER_MET}


def test_each_gains_by_what_the_other_knows_and_more_if_both_do():
    ana = Person("ana", wants={"kafka": 1}, knows={"dbt": 1})
    ben = Person("ben", wants={"dbt": 2}, knows={"kafka": 3, "sql": 1})
    assert parts(ana, ben) == {
        (Kind.WANTS, "ana", -400),
        (Kind.WANTS, "ben", -400),
        (Kind.BOTH_WANT, "ana", -600),
        (Kind.NEVER_MET, "ana", 0),
    }
    wanted = [
        (part.member, part.other, part.topics)
        for part in pair_parts(ana, ben, AT)
        if part.kind is Kind.WANTS
    ]
    assert wanted == [
        ("ana", "ben", (Topic("kafka"),)),
        ("ben", "ana", (Topic("dbt"),)),
    ]
    assert pair_cost(ana, ben) == -1400


def test_one_who_solved_asks_like_an_open_one_gains():
    ana = Person("ana", open_asks={"sql": (7,)})
    ben = Person("ben", solved={"sql": (2, 3), "dbt": (4,)})
    assert (Kind.SOLVED, "ana", -300) in parts(ben, ana)
    assert pair_cost(ana, ben) == -300
    [solved, _] = pair_parts(ana, ben, AT)
    assert solved.topics == (Topic("sql", asked=(7,), solved=(2, 3)),)


@pytest.mark.parametrize(
    ("team", "level", "cost", "expected"),
    [
        ("data", "senior", 300, {Kind.SAME_TEAM}),
        ("web", "senior", -200, {Kind.OTHER_TEAM, Kind.SAME_LEVEL}),
        ("web", "junior", 0, {Kind.OTHER_TEAM}),
        ("web", None, 0, {Kind.OTHER_TEAM}),
        (None, "senior", 0, set()),
        ("", "senior", 0, set()),
    ],
)
def test_teams_and_levels_count_where_both_are_known(team, level, cost, expected):
    ana = Person("ana", team="data", level="senior")
    ben = Person("ben", team=team, level=level)
    assert kinds(ana, ben) == expected | {Kind.NEVER_MET}
    assert pair_cost(ana, ben) == cost
    # Two whose levels are unknown are not on the same one.
    unknown = replace(ana, level=None), replace(ben, level=None)
    assert Kind.SAME_LEVEL not in kinds(*unknown)


@pytest.mark.parametrize(
    ("rounds", "cost"), [(0, 2400), (1, 2400), (2, 1100), (12, 100), (13, 0), (40, 0)]
)
def test_a_pair_who_met_costs_less_with_each_round(rounds, cost):
    ana, ben = Person("ana", met={"ben": rounds}), Person("ben", met={"ana": 50})
    assert pair_cost(ana, ben) == pair_cost(ben, ana) == cost
    assert (Kind.MET, "ana", cost) in parts(ben, ana)
    assert Kind.NEVER_MET not in kinds(ana, ben)


@pytest.mark.parametrize(
    ("zone", "apart", "cost"),
    [
        (PARIS, 0, 0),
        (KOLKATA, 4.5, 200),
        (NEW_YORK, 6, 200),
        (TOKYO, 8, 600),
        (None, None, 0),
    ],
)
def test_clocks_far_apart_cost(zone, apart, cost):
    ana, ben = Person("ana", zone=BERLIN), Person("ben", zone=zone)
    assert hours_apart(ana, ben, AT) == apart
    assert pair_cost(ana, ben) == cost


def test_clocks_are_compared_across_the_date_line_and_on_the_day():
    samoa, hawaii = ZoneInfo("Pacific/Apia"), ZoneInfo("Pacific/Honolulu")
    ana, ben = Person("ana", zone=samoa), Person("ben", zone=hawaii)
    assert hours_apart(ana, ben, AT) == 1
    # New York's clock goes forward three weeks before Berlin's.
    ana, ben = Person("ana", zone=BERLIN), Person("ben", zone=NEW_YORK)
    assert hours_apart(ana, ben, datetime(2027, 3, 20, tzinfo=UTC)) == 5
    assert hours_apart(ana, ben, datetime(2027, 4, 20, tzinfo=UTC)) == 6


def test_a_poor_fit_of_either_and_different_ways_to_meet_cost():
    ana = Person("ana", poor_fits=frozenset({"ben"}), way=Way.CALLS)
    assert pair_cost(ana, Person("ben")) == 800
    assert pair_cost(ana, Person("cat", way=Way.WRITING)) == 600
    assert pair_cost(ana, Person("dan", way=Way.EITHER)) == 0


@pytest.mark.parametrize(
    ("ana", "ben", "kind"),
    [
        ({"do_not_pair": frozenset({"ben"})}, {}, Kind.DO_NOT_PAIR),
        ({"manager": "ben"}, {}, Kind.MANAGER),
        (
            {"languages": frozenset({"en"})},
            {"languages": frozenset({"ja", "de"})},
            Kind.NO_COMMON_LANGUAGE,
        ),
        (
            {"zone": BERLIN, "hours": Hours(), "way": Way.CALLS},
            {"zone": TOKYO, "hours": Hours()},
            Kind.NO_COMMON_HOUR,
        ),
    ],
)
def test_some_are_never_paired_in_either_order(ana, ben, kind):
    for name in ("ana", "zoe"):
        pair = Person(name, **ana), Person("ben", **ben)
        assert kind in kinds(*pair)
        assert kind in kinds(*reversed(pair))
        assert pair_cost(*pair) >= IMPOSSIBLE
        assert not Costs(pair, AT).is_possible(0, 1)


def test_people_who_write_need_no_common_hour():
    ana = Person("ana", zone=BERLIN, hours=Hours())
    ben = Person("ben", zone=TOKYO, hours=Hours(), way=Way.WRITING)
    assert pair_cost(ana, ben) == 600
    assert Kind.NO_COMMON_HOUR not in kinds(ana, ben)


def test_a_common_hour_is_a_whole_one():
    # 9:00 to 17:00 in Kolkata is 3:30 to 11:30 in UTC.
    kolkata = Person("ana", zone=KOLKATA, hours=Hours(), way=Way.CALLS)

    def is_common(start, **hours):
        utc = Person("ben", zone=ZoneInfo("UTC"), hours=Hours(start, **hours))
        return bool(meeting_times(kolkata, AT) & meeting_times(utc, AT))

    assert is_common(time(10, 30))
    assert not is_common(time(10, 45))
    assert not is_common(time(10, 30), weekdays=frozenset({5, 6}))
    never = frozenset((day, 11) for day in range(5))
    assert not is_common(time(10, 30), never=never)


def test_a_common_hour_may_lie_between_two_weeks_of_utc():
    # Monday at 9:30 in Auckland is Sunday at 20:30 in UTC.
    monday = Hours(weekdays=frozenset({0}))
    auckland = Person(
        "ana", zone=ZoneInfo("Pacific/Auckland"), hours=monday, way=Way.CALLS
    )
    sunday = Hours(time(20), time(23), weekdays=frozenset({6}))
    utc = Person("ben", zone=ZoneInfo("UTC"), hours=sunday)
    assert meeting_times(auckland, AT) & meeting_times(utc, AT)
    night = Hours(time(23, 30), time(0), weekdays=frozenset({6}))
    assert not meeting_times(Person("cat", zone=BERLIN, hours=night), AT) & ~(1 << 672)


def test_members_of_a_circle_gain_by_their_two_best_mates():
    ana = Person("ana", wants={"sql": 1})
    helpers = [
        Person("ben", knows={"sql": 1}, activity=1),
        Person("cat", knows={"sql": 1}, activity=0.5),
        Person("dan", knows={"sql": 1}, activity=0.25),
        Person("eve"),
    ]
    assert circle_cost([ana, *helpers]) == -400 - 100


@pytest.mark.parametrize("helper", ["ana", "ben"])
def test_members_of_a_circle_gain_nothing_by_those_whom_they_have_helped(helper):
    helped = {helper: frozenset({"ana", "ben"} - {helper})}
    people = [
        Person("ana", wants={"sql": 1}, helped=helped.get("ana", frozenset())),
        Person("ben", knows={"sql": 1}, helped=helped.get("ben", frozenset())),
        Person("cat", knows={"sql": 1}, activity=0.5),
        Person("dan"),
    ]
    assert circle_cost(people) == -200
    assert help_parts(*people[:2]) == []


def test_members_of_a_circle_gain_a_little_by_their_level_in_other_teams():
    people = [
        Person("ana", team="data", level="senior"),
        Person("ben", team="web", level="senior"),
        Person("cat", team="data", level="senior"),
        Person("dan", team="ops", level="junior"),
        Person("eve", level="senior"),
    ]
    # Ana and Cat are in one team, and Ben is of their level in another.
    assert circle_cost(people) == 300 - 2 * SAME_LEVEL_IN_CIRCLE
    # It is less than the least of what else a pair has.
    assert 0 < SAME_LEVEL_IN_CIRCLE * 15 < POINT * 2


def test_the_fit_is_a_cosine():
    ana = Person("ana", wants={"sql": 3, "dbt": 4})
    ben = Person("ben", knows={"sql": 1})
    assert [(p.cost, p.topics) for p in help_parts(ben, ana)] == [
        (-240, (Topic("sql"),))
    ]
    assert help_parts(ana, Person("cat", knows={"sql": 1}, activity=0)) == []


def test_a_circle_needs_a_facilitator_and_not_too_many_newcomers():
    old = [Person(f"U{n}", may_facilitate=False) for n in range(5)]
    assert circle_cost(old) == 800
    assert circle_cost([*old[:4], Person("U4")]) == 0
    new = [Person(f"U{n}", is_newcomer=n < 4) for n in range(5)]
    assert circle_cost(new) == 600
    everyone = [Person(f"U{n}", is_newcomer=True) for n in range(5)]
    assert circle_cost(everyone) == 800 + 900


def test_a_circle_needs_an_hour_that_all_have_in_common():
    def person(name, start, end):
        hours = Hours(time(start), time(end))
        return Person(name, zone=BERLIN, hours=hours, way=Way.CALLS)

    people = [person("ana", 8, 12), person("ben", 10, 16), person("cat", 11, 14)]
    assert circle_cost(people) < IMPOSSIBLE
    assert circle_cost([*people, person("dan", 13, 17), person("eve", 8, 17)]) >= (
        IMPOSSIBLE
    )


def test_each_person_is_given_once():
    with pytest.raises(ValueError, match="once"):
        Costs([Person("ana"), Person("ana")], AT)


@pytest.mark.deep
@given(strict_people())
def test_tables_have_the_costs_of_the_parts_of_each_pair(people):
    costs = Costs(people, AT)
    numbers = range(len(people))
    table, fit = costs.pairs(numbers, 1), costs.fit(numbers)
    for n, m in combinations(numbers, 2):
        person, other = costs.people[n], costs.people[m]
        total = sum(part.cost for part in pair_parts(person, other, AT))
        assert table[n][m] == table[m][n] == costs.pair(n, m)
        assert costs.is_possible(n, m) == (total < IMPOSSIBLE // 2)
        if costs.is_possible(n, m):
            assert table[n][m] == total
        else:
            assert table[n][m] >= IMPOSSIBLE // 2
        gained = {part.member: -part.cost for part in help_parts(person, other)}
        assert fit[n][m] == gained.get(person.id, 0)
        assert fit[m][n] == gained.get(other.id, 0)


@pytest.mark.deep
@given(strict_people())
def test_reasons_and_their_asks_are_true(people):
    for person, other in combinations(people, 2):
        by_id = {person.id: person, other.id: other}
        for part in pair_parts(person, other, AT):
            member, mate = by_id[part.member], by_id[part.other]
            own = member.open_asks if part.kind is Kind.SOLVED else member.asked
            for topic in part.topics:
                assert topic.asked == own.get(topic.name, ())
                assert topic.helped_with == mate.helped_with.get(topic.name, ())
                assert topic.solved == mate.solved.get(topic.name, ())
            match part.kind:
                case Kind.WANTS:
                    assert part.topics
                    assert all(
                        member.wants[topic.name] > 0 and mate.knows[topic.name] > 0
                        for topic in part.topics
                    )
                case Kind.OTHER_TEAM:
                    assert member.team
                    assert mate.team
                    assert member.team != mate.team
                case Kind.SAME_TEAM:
                    assert member.team == mate.team is not None
                case Kind.NEVER_MET:
                    assert member.id not in mate.met
                    assert mate.id not in member.met
                case Kind.MET:
                    assert part.number in {
                        member.met.get(mate.id),
                        mate.met.get(member.id),
                    }
                case Kind.SAME_LEVEL:
                    assert member.level == mate.level is not None


def test_people_who_helped_each_other_are_not_said_never_to_have_met():
    ana, ben = Person("ana"), Person("ben", helped=frozenset({"ana"}))
    assert kinds(ana, ben) == kinds(ben, ana) == set()


@given(st.randoms())
def test_a_table_of_a_few_has_the_costs_of_the_table_of_all(random):
    people = crowd(20, random.randrange(1000))
    costs = Costs(people, AT)
    some = random.sample(range(20), 7)
    everyone, few = costs.apart(range(20)), costs.apart(some)
    fits, few_fits = costs.fit(range(20)), costs.fit(some)
    for n, m in combinations(range(7), 2):
        assert few[n][m] == everyone[some[n]][some[m]]
        assert few_fits[n][m] == fits[some[n]][some[m]]


def test_people_without_a_zone_can_meet_at_any_hour():
    ana = Person("ana", zone=BERLIN, hours=DAY, way=Way.CALLS)
    assert meeting_times(ana, AT) & meeting_times(Person("ben", way=Way.CALLS), AT)
