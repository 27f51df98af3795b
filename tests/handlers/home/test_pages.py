"""The pages of the Home tab: Today, People and Program."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk.models.blocks import SectionBlock
from sqlalchemy import select

from bot.config.mentors import SMALL_WORKSPACE
from bot.feature import Feature, Features
from bot.features import load_features
from bot.home.row_blocks import RowList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from models import Home
from tests.checkins import visible_text
from tests.factories import Story
from tests.home import asks_in, opens, visible_home
from tests.slack_payloads import ASKER, GUEST, HELPER

PEOPLE, PROGRAM = "Who you could meet", "What you could join"
WAITING = "Ben waits for you"


@dataclass
class Extra:
    """Sections on the other pages, and the members who have something on them."""

    people: set[str] = field(default_factory=lambda: {ASKER})
    program: set[str] = field(default_factory=lambda: {ASKER, HELPER, GUEST})
    waiting: set[str] = field(default_factory=set)
    rendered: list[str] = field(default_factory=list)

    @property
    def feature(self) -> Feature:
        return Feature(
            name="extra",
            home_sections=(
                HomeSection(
                    render=self._section(PEOPLE),
                    page="people",
                    is_available=lambda context: context.member in self.people,
                ),
                HomeSection(
                    render=self._section(PROGRAM),
                    page="program",
                    is_available=lambda context: context.member in self.program,
                ),
                HomeSection(render=self._waiting, page="people", is_waiting=True),
            ),
        )

    def _section(self, text: str) -> Any:
        def render(_context: HomeContext) -> RenderedSection:
            self.rendered.append(text)
            return RenderedSection(RowList([SectionBlock(text=text)]))

        return render

    def _waiting(self, context: HomeContext) -> RenderedSection:
        if context.member not in self.waiting:
            return RenderedSection()
        return RenderedSection(RowList([SectionBlock(text=WAITING)]))


@pytest.fixture
def extra() -> Extra:
    return Extra()


@pytest.fixture
def features(extra: Extra) -> Features:
    return Features((*load_features(SMALL_WORKSPACE), extra.feature))


def buttons(story: Story, member: str) -> list[str]:
    """Return the texts of the buttons to pages."""
    return [
        element["text"]["text"]
        for block in story.slack.homes[member]["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id", "").startswith("home_page_")
    ]


def choose(story: Story, member: str, page: str, value: str | None = None) -> None:
    story.click(
        member,
        f"home_page_{page}",
        page if value is None else value,
        view=story.slack.homes[member],
    )


@pytest.mark.deep
def test_a_member_turns_to_a_page_and_finds_it_again_tomorrow(
    peers: Story, extra: Extra
):
    asks_in(peers, ASKER, "How do I fix x?")
    opens(peers, ASKER)
    assert buttons(peers, ASKER) == ["● Today", "People", "Program"]
    assert extra.rendered == []
    choose(peers, ASKER, "program")
    assert buttons(peers, ASKER) == ["Today", "People", "● Program"]
    shown = visible_text(peers.slack.homes[ASKER])
    assert PROGRAM in shown
    for elsewhere in (PEOPLE, "How do I fix x?", "Your settings", "/kudos"):
        assert elsewhere not in shown
    # A change is shown on the page that they have open.
    asks_in(peers, ASKER, "How do I fix y?")
    peers.advance(seconds=3)
    assert PROGRAM in visible_home(peers, ASKER)
    peers.clock.advance(days=1)
    assert PROGRAM in opens(peers, ASKER)
    choose(peers, ASKER, "today")
    assert "How do I fix y?" in visible_home(peers, ASKER)
    assert PROGRAM not in visible_home(peers, ASKER)
    assert extra.rendered.count(PEOPLE) == 0


def test_each_member_has_a_page_of_their_own(peers: Story):
    opens(peers, ASKER)
    opens(peers, HELPER)
    choose(peers, ASKER, "program")
    assert buttons(peers, ASKER) == ["Today", "People", "● Program"]
    assert buttons(peers, HELPER) == ["● Today", "Program"]
    assert PROGRAM not in opens(peers, HELPER)


def test_with_a_single_page_there_are_no_buttons(peers: Story, extra: Extra):
    # Others can join the workspace's own program.
    extra.people, extra.program = set(), {HELPER}
    opens(peers, GUEST)
    assert buttons(peers, GUEST) == []


@pytest.mark.deep
def test_a_page_with_nothing_left_leads_back_to_today(peers: Story, extra: Extra):
    opens(peers, ASKER)
    old_view = peers.slack.homes[ASKER]
    choose(peers, ASKER, "people")
    assert PEOPLE in visible_home(peers, ASKER)
    extra.people = set()
    assert "Three things to start with" in opens(peers, ASKER)
    assert buttons(peers, ASKER) == ["● Today", "Program"]
    # A press on an old view.
    peers.click(ASKER, "home_page_people", "people", view=old_view)
    assert buttons(peers, ASKER) == ["● Today", "Program"]
    assert PEOPLE not in visible_home(peers, ASKER)


@pytest.mark.deep
def test_what_waits_is_on_every_page(peers: Story, extra: Extra):
    extra.waiting = {ASKER}
    opens(peers, ASKER)
    for page in ("people", "program", "today"):
        choose(peers, ASKER, page)
        shown = visible_text(peers.slack.homes[ASKER])
        assert shown.index("Waiting for you") < shown.index(WAITING)
        assert shown.count(WAITING) == 1


def test_new_members_see_the_first_steps_on_today_only(peers: Story):
    assert "Three things to start with" in opens(peers, ASKER)
    choose(peers, ASKER, "program")
    shown = visible_home(peers, ASKER)
    assert "Three things" not in shown
    assert "Ask your peers" not in shown
    choose(peers, ASKER, "today")
    assert "Three things to start with" in visible_home(peers, ASKER)


def test_a_button_pressed_twice_shows_the_page_once(peers: Story):
    opens(peers, ASKER)
    view = peers.slack.homes[ASKER]
    for _ in range(2):
        peers.click(ASKER, "home_page_people", "people", view=view)
    assert buttons(peers, ASKER) == ["Today", "● People", "Program"]
    peers.advance(seconds=3)
    assert PEOPLE in visible_home(peers, ASKER)


@pytest.mark.parametrize("value", ["", "all", "Today", "today ", "1", "x" * 2000])
def test_a_forged_page_is_refused(peers: Story, value: str):
    opens(peers, ASKER)
    choose(peers, ASKER, "program", value)
    assert "That page has changed" in str(peers.slack.views[-1][1])
    assert buttons(peers, ASKER) == ["● Today", "People", "Program"]


def test_who_never_opened_the_tab_chooses_no_page(peers: Story):
    peers.click(ASKER, "home_page_program", "program", view={"type": "home"})
    assert "That page has changed" in str(peers.slack.views[-1][1])
    with peers.rt.read_session() as session:
        assert session.scalars(select(Home)).all() == []


def test_guests_see_the_pages_that_have_something_for_them(peers: Story):
    opens(peers, GUEST)
    assert buttons(peers, GUEST) == ["● Today", "Program"]
    choose(peers, GUEST, "people")
    assert PEOPLE not in visible_home(peers, GUEST)


def test_people_of_other_organisations_see_no_page(peers: Story, extra: Extra):
    opens(peers, ASKER)
    choose(peers, ASKER, "program")
    peers.slack.people[ASKER] |= {"is_stranger": True}
    peers.event({"type": "user_change", "user": peers.slack.people[ASKER]})
    extra.rendered.clear()
    shown = opens(peers, ASKER)
    assert "only for members of the workspace" in shown
    assert buttons(peers, ASKER) == []
    choose(peers, ASKER, "program")
    assert extra.rendered == []
