"""Already answered: a member points to an earlier ask, and its answer helps again."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.knowledge import pointer_targets, pointers
from bot.search.follower import SearchFollower
from bot.slack.api import OutcomeUnknown, Rejected
from bot.workspace import channels
from handlers import pointers as handler
from handlers.ask_actions import NO_ASK_HERE
from models import Ask, AskPointer, AskReference, Channel, Installation
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.knowledge import TITLE, solve_an_ask
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_values,
    reaction_event,
    user_object,
)

AGAIN = "The certificate of our VPN has expired, what now?"
TEAM_URL = "https://peers.slack.com/"
DEN = "C0DEN"
CANARY = "zanzibar"


@pytest.fixture
def earlier(story: Story, follower: SearchFollower) -> str:
    """Ben's answer solved Ana's ask, and Chi has the same problem; the answer's ts."""
    answer = solve_an_ask(story)
    story.advance(minutes=5)
    story.ask(AGAIN, member=PEER)
    follower.follow()
    return answer


def link(ts: str, channel: str = HELP_CHANNEL, query: str = "") -> str:
    return f"{TEAM_URL}archives/{channel}/p{ts.replace('.', '')}{query}"


def open_form(
    story: Story, member: str = CHAMPION, ask: Ask | None = None
) -> dict[str, Any]:
    ask = ask or story.asks()[-1]
    assert ask.ts
    opened = len(story.slack.views)
    story.message_shortcut(member, "already_answered", BOT, ask.ts)
    [(_, view)] = story.slack.views[opened:]
    assert view["callback_id"] == "already_answered"
    return view


def submit(
    story: Story, view: dict[str, Any], member: str = CHAMPION, **values: Any
) -> dict[str, Any]:
    response = story.submit(member, view, form_values(view) | values)
    assert response.status == 200
    errors: dict[str, Any] = json.loads(response.body).get("errors", {})
    return errors


def choices(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        option
        for block in view["blocks"]
        if block.get("block_id") == "entry"
        for option in block["element"]["options"]
    ]


def point(story: Story, member: str = CHAMPION) -> PostedMessage:
    """A member points Chi's ask to Ana's; return the bot's reply."""
    view = open_form(story, member)
    [choice, *_] = choices(view)
    assert submit(story, view, member, entry=choice["value"]) == {}
    story.deliver()
    return posted(story)[-1]


def posted(story: Story) -> list[PostedMessage]:
    ask = story.asks()[-1]
    return [
        message
        for message in story.slack.messages_to(HELP_CHANNEL)
        if message.thread_ts == ask.ts
    ]


def last_reply(story: Story) -> str:
    return story.slack.responses[-1][1]


def told(story: Story, member: str) -> list[str]:
    return [message.text for message in story.slack.messages_to(member)]


def reference(story: Story) -> AskReference | None:
    with story.rt.read(story.workspace) as tx:
        return tx.session.scalar(select(AskReference).filter_by(is_present=True))


def facts(story: Story, answer: str) -> tuple[str, int | None, tuple[bool, int]]:
    """The state of Chi's ask, the ask that solved it, and what Ben's answer has."""
    stands = reference(story)
    return (
        story.asks()[-1].state,
        stands.earlier_ask_id if stands else None,
        story.answer_marks()[answer],
    )


# The story


@pytest.mark.deep
def test_an_earlier_answer_helps_again_and_all_three_hear_of_it(
    story: Story, earlier: str
):
    view = open_form(story)
    [choice] = choices(view)
    assert choice["text"]["text"] == TITLE
    assert choice["description"]["text"].startswith("Ben · ")
    message = point(story)
    assert message.text == f"Dan: this was solved before: “{TITLE}”"
    assert link(earlier) in json.dumps(message.blocks)
    assert "Chi, if that solves it for you" in json.dumps(message.blocks)
    assert story.asks()[-1].state == "open"

    story.react(PEER, message.ts, "white_check_mark")
    story.advance(seconds=61)
    first = story.asks()[0].id
    assert facts(story, earlier) == ("solved", first, (True, 1))
    stands = reference(story)
    assert stands is not None
    assert (stands.earlier_ask_id, stands.found_by) == (first, CHAMPION)
    assert "helped Chi today" in told(story, HELPER)[-1]
    assert "you found" in told(story, CHAMPION)[-1]
    assert "helped Chi. Thank you!" in told(story, CHAMPION)[-1]
    ask = next(
        message
        for message in story.slack.messages_to(HELP_CHANNEL)
        if message.ts == story.asks()[-1].ts
    )
    assert "Ben's answer" in json.dumps(ask.blocks)


