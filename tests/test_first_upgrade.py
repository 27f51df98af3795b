"""A database of version 0.1 in which messages wait, upgraded under a running Slack."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from bot.db import schema
from bot.db.engine import Database
from bot.features import FEATURES
from bot.outbox.enqueue import Cause, dedup_key
from bot.outbox.kind import NAMES_IN_TOKENS, MessageKind
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.outbox.worker import OutboxWorker
from bot.runtime import Workspace
from bot.slack.actions import (
    PostEphemeral,
    PostIfNotMember,
    PostMessage,
    PublishHome,
    Reschedule,
    SetReaction,
    SlackAction,
    UpdateMessage,
    UploadFile,
)
from bot.slack.fetches import FetchMemberships, FetchReplies
from bot.workspace import sync
from models import OutboxItem
from tests import mentors
from tests.checkins import visible_text
from tests.conftest import NOW
from tests.factories import Story
from tests.fakes import FakeSlack
from tests.old_tables import all_rows, row_adder
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    NAMES,
    PEER,
)

SCRIPTS = ScriptDirectory.from_config(schema._config())
# The last revision of 0.1, and the one after it, which renames.
OF_0_1, RENAMES = "1f6d80c2b7ae", "c0a51d9e7b34"
KINDS: dict[str, str] = SCRIPTS.get_revision(RENAMES).module.KINDS
# The kinds of 0.1 that kept their names.
KEPT_KINDS = {
    *("answer.helped", "answer.solved", "ask.answered", "ask.captured", "ask.closed"),
    *("ask.deleted", "ask.not_posted", "ask.post", "ask.solved"),
    *("checkin.invite", "checkin.not_posted", "checkin.paused", "checkin.post"),
    *("checkin.skipped", "kudos.not_posted", "kudos.post", "kudos.received"),
    *("mentor.not_posted", "mentor.post"),
}
NEW_CHANNEL = "C0NEW"


def downgrade(connection: Connection) -> None:
    command.downgrade(schema._config(connection), OF_0_1)


def upgrade(connection: Connection) -> None:
    command.upgrade(schema._config(connection), "head")


@dataclass
class Waiting:
    """A message that waits in 0.1, and the one action in Slack that it comes to."""

    kind: str
    subject: int
    to: str
    action: type[SlackAction]
    # The place of the effect in Slack: a channel, a person, or the `ts` of a message.
    place: str
    words: str
    occasion: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return ":".join(
            filter(None, (self.kind, str(self.subject), self.to, self.occasion))
        )


class Past:
    """What a workspace had in 0.1, by the names that things had then."""

    def __init__(
        self, connection: Connection, workspace: Workspace, slack: FakeSlack
    ) -> None:
        self._put, self._slack = row_adder(connection), slack
        self._workspace = workspace
        self.help = self.channel(HELP_CHANNEL, "help")
        self.people = {
            slack_id: self.add(
                "members",
                slack_id=slack_id,
                name=name,
                tz="Europe/Helsinki",
                is_guest=slack_id == GUEST,
                is_admin=slack_id == ADMIN,
                looked_up_at=NOW,
            )
            for slack_id, name in NAMES.items()
        }

    def add(self, table: str, /, **values: Any) -> int:
        """Add a row of the workspace, and return its id."""
        return self.put(table, installation_id=self._workspace.id, **values)

    def put(self, table: str, /, **values: Any) -> int:
        return self._put(table, **values) or 0

    def post(self, to: str = HELP_CHANNEL) -> str:
        """Return the `ts` of a message that the bot posted in its time."""
        _, ts = self._slack.post(to, "as it was", [], metadata_token=uuid4().hex)
        return ts

    def sent(self, kind: str, subject: int, to: str) -> tuple[int, str]:
        """Return the id and the `ts` of a direct message that was sent."""
        ts = self.post(to)
        item = self.add(
            "outbox",
            kind=kind,
            key=f"{kind}:{subject}:{to}",
            subject_id=subject,
            recipient=to,
            operation=uuid4().hex,
            detail={"left": 2, "dropped": []} if kind == "kudos.given" else {},
            state="sent",
            slack_channel=f"D{to[1:]}",
            ts=ts,
            first_sent_at=NOW,
            finished_at=NOW,
        )
        return item, ts

    def wait(self, waiting: Waiting) -> int:
        return self.add(
            "outbox",
            kind=waiting.kind,
            key=waiting.key,
            subject_id=waiting.subject,
            recipient=waiting.to,
            operation=uuid4().hex,
            detail=waiting.detail,
            state="pending",
            version=1,
        )

    def channel(self, slack_id: str, name: str) -> int:
        return self.add(
            "channels",
            slack_id=slack_id,
            name=name,
            is_joined=True,
            guests_may_ask=True,
            looked_up_at=NOW,
            capture="off",
            captured_sign="reaction",
        )

    def ask(self, title: str, **values: Any) -> int:
        return self.add(
            "asks",
            channel_id=self.help,
            source=title,
            asker=ASKER,
            title=title,
            asked_at=NOW,
            **{"state": "open", **values},
        )

    def answer(self, ask: int, ts: str, **values: Any) -> int:
        return self.put(
            "answers",
            ask_id=ask,
            channel_id=self.help,
            ts=ts,
            author=HELPER,
            answered_at=NOW,
            **values,
        )

    def reaction(self, ask: int, ts: str, member: str, emoji: str, means: str) -> None:
        self.put(
            "reactions",
            channel_id=self.help,
            message_ts=ts,
            member=member,
            emoji=emoji,
            is_present=True,
            at_us=1,
            meaning=means,
            ask_id=ask,
        )

    def schedule(self, question: str, **values: Any) -> int:
        return self.add(
            "checkin_schedules",
            channel_id=self.help,
            source=question,
            owner=ADMIN,
            question=question,
            every="week",
            weekdays=["1"],
            zone="Europe/Berlin",
            open_days=4,
            **{"state": "on", **values},
        )

    def round(self, schedule: int, day: int, **values: Any) -> int:
        return self.put(
            "checkin_rounds",
            schedule_id=schedule,
            channel_id=self.help,
            local_date=date(2026, 3, day),
            due_at=NOW - timedelta(hours=1),
            post_before=NOW + timedelta(hours=5),
            closes_at=NOW + timedelta(days=4),
            question="What are you working on?",
            **{"state": "open", **values},
        )

    def kudos(self, reason: str, *recipients: str, **values: Any) -> int:
        return self.add(
            "kudos",
            source=reason,
            channel_id=self.help,
            giver=ASKER,
            receivers=list(recipients),
            reason=reason,
            given_at=NOW,
            **values,
        )

    def credit(self, member: str, consent: str, **values: Any) -> int:
        return self.add(
            "credits",
            member=member,
            channel_id=self.help,
            window_days=28,
            consent=consent,
            **values,
        )


def asks(past: Past) -> list[Waiting]:
    names = ("open", "read", "answered", "solved", "closed")
    ts = {name: past.post() for name in names}
    open_ask = past.ask("Open?", ts=ts["open"])
    told, told_ts = past.sent("ask.answered", open_ask, ASKER)
    answered = past.ask("Answered?", ts=ts["answered"], state="answered")
    helpful = past.answer(answered, "1772442001.1", helped=1)
    past.reaction(answered, "1772442001.1", PEER, "+1", "helpful")
    solved = past.ask(
        "Solved?", ts=ts["solved"], state="solved", solved_by=ASKER, solved_at=NOW
    )
    solution = past.answer(solved, "1772442001.2", is_solution=True, helped=1)
    past.reaction(solved, "1772442001.2", ASKER, "white_check_mark", "solved")
    past.reaction(solved, ts["solved"], PEER, "raising_hand", "same")
    closed = past.ask(
        "Closed?",
        ts=ts["closed"],
        state="closed",
        closed_us=5,
        closed_by=CHAMPION,
        close_reason="asked before",
    )
    deleted = past.ask("Deleted?", state="deleted", deleted_at=NOW)
    own = past.ask(
        "Mine?", ts="1772442002.1", is_own_message=True, state="solved", solved_by=ASKER
    )
    new, read = past.ask("New?"), past.ask("Read?", ts=ts["read"])
    by, error = {"by": CHAMPION}, {"error": "is_archived"}
    post, edit = PostMessage, UpdateMessage
    here = HELP_CHANNEL
    return [
        Waiting("ask.post", new, here, post, here, "New?"),
        Waiting("ask.show", open_ask, here, edit, ts["open"], "Open?"),
        Waiting("ask.sign", own, here, SetReaction, "1772442002.1", "white_check_mark"),
        Waiting("thread.read", read, here, FetchReplies, ts["read"], ""),
        Waiting("ask.made", open_ask, ASKER, post, ASKER, "Dan made", detail=by),
        Waiting("ask.captured", open_ask, ASKER, post, ASKER, "listed your question"),
        Waiting("ask.answered", answered, ASKER, post, ASKER, "Ben answered your ask"),
        Waiting("ask.offer", answered, here, PostEphemeral, here, "Did Ben's answer"),
        Waiting("answer.helped", helpful, HELPER, post, HELPER, "helped Chi"),
        Waiting("ask.solved", solved, ASKER, post, ASKER, "Solved by Ben"),
        Waiting("ask.same", solved, PEER, post, PEER, "you were stuck on too"),
        Waiting("answer.solved", solution, HELPER, post, HELPER, "solved Ana's ask"),
        Waiting("ask.closed", closed, ASKER, post, ASKER, "Dan closed", occasion="5"),
        Waiting("ask.deleted", deleted, ASKER, post, ASKER, "Dan deleted", detail=by),
        Waiting("ask.not_posted", new, ASKER, post, ASKER, "archived", detail=error),
        Waiting("ask.retell", told, ASKER, edit, told_ts, "is open again"),
    ]


def checkins(past: Past) -> list[Waiting]:
    schedule = past.schedule("What are you working on?", nudge_after=24)
    paused = past.schedule("Paused?", state="paused", paused_because="is_archived")
    ts = {name: past.post() for name in ("open", "closed", "lexer")}
    new = past.round(schedule, 1)
    running = past.round(schedule, 2, ts=ts["open"])
    over = past.round(schedule, 3, ts=ts["closed"], state="closed")
    for member, stopped_at in ((ASKER, None), (ADMIN, NOW)):
        past.put(
            "checkin_seats",
            schedule_id=schedule,
            member=member,
            is_in=True,
            nudges_stopped_at=stopped_at,
        )
    asked = past.ask("How do I lex?", ts=past.post())
    past.put("checkins", round_id=running, member=ASKER, state="waiting")
    past.put("checkins", round_id=over, member=ASKER, state="silent")
    parser, lexer, docs = (
        past.put("checkins", round_id=running, member=member, state="shared", **answers)
        for member, answers in (
            (HELPER, {"working_on": "The parser", "stuck_on": "Mercury"}),
            (PEER, {"working_on": "The lexer", "ts": ts["lexer"], "ask_id": asked}),
            (CHAMPION, {"working_on": "The docs"}),
        )
    )
    _, offered_ts = past.sent("checkin.stuck", lexer, PEER)
    thread, error = {"thread_ts": ts["open"]}, {"error": "is_archived"}
    gone = {"first": "2026-02-16", "last": "2026-02-23", "count": 2, "reason": "down"}
    post, edit = PostMessage, UpdateMessage
    here = HELP_CHANNEL
    return [
        Waiting("checkin.post", new, here, post, here, "What are you working on?"),
        Waiting("checkin.show", over, here, edit, ts["closed"], "Nobody shared"),
        Waiting("checkin.read", running, here, FetchReplies, ts["open"], ""),
        Waiting("checkin.answer", parser, here, post, here, "parser", detail=thread),
        Waiting("checkin.reword", lexer, here, edit, ts["lexer"], "The lexer"),
        Waiting("checkin.stuck", parser, HELPER, post, HELPER, "Mercury"),
        Waiting("checkin.asked", lexer, PEER, edit, offered_ts, "How do I lex?"),
        Waiting(
            *("checkin.not_posted", docs, CHAMPION, post, CHAMPION, "The docs"),
            detail=error,
        ),
        Waiting(
            *("checkin.invite", schedule, CHAMPION, post, CHAMPION, "#help"),
            detail={"round": running},
        ),
        Waiting("checkin.nudge", running, ASKER, post, ASKER, "What are you"),
        Waiting(
            *("checkin.stopped", schedule, ADMIN, post, ADMIN, "What are you"),
            occasion=str(over),
        ),
        Waiting("checkin.paused", paused, ADMIN, post, ADMIN, "Paused?"),
        Waiting(
            *("checkin.skipped", schedule, ADMIN, post, ADMIN, "16 February"),
            occasion="2026-02-23",
            detail=gone,
        ),
    ]


def kudos(past: Past) -> list[Waiting]:
    ts = past.post()
    new = past.kudos("for the new parser", CHAMPION)
    given = past.kudos("for the lexer", HELPER, ts=ts)
    back = past.kudos("for nothing", HELPER, taken_back_at=NOW, taken_back_by=ASKER)
    _, receipt_ts = past.sent("kudos.given", given, ASKER)
    item, told_ts = past.sent("kudos.received", back, HELPER)
    receipt = {"left": 3, "dropped": []}
    why = {"member": PEER, "why": ["It was too late."]}
    error = {"error": "is_archived"}
    post, edit, whisper = PostMessage, UpdateMessage, PostEphemeral
    here = HELP_CHANNEL
    return [
        Waiting("kudos.post", new, here, post, here, "for the new parser"),
        Waiting("kudos.show", given, here, edit, ts, "for the lexer"),
        Waiting("kudos.received", given, HELPER, PostIfNotMember, HELPER, "the lexer"),
        Waiting("kudos.given", given, here, whisper, here, "3", detail=receipt),
        Waiting("kudos.retell", back, HELPER, edit, told_ts, "Ana took these kudos"),
        Waiting("kudos.settled", given, ASKER, edit, receipt_ts, "Ben"),
        Waiting(
            *("kudos.spent", past.help, here, whisper, here, "It was too late."),
            occasion=f"{PEER}:2026-03-02",
            detail=why,
        ),
        Waiting("kudos.not_posted", back, ASKER, post, ASKER, "nothing", detail=error),
        Waiting(
            *("privacy.reword", item, HELPER, edit, told_ts, "I removed this message"),
            occasion="gone",
        ),
    ]


def credits(past: Past) -> list[Waiting]:  # noqa: A001 - the table has this name.
    ask = past.ask("Credited?", ts=past.post(), state="solved", solved_by=ASKER)
    answer = past.answer(ask, "1772442003.1", is_solution=True, helped=1)
    ts, offer_ts = past.post(), past.post(PEER)
    offered = past.credit(HELPER, "asked")
    decided = past.credit(
        PEER, "private", told_at=NOW, told_channel=f"D{PEER[1:]}", told_ts=offer_ts
    )
    agreed = past.credit(CHAMPION, "public")
    shown = past.credit(ADMIN, "public", post_ts=ts)
    for credit in (offered, decided, agreed, shown):
        past.put(
            "evidence",
            credit_id=credit,
            ask_id=ask,
            answer_id=answer,
            asker=ASKER,
            is_solution=True,
            helped=[ASKER],
            marked_by=[ASKER],
        )
    past.add("ring_notes", member=HELPER, marks=9, marks_from_ring=8, ring=[PEER])
    ring, error = {"period": "2026-03-01"}, {"error": "is_archived"}
    post, edit = PostMessage, UpdateMessage
    here, ben = HELP_CHANNEL, past.people[HELPER]
    return [
        Waiting("mentor.told", offered, HELPER, post, HELPER, "May I thank you"),
        Waiting("mentor.choice", decided, PEER, edit, offer_ts, "Credited?"),
        Waiting("mentor.post", agreed, here, post, here, "Dan", occasion="0"),
        Waiting("mentor.show", shown, here, edit, ts, "Eva"),
        Waiting("mentor.helped", shown, ASKER, post, ASKER, "Eva"),
        Waiting(
            *("mentor.not_posted", offered, HELPER, post, HELPER, "my thanks"),
            occasion="1",
            detail=error,
        ),
        Waiting(
            *("mentor.ring", ben, ADMIN, post, ADMIN, "Ben"),
            occasion="2026-03-01",
            detail=ring,
        ),
    ]


def everything_else(past: Past) -> list[Waiting]:
    new = past.channel(NEW_CHANNEL, "new")
    past.put("introductions", channel_id=new, inviter=ADMIN)
    past.put(
        "introductions",
        channel_id=past.help,
        inviter=CHAMPION,
        posted_by=ADMIN,
        posted_at=NOW,
    )
    _, preview_ts = past.sent("newcomer.preview", past.help, CHAMPION)
    for member in (GUEST, PEER):
        past.add("homes", member=member, starts={})
    joined = {"joined": {str(past.help): 1}}
    help_, error = {"reply": "help", "ts": "1.1"}, {"error": "is_archived"}
    post, edit = PostMessage, UpdateMessage
    here = HELP_CHANNEL
    return [
        Waiting("newcomer.preview", new, ADMIN, post, ADMIN, "inviting me"),
        Waiting("newcomer.previewed", past.help, CHAMPION, edit, preview_ts, "already"),
        Waiting(
            *("newcomer.introduction", past.help, here, post, here, "/ask"),
            occasion="1",
        ),
        Waiting(
            *("newcomer.not_posted", past.help, ADMIN, post, ADMIN, "introduce"),
            occasion="1",
            detail=error,
        ),
        Waiting("newcomer.greeting", 0, GUEST, post, GUEST, "Welcome", detail=joined),
        Waiting("home.show", 0, GUEST, PublishHome, GUEST, "forget me"),
        Waiting("home.places", 0, PEER, FetchMemberships, PEER, ""),
        Waiting("home.help", 0, PEER, post, PEER, "/ask", occasion="1", detail=help_),
        Waiting("privacy.my_data", 0, PEER, UploadFile, PEER, PEER, occasion="r"),
    ]


SEEDS: list[Callable[[Past], list[Waiting]]] = [
    *(asks, checkins, kudos, credits, everything_else)
]


class RecordingWorker(OutboxWorker):
    """Remembers what each message was rendered to, each time."""

    def __init__(self, story: Story) -> None:
        super().__init__(
            story.rt, FEATURES.message_types, fetch_new_users=sync.fetch_new_users
        )
        self.actions: dict[int, list[SlackAction | None]] = defaultdict(list)

    def _render(
        self,
        delivery: Delivery,
        message_type: MessageType,
        workspace: Workspace,
        *,
        is_first: bool,
    ) -> SlackAction | Reschedule | None:
        action = super()._render(delivery, message_type, workspace, is_first=is_first)
        assert not isinstance(action, Reschedule), delivery.kind
        self.actions[delivery.id].append(action)
        return action


def place_of(action: SlackAction) -> str:
    match action:
        case PostMessage() | PostEphemeral():
            return action.channel
        case PostIfNotMember():
            return action.post.channel
        case UpdateMessage() | SetReaction() | FetchReplies():
            return action.ts
        case UploadFile() | PublishHome() | FetchMemberships():
            return action.member
    raise AssertionError(action)


def words_of(action: SlackAction) -> str:
    match action:
        case PostIfNotMember():
            return words_of(action.post)
        case PostMessage() | PostEphemeral() | UpdateMessage():
            blocks = [block.to_dict() for block in action.blocks]
            return visible_text({"blocks": blocks})
        case SetReaction():
            return str(action.emoji)
        case UploadFile():
            return action.content.decode()
        case PublishHome():
            return visible_text(action.view.to_dict())
    return ""


def restorable_rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return all rows, without the times that the upgrade deletes for privacy."""
    rows = all_rows(connection)
    for home in rows["homes"]:
        del home["opened_at"]
    return rows


