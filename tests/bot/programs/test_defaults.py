"""The texts of programs, and the defaults of the workspace's own."""

from dataclasses import astuple

import pytest

from bot.programs import rules
from bot.programs.blocks import rule_list
from bot.programs.defaults import DEFAULTS, default_rules, program_texts
from bot.programs.rules import Texts
from models import Program
from tests.checkins import visible_text


def program(**texts: object) -> Program:
    empty = {"name": "", "audience": "", "goal": "", "time_needed": "", "benefit": ""}
    return Program(**({"is_workspace_wide": False, "rules": []} | empty | texts))


def test_before_its_first_change_the_workspaces_own_program_has_defaults():
    assert program_texts(None) == DEFAULTS
    assert program_texts(program(is_workspace_wide=True)) == DEFAULTS
    assert all(astuple(DEFAULTS))


def test_each_text_that_a_lead_sets_replaces_its_default():
    changed = program(is_workspace_wide=True, goal="Ship", rules=["Be kind."])
    texts = program_texts(changed, helpful=["heart"], solved=["100"])
    assert (texts.goal, texts.rules) == ("Ship", ("Be kind.",))
    assert texts.time_needed == DEFAULTS.time_needed


def test_the_default_rules_name_the_channels_emoji():
    texts = program_texts(None, helpful=["heart", "tada"], solved=["100"])
    assert texts.rules == default_rules(["heart", "tada"], ["100"])
    assert ":heart: or :tada:. If it solves your own ask, use :100:." in texts.rules[2]


def test_other_programs_have_no_defaults():
    assert program_texts(program(name="Leads")) == Texts("Leads", "", "", "", "", ())


def test_the_defaults_are_as_short_as_the_texts_of_leads():
    assert len(DEFAULTS.name) <= rules.MAX_NAME_LENGTH
    assert len(DEFAULTS.time_needed) <= rules.MAX_TIME_LENGTH
    for line in (DEFAULTS.audience, DEFAULTS.goal, DEFAULTS.benefit):
        assert len(line) <= rules.MAX_LINE_LENGTH
    assert len(DEFAULTS.rules) <= rules.MAX_RULES


@pytest.mark.parametrize(
    ("rule", "bold", "visible"),
    [
        ("*Ask early.* No question.", "Ask early.", "Ask early. No question."),
        ("*Ask &amp; answer,* please", "Ask & answer,", "Ask & answer, please"),
        ("Be kind.", None, "Be kind."),
        ("2*3*4 is 24", None, "2*3*4 is 24"),
        ("* not bold *", None, "* not bold *"),
        ("*", None, "*"),
        ("**", None, "**"),
        ("*a*b", None, "*a*b"),
        ("*<@U0BEN|Ben>* leads", None, "*@Ben* leads"),
        ("*Try `/ask`* now", None, "*Try /ask* now"),
        ("Hello <!channel>", None, "Hello @channel"),
        ("See <#C0HELP|help> <@U0BEN>", None, "See  @someone"),
    ],
)
def test_words_at_the_start_of_a_rule_can_be_bold(rule, bold, visible):
    block = rule_list("Rules", [rule]).to_dict()
    first = block["elements"][1]["elements"][0]["elements"][0]
    is_bold = first.get("style", {}).get("bold")
    assert (first["text"] if is_bold else None) == bold
    assert visible_text({"blocks": [block]}) == f"Rules{visible}\n"


def test_a_default_rule_is_shown_whole_however_many_emoji_it_names():
    names = [f"party_{n}" for n in range(30)]
    block = rule_list("Rules", default_rules(names, ["100"])).to_dict()
    assert ":party_29:" in visible_text({"blocks": [block]})
    assert ":100:." in visible_text({"blocks": [block]})
