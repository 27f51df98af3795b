"""People who left a private channel do nothing there, and read nothing from it."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_bolt import App
from sqlalchemy import select

import handlers
from bot.anonymity import authors
from bot.anonymity.keyring import keys_of
from bot.asks import hiding
from bot.circles.presses import Act
from bot.circles.vote_rules import Answer
from bot.features import FEATURES
from bot.routing import forms as routing_forms
from bot.runtime import Runtime
from bot.slack.api import NotSent, Rejected, SlackError
from bot.slack.text import ANONYMOUS
from models import (
    AnonymousDraft,
    Ask,
    Channel,
    ChannelMember,
    Credit,
    HelpRequest,
    Kudos,
    Round,
)
from tests.checkins import join, open_form, share
from tests.factories import MONDAY, Story
from tests.handlers.anonymity.acting import BUTTONS as ANONYMOUS_BUTTONS
from tests.handlers.anonymity.acting import FORMS as ANONYMOUS_FORMS
from tests.private_channel import DEN, FOR, NAME, asks_there, form, leaves
from tests.rows import all_rows
from tests.slack_payloads import ADMIN, HELP_CHANNEL, HELPER, PEER, form_values

# Visibility does not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


Way = Callable[[Story], object]


def prepared(story: Story) -> dict[str, Way]:  # noqa: C901, PLR0912, PLR0915 - it is a list
    """Return all actions there by Eva, who asks, helps, thanks and moderates.

    She may do each of these, and opens each form, while she is a member.
    """
    member = ADMIN
    mine = asks_there(story, member)
    bens = asks_there(story, HELPER, "How do I mend it?")
    ts = {ask.id: ask.ts or "" for ask in story.asks()}
    story.say(HELPER, "So.", thread_ts=ts[mine], channel=DEN)
    story.say(member, "So.", thread_ts=ts[bens], channel=DEN)
    story.say(PEER, "Or so.", thread_ts=ts[bens], channel=DEN)
    story.deliver()
    by = {a.author: a for a in story.answers()}
    story.command(member, "/kudos", f"<@{PEER}> {FOR}", channel=DEN)
    story.deliver()
    with story.rt.read_session() as session:
        kudos = session.scalars(select(Kudos.id)).one()
        den = session.scalars(select(Channel.id).filter_by(slack_id=DEN)).one()
    one = story.post_round(MONDAY, channel=DEN)
    join(story, member, one)
    share(story, member, one, stuck_on="Mercury")
    credit = credited(story, member, den)

    def click(action_id: str, value: object = "", **more: Any) -> Way:
        return lambda story: story.click(member, action_id, str(value), **more)

    def send(callback_id: str, **changes: Any) -> Way:
        view = form(story, callback_id)
        values = form_values(view) | changes
        return lambda story: story.submit(member, view, values)

    def shortcut(callback_id: str, author: str, at: str, **more: Any) -> Way:
        return lambda story: story.message_shortcut(
            member, callback_id, author, at, channel=DEN, **more
        )

    def opened(way: Way) -> None:
        way(story)

    ways: dict[str, Way] = {}
    for action in ("edit", "close", "delete", "worked"):
        if action != "close":
            opened(click("ask_menu", option=f"{action}:{mine}"))
    story.click(member, "ask_menu", option=f"close:{bens}")
    ways["view edit_ask"] = send("edit_ask", title="Some other title")
    ways["view delete_ask"] = send("delete_ask")
    ways["view worked"] = send("worked", worked="This")
    ways["view close_ask"] = send("close_ask", reason="Because")
    story.command(member, "/ask", channel=DEN)
    ways["view ask"] = send("ask", channel=DEN, title="Why does it x?")
    story.command(member, "/kudos", channel=DEN)
    thanks = {"people": [HELPER], "reason": FOR, "visibility": "public", "channel": DEN}
    ways["view kudos"] = send("kudos", **thanks)
    story.command(member, "/backswing", channel=DEN)
    settings = form(story, "settings")
    ways["view settings"] = send("settings", topics="other")
    story.click(member, "checkin_set_up", DEN, view=settings)
    ways["view checkin_plan"] = send("checkin_plan")
    plan = form(story, "checkin_plan")
    answer = story.submit(member, plan, form_values(plan))
    preview = json.loads(answer.body)["view"]
    ways["view checkin_save"] = lambda story: story.submit(member, preview, {})
    open_form(story, member, one)
    ways["view checkin_share"] = send("checkin_share", working_on="Gold")
    story.click(member, "introduction_open", str(den), view=settings)
    ways["view introduction"] = send("introduction")
    story.command(member, "/backswing", "mentors")
    story.click(member, "mentor_add", "add", view=story.slack.views[-1][1])
    by_hand = {"member": [PEER], "channel": DEN, "reason": "Helped us all with it"}
    ways["view mentor_add"] = send("mentor_add", **by_hand)
    for name in ("ask_looking", "ask_same", "option_looking", "option_same"):
        ways[f"action {name}"] = click(name, bens)
    for action in ("edit", "worked", "close", "delete", "reopen"):
        ways[f"action option_{action}"] = click(f"option_{action}", mine)
    for action in ("reopen", "delete", "restore"):
        ways[f"action ask_{action}"] = click(f"ask_{action}", mine)
    ways["action ask_worked"] = click("ask_worked", mine)
    for action in ("edit", "close", "delete", "reopen"):
        ways[f"action ask_menu {action}"] = click("ask_menu", option=f"{action}:{mine}")
    at = by[PEER].ts
    for name in ("undo_helpful", "undo_solved"):
        ways[f"action {name}"] = click(name, f"{DEN}:{at}")
    for name in ("mark_helpful", "mark_solved"):
        ways[f"action {name}"] = click(name, f"{mine}:{by[HELPER].id}")
        ways[f"shortcut {name}"] = shortcut(name, PEER, at, thread_ts=ts[bens])
    ways["action who_helped"] = click("who_helped", option=str(by[HELPER].id))
    ways["action ask_channel"] = click(
        "ask_channel", view=form(story, "ask"), selected_conversation=DEN
    )
    ways["action kudos_take_back"] = click("kudos_take_back", kudos)
    ways["action kudos_menu"] = click("kudos_menu", option=f"take_back:{kudos}")
    ways["action checkin_set_up"] = click("checkin_set_up", DEN, view=settings)
    for action in ("change", "pause", "resume", "delete"):
        name = f"checkin_{action}"
        ways[f"action {name}"] = click(name, one.schedule_id, view=settings)
    ways["action checkin_share"] = click("checkin_share", one.id, channel="D0EVA")
    ways["action checkin_share in the den"] = click(
        "checkin_share", one.id, channel=DEN
    )
    ways["action checkin_join"] = click("checkin_join", one.id, channel=DEN)
    ways["action checkin_go_on"] = click("checkin_go_on", one.schedule_id)
    ways["action checkin_ask"] = click("checkin_ask", stuck(story, one))
    home = {"type": "home", "private_metadata": "", "blocks": []}
    ways["action home_checkin_join"] = click(
        "home_checkin_join", one.schedule_id, view=home
    )
    for action in ("post", "not_now", "open"):
        name = f"introduction_{action}"
        ways[f"action {name}"] = click(name, den, view=settings)
    ways["action mentor_tell"] = click("mentor_tell", credit)
    story.react(HELPER, by[member].ts, "white_check_mark", channel=DEN)
    story.advance(minutes=2)
    ways["action similar_solved"] = click("similar_solved", bens)
    for verdict in ("helped", "outdated", "works"):
        ways[f"action entry_{verdict}"] = click(f"entry_{verdict}", bens)
    opened(click("entry_outdated", bens))
    ways["view outdated"] = send("outdated", reason="Because")
    opened(shortcut("already_answered", member, ts[mine]))
    at_bens = f"https://peers.slack.com/archives/{DEN}/p{ts[bens].replace('.', '')}"
    ways["view already_answered"] = send("already_answered", link=at_bens)
    ways["shortcut already_answered"] = shortcut("already_answered", member, ts[mine])
    ways["action suggestion_solved"] = click("suggestion_solved", f"{mine}:{bens}")
    ways["action suggestion_undo"] = click("suggestion_undo", mine)
    request = requested(story, member, bens)
    for name in ("request_help", "request_refuse_channel"):
        ways[f"action {name}"] = click(name, request)
    for number in range(3):
        name = f"request_refuse_topic_{number}"
        ways[f"action {name}"] = click(name, f"{request}:{number}")
    elsewhere = routing_forms.channel_form(mine, "Mine").to_dict()
    ways["view route_elsewhere"] = lambda story: story.submit(
        member, elsewhere, {"channel": HELP_CHANNEL}
    )
    for name in ("edit", "close", "now", "elsewhere", "confirm"):
        ways[f"action route_{name}"] = click(f"route_{name}", mine)
    ways |= {
        f"action anonymous_{name}": click(f"anonymous_{name}", row_id)
        for name, row_id in nameless(story, den).items()
    }
    for name in ("reject", "stop"):
        opened(ways[f"action anonymous_{name}"])
        ways[f"view anonymous_{name}"] = send(f"anonymous_{name}", reason="Because")
    own = story.say(member, "How do I find it?", channel=DEN)
    ways["shortcut make_ask"] = shortcut("make_ask", member, own)
    ways["shortcut ask_options"] = shortcut("ask_options", member, ts[mine])
    return ways


def stuck(story: Story, one: Round) -> int:
    note = next(m for m in story.slack.messages_to(ADMIN) if "stuck on" in m.text)
    return next(
        int(element["value"])
        for block in note.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "checkin_ask"
    )


def nameless(story: Story, den: int) -> dict[str, int]:
    """Add asks without a name; return the ids that each button takes."""
    shown, hidden = (
        asks_there(story, HELPER, f"How do I mend it {time}?")
        for time in ("now", "later")
    )
    with story.rt.write(story.workspace) as tx:
        keys = keys_of(tx)
        assert keys is not None
        for ask_id in (shown, hidden):
            ask = tx.session.get_one(Ask, ask_id)
            ask.asker = ANONYMOUS
            authors.link(tx, ask, HELPER, keys, sent_after=None)
        hiding.hide(tx, tx.session.get_one(Ask, hidden))
        draft = AnonymousDraft(
            id=7,
            installation_id=tx.workspace.id,
            channel_id=den,
            title="How do I mend it?",
            author=keys.seal(HELPER, authors.row_name(tx, "draft", 7)),
            blind_index=authors.blind_index(tx, keys, HELPER),
            source_index="7",
            state="reviewed",
            due_at=tx.now + timedelta(days=9),
        )
        tx.session.add(draft)
    story.deliver()
    drafts, asks = (
        dict.fromkeys(("accept", "reject"), 7),
        {"report": shown, "stop": shown},
    )
    return drafts | asks | dict.fromkeys(("show", "delete"), hidden)


def requested(story: Story, member: str, ask_id: int) -> int:
    """Ask a member to look at an ask."""
    with story.rt.write_session.begin() as session:
        row = HelpRequest(
            installation_id=story.rt.workspaces.only.id,
            ask_id=ask_id,
            member=member,
            step=1,
            reason="active",
            requested_at=story.clock(),
        )
        session.add(row)
        session.flush()
        return row.id


def credited(story: Story, member: str, channel_id: int) -> int:
    """Credit a member, who has been told and nobody else."""
    with story.rt.write_session.begin() as session:
        row = Credit(
            installation_id=story.rt.workspaces.only.id,
            member=member,
            period=story.clock().date(),
            credited_at=story.clock(),
            channel_id=channel_id,
            consent="private",
            notified_at=story.clock(),
        )
        session.add(row)
        session.flush()
        return row.id


# A private response to a click: a denial without any of the channel's content.
NO = (
    *("not in it", "both in", "is gone", "not there any more"),
    *("no longer know that channel", "has changed"),
)
# These change the person's own data, or post nothing.
FREE = {
    "action": {
        # The person's own Home tab, settings and lists, without a channel's content.
        *("home_ask", "home_previous", "home_next", "home_end_pause", "my_settings"),
        *("home_page_today", "home_page_people", "home_page_program"),
        # What the bot would write to them anyway.
        "home_send_waiting",
        *("kudos_received", "kudos_given", "kudos_newest", "greetings_off"),
        # Forms with the button's own content, which post nothing yet.
        *("give_kudos", "say_thanks", "checkin_back", "ask_written"),
        # The person's own choices about requests to help.
        *("request_decline", "request_less", "request_never"),
        # The words of the person's own answers.
        *("answer_texts_off", "answer_texts_on"),
        # Admins see all programs; tests/handlers/programs has others.
        *(f"program_{name}" for name in ("join", "ask", "reply", "invite")),
        *(f"program_{name}" for name in ("see", "new", "change", "leads", "back")),
        *(f"program_{name}" for name in ("open", "end", "continue", "back_to_draft")),
        *(f"program_{name}" for name in ("archive", "restore", "champions")),
        *(
            f"program_{name}{turn}"
            for name in ("list", "joined")
            for turn in ("", "_back", "_next")
        ),
        # The form to ask; tests/handlers/test_lead_prompts.py has the channel in it.
        "program_lead_ask",
        # A champion's own suggestions; tests/handlers/worklist tries others.
        *(f"work_{name}" for name in ("close", "done", "guide", "hello", "help")),
        *(f"work_{name}" for name in ("refuse", "remind", "stop", "thank")),
        # The person's own choices as a champion or lead.
        *(f"program_champion_{name}" for name in ("yes", "no", "stop")),
        # It only gives up a role; tests/handlers/worklist hides the channel's name.
        "champion_stop",
        *("program_lead_skip", "program_lead_stop"),
        # The person's own part in a program.
        *(f"program_{name}" for name in ("decline", "leave", "come_back")),
        *(f"program_{name}" for name in ("pause", "stay", "seen")),
        # The person's own circle; tests/handlers/circles has people outside.
        *(f"meeting_{act}" for act in Act),
        *(f"meeting_{name}" for name in ("ask_swap", "action", "report", "question")),
        "meeting_write",
        "meeting_focus",
        *(f"meeting_move{name}" for name in ("", "_yes", "_no")),
        # The person's own word on a meeting.
        *(f"meeting_met_{name}" for name in ("all", "part", "none")),
        *(f"meeting_worth_{name}" for name in ("yes", "so_so", "no")),
        *(f"meeting_unrate_{name}" for name in ("yes", "so_so", "no")),
        # The person's own ask; tests/handlers/circles/test_own_asks.py.
        *(f"meeting_ask_{name}" for name in ("fine", "another", "none")),
        # The person's own exchange; tests/handlers/exchange has people outside.
        *(f"exchange_{name}" for name in ("join", "stop", "people", "see", "ask")),
        *(f"exchange_{name}" for name in ("yes", "not_now", "not_this", "take_back")),
        *(f"exchange_{name}" for name in ("agree", "change", "look", "end")),
        *(
            f"exchange_first_{name}"
            for name in ("good", "not_sure", "not_for_me", "later")
        ),
        *(f"exchange_midpoint_{name}" for name in ("good", "change")),
        # The person's own buddy; tests/handlers/buddies has people outside.
        *(f"buddy_{name}" for name in ("yes", "no", "join", "stop", "accept")),
        *(f"buddy_{name}" for name in ("not_now", "end", "thank", "see")),
        # The person's own matches; tests/handlers/pairs tries others.
        *(f"pair_{name}" for name in ("join", "stop", "time", "cant", "back")),
        *(f"pair_{name}" for name in ("met", "not_yet", "wont", "thank")),
        *(f"pair_fit_{name}" for name in ("yes", "so_so", "no")),
        # Names of people, for those who run the workspace.
        *("pair_preview", "pair_last_round"),
        # Circles, which have no channel; tests/handlers/circles tries others.
        *(f"circle_{name}" for name in ("new_season", "end_season", "sign_up")),
        # The ask's channel must be visible; tests/handlers/circles/test_from_asks.py.
        *("circle_start", "circle_from_ask", "circle_again", "circle_new_people"),
        "circle_enough",
        *(f"circle_{name}" for name in ("withdraw", "not_for_me", "move", "invite")),
        *(f"circle_preview{turn}" for turn in ("", "_back", "_next")),
        *(f"circle_{name}" for name in ("take", "decline", "see", "agree")),
        *(f"circle_{name}" for name in ("change", "calendar", "leave")),
        *(f"circle_merge_{answer}" for answer in ("yes", "no")),
        *(f"circle_vote_{answer}" for answer in Answer),
        *("circle_break", "circle_thaw"),
        # These show less.
        "suggestion_dismiss",
        # The form in which the person writes.
        *("ask_title", "ask_topics", "similar_dismiss"),
        # A search finds nothing of channels that the person can't see.
        *("home_find", "find_page", "find_more", "find_open", "find_ask"),
        # For people who want to leave.
        "checkin_leave",
        # These show less of the person's own messages.
        *("mentor_keep", "mentor_never"),
        # Nobody else's: the link is cut; tests/handlers/anonymity tries them.
        *(f"asker_{name}" for name in ANONYMOUS_BUTTONS),
        # Workspace pages for those who run it, without private channels.
        *("mentor_newer", "mentor_older", "mentor_add", "mentor_set_up"),
        # For those who run the workspace; it names no channel.
        "anonymous_stop_everywhere",
    },
    "view": {
        *(f"program_{name}" for name in ("join", "ask", "reply", "invite")),
        *(f"program_{name}" for name in ("about", "rules", "save", "champions")),
        *(f"circle_{name}" for name in ("swap", "action", "report", "question")),
        "circle_write",
        *(f"circle_{name}" for name in ("season", "signup", "move", "change")),
        *("circle_start", "circle_focus", "circle_meeting_move"),
        *(f"exchange_{name}" for name in ("wish", "agreement", "look")),
        *("find", "my_settings", "workspace_settings", "forget_me", "mentor_set_up"),
        # It asks Slack each time; tests/handlers/anonymity tries it.
        "ask_anonymously",
        *(f"asker_{name}" for name in ANONYMOUS_FORMS),
    },
    # These open a form, whose submission is checked again.
    "shortcut": {"ask", "kudos", "thank_author", "answer_anonymously"},
}


class Registered:
    """Records the registered listeners."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        def register(constraint: Any = None, *_: Any, **__: Any) -> Any:
            name = constraint
            if isinstance(constraint, dict):
                name = constraint.get("callback_id")
            if kind in FREE:
                self.names.add(f"{kind} {name}")
            return lambda listener: listener

        return register