@pytest.mark.deep
@pytest.mark.on_postgresql
@pytest.mark.timeout(300)
def test_every_kind_that_waits_is_sent_once_after_the_upgrade(
    story: Story, database: Database
) -> None:
    with database.engine.begin() as connection:
        downgrade(connection)
        past = Past(connection, story.workspace, story.slack)
        waiting = {past.wait(each): each for seed in SEEDS for each in seed(past)}
        before = restorable_rows(connection)
        upgrade(connection)
        downgrade(connection)
        assert restorable_rows(connection) == before
        upgrade(connection)
    kinds = {each.kind for each in waiting.values()}
    assert kinds == KINDS.keys() | KEPT_KINDS
    story.worker = worker = RecordingWorker(story)
    story.deliver()
    # Their follow-ups come later and change none of them.
    story.advance(minutes=30)
    for item, each in waiting.items():
        [action] = worker.actions[item]
        assert isinstance(action, each.action), each.kind
        assert place_of(action) == each.place, each.kind
        assert each.words in words_of(action), each.kind
    tokens = [message.metadata_token for message in story.slack.messages]
    assert len(tokens) == len(set(tokens))
    with story.rt.read_session() as session:
        rows = session.scalars(select(OutboxItem).where(OutboxItem.id.in_(waiting)))
        states = {row.id: (row.state, row.attempts) for row in rows}
    # Nothing is kept of a message that was redacted.
    redactions = {n for n, each in waiting.items() if each.kind == "privacy.reword"}
    assert states == dict.fromkeys(waiting.keys() - redactions, ("sent", 1))