@pytest.mark.deep
def test_the_reaction_is_taken_back_and_so_is_all_that_it_did(
    story: Story, earlier: str
):
    before = facts(story, earlier)
    message = point(story)
    story.react(PEER, message.ts, "white_check_mark")
    assert facts(story, earlier) != before
    story.unreact(PEER, message.ts, "white_check_mark")
    assert facts(story, earlier) == before
    story.advance(seconds=61)
    assert not any("today" in text for text in told(story, HELPER))
    assert not any("you found" in text for text in told(story, CHAMPION))


def test_it_may_be_used_in_the_thread_as_well(story: Story, earlier: str):
    ask = story.asks()[-1]
    reply = story.say(HELPER, "Hm.", thread_ts=ask.ts)
    story.message_shortcut(
        CHAMPION, "already_answered", HELPER, reply, thread_ts=ask.ts
    )
    assert choices(story.slack.views[-1][1])


@pytest.mark.deep
def test_the_channels_own_solved_emoji_counts(story: Story, earlier: str):
    story.set_up_channel(solved="tada")
    message = point(story)
    assert ":tada:" in json.dumps(message.blocks)
    story.react(PEER, message.ts, "white_check_mark")
    assert story.asks()[-1].state == "open"
    story.react(PEER, message.ts, "tada")
    assert story.asks()[-1].state == "solved"


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize("emoji", ["white_check_mark", "+1"])
@pytest.mark.deep
def test_others_say_that_it_helped_and_solve_nothing(
    story: Story, earlier: str, emoji: str
):
    message = point(story)
    story.react(ASKER, message.ts, emoji)
    story.react(CHAMPION, message.ts, emoji)
    assert story.asks()[-1].state == "open"
    assert reference(story) is None
    story.advance(seconds=61)
    assert "helped Ana. Thank you!" in told(story, CHAMPION)[-1]


@pytest.mark.deep
def test_a_link_to_an_answer_credits_that_answer(story: Story, earlier: str):
    first = story.asks()[0]
    second = story.say(ADMIN, "Or so.", thread_ts=first.ts)
    story.react(ASKER, second, "+1")
    assert submit(story, open_form(story), link=link(second)) == {}
    story.deliver()
    assert link(second) in json.dumps(posted(story)[-1].blocks)
    story.react(PEER, posted(story)[-1].ts, "white_check_mark")
    assert story.answer_marks()[second] == (False, 2)
    assert story.answer_marks()[earlier] == (True, 0)


@pytest.mark.parametrize("target", ["ask", "answer", "reply", "with spaces"])
@pytest.mark.deep
def test_links_to_the_ask_and_to_what_is_in_its_thread(
    story: Story, earlier: str, target: str
):
    first = story.asks()[0]
    assert first.ts
    query = f"?thread_ts={first.ts}&cid={HELP_CHANNEL}"
    reply = story.say(ASKER, "Thank you", thread_ts=first.ts)
    text = {
        "ask": link(first.ts),
        "answer": link(earlier, query=query),
        "reply": link(reply, query=query),
        "with spaces": f"  {link(first.ts)}\n",
    }[target]
    assert submit(story, open_form(story), link=text) == {}
    story.deliver()
    assert TITLE in posted(story)[-1].text


@pytest.mark.deep
def test_an_asker_may_point_to_it_themselves(story: Story, earlier: str):
    message = point(story, PEER)
    story.react(PEER, message.ts, "white_check_mark")
    story.advance(seconds=61)
    assert story.asks()[-1].state == "solved"
    assert not any("you found" in text for text in told(story, PEER))


