"""Blocks and views that Slack accepts, and those it rejects."""

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.block_kit.rich_texts import rich_text
from sandbox.block_kit.validate import add_defaults, check_blocks, check_view


def plain(text="x"):
    return {"type": "plain_text", "text": text}


def mrkdwn(text="x"):
    return {"type": "mrkdwn", "text": text}


def button(**more):
    return {"type": "button", "action_id": "a", "text": plain(), **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def section(**more):
    return {"type": "section", "text": mrkdwn(), **more}


def options(count):
    return [{"text": plain(str(n)), "value": str(n)} for n in range(count)]


def select(count, **more):
    kind = {"type": "static_select", "action_id": "s"}
    return {**kind, "options": options(count), **more}


def field(element):
    return {"type": "input", "label": plain(), "element": element}


def reporting(*triggers):
    """Return a text field that reports these while it is filled in."""
    config = {"trigger_actions_on": [*triggers]}
    return {
        "type": "plain_text_input",
        "action_id": "p",
        "dispatch_action_config": config,
    }


RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": "x"}],
                }
            ],
        }
    ],
}
GOOD = [
    section(accessory=button()),
    section(fields=[mrkdwn()] * 10),
    {"type": "divider"},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [mrkdwn(), plain()]},
    {"type": "image", "image_url": "https://x.test/y.png", "alt_text": ""},
    actions(button(), select(100)),
    field({"type": "plain_text_input", "action_id": "p", "multiline": True}),
    field(reporting("on_enter_pressed", "on_character_entered")),
    field(select(2, initial_option=options(2)[1])),
    RICH,
    {"type": "markdown", "text": "# x"},
]
BAD = {
    "no blocks at all": {},
    "an unknown block": {"type": "sektion"},
    "an empty section": {"type": "section"},
    "an empty text": section(text=mrkdwn("")),
    "a long section": section(text=mrkdwn("x" * 3001)),
    "a text of no type": section(text={"text": "x"}),
    "too many fields": section(fields=[mrkdwn()] * 11),
    "a long header": {"type": "header", "text": plain("x" * 151)},
    "a header in mrkdwn": {"type": "header", "text": mrkdwn()},
    "a long button": actions(button(text=plain("x" * 76))),
    "a button in mrkdwn": actions(button(text=mrkdwn())),
    "a long value": actions(button(value="x" * 2001)),
    "a long action_id": actions(button(action_id="x" * 256)),
    "a style of its own": actions(button(style="loud")),
    "the same action twice": actions(button(), button()),
    "no buttons": actions(),
    "too many buttons": actions(*(button(action_id=str(n)) for n in range(26))),
    "an input among buttons": actions({"type": "plain_text_input"}),
    "a button as an input": field(button()),
    "an unknown trigger": field(reporting("on_paste")),
    "no trigger": field(reporting()),
    "too many options": field(select(101)),
    "no options": field(select(0)),
    "a long option": field(
        select(1) | {"options": [{"text": plain("x" * 76), "value": "1"}]}
    ),
    "an initial option from elsewhere": field(
        select(2, initial_option={"text": plain("9"), "value": "9"})
    ),
    "an empty initial list": field(
        {"type": "multi_users_select", "action_id": "m", "initial_users": []}
    ),
    "a confirmation without text": actions(button(confirm={"title": plain()})),
    "a date that is none": field({"type": "datepicker", "initial_date": "1.2.2026"}),
    "a time that is none": field({"type": "timepicker", "initial_time": "25:00"}),
    "too much context": {"type": "context", "elements": [mrkdwn()] * 11},
    "a button in context": {"type": "context", "elements": [button()]},
    "text outside of a section": {"type": "rich_text", "elements": [mrkdwn()]},
    "an emoji in code": {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_preformatted",
                "elements": [{"type": "emoji", "name": "x"}],
            }
        ],
    },
    "a list without style": {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "elements": []}],
    },
    "mrkdwn with emoji": section(text={**mrkdwn(), "emoji": True}),
}


@pytest.mark.parametrize("block", GOOD, ids=lambda b: b["type"])
def test_valid_blocks(block):
    assert check_blocks([block]) == []


@pytest.mark.parametrize("block", BAD.values(), ids=BAD)
def test_invalid_blocks(block):
    assert check_blocks([block])


def test_errors_have_a_pointer():
    said = check_blocks([section(), section(text=mrkdwn("x" * 3001))])
    assert said == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    ]


def test_counts_and_ids():
    assert check_blocks([{"type": "divider"}] * 51)
    assert check_blocks([section(block_id="x"), section(block_id="x")])
    assert check_blocks("[]")
    assert check_blocks([None])


def modal(*blocks, **more):
    return {"type": "modal", "title": plain(), "blocks": list(blocks), **more}


def test_views():
    typed = field({"type": "plain_text_input", "action_id": "p"})
    assert check_view(modal(section()), "modal") == []
    assert check_view(modal(typed, submit=plain()), "modal") == []
    assert check_view(modal(typed), "modal")
    assert check_view(modal(title=plain("x" * 25)), "modal")
    assert check_view(modal(private_metadata="x" * 3001), "modal")
    assert check_view(modal(*[{"type": "divider"}] * 101), "modal")
    assert check_view(modal(section()), "home")
    assert check_view(None, "modal")


def test_missing_ids_are_added():
    [done] = add_defaults([actions({"type": "button", "text": plain()}, select(1))])
    assert done["block_id"]
    assert done["elements"][0]["action_id"]
    assert done["elements"][0]["text"]["emoji"] is True


def test_unchanged_blocks_keep_their_ids_and_fields_get_others():
    """A press during a redraw counts; typed text without an id is lost, as in Slack."""

    def ids(*texts: str) -> list[str]:
        rows = [section(text=plain(text)) for text in texts]
        return [block["block_id"] for block in add_defaults(rows)]

    first, second, third = ids("a", "b", "b")
    assert ids("new", "a", "b", "b")[1:] == [first, second, third]
    assert len({first, second, third}) == 3
    typed = field({"type": "plain_text_input", "action_id": "p"})
    [before], [after] = (add_defaults([deepcopy(typed)]) for _ in range(2))
    assert before["block_id"] != after["block_id"]


def test_typed_text_becomes_rich_text():
    block = rich_text(
        "Hi <@U1> *see* `x` <https://a.test|this> :tada:\n&gt; quoted\n```code```", "b"
    )
    first, quote, code = block["elements"]
    kinds = [e["type"] for e in first["elements"]]
    assert {"user", "link", "emoji", "text"} == set(kinds)
    assert {"type": "text", "text": "see", "style": {"bold": True}} in first["elements"]
    assert quote["type"] == "rich_text_quote"
    assert code["elements"] == [{"type": "text", "text": "code"}]


@given(st.text(alphabet="ab <>&@#!|`*_~:\n+", max_size=80))
def test_slack_would_accept_any_typed_text(text):
    assert check_blocks([rich_text(text, "b")]) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "element", "options"]),
            inner | st.sampled_from(["section", "actions", "input", "rich_text"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=50)
@given(JSON)
def test_nonsense_is_rejected_without_a_crash(nonsense):
    check_blocks([nonsense])
    check_view(nonsense, "modal")