@pytest.mark.deep
def test_each_listener_is_tested_or_needs_no_channel(den: Story):
    registered = Registered()
    handlers.register(
        cast("App", registered), cast("Runtime", SimpleNamespace(features=FEATURES))
    )
    tried = {" ".join(way.split()[:2]) for way in prepared(den)}
    free = {f"{kind} {name}" for kind, names in FREE.items() for name in names}
    assert registered.names == tried | free
    assert not tried & free


def be_silent(story: Story) -> None:
    for notice in (
        story.slack.views,
        story.slack.responses,
        story.slack.ephemeral_messages,
    ):
        notice.clear()


def told_just_now(story: Story) -> str:
    """Return the private responses to the last click."""
    whispers = [[one.text, one.blocks] for one in story.slack.ephemeral_messages]
    return json.dumps([*story.slack.views, *story.slack.responses, *whispers])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_a_former_member_does_nothing_there(den: Story, *, is_heard: bool):
    ways = prepared(den)
    den.deliver()
    leaves(den, ADMIN, is_heard=is_heard)
    den.deliver()
    before, posts = all_rows(den), len(den.slack.messages)
    for name, use in ways.items():
        be_silent(den)
        answer = use(den)
        assert all_rows(den) == before, name
        told = told_just_now(den)
        told += str(cast("Any", answer).body)
        for word in ("test it", "mend it", "den-topic", NAME, "Mercury", "working on"):
            # Their typed text is returned to them.
            is_theirs = name == "view checkin_save" and word == "working on"
            assert is_theirs or word not in told, (name, word)
        if name != "action ask_channel":
            assert any(no in told for no in NO), (name, told)
    den.advance(minutes=2)
    assert len(den.slack.messages) == posts