def test_what_was_pointed_to_is_no_choice_any_more(story: Story, earlier: str):
    point(story)
    assert choices(open_form(story)) == []


@pytest.mark.deep
def test_an_author_who_points_to_their_own_answer_hears_of_it_once(
    story: Story, earlier: str
):
    message = point(story, HELPER)
    story.react(PEER, message.ts, "white_check_mark")
    story.advance(seconds=61)
    assert "helped Chi today" in told(story, HELPER)[-1]
    assert not any("you found" in text for text in told(story, HELPER))


# Bad inputs


LINKS_TO_NOTHING = [
    ("", pointers.CHOOSE),
    ("   \n ", pointers.CHOOSE),
    ("vpn", handler.NO_LINK),
    ("https://example.com/archives/C0HELP/p1772442000000100", handler.NO_LINK),
    ("https://others.slack.com/archives/C0HELP/p1772442000000100", handler.NO_LINK),
    (f"{TEAM_URL}archives/C0HELP", handler.NO_LINK),
    (f"{TEAM_URL}archives/C0HELP/p1", handler.NO_LINK),
    (f"{TEAM_URL}archives/C0HELP/p1772442000000100<!channel>", handler.NO_LINK),
    (f"<{TEAM_URL}archives/C0HELP/p1772442000000100|x>", handler.NO_LINK),
    ("\u202e\x00", pointers.CHOOSE),
    ("x" * 40_000, handler.NO_LINK),
    (f"{TEAM_URL}archives/C0HELP/p9999999999000100", pointer_targets.NO_ASK_THERE),
    (
        f"{TEAM_URL}archives/C0NOWHERE/p1772442000000100",
        pointer_targets.NO_ASK_THERE,
    ),
]


def test_links_to_nothing(story: Story, earlier: str):
    view = open_form(story)
    for text, error in LINKS_TO_NOTHING:
        assert submit(story, view, link=text) == {"link": error}, text
    story.deliver()
    assert posted(story) == []


def test_an_ask_is_no_answer_to_itself(story: Story, earlier: str):
    ts = story.asks()[-1].ts or ""
    assert submit(story, open_form(story), link=link(ts)) == {"link": pointers.ITSELF}


@pytest.mark.deep
def test_an_ask_that_nobody_has_answered(story: Story, earlier: str):
    view = open_form(story)
    other = story.ask("Where is the coffee machine?", member=HELPER)
    story.say(ASKER, "No idea.", thread_ts=other.ts)
    assert submit(story, view, link=link(other.ts or "")) == {
        "link": "That ask has no answer that helped yet."
    }


@pytest.mark.deep
def test_forged_ids(story: Story, earlier: str):
    for value in ("", "0", "-1", "x", "9" * 30, "999999"):
        view = open_form(story)
        for block in view["blocks"]:
            if block.get("block_id") == "entry":
                block["element"]["options"][0]["value"] = value
        assert submit(story, view, entry=value), value
        view["private_metadata"] = json.dumps({"ask": value})
        submit(story, view, link=link(earlier))
        story.deliver()
        assert posted(story) == [], value


def test_an_ask_of_another_workspace(story: Story, earlier: str):
    view = open_form(story)
    [choice] = choices(view)
    with story.rt.write_session.begin() as session:
        row = session.scalars(select(Installation)).one()
        values = {
            column.name: getattr(row, column.name)
            for column in Installation.__table__.columns
            if column.name != "id"
        }
        another = Installation(**values | {"team_id": "T0OTHER"})
        session.add(another)
        session.flush()
        session.execute(
            update(Ask)
            .where(Ask.id == int(choice["value"]))
            .values(installation_id=another.id)
        )
    assert "entry" in submit(story, view, entry=choice["value"])
    story.deliver()
    assert posted(story) == []


