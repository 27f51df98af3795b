"""Whom, what for and which tags, however people type it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kudos.words import LONGEST_REASON, parse, tags_typed
from bot.text import plain

ANA, BEN, CHI = "<@U0ANA|ana>", "<@U0BEN>", "<@W0CHI>"
BITS = f"{ANA} {BEN} for #tag ` < > &amp; \n word ``` <!channel> , and".split(" ")


@pytest.mark.parametrize(
    ("text", "people", "reason", "tags"),
    [
        (
            f"{ANA} {BEN} for the answer on retries #teamwork",
            ("U0ANA", "U0BEN"),
            "the answer on retries",
            ("teamwork",),
        ),
        (f"for an answer {ANA}", ("U0ANA",), f"an answer {ANA}", ()),
        (f"to {ANA}, {BEN} and {CHI}: ta", ("U0ANA", "U0BEN", "W0CHI"), "ta", ()),
        (f"{ANA} &amp; {BEN} for this", ("U0ANA", "U0BEN"), "this", ()),
        (f"FOR {ANA} because", ("U0ANA",), f"{ANA} because", ()),
        (f"#ops {ANA} for the night", ("U0ANA",), "the night", ("ops",)),
        (f"{ANA} the #flaky tests", ("U0ANA",), "the #flaky tests", ("flaky",)),
        (f"{ANA} helped {BEN} out", ("U0ANA", "U0BEN"), f"helped {BEN} out", ()),
        (f"{ANA} " * 50 + "for all", ("U0ANA",), "all", ()),
        ("forty two things", (), "forty two things", ()),
        ("", (), "", ()),
        ("for", (), "", ()),
    ],
)
def test_people_are_named_anywhere_and_the_reason_is_what_remains(
    text, people, reason, tags
):
    said = parse(text)
    assert (said.people, said.reason, said.tags) == (people, reason, tags)
    assert not said.has_group


@pytest.mark.parametrize(
    "text",
    [
        f"the line `{ANA}` in the log",
        f"this:\n```\n{ANA} #log\n```",
        f"what you said\n&gt; {ANA} #quoted",
        "this <https://a.b|@ana> link",
        "an unclosed ```" + ANA,
        "@ana as plain letters",
        "<@u0ana> <@U0-ANA>",
    ],
)
def test_code_quotations_and_links_name_nobody(text):
    said = parse(text)
    assert (said.people, said.tags) == ((), ())


@pytest.mark.parametrize(
    "group", ["<!subteam^S1|@devs>", "<!subteam^S1>", "<!channel>", "<!here|here>"]
)
def test_groups_are_seen_and_not_expanded(group):
    said = parse(f"{group} {ANA} for the release")
    assert said.has_group
    assert (said.people, said.reason) == (("U0ANA",), "the release")


def test_tags_have_one_spelling_and_numbers_are_none():
    said = parse(f"{ANA} for it #Teamwork #teamwork #123 #über-hilfe <#C1|help> a#b")
    assert said.tags == ("help", "teamwork", "über-hilfe")
    assert parse("see <https://a.b/c#frag> and &amp;#tag").tags == ()


def test_a_form_takes_tags_with_or_without_their_sign():
    assert tags_typed("#ops, team-work  ;OPS 42 #" + "x" * 31) == ("ops", "team-work")


def test_a_tag_behind_the_reason_is_no_part_of_it():
    said = parse(f"{ANA} for the talk #one #two ")
    assert said.reason == "the talk"
    assert parse(f"{ANA} #one #two").reason == ""


@pytest.mark.timeout(60)
@pytest.mark.parametrize("filling", [" ", "\n", "#a "])
def test_no_text_holds_up_the_others(filling):
    """By the square of its length each would take minutes."""
    said = parse(f"{ANA} for a" + filling * 100_000 + "b")
    assert said.people == ("U0ANA",)


def test_only_tags_at_the_very_end_are_taken_off():
    assert parse(f"{ANA} for #this and x#that #one\n#two").reason == "#this and x#that"
    assert parse(f"{ANA} for issue#12").reason == "issue#12"


def test_a_reason_without_end_is_cut_where_a_message_has_room():
    said = parse(f"{ANA} for " + "long " * 8000)
    assert len(said.reason) <= LONGEST_REASON
    assert said.reason.endswith("…")


def test_what_reorders_or_hides_text_is_gone():
    said = parse(f"{ANA} for \u202eevil\u200b\x00\ud800 e\u0301")
    assert said.reason == "evil é"


@given(st.lists(st.sampled_from(BITS)).map(" ".join))
def test_nothing_that_is_typed_breaks_it(text):
    said = parse(text)
    assert len(set(said.people)) == len(said.people)
    assert len(plain(said.reason)) <= LONGEST_REASON
    assert said.reason == said.reason.strip()
