"""Which words of a query count, and how much."""

from collections import Counter
from collections.abc import Sequence

import pytest

from bot.search.query import (
    MAX_CORRECTED,
    MAX_WORDS,
    SearchQuery,
    weigh_words,
)


class Words:
    """A vocabulary of a hundred documents whose stemmer only knows plurals."""

    document_count = 100

    def __init__(self, **frequencies: int) -> None:
        self.frequencies = Counter(frequencies)

    def stem(self, words: Sequence[str]) -> Sequence[str]:
        return [word.removesuffix("s") for word in words]

    def frequency(self, stem: str) -> int:
        return self.frequencies[stem]


def test_words_of_the_title_weigh_more_and_again_in_titles():
    known = Words(lock=3, migration=2, table=5)
    weighted = weigh_words(SearchQuery("Migrations lock", "locks of the table"), known)
    assert weighted.anywhere == {"migration": 2.5, "lock": 2.5, "table": 1.0}
    assert weighted.in_title == {"migration": 1.25, "lock": 1.25}
    assert set(weighted.subject) == {"migration", "lock"}


def test_words_that_nobody_wrote_are_left_out():
    weighted = weigh_words(SearchQuery("lock xyz", "abc"), Words(lock=3))
    assert weighted.anywhere == {"lock": 2.5}


def test_a_title_is_about_its_rare_words_more_than_about_others():
    known = Words(vpn=1, laptop=30, thing=3)
    title = "Some things: the VPN of my laptop"
    subject = weigh_words(SearchQuery(title), known).subject
    assert set(subject) == {"vpn", "laptop"}
    assert sum(subject.values()) == pytest.approx(1)
    assert subject["vpn"] > 3 * subject["laptop"] > 0


def test_a_title_is_also_about_words_that_nobody_wrote_so_far():
    subject = weigh_words(SearchQuery("VPN xyzzy"), Words(vpn=1)).subject
    assert subject == {"vpn": pytest.approx(0.5)}


def test_what_everybody_talks_about_is_no_subject():
    known = Words(vpn=1, laptop=33, beer=34)
    assert set(weigh_words(SearchQuery("VPN laptop beer"), known).subject) == {
        "vpn",
        "laptop",
    }
    # As long as there are a few asks only, every word is in many of them.
    few = Words(vpn=10, beer=11)
    few.document_count = 12
    assert set(weigh_words(SearchQuery("VPN beer"), few).subject) == {"vpn"}


def test_a_word_of_more_documents_than_there_are_says_little_still():
    """Documents that were deleted are counted for some time."""
    few = Words(vpn=8, lock=1)
    few.document_count = 4
    subject = weigh_words(SearchQuery("VPN lock"), few).subject
    assert 0 < subject["vpn"] < 0.1


def test_only_stop_words_are_no_query():
    weighted = weigh_words(SearchQuery("help!!!", "hello"), Words(help=9, hello=9))
    assert not weighted.anywhere
    assert not weighted.in_title


@pytest.mark.parametrize(
    "typed",
    [
        "kuberetes",  # One letter is missing,
        "kubernetees",  # or too many,
        "kubernates",  # or wrong,
        "kubenretes",  # or two are swapped.
    ],
)
def test_a_typing_error_in_the_title_is_corrected_for_less(typed):
    weighted = weigh_words(SearchQuery(typed), Words(kubernete=4, kafka=1))
    assert weighted.anywhere == {"kubernete": pytest.approx(1.75)}
    assert weighted.in_title == {"kubernete": pytest.approx(0.875)}
    assert weighted.subject == {}


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("kubberetes", "kubernete"),  # Two errors are too many.
        ("dock", "lock"),  # Another first letter.
        ("loc", "lock"),  # Too short to tell.
        ("py311", "py312"),  # Not letters alone.
    ],
)
def test_what_may_well_be_meant_is_not_corrected(typed, known):
    assert not weigh_words(SearchQuery(typed), Words(**{known: 5})).anywhere


def test_a_known_word_is_never_corrected():
    weighted = weigh_words(SearchQuery("form"), Words(form=1, from_=9, fork=9))
    assert weighted.anywhere == {"form": 2.5}


def test_the_most_frequent_neighbour_is_meant():
    weighted = weigh_words(SearchQuery("deplay"), Words(deploy=4, display=9, delay=2))
    assert list(weighted.anywhere) == ["deploy"]


@pytest.mark.parametrize(
    ("typed", "known", "parts"),
    [
        ("datenbankfehler", ["datenbank", "fehler"], ["datenbank", "fehler"]),
        ("verbindungsfehler", ["verbindung", "fehler"], ["verbindung", "fehler"]),
        ("Timezones", ["time", "zone"], ["time", "zone"]),
        # Both words must be known, and long enough to tell.
        ("datenbankfehler", ["datenbank"], []),
        ("carpets", ["car", "pet"], []),
    ],
)
def test_a_word_that_joins_two_finds_them_for_less(typed, known, parts):
    weighted = weigh_words(SearchQuery(typed), Words(**dict.fromkeys(known, 2)))
    assert weighted.anywhere == dict.fromkeys(parts, pytest.approx(1.75))
    assert weighted.subject == {}


def test_a_known_word_that_joins_two_stays_as_it_is():
    known = Words(datenbankfehler=1, datenbank=5, fehler=5)
    weighted = weigh_words(SearchQuery("Datenbankfehler"), known)
    assert list(weighted.anywhere) == ["datenbankfehler"]


def test_details_are_not_corrected():
    assert not weigh_words(SearchQuery("", "deplay"), Words(deploy=4)).anywhere


@pytest.mark.parametrize(
    ("typed", "known"),
    [("серевр", "сервер"), ("διακομισησ", "διακομιστησ"), ("קובצ", "קבצ")],
)
def test_other_alphabets_are_corrected(typed, known):
    assert list(weigh_words(SearchQuery(typed), Words(**{known: 2})).anywhere) == [
        known
    ]


def test_a_correction_does_not_lower_what_was_written():
    weighted = weigh_words(SearchQuery("deploy deplay"), Words(deploy=4))
    assert weighted.anywhere == {"deploy": 2.5}


def test_of_a_paste_the_rarest_words_count():
    """Word 0 is in one ask, word 1 in two, and so on."""
    names = [chr(97 + n // 26) + chr(97 + n % 26) + "zz" for n in range(200)]
    known = Words(**{name: n + 1 for n, name in enumerate(names)})
    paste = " ".join(reversed(names))
    weighted = weigh_words(SearchQuery("", paste), known)
    assert list(weighted.anywhere) == names[:MAX_WORDS]
    weighted = weigh_words(SearchQuery(paste), known)
    assert set(weighted.anywhere) == set(names[:MAX_WORDS])


def test_long_identifiers_of_a_trace_do_not_count():
    name = "x" * 31
    known = Words(**{name: 1, "lock": 5})
    assert list(weigh_words(SearchQuery("", f"{name} lock"), known).anywhere) == [
        "lock"
    ]
    assert list(weigh_words(SearchQuery(name), known).anywhere) == [name]


def test_a_title_of_nothing_but_errors_costs_a_few_looks():
    known = Words(**{f"{letter}good": 1 for letter in "abcdefghij"})
    typed = " ".join(f"{letter}goood" for letter in "abcdefghij")
    assert len(weigh_words(SearchQuery(typed), known).anywhere) == MAX_CORRECTED