@pytest.mark.parametrize("change", ["solved", "closed", "deleted"])
def test_the_ask_is_done_meanwhile(story: Story, earlier: str, change: str):
    view = open_form(story)
    ask = story.asks()[-1]
    assert ask.ts
    match change:
        case "solved":
            story.react(PEER, ask.ts, "white_check_mark")
        case "closed":
            story.click(PEER, "option_close", str(ask.id))
        case _:
            story.click(PEER, "option_delete", str(ask.id))
            form = story.slack.views[-1][1]
            story.submit(PEER, form, form_values(form))
    story.deliver()
    response = story.submit(CHAMPION, view, form_values(view) | {"link": link(earlier)})
    assert response.status == 200
    story.deliver()
    assert posted(story) == []
    opened = len(story.slack.views)
    story.message_shortcut(CHAMPION, "already_answered", BOT, ask.ts)
    assert len(story.slack.views) == opened
    assert last_reply(story) in {pointers.SOLVED, pointers.CLOSED, NO_ASK_HERE}


def test_the_earlier_ask_is_deleted_before_the_link_is_posted(
    story: Story, earlier: str
):
    view = open_form(story)
    [choice] = choices(view)
    assert submit(story, view, entry=choice["value"]) == {}
    with story.rt.write(story.workspace) as tx:
        tx.session.get_one(Ask, int(choice["value"])).deleted_at = tx.now
    story.deliver()
    assert posted(story) == []


@pytest.mark.deep
def test_the_form_sent_twice_posts_once(story: Story, earlier: str):
    view = open_form(story)
    [choice] = choices(view)
    for _ in range(2):
        assert submit(story, view, entry=choice["value"]) == {}
    story.deliver()
    assert submit(story, view, entry=choice["value"]) == {}
    story.deliver()
    assert len(posted(story)) == 1


def test_two_members_point_to_the_same(story: Story, earlier: str):
    view = open_form(story, HELPER)
    point(story)
    [choice] = choices(view)
    errors = submit(story, view, HELPER, entry=choice["value"])
    assert errors == {"entry": pointers.POINTED_ALREADY}
    assert len(posted(story)) == 1


def test_somebody_from_outside_is_refused(story: Story, earlier: str):
    view = open_form(story)
    story.slack.people[CHAMPION] = user_object(CHAMPION, team_id="T0OTHER")
    story.event(
        {"type": "user_change", "user": user_object(CHAMPION, team_id="T0OTHER")}
    )
    submit(story, view, link=link(earlier))
    story.deliver()
    assert posted(story) == []


def test_there_is_no_ask(story: Story, earlier: str):
    ts = story.say(HELPER, "Lunch?")
    story.message_shortcut(CHAMPION, "already_answered", HELPER, ts)
    assert last_reply(story) == NO_ASK_HERE


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_slack_refuses_the_reply_and_it_is_tried_again(story: Story, earlier: str):
    view = open_form(story)
    [choice] = choices(view)
    story.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "restricted_action")
    ]
    submit(story, view, entry=choice["value"])
    story.advance(minutes=1)
    assert posted(story) == []
    assert "I couldn't post the earlier answer" in told(story, CHAMPION)[-1]
    point(story)
    assert len(posted(story)) == 1


@pytest.mark.deep
def test_the_reply_is_posted_once_if_slack_gives_no_answer(story: Story, earlier: str):
    lost = OutcomeUnknown("chat.postMessage", "TimeoutError")
    story.slack.fail_after["chat.postMessage"] = [lost]
    view = open_form(story)
    [choice] = choices(view)
    submit(story, view, entry=choice["value"])
    for _ in range(4):
        story.advance(seconds=15)
    assert len(posted(story)) == 1


# Who sees what


@pytest.fixture
def den(story: Story, earlier: str, follower: SearchFollower) -> str:
    """A private channel of Ana, Ben and Dan, with a solved ask; its answer's ts."""
    story.slack.channels[DEN] = conversation_object(DEN, "den", is_private=True)
    story.slack.members_by_channel[DEN] = [ASKER, HELPER, CHAMPION]
    joined = {"type": "member_joined_channel", "user": BOT, "channel": DEN}
    assert story.event({**joined, "inviter": ASKER}) == 200
    words = f"The {CANARY} certificate of the VPN has expired"
    story.command(ASKER, "/ask", words, channel=DEN)
    story.deliver()
    there = story.asks()[-1]
    answer = story.say(HELPER, "So.", thread_ts=there.ts, channel=DEN)
    story.react(ASKER, answer, "white_check_mark", channel=DEN)
    follower.follow()
    story.advance(minutes=1)
    return answer