@pytest.mark.deep
def test_if_slack_can_not_be_asked_nothing_is_done(den: Story):
    ways = prepared(den)
    den.advance(hours=2)
    before = all_rows(den)
    for name, use in ways.items():
        be_silent(den)
        failing: list[SlackError] = [NotSent("users.conversations", "off")] * 9
        den.slack.fail["users.conversations"] = failing
        answer = use(den)
        assert all_rows(den) == before, name
        told = told_just_now(den)
        assert "reach Slack" in told + str(cast("Any", answer).body), name
        den.slack.fail.clear()
        # Profiles were fetched before.
        with den.rt.write_session.begin() as session:
            session.query(ChannelMember).delete()


def test_slack_is_asked_once_an_hour_and_a_leave_counts_at_once(den: Story):
    mine = asks_there(den, HELPER)

    def joins_it(member: str) -> int:
        before = len(den.slack.calls)
        den.click(member, "ask_same", str(mine))
        return den.slack.calls[before:].count("users.conversations")

    assert [joins_it(PEER) for _ in range(3)] == [1, 0, 0]
    den.clock.advance(hours=1, seconds=1)
    assert [joins_it(PEER) for _ in range(2)] == [1, 0]
    leaves(den, PEER)
    before = all_rows(den)
    assert joins_it(PEER) == 0
    assert all_rows(den) == before
    # A member who returns counts at once, too.
    den.slack.members_by_channel[DEN].append(PEER)
    back = {"type": "member_joined_channel", "user": PEER, "channel": DEN}
    assert den.event(back) == 200
    den.clock.advance(seconds=10)
    assert joins_it(PEER) == 0
    assert all_rows(den) != before


@pytest.mark.deep
def test_a_member_does_all_of_that(den: Story):
    """So no action was refused for another reason."""
    for name, use in prepared(den).items():
        be_silent(den)
        answer = use(den)
        told = told_just_now(den)
        told += str(cast("Any", answer).body)
        assert "not in it" not in told, name
        assert "went wrong" not in told, name


@pytest.mark.parametrize("code", ["user_not_found", "user_not_visible"])
def test_an_unknown_user_is_in_no_channel(den: Story, code: str):
    mine = asks_there(den, HELPER)
    failing: list[SlackError] = [Rejected("users.conversations", code)]
    den.slack.fail["users.conversations"] = failing
    den.click(PEER, "ask_same", str(mine))
    assert "not in it" in den.slack.responses[-1][1]
