"""The steps around a listener, with listeners of the tests."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.models.blocks import SectionBlock

import handlers.bolt_app
from bot.errors import UserError
from bot.runtime import Transaction
from bot.slack.api import HashConflict, OutcomeUnknown
from bot.slack.blocks import message_modal
from bot.workspace import channels
from handlers.errors import MODAL_EXPIRED
from handlers.interactions import (
    AfterAck,
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_button,
    on_view,
    parse_id,
    reads,
    refresh_actor,
    refresh_nobody,
    writes,
)
from handlers.payloads import BlockAction, Interaction, ViewSubmission
from handlers.requests import Request
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL

PAGE = message_modal("A page", "Some text")
MODAL = {"type": "modal", "callback_id": "page", "blocks": []}
HOME = {"type": "home", "blocks": []}


def with_button(
    story: Story,
    respond: Callable[[], Response],
    *,
    before: Callable[[Interaction, Request], None] = refresh_actor,
) -> Story:
    """Add a button that archives the channel, and returns a response."""

    def archive(click: BlockAction, tx: Transaction) -> Response:
        assert click.actor == ASKER
        channels.get_or_create(tx, HELP_CHANNEL).is_archived = True
        return respond()

    bolt = handlers.bolt_app.create_app(story.rt)
    on_button(bolt, story.rt, "archive", writes(archive, before=before))
    return Story(
        bolt, story.rt, story.worker, story.slack, story.clock, story.workspace
    )


def is_archived(story: Story) -> bool:
    with story.rt.read(story.workspace) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        return channel is not None and channel.is_archived


def visible_reply(story: Story) -> str:
    return str([story.slack.views, story.slack.responses])


@pytest.mark.parametrize(
    ("view", "method", "response"),
    [
        (None, "response_url", Reply("Done it.")),
        (MODAL, "views.update", Reply("Done it.")),
        (MODAL, "views.update", UpdateView(PAGE)),
    ],
)
def test_a_change_stays_if_its_response_can_not_be_shown(
    story: Story, view: dict[str, Any] | None, method: str, response: Response
):
    button_story = with_button(story, lambda: response)
    story.slack.fail[method] = [OutcomeUnknown(method, "timeout")]
    assert button_story.click(ASKER, "archive", view=view).status == 200
    assert is_archived(story)
    assert visible_reply(story) == "[[], []]"
    assert story.slack.fail[method] == []


def test_a_form_that_does_not_open_is_reported(story: Story):
    button_story = with_button(story, lambda: OpenView(PAGE))
    story.slack.fail["views.open"] = [OutcomeUnknown("views.open", "timeout")]
    assert button_story.click(ASKER, "archive").status == 200
    assert MODAL_EXPIRED in visible_reply(story)


def test_a_required_view_that_changed_meanwhile_is_reported(
    story: Story,
):
    button_story = with_button(
        story, lambda: UpdateView(PAGE, hash="h", is_required=True)
    )
    story.slack.fail["views.update"] = [HashConflict("views.update", "hash_conflict")]
    assert button_story.click(ASKER, "archive", view=MODAL).status == 200
    assert MODAL_EXPIRED in visible_reply(story)


@pytest.mark.parametrize("is_required", [True, False])
def test_a_view_is_updated_only_if_it_has_not_changed(
    story: Story, *, is_required: bool
):
    button_story = with_button(
        story, lambda: UpdateView(PAGE, hash="h", is_required=is_required)
    )
    button_story.click(ASKER, "archive", view=MODAL)
    assert story.slack.update_hashes == ["h"]


def test_what_follows_the_acknowledgement_waits_for_the_response(story: Story):
    replies: list[str] = []

    def run(request: Request) -> None:
        assert request.workspace == story.workspace
        replies.append(visible_reply(story))

    button_story = with_button(story, lambda: AfterAck(run, Reply("Done it.")))
    button_story.click(ASKER, "archive")
    [reply] = replies
    assert "Done it." in reply


def test_an_id_fits_into_the_database():
    assert parse_id("9" * 18) == 10**18 - 1
    with pytest.raises(UserError):
        parse_id(str(2**63))


def test_a_rules_error_changes_nothing(story: Story):
    def refuse() -> Response:
        raise UserError("Not today.")

    button_story = with_button(story, refuse)
    assert button_story.click(ASKER, "archive").status == 200
    assert not is_archived(story)
    assert "Not today." in visible_reply(story)


def test_a_click_in_a_modal_is_answered_in_its_place(story: Story):
    blocks = [SectionBlock(text="Done it."), SectionBlock(text="And more")]
    button_story = with_button(story, lambda: Reply("Done it.", blocks))
    button_story.click(ASKER, "archive", view=MODAL)
    [(view_id, view)] = story.slack.views
    assert (view_id, view["title"]["text"]) == ("V0", "Done")
    assert [block["text"]["text"] for block in view["blocks"]] == [
        "Done it.",
        "And more",
    ]
    assert story.slack.responses == []


def test_a_home_tab_shows_no_replies(story: Story):
    button_story = with_button(story, lambda: Reply("Done it."))
    assert button_story.click(ASKER, "archive", view=HOME).status == 200
    assert is_archived(story)
    assert visible_reply(story) == "[[], []]"


@pytest.mark.parametrize(
    ("view", "method"),
    [(None, "views.open"), (HOME, "views.open"), (MODAL, "views.push")],
)
def test_a_form_opens_on_top_of_a_modal_only(
    story: Story, view: dict[str, Any] | None, method: str
):
    button_story = with_button(story, lambda: OpenView(PAGE))
    button_story.click(ASKER, "archive", view=view)
    assert [call for call in story.slack.calls if call.startswith("views.")] == [method]


def test_work_after_the_acknowledgement_sees_the_change(story: Story):
    states: list[bool] = []

    def look(request: Request) -> None:
        assert request.workspace == story.workspace
        states.append(is_archived(story))

    button_story = with_button(story, lambda: AfterAck(look, Reply("Done it.")))
    button_story.click(ASKER, "archive")
    assert states == [True]
    assert "Done it." in visible_reply(story)


@pytest.mark.parametrize(
    ("before", "calls"), [(refresh_actor, ["users.info"]), (refresh_nobody, [])]
)
def test_the_actor_is_refreshed_if_the_listener_needs_it(
    story: Story,
    before: Callable[[Interaction, Request], None],
    calls: list[str],
):
    button_story = with_button(story, lambda: None, before=before)
    button_story.click(ASKER, "archive")
    assert story.slack.calls == calls


def test_a_submitted_form_is_updated_by_its_acknowledgement(story: Story):
    def turn(_: ViewSubmission, __: Transaction) -> Response:
        return UpdateView(PAGE)

    bolt = handlers.bolt_app.create_app(story.rt)
    on_view(bolt, story.rt, "page", reads(turn))
    button_story = Story(
        bolt, story.rt, story.worker, story.slack, story.clock, story.workspace
    )
    answer = button_story.submit(ASKER, MODAL, {})
    assert '"response_action": "update"' in str(answer.body)
    assert "Some text" in str(answer.body)
    assert story.slack.views == []
