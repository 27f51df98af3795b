"""Parse recipients, reason and tags from any text."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kudos.parser import MAX_REASON_LENGTH, parse, parse_tags
from bot.slack.text import sanitize, to_plain

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
def test_people_may_be_anywhere_and_the_reason_is_the_rest(text, people, reason, tags):
    parsed = parse(text)
    assert (parsed.people, parsed.reason, parsed.tags) == (people, reason, tags)
    assert not parsed.has_group


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
    parsed = parse(text)
    assert (parsed.people, parsed.tags) == ((), ())


@pytest.mark.parametrize(
    "group", ["<!subteam^S1|@devs>", "<!subteam^S1>", "<!channel>", "<!here|here>"]
)
def test_groups_are_recognised_and_not_expanded(group):
    parsed = parse(f"{group} {ANA} for the release")
    assert parsed.has_group
    assert (parsed.people, parsed.reason) == (("U0ANA",), "the release")


def test_tags_have_one_spelling_and_numbers_are_no_tags():
    parsed = parse(f"{ANA} for it #Teamwork #teamwork #123 #über-hilfe <#C1|help> a#b")
    assert parsed.tags == ("help", "teamwork", "über-hilfe")
    assert parse("see <https://a.b/c#frag> and &amp;#tag").tags == ()


def test_the_form_accepts_tags_with_or_without_their_sign():
    assert parse_tags("#ops, team-work  ;OPS 42 #" + "x" * 31) == ("ops", "team-work")


def test_a_tag_behind_the_reason_is_not_part_of_it():
    parsed = parse(f"{ANA} for the talk #one #two ")
    assert parsed.reason == "the talk"
    assert parse(f"{ANA} #one #two").reason == ""


@pytest.mark.timeout(60)
@pytest.mark.parametrize("filling", [" ", "\n", "#a "])
def test_no_text_takes_long(filling):
    """With quadratic time each of these would take minutes."""
    parsed = parse(f"{ANA} for a" + filling * 100_000 + "b")
    assert parsed.people == ("U0ANA",)


def test_only_tags_at_the_very_end_are_removed():
    assert parse(f"{ANA} for #this and x#that #one\n#two").reason == "#this and x#that"
    assert parse(f"{ANA} for issue#12").reason == "issue#12"


def test_an_endless_reason_is_cut_to_the_messages_limit():
    parsed = parse(f"{ANA} for " + "long " * 8000)
    assert len(parsed.reason) <= MAX_REASON_LENGTH
    assert parsed.reason.endswith("…")


def test_characters_that_reorder_or_hide_text_are_removed():
    parsed = parse(f"{ANA} for \u202eevil\u200b\x00\ud800 e\u0301")
    assert parsed.reason == "evil é"


SEPARATORS = [
    *(" ", "  ", "\n", ": ", " : ", ", ", " - ", " -- ", "-- ", " – ", " — ", "—"),
    *("– ", " ― ", "++ ", " ++ ", "++: ", "++, ", "... ", "… ", "! ", "; ", " | "),
    *(" -&gt; ", " =&gt; ", " → ", " · ", "：", "、", "، ", ". "),
    *(" / ", " + ", " &gt;&gt; ", " ‑ ", " − ", " 〜 "),
]


@pytest.mark.parametrize(
    "reason",
    [
        "the help with the build",
        ":tada: the help with the build",
        ":+1::skin-tone-2: great review of it",
        "🎉 the build",
        ":) the build",
        ":-) the build",
        ";) the build",
        "--fix, which saved us",
        "-1 on my patch",
        "+1 from all of us",
        "#1 in support",
        "for-loops are faster now",
        "forward looking",
        "&lt;3 for the build",
        "&amp; the team",
        "`make` in CI",
        f"'{CHI}' in the log",
        f"{CHI}'s review of it",
        f"{CHI}-san, thanks",
        f"helping {CHI}: the build",
        "issue #12",
        "“it works” and “it ships”",
        "'tis done",
        "*all* of it",
        "/etc/hosts on every machine",
        "助けてくれて",
    ],
)
def test_separators_between_names_and_reason_are_removed(reason):
    names = (BEN, f"to {BEN}", f"{ANA}, {BEN}", f"#ops {BEN}")
    words = ("", "for ", "For ", "for: ", "for — ", "for, ")
    for name, separator, word in itertools.product(names, SEPARATORS, words):
        assert parse(f"{name}{separator}{word}{reason}").reason == reason


@pytest.mark.parametrize(
    "text",
    [
        f"{BEN}++for the build",
        f"{BEN}: for the build",
        f"{BEN}:for the build",
        f"{BEN}-for the build",
        f"{BEN},for the build",
        f"{BEN} —for the build",
        f"+{BEN} the build",
        f'"for the build" {BEN}',
        f"“the build” {BEN} #ci",
        f"«for the build» — {BEN} and {ANA}",
        f"{BEN} 'the build'",
        f"{BEN} „for the build“ #ci",
        f"{BEN}: 「the build」",
    ],
)
def test_separators_touch_words_and_quotation_marks_surround_the_text(text):
    parsed = parse(text)
    assert parsed.reason == "the build"
    assert "U0BEN" in parsed.people


@pytest.mark.parametrize(
    "text",
    [
        f"{BEN} “it works” is all I wanted",
        f"{BEN} “one” {CHI} “two”",
        f"{BEN}\n- the build\n- the tests",
        f"{BEN} don't 'just' ship",
    ],
)
def test_quotation_marks_and_lists_within_a_reason_stay(text):
    assert parse(text).reason == text.removeprefix(BEN).strip()


def test_a_possessive_begins_the_reason():
    text = f"{BEN}'s review of the build"
    assert (parse(text).people, parse(text).reason) == (("U0BEN",), text)


def test_tags_are_words_in_every_script():
    text = f"{BEN} สำหรับการช่วยเหลือ #ทีมงาน #सहायता #équipe"
    assert parse(text).tags == ("ทีมงาน", "सहायता", "équipe")
    assert parse(text).reason == "สำหรับการช่วยเหลือ"


# Tokens that a cut would break: an emoji, a mention, a word with its signs.
_UNCUT = re.compile(
    r"<[^<>]+>|:[\w+'-]+:(?::skin-tone-[2-6]:)?|&\w+;|(?!\d)\w[\w'’-]*|--?\w+|#\w+|[;:]-?[)D]"
)
PARTS = [
    *(ANA, BEN, f"{CHI}'s", "#tag", "for", "to", "and", "word", "don't", "--fix"),
    *(":tada:", ":+1::skin-tone-2:", ";)", ":D", "&lt;", "&amp;", "—", "--", "++"),
    *("-", ":", ",", ";", "“", "”", '"', "'", "«", "»", "!", "…", "-&gt;"),
]


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from([" ", "", "\n"]))))
def test_the_reason_is_a_part_of_the_text_with_no_token_cut(parts):
    text = sanitize("".join(part + gap for part, gap in parts))
    reason = parse(text).reason
    assert reason in text
    starts = [at.start() for at in re.finditer(re.escape(reason), text)]
    inside = {i for t in _UNCUT.finditer(text) for i in range(t.start() + 1, t.end())}
    assert not reason or any(
        at not in inside and at + len(reason) not in inside for at in starts
    )


@given(st.lists(st.sampled_from(BITS)).map(" ".join))
def test_any_text_is_parsed(text):
    parsed = parse(text)
    assert len(set(parsed.people)) == len(parsed.people)
    assert len(to_plain(parsed.reason)) <= MAX_REASON_LENGTH
    assert parsed.reason == parsed.reason.strip()
