"""The section for leads on the Program page of the Home tab."""

from datetime import timedelta

import pytest

from bot.slack.text import ANONYMOUS
from models import Ask
from tests.checkins import visible_text
from tests.factories import Story
from tests.home import PRIVATE, asks_in, opens
from tests.personal_data import forget
from tests.program_leads import add_program, depart, lead_peers
from tests.slack_payloads import ADMIN, ASKER, GUEST, HELP_CHANNEL, HELPER, PEER

ASKED = "Leads who asked in the last 6 weeks:"


def program_page(story: Story, member: str) -> str:
    """Open the Home tab on its page Program; return its text."""
    opens(story, member)
    story.click(member, "home_page_program", "program", view=story.slack.homes[member])
    return visible_text(story.slack.homes[member])


@pytest.mark.deep
def test_leads_see_how_many_of_them_have_asked(peers: Story):
    lead_peers(peers, ASKER, HELPER, PEER)
    assert f"Peers\n{ASKED} 0 of 3" in program_page(peers, ASKER)
    asks_in(peers, HELPER, "How do I fix x?")
    asks_in(peers, HELPER, "How do I fix y?")
    asks_in(peers, GUEST, "How do I fix z?")
    assert f"Peers\n{ASKED} 1 of 3" in program_page(peers, ASKER)
    peers.clock.advance(weeks=6)
    assert f"{ASKED} 0 of 3" in program_page(peers, ASKER)


def test_a_button_leads_to_the_programs_page(peers: Story):
    program = add_program(peers, ASKER, slack_channels=[HELP_CHANNEL])
    program_page(peers, ASKER)
    view = peers.slack.homes[ASKER]
    peers.click(ASKER, "program_see", str(program), view=view)
    assert "New managers" in visible_text(peers.slack.views[-1][1])


@pytest.mark.deep_on_postgresql
def test_an_ask_that_was_deleted_does_not_count(peers: Story):
    lead_peers(peers, HELPER)
    asks_in(peers, HELPER, "How do I fix x?")
    ask = peers.only_ask()
    peers.click(HELPER, "ask_delete", str(ask.id))
    peers.submit(HELPER, peers.slack.views[-1][1], {})
    assert f"{ASKED} 0 of 1" in program_page(peers, HELPER)


@pytest.mark.deep
def test_an_ask_without_a_name_counts_for_nobody(peers: Story):
    lead_peers(peers, HELPER)
    asks_in(peers, HELPER, "How do I fix x?")
    with peers.rt.write(peers.workspace) as tx:
        tx.session.get_one(Ask, peers.only_ask().id).asker = ANONYMOUS
    assert f"{ASKED} 0 of 1" in program_page(peers, HELPER)


def test_each_program_counts_asks_in_its_own_channels(peers: Story):
    lead_peers(peers, ASKER)
    add_program(peers, ASKER, HELPER, name="Elsewhere", slack_channels=["C0ELSE"])
    asks_in(peers, HELPER, "How do I fix x?")
    asks_in(peers, ASKER, "How do I fix y?", channel="C0ELSE")
    shown = program_page(peers, ASKER)
    assert f"Elsewhere\n{ASKED} 1 of 2" in shown
    assert f"Peers\n{ASKED} 1 of 1" in shown


@pytest.mark.deep
def test_asks_in_a_private_channel_count_only_for_leads_in_it(peers: Story):
    lead_peers(peers, ASKER, HELPER)
    asks_in(peers, HELPER, "How do I hide x?", channel=PRIVATE)
    assert f"{ASKED} 0 of 2" in program_page(peers, ASKER)
    assert f"{ASKED} 1 of 2" in program_page(peers, HELPER)


def test_leads_who_are_gone_are_not_counted(peers: Story):
    lead_peers(peers, ASKER, HELPER, PEER)
    asks_in(peers, HELPER, "How do I fix x?")
    depart(peers, HELPER)
    forget(peers, PEER)
    assert f"{ASKED} 0 of 1" in program_page(peers, ASKER)


@pytest.mark.parametrize("member", [PEER, GUEST, ADMIN])
def test_others_see_nothing_of_it(peers: Story, member: str):
    lead_peers(peers, ASKER)
    add_program(peers, HELPER, slack_channels=[HELP_CHANNEL])
    assert ASKED not in program_page(peers, member)


def test_drafts_and_programs_that_are_over_are_not_listed(peers: Story):
    now = peers.clock()
    add_program(peers, ASKER, name="Draft", opened_at=None)
    add_program(peers, ASKER, name="Over", ended_at=now)
    tomorrow = (now + timedelta(days=1)).date()
    add_program(peers, ASKER, name="Soon", starts_on=tomorrow)
    shown = program_page(peers, ASKER)
    assert f"Soon\n{ASKED} 0 of 1" in shown
    assert "Draft" not in shown
    assert "Over" not in shown