@pytest.mark.deep
def test_what_was_said_in_private_is_not_posted_elsewhere(story: Story, den: str):
    public = story.asks()[1]
    view = open_form(story, ask=public)
    assert [choice["text"]["text"] for choice in choices(view)] == [TITLE]
    assert submit(story, view, link=link(den, DEN)) == {"link": pointers.OTHER_CHANNEL}
    # To those who are not in it, it is as if there were nothing.
    view = open_form(story, ADMIN, public)
    errors = submit(story, view, ADMIN, link=link(den, DEN))
    assert errors == {"link": pointer_targets.NO_ASK_THERE}
    hidden = str(story.asks()[-1].id)
    assert "entry" in submit(story, view, ADMIN, entry=hidden)
    story.deliver()
    assert CANARY not in json.dumps(
        [message.blocks for message in story.slack.messages_to(HELP_CHANNEL)]
    )


@pytest.mark.deep
def test_a_shared_channel_shows_only_what_was_asked_there(story: Story, den: str):
    view = open_form(story, ask=story.asks()[1])
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(
            update(Channel)
            .where(Channel.slack_id == HELP_CHANNEL)
            .values(is_shared=True)
        )
        tx.session.execute(
            update(Channel).where(Channel.slack_id == DEN).values(is_private=False)
        )
    errors = submit(story, view, link=link(den, DEN))
    assert errors == {"link": pointers.SHARED_CHANNEL}


@pytest.mark.deep
def test_the_channel_of_the_earlier_ask_becomes_private_before_it_is_posted(
    story: Story, den: str
):
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(update(Channel).values(is_private=False))
    view = open_form(story, ask=story.asks()[1])
    assert submit(story, view, link=link(den, DEN)) == {}
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(
            update(Channel).where(Channel.slack_id == DEN).values(is_private=True)
        )
    story.deliver()
    assert not any(
        CANARY in message.text for message in story.slack.messages_to(HELP_CHANNEL)
    )
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(update(Channel).values(is_private=False))
    assert submit(story, view, link=link(den, DEN)) == {}
    story.deliver()
    assert any(
        CANARY in message.text for message in story.slack.messages_to(HELP_CHANNEL)
    )


@pytest.mark.deep
@pytest.mark.parametrize("is_event", [True, False])
def test_what_was_posted_disappears_once_its_channel_is_private(
    story: Story, den: str, is_event: bool
):
    open_den = conversation_object(DEN, "den", is_private=False)
    story.slack.channels[DEN] = open_den
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(update(Channel).values(is_private=False))
    again = story.asks()[1]
    assert submit(story, open_form(story, ask=again), link=link(den, DEN)) == {}
    story.deliver()
    [message] = [
        message
        for message in story.slack.messages_to(HELP_CHANNEL)
        if message.thread_ts == again.ts
    ]
    assert CANARY in message.text
    story.react(PEER, message.ts, "white_check_mark")
    if is_event:
        turned = {"type": "message", "subtype": "channel_convert_to_private"}
        assert story.event(turned | {"channel": DEN, "ts": story.ts()}) == 200
    else:
        with story.rt.write(story.workspace) as tx:
            channels.upsert_from_slack(tx, open_den | {"is_private": True})
    story.deliver()
    assert message.text == "Dan: this was solved before, in another channel."
    assert CANARY not in json.dumps(message.blocks)
    assert story.asks()[1].state == "solved"


# Changes to the earlier ask


def edit_earlier(story: Story, **values: str) -> None:
    story.click(ASKER, "ask_menu", option=f"edit:{story.asks()[0].id}")
    form = story.slack.views[-1][1]
    story.submit(ASKER, form, form_values(form) | values)
    story.deliver()


@pytest.mark.deep
def test_the_reply_follows_the_title_of_the_earlier_ask(story: Story, earlier: str):
    message = point(story)
    assert TITLE in message.text
    edit_earlier(story, title="Where are VPN certificates renewed?")
    assert "Where are VPN certificates renewed?" in message.text
    assert TITLE not in json.dumps(message.blocks)
    assert link(earlier) in json.dumps(message.blocks)