@pytest.mark.deep
@pytest.mark.on_postgresql
@pytest.mark.timeout(300)
def test_what_0_1_sent_after_a_backup_is_found_and_not_sent_again(
    story: Story, database: Database
) -> None:
    mentors.help_out(story)
    mentors.on_friday(story)
    credit = mentors.the_credit(story).id
    assert story.click(HELPER, "mentor_tell", str(credit)).status == 200
    with database.engine.begin() as connection:
        # A backup of 0.1 in which the post about a mentor waits, restored.
        downgrade(connection)
        restored = text(
            "UPDATE outbox SET state = 'unverified', first_sent_at = created_at"
            " WHERE state = 'pending'"
        )
        connection.execute(restored)
        waiting = text("SELECT operation FROM outbox WHERE kind = 'mentor.post'")
        post = connection.scalars(waiting).one()
        upgrade(connection)
    # 0.1 had posted it since, and told those whose reactions had led to it.
    notes = {
        marker: uuid5(NAMESPACE_OID, f"{post} mentor.helped:{credit}:{marker}").hex
        for marker in (ASKER, PEER)
    }
    for to, token in {HELP_CHANNEL: post, **notes}.items():
        story.slack.post(to, "as it was", [], metadata_token=token)
    sent = list(story.slack.messages)
    for _ in range(4):
        story.advance(minutes=30)
    assert story.slack.messages == sent
    with story.rt.read_session() as session:
        rows = session.scalars(select(OutboxItem).filter_by(kind="mentor.marker_note"))
        found = {row.recipient: (row.state, row.metadata_token) for row in rows}
    assert found == {marker: ("sent", token) for marker, token in notes.items()}


def test_tokens_are_derived_from_the_names_of_0_1() -> None:
    looked_up = {
        new: old
        for old, new in KINDS.items()
        if FEATURES.message_types[MessageKind(new)].if_unconfirmed == "verify"
    }
    assert looked_up == NAMES_IN_TOKENS
    cause = Cause("0" * 32, NOW)
    for new, old in {**looked_up, "kudos.received": "kudos.received"}.items():
        token = uuid5(NAMESPACE_OID, f"{cause.metadata_token} {old}:7:{ASKER}:1").hex
        assert cause.derive_token(dedup_key(MessageKind(new), 7, ASKER, "1")) == token
