"""The author of an ask without a name acts on it, from their own Home tab."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

import jobs.anonymity
from bot.anonymity import authors, notes
from bot.anonymity.authors import ONLY_THE_ASKER
from bot.asks import hiding
from bot.asks import service as asks
from bot.slack.api import OutcomeUnknown, Rejected
from bot.workspace import channels
from models import (
    AnonymousBlock,
    AnonymousCount,
    AnonymousDraft,
    AnonymousLink,
    AnonymousReply,
    Kudos,
    Member,
    OutboxItem,
    Reaction,
)
from tests.asks import rendered
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.handlers.anonymity.acting import (
    ASK_BUTTONS,
    FORMS,
    Actor,
    text_of,
    values_of,
)
from tests.handlers.anonymity.conftest import QUESTION, Anonymity
from tests.handlers.anonymity.keys import KEYS
from tests.home import opens, visible_home
from tests.rows import all_rows
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, HELP_CHANNEL, HELPER, PEER

OWN = "Your asks without your name"


@pytest.fixture
def author(story: Story) -> Actor:
    return Actor(story)


@pytest.fixture
def message(anonymity: Anonymity) -> PostedMessage:
    message: PostedMessage = anonymity.ask()
    return message


@pytest.fixture
def ask_id(story: Story, message: PostedMessage) -> int:
    return story.only_ask().id


def answered(story: Story, by: str = HELPER) -> int:
    """Answer the ask; return the answer's id."""
    ask = story.only_ask()
    ts = story.say(by, "Tell them today.", thread_ts=ask.ts)
    story.deliver()
    return next(each.id for each in story.answers() if each.ts == ts)


# Home


@pytest.mark.deep
def test_the_home_tab_shows_own_asks_to_their_owner_only(
    anonymity: Anonymity, story: Story, author: Actor
) -> None:
    assert OWN not in opens(story, ASKER)
    anonymity.press_post(anonymity.preview())
    waiting = opens(story, ASKER)
    assert OWN in waiting
    assert "It comes by " in waiting
    anonymity.run()
    answered(story)
    posted = opens(story, ASKER)
    assert "Answered · 1 answer, 1 new · #help" in posted
    assert "It comes by" not in posted
    for other in (HELPER, PEER, ADMIN):
        assert OWN not in opens(story, other)


@pytest.mark.deep
def test_a_draft_that_is_withdrawn_is_never_posted(
    anonymity: Anonymity, story: Story, author: Actor
) -> None:
    anonymity.press_post(anonymity.preview())
    opens(story, ASKER)
    [draft] = values_of(story.slack.homes[ASKER], "withdraw")
    assert ONLY_THE_ASKER in text_of(Actor(story, PEER).press("withdraw", draft))
    assert "It won't be posted" in text_of(author.press("withdraw", draft))
    assert OWN not in visible_home(story, ASKER)
    assert "no longer waits" in text_of(author.press("withdraw", draft))
    anonymity.run()
    assert story.asks() == []