def test_details_that_are_edited_do_not_change_the_reply(story: Story, earlier: str):
    point(story)
    before = story.slack.calls.count("chat.update")
    edit_earlier(story, details="On a laptop")
    # The ask's own message shows them.
    assert story.slack.calls.count("chat.update") == before + 1


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_title_is_edited_before_the_reply_is_posted(story: Story, earlier: str):
    view = open_form(story)
    [choice, *_] = choices(view)
    assert submit(story, view, entry=choice["value"]) == {}
    edit_earlier(story, title="Where are VPN certificates renewed?")
    assert "Where are VPN certificates renewed?" in posted(story)[-1].text


def point_at_message(
    story: Story, follower: SearchFollower
) -> tuple[str, PostedMessage]:
    """Point a message at an earlier one; return the ts of that one, and the reply."""
    story.set_up_channel(capture="questions")
    ts = story.say(ASKER, TITLE)
    answer = story.say(HELPER, "Run vpnctl renew.", thread_ts=ts)
    story.react(ASKER, answer, "white_check_mark")
    story.say(PEER, AGAIN)
    story.deliver()
    follower.follow()
    assert submit(story, open_form(story), link=link(ts)) == {}
    story.deliver()
    return ts, posted(story)[-1]


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_earlier_ask_is_a_message_that_its_author_edits_and_deletes(
    story: Story, follower: SearchFollower
):
    ts, message = point_at_message(story, follower)
    story.edit(ASKER, ts, "Who renews certificates?", before=TITLE)
    story.deliver()
    assert "Who renews certificates?" in message.text
    story.delete(ASKER, ts)
    story.deliver()
    assert message.text == "Dan: this was solved before, in an ask that was deleted."
    assert "Who renews" not in json.dumps(message.blocks)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_earlier_ask_is_no_ask_and_then_one_again(
    story: Story, follower: SearchFollower
):
    _, message = point_at_message(story, follower)
    ask_id = str(story.asks()[0].id)
    story.click(ADMIN, "ask_menu", option=f"delete:{ask_id}")
    story.deliver()
    assert TITLE not in message.text
    story.click(ADMIN, "ask_restore", ask_id)
    story.deliver()
    assert TITLE in message.text


# Races and orders


def solved_at(story: Story, number: int) -> str:
    return f"{int(story.clock().timestamp()) + number}.000000"


@pytest.mark.deep
def test_reactions_in_any_order_and_number(story: Story, earlier: str):
    """The last by Slack's time stands, whichever comes last to us."""
    before = facts(story, earlier)
    changes = [(1, True), (2, False), (3, True), (4, False)]
    for order in itertools.permutations(changes):
        story.ask(AGAIN, member=PEER)
        assert submit(story, open_form(story), link=link(earlier)) == {}
        story.deliver()
        [message] = posted(story)
        for number, added in (*order, order[0]):
            story.react(
                PEER,
                message.ts,
                "white_check_mark",
                added=added,
                event_ts=solved_at(story, number),
            )
        assert facts(story, earlier) == before, order


EVENTS = [(1, 0, True), (2, 1, True), (3, 1, False)]


