"""What people received and gave: their own, the newest first, page by page."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.kudos import history as kudos_history
from bot.workspace import channels
from models import Kudos, KudosThanks
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, conversation_object


def rows(shown: list[dict[str, Any]]) -> list[str]:
    """Each line of rich text in plain letters."""
    found = []
    for block in shown:
        if block["type"] == "rich_text":
            elements = block["elements"][0]["elements"]
            found.append(
                "".join(e.get("text") or f":{e.get('name')}:" for e in elements)
            )
    return found


def history(story: Story, count: int, *, giver: str = ASKER) -> None:
    """One kudos a day to Ben and Chi, of which the newest is the last."""
    with story.rt.write(story.rt.workspaces.only) as tx:
        channel = channels.get_or_create(tx, HELP_CHANNEL)
        for n in range(count):
            at = story.clock() - timedelta(days=count - n)
            one = Kudos(
                installation_id=tx.workspace.id,
                source=f"test:{giver}:{n}",
                channel_id=channel.id,
                ts=f"17724420{n:02d}.{giver.encode().hex()[:6]}",
                giver=giver,
                recipients=[HELPER, PEER],
                reason=f"reason number {n}",
                tags=["ops"],
                given_at=at,
            )
            tx.session.add(one)
            tx.session.flush()
            for receiver in (HELPER, PEER):
                tx.session.add(
                    KudosThanks(
                        kudos_id=one.id,
                        giver=giver,
                        recipient=receiver,
                        installation_id=tx.workspace.id,
                        given_at=at,
                    )
                )


def me(story: Story, who: str) -> list[dict[str, Any]]:
    response = story.command(who, "/kudos", "me")
    return list(json.loads(response.body)["blocks"])


def button(shown: list[dict[str, Any]], action_id: str) -> str | None:
    for block in shown:
        for element in block.get("elements", []):
            if element.get("action_id") == action_id:
                return str(element["value"])
    return None


@pytest.fixture
def known(story: Story) -> Story:
    for who in (ASKER, HELPER, PEER):
        story.command(who, "/kudos", "thx")
    return story


def test_who_has_none_is_told_so(story: Story) -> None:
    said = json.dumps(me(story, HELPER))
    assert "Help someone" in said
    assert "5 of 5 left today" in said


def test_reasons_links_and_tags_are_shown_to_both(known: Story) -> None:
    history(known, 1)
    [received] = rows(me(known, HELPER))
    assert received == "Ana, 1 Mar: reason number 0  #ops"
    assert "p177244200" in json.dumps(me(known, HELPER))
    [given] = rows(me(known, ASKER))
    assert given == "To Ben and Chi, 1 Mar: reason number 0  #ops"


def test_a_long_list_is_turned_page_by_page(known: Story) -> None:
    history(known, 20)
    for who, action in ((HELPER, "kudos_received"), (ASKER, "kudos_given")):
        shown, seen = me(known, who), []
        seen += rows(shown)
        while cursor := button(shown, action):
            known.click(who, action, cursor)
            shown = known.slack.responses[-1][2]
            seen += rows(shown)
        numbers = [int(line.split("number ")[1].split()[0]) for line in seen]
        assert numbers == list(range(19, -1, -1))
        known.click(who, "kudos_newest", "newest")
        assert rows(known.slack.responses[-1][2]) == seen[:8]


def test_kudos_of_one_moment_are_on_one_page_each(known: Story) -> None:
    """Two givers at the very same time, many times over."""
    history(known, 10)
    history(known, 10, giver=PEER)
    shown = me(known, HELPER)
    seen = rows(shown)
    while cursor := button(shown, "kudos_received"):
        known.click(HELPER, "kudos_received", cursor)
        shown = known.slack.responses[-1][2]
        seen += rows(shown)
    assert len(seen) == len(set(seen)) == 20


@pytest.mark.parametrize("cursor", ["", "x", "1", "1:", ":1", "9" * 40 + ":1", "-1:1"])
def test_a_forged_cursor_shows_nothing(known: Story, cursor: str) -> None:
    history(known, 1)
    assert known.click(HELPER, "kudos_received", cursor).status == 200
    assert "are gone" in known.slack.responses[-1][1]


def test_nobody_turns_the_pages_of_somebody_else(known: Story) -> None:
    history(known, 20)
    cursor = button(me(known, HELPER), "kudos_received")
    known.click(ASKER, "kudos_received", cursor or "")
    assert rows(known.slack.responses[-1][2]) == []


def test_who_joined_is_told_with_it_and_joining_is_giving(known: Story) -> None:
    history(known, 1)
    with known.rt.write_session.begin() as session:
        one = session.query(Kudos).one()
        session.add(
            KudosThanks(
                kudos_id=one.id,
                giver=PEER,
                recipient=HELPER,
                installation_id=one.installation_id,
                given_at=known.clock(),
                is_join=True,
            )
        )
    assert rows(me(known, HELPER)) == ["Ana and 1 other, 1 Mar: reason number 0  #ops"]
    given = "To Ben and Chi, with Ana, 2 Mar: reason number 0  #ops"
    assert given in rows(me(known, PEER))


def test_at_home_are_the_last_of_a_month(known: Story) -> None:
    history(known, 40)
    with known.rt.read(known.rt.workspaces.only) as tx:
        drawn = kudos_history.recent(tx, HELPER)
    assert len(rows([block.to_dict() for block in drawn])) == kudos_history.HOME_LIMIT
    known.clock.advance(days=40)
    with known.rt.read(known.rt.workspaces.only) as tx:
        drawn = kudos_history.recent(tx, HELPER)
    assert "None lately" in json.dumps([block.to_dict() for block in drawn])


def test_what_was_said_in_private_is_in_no_other_list(known: Story) -> None:
    known.slack.channels["C0DEN"] = conversation_object("C0DEN", "den", is_private=True)
    text = f"<@{HELPER}> for something that only those in the den know"
    known.command(ASKER, "/kudos", text, channel="C0DEN")
    known.deliver()
    assert "only those" in json.dumps(me(known, HELPER))
    assert "only those" in json.dumps(me(known, ASKER))
    assert "only those" not in json.dumps(me(known, PEER))


def test_another_year_is_said(known: Story) -> None:
    history(known, 1)
    known.clock.advance(days=365)
    assert "1 Mar 2026" in rows(me(known, HELPER))[0]