@pytest.mark.deep
def test_a_refused_draft_says_why(
    anonymity: Anonymity, story: Story, author: Actor
) -> None:
    anonymity.press_post(anonymity.preview())
    story.set_up_channel(anonymous_asks="off")
    anonymity.run()
    home = opens(story, ASKER)
    assert "It was not posted: This channel does not take asks" in home
    [draft] = values_of(story.slack.homes[ASKER], "withdraw")
    author.press("withdraw", draft)
    assert OWN not in visible_home(story, ASKER)


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize("is_unsure", [False, True])
def test_an_ask_that_slack_did_not_take_says_so_to_its_author_only(
    anonymity: Anonymity, story: Story, is_unsure: bool
) -> None:
    """No message can go to its author: their Home tab tells them, for a week."""
    anonymity.press_post(anonymity.preview())
    if is_unsure:
        lost = OutcomeUnknown("chat.postMessage", "TimeoutError")
        story.slack.fail["chat.postMessage"] = [lost]
        story.slack.fail["conversations.history"] = [
            Rejected("conversations.history", "missing_scope")
        ]
    else:
        refusal = Rejected("chat.postMessage", "restricted_action")
        story.slack.fail["chat.postMessage"] = [refusal]
    anonymity.run()
    story.advance(hours=2)
    assert story.slack.messages_to(HELP_CHANNEL) == []
    home = opens(story, ASKER)
    words = "I'm not sure that it was posted" if is_unsure else "It was not posted: Sl"
    assert words in home
    assert QUESTION in home
    assert bool(values_of(story.slack.homes[ASKER], "open")) is is_unsure
    for other in (HELPER, PEER, ADMIN, CHAMPION):
        seen = opens(story, other)
        assert OWN not in seen
        assert "posted" not in seen
    story.clock.advance(days=8)
    with story.rt.write(story.workspace) as tx:
        authors.cut_due(tx)
    assert (OWN in opens(story, ASKER)) is is_unsure


@pytest.mark.deep_on_postgresql
def test_a_draft_that_a_champion_reads_says_so(
    anonymity: Anonymity, story: Story
) -> None:
    anonymity.press_post(anonymity.preview())
    with story.rt.write_session.begin() as session:
        session.execute(update(AnonymousDraft).values(state="reviewed"))
    assert "A champion reads it first" in opens(story, ASKER)


# Marks