@pytest.mark.deep
@pytest.mark.parametrize("order", list(itertools.permutations(EVENTS)))
def test_two_links_of_which_one_is_taken_back(
    story: Story,
    earlier: str,
    follower: SearchFollower,
    order: tuple[tuple[int, int, bool], ...],
):
    other = story.ask("How do I get a VPN certificate?", member=HELPER)
    answer = story.say(ADMIN, "Ask me.", thread_ts=other.ts)
    story.react(HELPER, answer, "white_check_mark")
    again = story.ask(AGAIN, member=PEER)
    assert again.ts
    for ts in (earlier, answer):
        assert submit(story, open_form(story), link=link(ts)) == {}
        story.deliver()
    messages = posted(story)
    for number, which, added in order:
        story.react(
            PEER,
            messages[which].ts,
            "white_check_mark",
            added=added,
            event_ts=solved_at(story, number),
        )
    assert story.asks()[-1].state == "solved"
    stands = reference(story)
    assert stands is not None
    assert stands.earlier_ask_id == story.asks()[0].id
    # The credit went to the one, and left the other.
    assert story.answer_marks() == {earlier: (True, 1), answer: (True, 0)}


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_reaction_comes_before_the_id_of_the_message(story: Story, earlier: str):
    """Slack shows the message and takes a reaction; its answer to us was slow."""
    view = open_form(story)
    [choice] = choices(view)
    submit(story, view, entry=choice["value"])
    ask = story.asks()[-1]
    assert ask.ts
    ts = f"{1772442000 + story.slack.posted_count}.000100"
    story.react(PEER, ts, "white_check_mark")
    assert story.asks()[-1].state == "open"
    story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
        {
            "ts": ts,
            "bot_id": "B0BACKSWING",
            "user": BOT,
            "reactions": [{"name": "white_check_mark", "users": [PEER], "count": 1}],
        }
    ]
    story.deliver()
    assert posted(story)[-1].ts == ts
    assert story.asks()[-1].state == "solved"
    story.unreact(PEER, ts, "white_check_mark")
    assert story.asks()[-1].state == "open"


@pytest.mark.deep
def test_where_messages_become_asks_it_is_known_from_the_event(
    story: Story, earlier: str
):
    story.set_up_channel(capture="all")
    view = open_form(story)
    [choice] = choices(view)
    submit(story, view, entry=choice["value"])
    ts = f"{1772442000 + story.slack.posted_count}.000100"
    story.react(PEER, ts, "white_check_mark")
    story.deliver()
    assert posted(story)[-1].ts == ts
    assert story.asks()[-1].state == "solved"


@pytest.mark.deep
def test_the_bot_was_away_while_the_asker_reacted(story: Story, earlier: str):
    message = point(story)
    ask = story.asks()[-1]
    assert ask.ts
    story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
        {
            "ts": message.ts,
            "bot_id": "B0BACKSWING",
            "user": BOT,
            "reactions": [{"name": "white_check_mark", "users": [PEER], "count": 1}],
        }
    ]
    joined = {"type": "member_joined_channel", "user": BOT, "channel": HELP_CHANNEL}
    assert story.event(joined) == 200
    story.deliver()
    assert story.asks()[-1].state == "solved"


@pytest.mark.deep
def test_the_reply_is_deleted_and_what_it_did_is_undone(story: Story, earlier: str):
    before = facts(story, earlier)
    message = point(story)
    story.react(PEER, message.ts, "white_check_mark")
    story.delete(BOT, message.ts, thread_ts=story.asks()[-1].ts)
    assert facts(story, earlier) == before
    again = point(story)
    assert again.ts != message.ts
    assert facts(story, earlier) == before
    story.react(PEER, again.ts, "white_check_mark")
    assert story.asks()[-1].state == "solved"


@pytest.mark.deep
def test_thats_it_stands_beside_a_link_in_the_thread(story: Story, earlier: str):
    """The asker pressed the button as well; either is undone by itself."""
    first, ask = story.asks()[0].id, story.asks()[-1]
    message = point(story)
    story.click(PEER, "suggestion_solved", f"{ask.id}:{first}")
    story.react(PEER, message.ts, "white_check_mark")
    by_button = reference(story)
    assert by_button is not None
    assert by_button.found_by is None
    story.unreact(PEER, message.ts, "white_check_mark")
    assert story.asks()[-1].state == "solved"
    story.react(PEER, message.ts, "white_check_mark")
    story.click(PEER, "suggestion_undo", str(ask.id))
    assert story.asks()[-1].state == "solved"
    stands = reference(story)
    assert stands is not None
    assert stands.found_by == CHAMPION
    story.unreact(PEER, message.ts, "white_check_mark")
    assert story.asks()[-1].state == "open"
    assert reference(story) is None