def test_the_author_says_that_an_answer_solved_it(
    story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    modal = author.press("open", ask_id)
    assert "By Ben" in text_of(modal)
    assert values_of(modal, "mark_solved") == [f"{ask_id}:{answer}:1"]
    modal = author.press("mark_solved", f"{ask_id}:{answer}:1")
    assert "It didn't solve it" in text_of(modal)
    story.advance(minutes=2)
    assert story.only_ask().state == "solved"
    assert story.only_ask().solved_by == "anonymous"
    assert "Solved by " in rendered(story)
    assert any("solved" in text for text in story.slack.texts_to(HELPER))
    # The same press again changes nothing; the other one takes it back.
    author.press("mark_solved", f"{ask_id}:{answer}:1")
    assert story.only_ask().state == "solved"
    author.press("mark_solved", f"{ask_id}:{answer}:0")
    assert story.only_ask().state == "answered"


def test_a_helpful_mark_of_the_author_names_no_one(
    story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    author.press("mark_helpful", f"{ask_id}:{answer}:1")
    story.advance(minutes=2)
    [note] = story.slack.messages_to(HELPER)
    assert "Your answer to someone's ask" in note.text
    assert "helped someone" in note.text
    with story.rt.read_session() as session:
        assert set(session.scalars(select(Reaction.member))) == {"anonymous"}


def test_own_replies_under_the_authors_name_can_not_be_marked(
    story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story, by=ASKER)
    modal = author.press("open", ask_id)
    assert "you, under your name" in text_of(modal)
    assert values_of(modal, "mark_solved") == []
    for meaning in ("solved", "helpful"):
        refused = author.press(f"mark_{meaning}", f"{ask_id}:{answer}:1")
        assert "your own answer" in text_of(refused)
    assert story.only_ask().state == "answered"


def test_an_answer_of_another_ask_can_not_be_marked(
    anonymity: Anonymity, story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    anonymity.ask("How do I tell my team?", member=PEER)
    other = story.asks()[-1].id
    refused = Actor(story, PEER).press("mark_solved", f"{other}:{answer}:1")
    assert "That answer is gone" in text_of(refused)
    assert [ask.state for ask in story.asks()] == ["answered", "open"]


# Under their own name, the author is a member like any other


def test_the_authors_own_check_mark_solves_nothing(story: Story, ask_id: int) -> None:
    answered(story)
    [answer] = story.answers()
    story.react(ASKER, answer.ts, "white_check_mark")
    assert story.only_ask().state == "answered"
    assert story.answers()[0].helpful_count == 1
    story.react(ASKER, story.only_ask().ts or "", "white_check_mark")
    assert story.only_ask().state == "answered"


def test_the_authors_own_offers_and_replies_count_as_anyones(
    story: Story, ask_id: int
) -> None:
    ask = story.only_ask()
    for member in (ASKER, PEER):
        for action in ("ask_looking", "ask_same"):
            story.click(member, action, str(ask_id))
        story.react(member, ask.ts or "", "eyes")
        story.say(member, "I have it, too.", thread_ts=ask.ts)
    story.deliver()
    assert "2 others have this problem" in rendered(story)
    assert "Looking into it: Ana and Chi" in rendered(story)
    assert {answer.author for answer in story.answers()} == {ASKER, PEER}
    [mine, _theirs] = sorted(story.answers(), key=lambda each: each.author == PEER)
    story.react(HELPER, mine.ts, "+1")
    assert [answer.helpful_count for answer in story.answers()] == [1, 0]
    # What is shown to the author and to another member is the same.
    for member in (ASKER, PEER):
        story.click(member, "ask_menu", option=f"options:{ask_id}")
    first, second = (view for _, view in story.slack.views[-2:])
    assert first == second


# Close, reopen, edit, delete


def test_the_author_closes_and_reopens(
    story: Story, author: Actor, ask_id: int
) -> None:
    modal = author.press("close", ask_id)
    assert "Closed" in text_of(modal)
    story.deliver()
    assert "Closed by the asker" in rendered(story)
    # A second press changes nothing.
    assert "Closed" in text_of(author.press("close", ask_id))
    author.press("reopen", ask_id)
    story.deliver()
    assert story.only_ask().state == "open"
    assert "Closed by" not in rendered(story)


@pytest.mark.deep_on_postgresql
def test_the_author_edits_but_names_no_one(
    story: Story, author: Actor, ask_id: int
) -> None:
    form = author.press("edit", ask_id)
    assert QUESTION in text_of(form)
    refused = author.submit(form, title="How do I tell @Ben that we are late?")
    assert "Leave out the names" in text_of(refused)
    new = "How do I tell them <!channel> early?"
    shown = author.submit(form, title=new, details="d" * 3001)
    assert "early?" in text_of(shown)
    story.deliver()
    assert "&lt;!channel&gt;" in story.only_ask().title
    assert "early?" in rendered(story)


def test_a_solved_ask_gets_what_worked(
    story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    modal = author.press("mark_solved", f"{ask_id}:{answer}:1")
    assert values_of(modal, "worked") == [str(ask_id)]
    form = author.press("worked", ask_id)
    assert "Leave out" in text_of(author.submit(form, worked="Ask @chi"))
    assert "Say it early" in text_of(author.submit(form, worked="Say it early"))
    story.deliver()
    assert "What worked: Say it early" in rendered(story)


@pytest.mark.deep
def test_a_deleted_ask_is_gone_with_the_replies_of_its_author(
    anonymity: Anonymity, story: Story, author: Actor, ask_id: int
) -> None:
    author.submit(author.press("reply", ask_id), text="It is about a date.")
    run_replies(story)
    author.submit(author.press("reply", ask_id), text="This one still waits.")
    form = author.press("delete", ask_id)
    assert "The answers stay" in text_of(form)
    assert "is deleted" in text_of(author.submit(form))
    run_replies(story)
    assert story.slack.messages_to(HELP_CHANNEL) == []
    assert "ask is gone" in text_of(author.press("open", ask_id))
    assert "ask is gone" in text_of(author.submit(form))
    assert OWN not in opens(story, ASKER)


def test_an_answer_to_an_ask_that_was_just_deleted_counts_for_nothing(
    story: Story, author: Actor, ask_id: int, message: PostedMessage
) -> None:
    author.submit(author.press("delete", ask_id))
    story.say(HELPER, "Tell them today.", thread_ts=message.ts)
    story.deliver()
    assert story.answers() == []
    assert story.slack.texts_to(HELPER) == story.slack.texts_to(ASKER) == []


def test_an_ask_is_edited_while_it_is_being_posted(
    anonymity: Anonymity, story: Story, author: Actor
) -> None:
    anonymity.press_post(anonymity.preview())
    story.clock.advance(minutes=5)
    jobs.anonymity.post_asks(story.rt, story.worker)
    ask_id = story.only_ask().id
    modal = author.press("open", ask_id)
    # There is no thread yet.
    assert values_of(modal, "reply") == []
    assert "still posting" in text_of(
        author.submit(author.press("reply", ask_id), text="It is a date.")
    )
    author.submit(author.press("edit", ask_id), title="How do I say it early?")
    story.deliver()
    assert "How do I say it early?" in rendered(story)


# Replies


def run_replies(story: Story, **duration: float) -> None:
    story.clock.advance(**(duration or {"minutes": 5}))
    jobs.anonymity.post_replies(story.rt, story.worker)
    story.deliver()


def replies_in_thread(story: Story) -> list[PostedMessage]:
    ask = story.only_ask()
    messages = story.slack.messages_to(HELP_CHANNEL)
    return [message for message in messages if message.thread_ts == ask.ts]


def test_the_author_replies_as_the_asker(
    story: Story, author: Actor, ask_id: int
) -> None:
    form = author.press("reply", ask_id)
    pressed_at = story.clock.now
    modal = author.submit(form, text="It is about a date. <!channel>", view_id="V7")
    assert "It comes by " in text_of(modal)
    # The same form again, as after a lost response.
    author.submit(form, text="It is about a date. <!channel>", view_id="V7")
    with story.rt.read_session() as session:
        due_at = session.scalars(select(AnonymousReply.due_at)).one()
    assert due_at is not None
    assert timedelta() <= due_at - pressed_at <= timedelta(minutes=5)
    assert replies_in_thread(story) == []
    run_replies(story)
    [reply] = replies_in_thread(story)
    assert reply.text == "The asker: It is about a date. &lt;!channel&gt;"
    assert ASKER not in text_of(reply.blocks)
    assert story.answers() == []
    run_replies(story)
    assert len(replies_in_thread(story)) == 1


@pytest.mark.deep_on_postgresql
def test_a_reply_is_edited_and_deleted(
    story: Story, author: Actor, ask_id: int
) -> None:
    modal = author.submit(author.press("reply", ask_id), text="It is a date.")
    [reply] = values_of(modal, "reply_edit")
    form = author.press("reply_edit", reply)
    author.submit(form, text="It is about a date.")
    # Slack takes the reply, but its answer is lost: it is looked up in the thread.
    lost = OutcomeUnknown("chat.postMessage", "TimeoutError")
    story.slack.fail_after["chat.postMessage"] = [lost]
    for _ in range(4):
        run_replies(story)
    [posted] = replies_in_thread(story)
    assert posted.text == "The asker: It is about a date."
    author.submit(form, text="It is about two dates.")
    story.deliver()
    assert posted.text == "The asker: It is about two dates."
    modal = author.press("reply_delete", reply)
    assert "Your replies" not in text_of(modal)
    story.deliver()
    assert replies_in_thread(story) == []
    assert "reply is gone" in text_of(author.press("reply_delete", reply))
    assert "reply is gone" in text_of(author.submit(form, text="Again"))


@pytest.mark.deep_on_postgresql
def test_a_reply_that_is_deleted_before_its_time_is_not_posted(
    story: Story, author: Actor, ask_id: int
) -> None:
    modal = author.submit(author.press("reply", ask_id), text="It is a date.")
    author.press("reply_delete", *values_of(modal, "reply_delete"))
    run_replies(story)
    assert replies_in_thread(story) == []


def test_bad_replies_are_refused_beside_the_field(
    story: Story, author: Actor, ask_id: int
) -> None:
    form = author.press("reply", ask_id)
    for text in ("", "   ", "\u202e\u2060"):
        assert "few words" in text_of(author.submit(form, text=text))
    refused = author.submit(form, text="As @Ben said")
    assert "Leave out the names" in refused["errors"]["text"]
    for text in (f"<@{HELPER}> knows", "😀", "x" * 3001, "y " * 20_000):
        author.submit(form, text=text)
    run_replies(story)
    for reply in replies_in_thread(story):
        assert len(reply.text) < 3100
        assert f"<@{HELPER}>" not in reply.text


def test_a_stopped_author_writes_nothing_more(
    story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    author.press("mark_solved", f"{ask_id}:{answer}:1")
    forms = [author.press(name, ask_id) for name in ("reply", "edit", "worked")]
    with story.rt.write(story.workspace) as tx:
        tx.session.add(
            AnonymousBlock(
                installation_id=story.workspace.id,
                blind_index=KEYS.index("blocks", story.workspace.team_id, ASKER),
                channel_id=None,
                until=tx.now + timedelta(days=30),
                reason="It insults people.",
            )
        )
    before = all_rows(story, but=())
    for form in forms:
        assert "It insults people" in text_of(author.submit(form, **VALUES))
    assert all_rows(story, but=()) == before


def test_a_cut_link_leaves_no_index_of_replies(
    story: Story, author: Actor, ask_id: int
) -> None:
    author.submit(author.press("reply", ask_id), text="It is about a date.")
    run_replies(story)
    for days, is_kept in ((1, True), (91, False)):
        story.clock.advance(days=days)
        with story.rt.write(story.workspace) as tx:
            tx.features.purge(tx, tx.now)
        with story.rt.read_session() as session:
            [index] = session.scalars(select(AnonymousReply.source_index))
        assert (len(index) == 64) is is_kept
    assert len(replies_in_thread(story)) == 1


@pytest.mark.parametrize("is_revealed", [False, True])
def test_a_cut_link_leaves_no_index_of_the_form(
    story: Story, author: Actor, ask_id: int, is_revealed: bool
) -> None:
    named = story.ask("How do I ask with my name?", member=PEER)
    before = [ask.source for ask in story.asks()]
    assert len(before[0]) > 64
    if is_revealed:
        author.submit(author.submit(author.press("reveal", ask_id)))
    for days, is_kept in ((1, not is_revealed), (91, False)):
        story.clock.advance(days=days)
        with story.rt.write(story.workspace) as tx:
            tx.features.purge(tx, tx.now)
        by_id = {ask.id: ask.source for ask in story.asks()}
        assert (by_id[ask_id] == before[0]) is is_kept
    assert by_id == {ask_id: f"anonymous:cut {ask_id}", ask_id + 1: before[1]}
    assert named.ts in {ask.ts for ask in story.asks()}


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_hidden_ask_hides_the_replies_of_its_author(
    story: Story, author: Actor, ask_id: int
) -> None:
    author.submit(author.press("reply", ask_id), text="It is about a date.")
    run_replies(story)
    [reply] = replies_in_thread(story)
    author.submit(author.press("reply", ask_id), text="It is about two dates.")
    with story.rt.write(story.workspace) as tx:
        hiding.hide(tx, asks.get(tx, ask_id))
    run_replies(story)
    assert reply.text == "This reply is hidden, like the ask."
    assert len(replies_in_thread(story)) == 1
    assert "Hidden: people reported it" in opens(story, ASKER)
    with story.rt.write(story.workspace) as tx:
        hiding.show(tx, asks.get(tx, ask_id, include_deleted=True))
    run_replies(story, hours=2)
    assert [each.text for each in replies_in_thread(story)] == [
        "The asker: It is about a date.",
        "The asker: It is about two dates.",
    ]


@pytest.mark.deep
def test_only_so_many_replies(story: Story, author: Actor, ask_id: int) -> None:
    form = author.press("reply", ask_id)
    for number in range(30):
        author.submit(form, text=f"Number {number}")
    assert "30 replies" in text_of(author.submit(form, text="One more"))


def test_the_shortcut_opens_the_form_for_the_author_only(
    story: Story, author: Actor, ask_id: int, message: PostedMessage
) -> None:
    answered(story)
    [answer] = story.answers()
    for ts, thread_ts in ((message.ts, None), (answer.ts, message.ts)):
        form = author.shortcut(ts, HELPER, thread_ts)
        assert form["callback_id"] == "asker_reply"
        for other in (HELPER, PEER, ADMIN):
            assert Actor(story, other).shortcut(ts, HELPER, thread_ts) == (
                ONLY_THE_ASKER
            )
    author.submit(form, text="Thank you.")
    run_replies(story)
    assert [m.text for m in replies_in_thread(story)] == ["The asker: Thank you."]


def test_the_shortcut_works_on_asks_without_a_name_only(
    anonymity: Anonymity, story: Story, author: Actor
) -> None:
    named = story.ask("How do I mend the build?")
    loose = story.say(PEER, "Good morning")
    for actor in (author, Actor(story, PEER)):
        for ts in (named.ts, loose):
            assert actor.shortcut(ts, PEER) == (
                "This works on asks without a name only."
            )


# Thanks


@pytest.mark.deep_on_postgresql
def test_the_author_thanks_once_without_a_name(
    story: Story, author: Actor, ask_id: int
) -> None:
    assert values_of(author.press("open", ask_id), "thank") == []
    answered(story)
    answered(story, by=ASKER)
    modal = author.press("open", ask_id)
    assert values_of(modal, "thank") == [str(ask_id)]
    form = author.press("thank", ask_id)
    assert ASKER not in text_of(form)
    why = "You told me to say it today, and it was fine"
    forged = author.submit(form, people=[PEER], reason=why)
    assert "people who answered" in text_of(forged)
    assert "Say what for" in text_of(author.submit(form, people=[HELPER], reason="ok"))
    named = author.submit(form, people=[HELPER], reason=f"{why} @Chi")
    assert "Leave out the names" in text_of(named)
    for _ in range(2):
        author.submit(form, people=[HELPER], reason=why)
    story.deliver()
    thanks = [text for text in story.slack.texts_to(HELPER) if why in text]
    assert len(thanks) == 1
    assert thanks[0].startswith("Someone you helped thanks you privately:")
    assert values_of(author.press("open", ask_id), "thank") == []
    with story.rt.read_session() as session:
        [kudos] = session.scalars(select(Kudos))
        assert (kudos.giver, kudos.is_private) == ("anonymous", True)


# It was me


@pytest.mark.deep_on_postgresql
def test_it_was_me_shows_the_name_for_good(
    story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    own = answered(story, by=ASKER)
    author.press("mark_solved", f"{ask_id}:{answer}:1")
    first = author.press("reveal", ask_id)
    assert "You can't undo this" in text_of(first)
    second = author.submit(first)
    assert story.only_ask().asker == "anonymous"
    assert "Are you sure?" in text_of(second)
    assert "Your name is on the ask now" in text_of(author.submit(second))
    story.deliver()
    ask = story.only_ask()
    assert (ask.asker, ask.state, ask.solved_by) == (ASKER, "solved", ASKER)
    assert "Asked by Ana" in rendered(story)
    with story.rt.read_session() as session:
        assert session.scalars(select(AnonymousLink)).all() == []
        assert "anonymous" not in set(session.scalars(select(Reaction.member)))
    # A member's own reply is no answer to their ask.
    assert {each.id for each in story.answers() if each.is_deleted} == {own}
    # Nothing is left to act on without a name; the ask is like any other of theirs.
    assert ONLY_THE_ASKER in text_of(author.submit(second))
    assert ONLY_THE_ASKER in text_of(author.press("open", ask_id))
    story.click(ASKER, "option_reopen", str(ask_id))
    assert story.only_ask().state == "answered"


@pytest.mark.deep_on_postgresql
def test_an_ask_with_a_name_leads_to_no_other_one(
    anonymity: Anonymity, story: Story, author: Actor, ask_id: int
) -> None:
    """A row with the number of that day would be its author's, and so all like it."""
    anonymity.ask("How do I say no?")
    story.clock.advance(days=1)
    anonymity.ask("How do I say yes?")
    first = author.press("reveal", ask_id)
    author.submit(author.submit(first))
    other = next(ask.id for ask in story.asks() if "no" in ask.title)
    with story.rt.read_session() as session:
        numbers = session.scalars(select(AnonymousCount.number)).all()
    assert numbers == [1, 1]
    author.submit(author.submit(author.press("reveal", other)))
    with story.rt.read_session() as session:
        [left] = session.scalars(select(AnonymousCount))
    assert left.day == story.clock.now.date()


# People are asked


def test_people_are_asked_now(story: Story, author: Actor, ask_id: int) -> None:
    story.set_up_channel(routes_asks="on")
    modal = author.press("open", ask_id)
    assert values_of(modal, "ask_people") == [str(ask_id)]
    modal = author.press("ask_people", ask_id)
    assert values_of(modal, "ask_people") == []
    # A second press asks no one more.
    author.press("ask_people", ask_id)


# Whoever else tries


def acts(ask_id: int, answer_id: int) -> dict[str, object]:
    """Return all buttons of the Home tab and the modal, with their values."""
    return dict.fromkeys(ASK_BUTTONS, ask_id) | {
        "mark_solved": f"{ask_id}:{answer_id}:1",
        "mark_helpful": f"{ask_id}:{answer_id}:1",
        "reply_edit": f"{ask_id}:1",
        "reply_delete": f"{ask_id}:1",
    }


def forms_of(author: Actor, ask_id: int) -> list[dict[str, Any]]:
    forms = [author.press(name, ask_id) for name in FORMS[:-1]]
    return [*forms, author.submit(forms[-1])]


VALUES = {
    "title": "Something else entirely?",
    "details": "",
    "text": "Some words",
    "worked": "This",
    "people": [HELPER],
    "reason": "Because it helped us all very much",
}


@pytest.mark.deep
def test_no_one_else_can_act_and_all_read_the_same(
    story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    opens(story, PEER)
    opens(story, ADMIN)
    forms = forms_of(author, ask_id)
    before = all_rows(story, but=())
    answers = set()
    for member in (PEER, HELPER, ADMIN):
        other = Actor(story, member)
        answers |= {
            text_of(other.press(name, value))
            for name, value in acts(ask_id, answer).items()
        }
        for form in forms:
            shown = text_of(other.submit(form, **VALUES))
            assert ONLY_THE_ASKER in shown
    [only] = answers
    assert ONLY_THE_ASKER in only
    assert all_rows(story, but=()) == before


@pytest.mark.parametrize("loss", ["cut", "key", "workspace", "left"])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_without_the_link_its_author_is_anyone(
    story: Story, author: Actor, ask_id: int, loss: str
) -> None:
    answer = answered(story)
    forms = forms_of(author, ask_id)
    ask_value: object = ask_id
    if loss == "cut":
        story.clock.advance(days=91)
        with story.rt.write(story.workspace) as tx:
            authors.cut_due(tx)
    elif loss == "key":
        with story.rt.write_session.begin() as session:
            session.execute(update(AnonymousLink).values(blind_index="0" * 64))
    elif loss == "left":
        leave = {"type": "member_left_channel", "user": ASKER, "channel": HELP_CHANNEL}
        assert story.event(leave) == 200
    else:
        ask_value, forms = 10**9, []
    before = all_rows(story, but=())
    for name, value in acts(ask_id, answer).items():
        forged = str(value).replace(str(ask_id), str(ask_value), 1)
        shown = text_of(author.press(name, forged))
        assert ONLY_THE_ASKER in shown or "ask is gone" in shown
    for form in forms:
        assert ONLY_THE_ASKER in text_of(author.submit(form, **VALUES))
    assert all_rows(story, but=()) == before
    if loss != "workspace":
        assert OWN not in opens(story, ASKER)


@pytest.mark.parametrize("value", ["", "0", "-1", "x", "9" * 30, "1:2", "1:2:3:4"])
def test_forged_values_change_nothing(
    story: Story, author: Actor, ask_id: int, value: str
) -> None:
    before = all_rows(story, but=())
    for name in (*acts(ask_id, 1), "withdraw"):
        shown = text_of(author.press(name, value))
        assert "gone" in shown or "no longer waits" in shown or ONLY_THE_ASKER in shown
    assert all_rows(story, but=()) == before


# What is stored


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_no_act_stores_who_acted(
    anonymity: Anonymity, story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    opens(story, ASKER)
    story.deliver()

    def rows_with_author() -> dict[str, list[str]]:
        tables = all_rows(story, but=())
        return {
            name: [row for row in rows if ASKER in row] for name, rows in tables.items()
        }

    before = rows_with_author()
    with story.rt.read_session() as session:
        items = session.scalar(select(func.count(OutboxItem.id)))
    author.press("open", ask_id)
    author.press("mark_helpful", f"{ask_id}:{answer}:1")
    author.press("mark_solved", f"{ask_id}:{answer}:1")
    author.submit(author.press("worked", ask_id), worked="Say it early")
    author.submit(author.press("reply", ask_id), text="Thank you all.")
    author.submit(author.press("edit", ask_id), title="How do I say it early?")
    thanks = {"people": [HELPER], "reason": "You told me to say it early, thank you"}
    author.submit(author.press("thank", ask_id), **thanks)
    author.press("reopen", ask_id)
    author.press("close", ask_id)
    run_replies(story)
    author.submit(author.press("delete", ask_id))
    story.advance(minutes=5)
    assert rows_with_author() == before
    assert story.slack.texts_to(ASKER) == []
    with story.rt.read_session() as session:
        assert (session.scalar(select(func.count(OutboxItem.id))) or 0) > (items or 0)
        fetched = session.scalars(
            select(Member.fetched_at).filter_by(slack_id=ASKER)
        ).one()
    assert fetched is not None
    assert fetched < story.clock.now - timedelta(minutes=10)


# A private channel


@pytest.mark.deep
def test_in_a_private_channel_slack_is_asked_nothing(
    story: Story, author: Actor, ask_id: int
) -> None:
    answer = answered(story)
    channel = story.slack.channels[HELP_CHANNEL]
    story.slack.channels[HELP_CHANNEL] = {**channel, "is_private": True}
    with story.rt.write(story.workspace) as tx:
        row = channels.find(tx, HELP_CHANNEL)
        assert row is not None
        row.is_private = True
    before, calls = all_rows(story, but=()), len(story.slack.calls)
    for name, value in acts(ask_id, answer).items():
        assert notes.OPEN_HOME in text_of(author.press(name, value))
        assert ONLY_THE_ASKER in text_of(Actor(story, PEER).press(name, value))
    assert all_rows(story, but=()) == before
    assert {"users.conversations", "users.info"}.isdisjoint(story.slack.calls[calls:])
    # The Home tab of everyone asks Slack for their channels.
    opens(story, ASKER)
    assert OWN in opens(story, ASKER)
    assert "Your ask" in text_of(author.press("open", ask_id))