@pytest.mark.deep_on_postgresql
def test_members_point_to_it_at_once(story: Story, earlier: str):
    forms = {member: open_form(story, member) for member in (CHAMPION, HELPER, ADMIN)}

    def send(member: str) -> bool:
        view = forms[member]
        [choice] = choices(view)
        values = form_values(view) | {"entry": choice["value"]}
        return "errors" not in story.submit(member, view, values).body

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(send, [*forms] * 2)) == 2
    story.deliver()
    assert len(posted(story)) == 1


@pytest.mark.deep
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.deep_on_postgresql
def test_reactions_come_all_at_once(story: Story, earlier: str):
    message = point(story)
    events = [
        reaction_event(
            PEER, message.ts, "white_check_mark", solved_at(story, n), added=n % 2 == 1
        )
        for n in range(1, 8)
    ]
    events += [
        reaction_event(f"U{n}", earlier, "heart", solved_at(story, n)) for n in range(8)
    ]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(story.event, events * 2))
    assert set(statuses) == {200}
    assert facts(story, earlier) == ("solved", story.asks()[0].id, (True, 9))


# Later searches


def find(story: Story, words: str, member: str = ADMIN) -> str:
    response = story.command(member, "/find", words)
    return json.dumps(json.loads(response.body)["blocks"])


@pytest.mark.deep
def test_the_words_of_the_same_problem_find_the_earlier_answer(
    story: Story, follower: SearchFollower
):
    answer = solve_an_ask(story)
    story.ask("Tunnel refuses me since midnight", member=PEER)
    follower.follow()
    assert TITLE not in find(story, "tunnel midnight")
    assert submit(story, open_form(story), link=link(answer)) == {}
    story.deliver()
    ts = posted(story)[-1].ts
    story.react(PEER, ts, "white_check_mark")
    follower.follow()
    assert TITLE in find(story, "tunnel midnight")
    story.unreact(PEER, ts, "white_check_mark")
    follower.follow()
    assert TITLE not in find(story, "tunnel midnight")


def test_the_newer_stands_first_and_the_older_says_so(
    story: Story, earlier: str, follower: SearchFollower
):
    message = point(story)
    ask = story.asks()[-1]
    better = story.say(ADMIN, "Use the new portal.", thread_ts=ask.ts)
    story.react(PEER, better, "+1")
    story.react(PEER, message.ts, "white_check_mark")
    follower.follow()
    shown = find(story, "renew VPN certificate", ADMIN)
    assert shown.index(AGAIN) < shown.index(TITLE)
    assert "Newer: " in shown
    story.unreact(PEER, message.ts, "white_check_mark")
    follower.follow()
    assert "Newer: " not in find(story, "renew VPN certificate")


@pytest.mark.deep
def test_a_newer_one_in_private_is_named_to_those_who_are_in(
    story: Story, den: str, follower: SearchFollower
):
    with story.rt.write(story.workspace) as tx:
        earlier, later = story.asks()[0].id, story.asks()[-1].id
        tx.session.add(
            AskReference(
                ask_id=later,
                earlier_ask_id=earlier,
                event_micros=1,
                recorded_at=tx.now,
            )
        )
    follower.follow()
    shown = find(story, "renew VPN certificate", CHAMPION)
    assert "Newer: " in shown
    assert CANARY in shown
    shown = find(story, "renew VPN certificate", ADMIN)
    assert TITLE in shown
    assert "Newer: " not in shown
    assert CANARY not in shown
    assert TITLE not in find(story, CANARY, ADMIN)


# Personal data


@pytest.mark.deep
def test_whoever_pointed_to_it_is_named_no_more(story: Story, earlier: str):
    message = point(story)
    story.react(PEER, message.ts, "white_check_mark")
    story.advance(minutes=2)
    story.command(CHAMPION, "/backswing", "forget me")
    form = story.slack.views[-1][1]
    story.submit(CHAMPION, form, form_values(form))
    story.advance(minutes=2)
    with story.rt.read(story.workspace) as tx:
        [pointer] = tx.session.scalars(select(AskPointer))
        assert pointer.member.startswith("forgotten-")
    [shown] = posted(story)
    assert "Dan" not in json.dumps([shown.text, shown.blocks])
    assert TITLE in shown.text
    story.unreact(PEER, message.ts, "white_check_mark")
    assert story.asks()[-1].state == "open"
