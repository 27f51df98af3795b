"""Permissions: each role tries each action, in every way that leads to it."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from bot.anonymity import authors
from bot.anonymity.keyring import keys_of
from bot.anonymity.permissions import (
    ACT_AS_ASKER,
    LOOK_AFTER,
    REPORT,
    STOP_EVERYWHERE,
)
from bot.asks import hiding
from bot.asks.permissions import (
    CLOSE,
    DELETE,
    EDIT,
    MAKE_ASK,
    MARK_HELPFUL,
    MARK_SOLUTION,
    OFFER_HELP,
    REMOVE_CAPTURED_ASK,
    REOPEN,
    SAME_PROBLEM,
    SET_WHAT_WORKED,
    SOLVE_BY_REFERENCE,
)
from bot.buddies.permissions import HAVE_BUDDY, SEE_BUDDIES
from bot.checkins.permissions import CHECK_IN
from bot.circles.permissions import MEET, RUN_SEASON, SIGN_UP, START_CIRCLE
from bot.config.mentors import SMALL_WORKSPACE
from bot.exchange.permissions import COUNT_EXCHANGES, LEARN_TOGETHER
from bot.feature import Features
from bot.features import FEATURES, load_features
from bot.knowledge.permissions import FIND, POINT, REVIEW
from bot.kudos.permissions import GIVE_KUDOS, TAKE_BACK_KUDOS
from bot.mentors.permissions import SEE_MENTORS
from bot.onboarding.permissions import INTRODUCE
from bot.outbox.worker import OutboxWorker
from bot.pairs.permissions import SEE_PAIRS, TAKE_PART
from bot.permissions import (
    ASK,
    EDIT_OWN_SETTINGS,
    MANAGE_CHANNEL,
    MANAGE_OWN_DATA,
    MANAGE_WORKSPACE,
    NAME_PROGRAM_LEADS,
    Permission,
    Role,
    is_allowed,
)
from bot.programs.permissions import INVITE, JOIN, MAKE_PROGRAM, RUN_PROGRAM
from bot.runtime import Runtime
from bot.slack.text import ANONYMOUS
from bot.workspace import (
    channels,
    leads,
    member_settings,
    roles,
    sync,
    workspace_settings,
)
from handlers.bolt_app import BoltApp
from models import (
    AnonymousBlock,
    AnonymousDraft,
    AnonymousReview,
    Ask,
    BuddyOffer,
    Champion,
    Channel,
    CircleMeeting,
    CircleSeason,
    EntryReview,
    Kudos,
    MentorWorkspaceSettings,
    OutboxItem,
    PairOptIn,
    Participant,
    Program,
    ProgramLead,
    ProgramMember,
    Schedule,
)
from tests import circles
from tests.factories import Clock, Story
from tests.fakes import FakeSlack
from tests.handlers.anonymity.keys import KEYS
from tests.making_programs import (
    PEOPLE,
    change_form,
    last_page,
    open_program,
    press,
    programs,
    save,
    to_last_page,
)
from tests.outsiders import GONE, ROBOT, STRANGER, outsiders
from tests.people import join_program, workspace_program
from tests.seasons import opens_season
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_values,
    user_object,
)

# Permissions do not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

LEAD, FORMER, OTHER = "U0LEA", "U0FAY", "U0OLA"
EVERYTHING = {Role.MEMBER, Role.CHAMPION, Role.ADMIN, Role.PROGRAM_LEAD}
# Roles relative to an object that ASKER asked, wrote, gave or was invited to.
HELD: Mapping[str, frozenset[Role]] = {
    PEER: frozenset({Role.MEMBER}),
    GUEST: frozenset({Role.GUEST}),
    ASKER: frozenset({Role.MEMBER, Role.AUTHOR}),
    CHAMPION: frozenset({Role.MEMBER, Role.CHAMPION}),
    ADMIN: frozenset({Role.MEMBER, Role.ADMIN}),
    LEAD: frozenset({Role.MEMBER, Role.PROGRAM_LEAD}),
    # A former admin.
    FORMER: frozenset({Role.MEMBER}),
    # These roles give no further permission.
    STRANGER: frozenset({Role.EXTERNAL, *EVERYTHING}),
    ROBOT: frozenset({Role.BOT, *EVERYTHING}),
    GONE: frozenset({Role.DEACTIVATED, *EVERYTHING}),
}

Way = Callable[["Stage", str], bool]
WAYS: dict[tuple[Permission, str], Way] = {}


def way(permission: Permission) -> Callable[[Way], Way]:
    """Register a way to try the action; it returns True if it had an effect."""

    def add(tried: Way) -> Way:
        WAYS[permission, tried.__name__] = tried
        return tried

    return add


class Stage(Story):
    """A story that is reused for further attempts as long as nothing has changed it."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.props: dict[str, Any] = {}

    def prop(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self.props:
            self.props[name] = make()
        return self.props[name]


@pytest.fixture
def features() -> Features:
    return load_features(SMALL_WORKSPACE, anonymity_keys=KEYS)


@pytest.fixture
def stage(
    bolt: BoltApp, rt: Runtime, worker: OutboxWorker, slack: FakeSlack, clock: Clock
) -> Stage:
    story = Stage(bolt, rt, worker, slack, clock)
    slack.people |= {
        LEAD: user_object(LEAD, "Lea"),
        FORMER: user_object(FORMER, "Fay", is_admin=True),
        OTHER: user_object(OTHER, "Ola"),
    } | outsiders(is_admin=True)
    sync.refresh(rt, rt.workspaces.only, users=[FORMER], channel=HELP_CHANNEL)
    slack.people[FORMER] = user_object(FORMER, "Fay")
    story.event({"type": "user_change", "user": slack.people[FORMER]})
    with rt.write_session.begin() as session:
        channel = session.scalars(select(Channel.id)).one()
        session.add(Champion(channel_id=channel, member=CHAMPION))
    with rt.write(rt.workspaces.only) as tx:
        leads.set_program_leads(tx, [LEAD])
    return story


def promote(story: Story) -> None:
    """Give all roles by name to people who can't have any."""
    with story.rt.write_session.begin() as session:
        program = session.scalars(
            select(Program.id).filter_by(is_workspace_wide=True)
        ).one()
        for member in (STRANGER, ROBOT, GONE):
            session.merge(ProgramLead(program_id=program, member=member))
            for channel in session.scalars(select(Channel.id)):
                session.merge(Champion(channel_id=channel, member=member))


# Objects of the actions


def ask_of(story: Stage, asker: str = ASKER) -> Ask:
    """Add an unchanged ask with an answer by Ben."""

    def make() -> Ask:
        ask = story.ask("How do I fix x?", member=asker)
        story.say(HELPER, "So.", thread_ts=ask.ts)
        return story.asks()[-1]

    made: Ask = story.prop(f"ask of {asker}", make)
    return made


def answer_to(story: Story, ask: Ask) -> tuple[str, int]:
    """Add an answer; return its ts and its id."""
    [found] = [a for a in story.answers() if a.ask_id == ask.id]
    return found.ts, found.id


def now_is(story: Story, ask: Ask) -> Ask:
    [found] = [one for one in story.asks() if one.id == ask.id]
    return found


def closed(story: Stage) -> Ask:
    def make() -> Ask:
        ask = ask_of(story)
        story.click(ASKER, "ask_menu", option=f"close:{ask.id}")
        assert now_is(story, ask).state == "closed"
        return ask

    made: Ask = story.prop("closed", make)
    return made


def opens(story: Story, callback_id: str, do: Callable[[], object]) -> bool:
    """Return True if the step opens the form."""
    before = len(story.slack.views)
    do()
    return [v["callback_id"] for _, v in story.slack.views[before:]] == [callback_id]


def opened_by(story: Story, member: str, do: Callable[[str], object]) -> dict[str, Any]:
    """Open the form as a person who may, for others to submit."""
    do(member)
    return story.slack.views[-1][1]


def helped(story: Story, ts: str) -> int:
    sync.fetch_new_users(story.rt, story.rt.workspaces.only)
    return story.answer_marks()[ts][1]


# Asks


@way(ASK)
def by_command(story: Stage, member: str) -> bool:
    before = len(story.asks())
    story.command(member, "/ask", "How is it done?")
    return len(story.asks()) > before


@way(ASK)
def by_form(story: Stage, member: str) -> bool:
    view = opened_by(story, PEER, lambda one: story.command(one, "/ask"))
    before = len(story.asks())
    story.submit(member, view, {"title": "How is it done?", "channel": HELP_CHANNEL})
    return len(story.asks()) > before


@way(MAKE_ASK)
def by_shortcut(story: Stage, member: str) -> bool:
    before = len(story.asks())
    story.message_shortcut(member, "make_ask", ASKER, story.ts(), "How is it done?")
    return len(story.asks()) > before


@way(OFFER_HELP)
def by_looking_button(story: Stage, member: str) -> bool:
    ask = ask_of(story, OTHER)
    story.click(member, "ask_looking", str(ask.id))
    story.deliver()
    return "Looking into it" in json.dumps(
        story.slack.messages_to(HELP_CHANNEL)[-1].blocks
    )


@way(SAME_PROBLEM)
def by_same_button(story: Stage, member: str) -> bool:
    ask = ask_of(story, OTHER)
    story.click(member, "option_same", str(ask.id))
    story.deliver()
    return "this problem" in json.dumps(
        story.slack.messages_to(HELP_CHANNEL)[-1].blocks
    )


@way(MARK_HELPFUL)
def by_helpful_shortcut(story: Stage, member: str) -> bool:
    ask = ask_of(story, OTHER)
    ts, _ = answer_to(story, ask)
    story.message_shortcut(member, "mark_helpful", HELPER, ts, thread_ts=ask.ts)
    return helped(story, ts) > 0


@way(MARK_HELPFUL)
def by_helpful_emoji(story: Stage, member: str) -> bool:
    ts, _ = answer_to(story, ask_of(story, OTHER))
    if member != GONE:  # Slack sends no new profile of them.
        story.react(member, ts, "heart")
    return helped(story, ts) > 0


@way(MARK_HELPFUL)
def by_offer_to_mark_helpful(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    ts, answer_id = answer_to(story, ask)
    story.click(member, "mark_helpful", f"{ask.id}:{answer_id}")
    return helped(story, ts) > 0


@way(MARK_SOLUTION)
def by_solved_emoji(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    if member != GONE:
        story.react(member, answer_to(story, ask)[0], "white_check_mark")
    sync.fetch_new_users(story.rt, story.rt.workspaces.only)
    return now_is(story, ask).state == "solved"


@way(MARK_SOLUTION)
def by_solved_shortcut(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    ts, _ = answer_to(story, ask)
    story.message_shortcut(member, "mark_solved", HELPER, ts, thread_ts=ask.ts)
    return now_is(story, ask).state == "solved"


@way(MARK_SOLUTION)
def by_offer(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    story.click(member, "mark_solved", f"{ask.id}:{answer_to(story, ask)[1]}")
    return now_is(story, ask).state == "solved"


@way(EDIT)
def by_edit_menu(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    return opens(
        story,
        "edit_ask",
        lambda: story.click(member, "ask_menu", option=f"edit:{ask.id}"),
    )


@way(EDIT)
def by_edit_form(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    option = f"edit:{ask.id}"
    view = opened_by(
        story, ASKER, lambda one: story.click(one, "ask_menu", option=option)
    )
    story.submit(member, view, {"title": "Quite another one?"})
    return now_is(story, ask).title == "Quite another one?"


@way(SET_WHAT_WORKED)
def by_worked_button(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    return opens(
        story, "worked", lambda: story.click(member, "ask_worked", str(ask.id))
    )


@way(SET_WHAT_WORKED)
def by_worked_form(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    view = opened_by(
        story, ASKER, lambda one: story.click(one, "ask_worked", str(ask.id))
    )
    story.submit(member, view, {"worked": "Sleep."})
    return now_is(story, ask).what_worked == "Sleep."


@way(CLOSE)
def by_close_form(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    option = f"close:{ask.id}"
    view = opened_by(
        story, CHAMPION, lambda one: story.click(one, "ask_menu", option=option)
    )
    story.submit(member, view, {"reason": "Asked twice"})
    return now_is(story, ask).state == "closed"


@way(REOPEN)
def by_reopen_menu(story: Stage, member: str) -> bool:
    ask = closed(story)
    story.click(member, "ask_menu", option=f"reopen:{ask.id}")
    return now_is(story, ask).state == "answered"


@way(DELETE)
def by_delete_form(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    option = f"delete:{ask.id}"
    view = opened_by(
        story, CHAMPION, lambda one: story.click(one, "ask_menu", option=option)
    )
    story.submit(member, view, {})
    story.deliver()
    return now_is(story, ask).state == "deleted"


@way(REMOVE_CAPTURED_ASK)
def by_not_an_ask(story: Stage, member: str) -> bool:
    with story.rt.write(story.rt.workspaces.only) as tx:
        channel = channels.get_or_create(tx, HELP_CHANNEL)
        channel.capture = "all"
    story.say(OTHER, "My build fails")
    with story.rt.write(story.rt.workspaces.only) as tx:
        channels.get_or_create(tx, HELP_CHANNEL).capture = "off"
    ask = story.asks()[-1]
    story.click(member, "ask_menu", option=f"delete:{ask.id}")
    return now_is(story, ask).state == "deleted"


# Channels


@way(MANAGE_CHANNEL)
def by_settings_command(story: Stage, member: str) -> bool:
    return opens(story, "settings", lambda: story.command(member, "/backswing"))


@way(MANAGE_CHANNEL)
def by_settings_form(story: Stage, member: str) -> bool:
    view = opened_by(story, CHAMPION, lambda one: story.command(one, "/backswing"))
    topics = f"by {member}".lower()
    changes = {"topics": topics, "champions": [CHAMPION]}
    story.submit(member, view, form_values(view) | changes)
    changed = opened_by(story, CHAMPION, lambda one: story.command(one, "/backswing"))
    return bool(form_values(changed)["topics"] == topics)


@way(MANAGE_CHANNEL)
def by_checkin_button(story: Stage, member: str) -> bool:
    view = opened_by(story, CHAMPION, lambda one: story.command(one, "/backswing"))
    return opens(
        story,
        "checkin_plan",
        lambda: story.click(member, "checkin_set_up", HELP_CHANNEL, view=view),
    )


@way(INTRODUCE)
def by_introduction(story: Stage, member: str) -> bool:
    def arrive() -> Channel:
        slack_id = f"C{story.ts().replace('.', '')}"
        story.slack.channels[slack_id] = conversation_object(slack_id, "new")
        arrival = {"type": "member_joined_channel", "user": BOT, "inviter": ASKER}
        story.event({**arrival, "channel": slack_id, "event_ts": story.ts()})
        with story.rt.write_session.begin() as session:
            row = session.scalars(select(Channel).filter_by(slack_id=slack_id)).one()
            session.add(Champion(channel_id=row.id, member=CHAMPION))
            session.flush()
            session.expunge(row)
        promote(story)
        return row

    channel = story.prop("channel", arrive)
    story.click(member, "introduction_post", str(channel.id))
    story.deliver()
    return len(story.slack.messages_to(channel.slack_id)) == 1


@way(CHECK_IN)
def by_checkin_join(story: Stage, member: str) -> bool:
    one = story.prop("round", story.post_round)
    story.click(member, "checkin_join", str(one.id))
    with story.rt.read_session() as session:
        schedule = session.scalars(select(Schedule.id)).one()
        participant = session.get(Participant, (schedule, member))
        return participant is not None and participant.is_active


# Kudos

REASON = "for all the help with the retries that nobody else understood"


def kudos(story: Story) -> list[Kudos]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(Kudos).order_by(Kudos.id)))


@way(GIVE_KUDOS)
def by_kudos_command(story: Stage, member: str) -> bool:
    before = len(kudos(story))
    story.command(member, "/kudos", f"<@{OTHER}> {REASON}")
    return len(kudos(story)) > before


@way(GIVE_KUDOS)
def by_kudos_form(story: Stage, member: str) -> bool:
    view = opened_by(story, PEER, lambda one: story.command(one, "/kudos"))
    before = len(kudos(story))
    values = {"people": [OTHER], "reason": REASON, "visibility": "private"}
    story.submit(member, view, form_values(view) | values)
    return len(kudos(story)) > before


@way(TAKE_BACK_KUDOS)
def by_take_back_button(story: Stage, member: str) -> bool:
    def give() -> Kudos:
        story.command(ASKER, "/kudos", f"<@{OTHER}> {REASON}")
        return kudos(story)[-1]

    given = story.prop("kudos", give)
    story.click(member, "kudos_take_back", str(given.id))
    return kudos(story)[-1].taken_back_at is not None


# The workspace


@way(MANAGE_WORKSPACE)
def by_workspace_command(story: Stage, member: str) -> bool:
    return opens(
        story,
        "workspace_settings",
        lambda: story.command(member, "/backswing", "workspace"),
    )


@way(MANAGE_WORKSPACE)
def by_workspace_form(story: Stage, member: str) -> bool:
    def open_view() -> dict[str, Any]:
        return opened_by(
            story, ADMIN, lambda one: story.command(one, "/backswing", "workspace")
        )

    view = open_view()
    form_state = form_values(view)
    days = str(int(form_state["sent_retention_days"]) + 1)
    story.submit(
        member,
        view,
        form_state | {"sent_retention_days": days, "program_leads": [LEAD]},
    )
    return bool(form_values(open_view())["sent_retention_days"] == days)


@way(NAME_PROGRAM_LEADS)
def by_program_leads(story: Stage, member: str) -> bool:
    view = opened_by(
        story, ADMIN, lambda one: story.command(one, "/backswing", "workspace")
    )
    lead_fields = {"program_leads": [LEAD, OTHER]}
    story.submit(member, view, form_values(view) | lead_fields)
    with story.rt.write_session.begin() as session:
        program = session.scalars(
            select(Program.id).filter_by(is_workspace_wide=True)
        ).one()
        found = session.get(ProgramLead, (program, OTHER))
        if found is not None:
            session.delete(found)
        return found is not None


@way(SEE_MENTORS)
def by_mentors_command(story: Stage, member: str) -> bool:
    before = len(story.slack.views)
    story.command(member, "/backswing", "mentors")
    return len(story.slack.views) > before


@way(SEE_MENTORS)
def by_mentors_form(story: Stage, member: str) -> bool:
    leads = opened_by(
        story, LEAD, lambda one: story.command(one, "/backswing", "mentors")
    )
    view = opened_by(
        story, LEAD, lambda one: story.click(one, "mentor_set_up", view=leads)
    )
    story.submit(member, view, {"scope": "off", "experts": []})
    with story.rt.write_session.begin() as session:
        row = session.scalar(select(MentorWorkspaceSettings))
        if row is None or row.scope != "off":
            return False
        row.scope = "workspace"
        return True


# Pairs


@way(TAKE_PART)
def by_take_part_button(story: Stage, member: str) -> bool:
    story.prop("joined", lambda: join_program(story, *HELD))
    story.click(member, "pair_join", "coffee", view={"type": "home"})
    with story.rt.write_session.begin() as session:
        row = session.scalar(select(PairOptIn).filter_by(member=member))
        if row is not None:
            session.delete(row)
        return row is not None


@way(TAKE_PART)
def by_setting(story: Stage, member: str) -> bool:
    story.prop("joined", lambda: join_program(story, *HELD))
    before = len(story.slack.views)
    story.command(member, "/backswing", "me")
    if len(story.slack.views) == before:
        return False
    fields = form_values(story.slack.views[-1][1])
    return "takes_coffee" in fields


@way(SEE_PAIRS)
def by_preview_button(story: Stage, member: str) -> bool:
    before = len(story.slack.views)
    story.click(member, "pair_preview", "coffee", view={"type": "home"})
    titles = [view["title"]["text"] for _, view in story.slack.views[before:]]
    return titles == ["Next round"]


@way(SEE_PAIRS)
def by_last_round_button(story: Stage, member: str) -> bool:
    before = len(story.slack.views)
    story.click(member, "pair_last_round", "coffee", view={"type": "home"})
    titles = [view["title"]["text"] for _, view in story.slack.views[before:]]
    return titles == ["Last round"]


@way(START_CIRCLE)
def by_start_circle_button(story: Stage, member: str) -> bool:
    story.prop("joined", lambda: join_program(story, *HELD))
    return opens(
        story,
        "circle_start",
        lambda: story.click(member, "circle_start", "new", view={"type": "home"}),
    )


# Exchanges


@way(LEARN_TOGETHER)
def by_learn_together_button(story: Stage, member: str) -> bool:
    story.prop("joined", lambda: join_program(story, *HELD))
    home = {"type": "home"}
    return opens(
        story,
        "exchange_wish",
        lambda: story.click(member, "exchange_join", "exchange", view=home),
    )


@way(LEARN_TOGETHER)
def by_learn_together_setting(story: Stage, member: str) -> bool:
    story.prop("joined", lambda: join_program(story, *HELD))
    before = len(story.slack.views)
    story.command(member, "/backswing", "me")
    if len(story.slack.views) == before:
        return False
    return "open_to_exchange" in form_values(story.slack.views[-1][1])


@way(COUNT_EXCHANGES)
def by_program_page(story: Stage, member: str) -> bool:
    story.event({"type": "app_home_opened", "user": member, "tab": "home"})
    story.deliver()
    story.click(member, "home_page_program", "program", view={"type": "home"})
    story.deliver()
    return "exchanges are going on" in json.dumps(story.slack.homes.get(member))


# Buddies


@way(HAVE_BUDDY)
def by_be_buddy_button(story: Stage, member: str) -> bool:
    story.prop("joined", lambda: join_program(story, *HELD))
    story.click(member, "buddy_join", "buddy", view={"type": "home"})
    with story.rt.read_session() as session:
        offers = select(BuddyOffer.is_in).filter_by(member=member)
        return bool(session.scalar(offers))


@way(HAVE_BUDDY)
def by_buddy_setting(story: Stage, member: str) -> bool:
    story.prop("joined", lambda: join_program(story, *HELD))
    before = len(story.slack.views)
    story.command(member, "/backswing", "me")
    if len(story.slack.views) == before:
        return False
    return "is_buddy" in form_values(story.slack.views[-1][1])


@way(SEE_BUDDIES)
def by_see_buddies_button(story: Stage, member: str) -> bool:
    before = len(story.slack.views)
    story.click(member, "buddy_see", "buddy", view={"type": "home"})
    titles = [view["title"]["text"] for _, view in story.slack.views[before:]]
    return titles == ["Buddies"]


# Programs


@way(MAKE_PROGRAM)
def by_new_program_button(story: Stage, member: str) -> bool:
    return opens(
        story,
        "program_about",
        lambda: story.click(member, "program_new", "new", view={"type": "modal"}),
    )


@way(MAKE_PROGRAM)
def by_program_form(story: Stage, member: str) -> bool:
    page = story.prop("page", lambda: last_page(story, press(story, "program_new")))
    before = len(programs(story))
    save(story, page, PEOPLE, member, view_id=f"V{story.ts()}")
    return len(programs(story)) > before


def opened(story: Stage) -> Program:
    program: Program = story.prop("program", lambda: open_program(story))
    return program


@way(RUN_PROGRAM)
def by_end_button(story: Stage, member: str) -> bool:
    program = opened(story)
    story.click(member, "program_end", str(program.id), view={"type": "modal"})
    return programs(story)[-1].ended_at is not None


@way(RUN_PROGRAM)
def by_change_form(story: Stage, member: str) -> bool:
    def fill_in() -> dict[str, Any]:
        return to_last_page(story, change_form(story, opened(story)))

    opened(story)
    page = story.prop("change", fill_in)
    before = programs(story)[-1].version
    save(story, page, {"leads": [LEAD, OTHER]}, member)
    return programs(story)[-1].version > before


@way(RUN_PROGRAM)
def by_who_joined_button(story: Stage, member: str) -> bool:
    program = opened(story)
    before = len(story.slack.views)
    story.click(member, "program_joined", str(program.id), view={"type": "modal"})
    titles = [view["title"]["text"] for _, view in story.slack.views[before:]]
    return titles == ["Who joined"]


def peers(story: Stage) -> str:
    """Return the id of the workspace's own program, which takes guests."""

    def take_guests() -> str:
        with story.rt.write(story.workspace) as tx:
            program = workspace_program(tx)
            program.guests_may_join = True
            return str(program.id)

    program: str = story.prop("peers", take_guests)
    return program


@way(JOIN)
def by_join_button(story: Stage, member: str) -> bool:
    return opens(
        story,
        "program_join",
        lambda: story.click(member, "program_join", peers(story)),
    )


@way(MEET)
def by_lead_button(story: Stage, member: str) -> bool:
    """Everyone has a place in the circle."""
    meeting = story.prop("meeting", lambda: meeting_with(story, (OTHER, *HELD)))
    story.click(member, "meeting_lead", f"{meeting.id}:0:0")
    acts = circles.meeting_of(story, 1).presses
    return any(press["member"] == member for press in acts)


def meeting_with(story: Stage, people: tuple[str, ...]) -> CircleMeeting:
    circles.make_circle(story, people, starts_at=story.clock() + timedelta(minutes=5))
    for _ in range(2):
        circles.keep(story)
    return circles.meeting_of(story, 1)


@way(INVITE)
def by_invite_button(story: Stage, member: str) -> bool:
    return opens(
        story,
        "program_invite",
        lambda: story.click(member, "program_invite", peers(story)),
    )


@way(JOIN)
def by_join_form(story: Stage, member: str) -> bool:
    story.slack.members_by_channel[HELP_CHANNEL] = [*HELD]

    def open_form() -> dict[str, Any]:
        program = open_program(story, guests_may_join=["yes"])
        return press(story, "program_join", program.id)

    view = story.prop("join", open_form)
    before = row_count(story, ProgramMember)
    story.submit(member, view, form_values(view) | {"commitment": ["yes"]})
    return row_count(story, ProgramMember) > before


# Circles


@way(RUN_SEASON)
def by_new_season_button(story: Stage, member: str) -> bool:
    with story.rt.write(story.workspace) as tx:
        workspace_program(tx)
    return opens(
        story,
        "circle_season",
        lambda: story.click(member, "circle_new_season", "new", view={"type": "modal"}),
    )


@way(RUN_SEASON)
def by_season_form(story: Stage, member: str) -> bool:
    def fill_in() -> dict[str, Any]:
        with story.rt.write(story.workspace) as tx:
            workspace_program(tx)
        return opened_by(
            story,
            ADMIN,
            lambda one: story.click(
                one, "circle_new_season", "new", view={"type": "modal"}
            ),
        )

    form = story.prop("season form", fill_in)
    before = row_count(story, CircleSeason)
    story.submit(member, form, form_values(form), view_id=f"V{story.ts()}")
    return row_count(story, CircleSeason) > before


@way(SIGN_UP)
def by_sign_up_button(story: Stage, member: str) -> bool:
    """Try it as people who had joined the program before they got their role."""

    def open_season() -> int:
        program = int(peers(story))
        with story.rt.write(story.workspace) as tx:
            for person in HELD:
                tx.session.merge(
                    ProgramMember(
                        program_id=program,
                        member=person,
                        is_joined=True,
                        event_micros=1,
                        joined_at=tx.now,
                        rules_version=1,
                    )
                )
        return opens_season(story, program, ADMIN)

    season = story.prop("season", open_season)
    return opens(
        story,
        "circle_signup",
        lambda: story.click(member, "circle_sign_up", str(season)),
    )


# Oneself


@way(EDIT_OWN_SETTINGS)
def by_greetings_button(story: Stage, member: str) -> bool:
    story.click(member, "greetings_off")
    with story.rt.read(story.rt.workspaces.only) as tx:
        chosen = member_settings.get(tx, member)
    return not chosen.wants_greetings


@way(EDIT_OWN_SETTINGS)
def by_my_settings(story: Stage, member: str) -> bool:
    return opens(
        story, "my_settings", lambda: story.command(member, "/backswing", "me")
    )


@way(MANAGE_OWN_DATA)
def by_my_data(story: Stage, member: str) -> bool:
    story.command(member, "/backswing", "my data")
    with story.rt.read_session() as session:
        promised = select(OutboxItem.id).filter_by(
            kind="privacy.data_file", recipient=member
        )
        return session.scalar(promised) is not None


@way(MANAGE_OWN_DATA)
def by_forget_me(story: Stage, member: str) -> bool:
    view = opened_by(
        story, OTHER, lambda one: story.command(one, "/backswing", "forget me")
    )
    return "Done" in str(story.submit(member, view, {}).body)


# What helped before


def solved(story: Stage) -> Ask:
    """Add an ask that an answer by Ben solved."""

    def make() -> Ask:
        ask = ask_of(story, OTHER)
        story.react(OTHER, answer_to(story, ask)[0], "white_check_mark")
        return now_is(story, ask)

    ask: Ask = story.prop("solved", make)
    return ask


@way(FIND)
def by_find(story: Stage, member: str) -> bool:
    return "Ask your peers" in str(story.command(member, "/find", "anything").body)


@way(REVIEW)
def by_works_button(story: Stage, member: str) -> bool:
    story.slack.members_by_channel[HELP_CHANNEL] = [member]
    story.click(member, "entry_works", str(solved(story).id))
    with story.rt.read_session() as session:
        review = select(EntryReview.verdict).filter_by(member=member)
        return session.scalar(review) is not None


@way(SOLVE_BY_REFERENCE)
def by_thats_it(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    story.click(member, "suggestion_solved", f"{ask.id}:{solved(story).id}")
    return now_is(story, ask).state == "solved"


@way(POINT)
def by_pointer_form(story: Stage, member: str) -> bool:
    ask = ask_of(story)
    return opens(
        story,
        "already_answered",
        lambda: story.message_shortcut(member, "already_answered", ASKER, ask.ts or ""),
    )


# Asks without a name. Their author has no role that others have not.


def nameless_ask(story: Stage) -> Ask:
    """Add an ask without a name, whose author is the member who asks elsewhere."""

    def make() -> Ask:
        ask = ask_of(story)
        with story.rt.write(story.workspace) as tx:
            keys = keys_of(tx)
            assert keys is not None
            row = tx.session.get_one(Ask, ask.id)
            row.asker = ANONYMOUS
            authors.link(tx, row, ASKER, keys, sent_after=None)
        return ask

    made: Ask = story.prop("nameless", make)
    return made


def draft_in_review(story: Stage) -> int:
    def make() -> int:
        ask_of(story)
        with story.rt.write(story.workspace) as tx:
            keys = keys_of(tx)
            channel = channels.find(tx, HELP_CHANNEL)
            assert keys is not None
            assert channel is not None
            channel.anonymous_asks = "reviewed"
            workspace_settings.update(tx, anonymous_asks=True)
            draft_id = secrets.randbits(59)
            author = keys.seal(ASKER, authors.row_name(tx, "draft", draft_id))
            draft = AnonymousDraft(
                id=draft_id,
                installation_id=tx.workspace.id,
                channel_id=channel.id,
                title="How is it done without a name?",
                author=author,
                blind_index=authors.blind_index(tx, keys, ASKER),
                source_index=str(draft_id),
                state="reviewed",
                due_at=tx.now + timedelta(days=1),
            )
            tx.session.add(draft)
        return draft_id

    made: int = story.prop("draft", make)
    return made


def hidden(story: Stage) -> Ask:
    def make() -> Ask:
        ask = nameless_ask(story)
        with story.rt.write(story.workspace) as tx:
            hiding.hide(tx, tx.session.get_one(Ask, ask.id))
        return ask

    made: Ask = story.prop("hidden", make)
    return made


def row_count(story: Stage, model: type[Any]) -> int:
    with story.rt.read_session() as session:
        return len(session.scalars(select(model)).all())


@way(REPORT)
def by_report_button(story: Stage, member: str) -> bool:
    ask, before = nameless_ask(story), reporters(story)
    story.click(member, "anonymous_report", str(ask.id))
    return reporters(story) > before


def reporters(story: Stage) -> int:
    with story.rt.read_session() as session:
        rows = session.scalars(select(AnonymousReview.reporters)).all()
    return sum(map(len, rows))


@way(LOOK_AFTER)
def by_accept_button(story: Stage, member: str) -> bool:
    draft_id = draft_in_review(story)
    story.click(member, "anonymous_accept", str(draft_id))
    return row_count(story, AnonymousDraft) == 0


@way(LOOK_AFTER)
def by_reject_button(story: Stage, member: str) -> bool:
    draft_id = draft_in_review(story)
    return opens(
        story,
        "anonymous_reject",
        lambda: story.click(member, "anonymous_reject", str(draft_id)),
    )


@way(LOOK_AFTER)
def by_show_button(story: Stage, member: str) -> bool:
    ask = hidden(story)
    story.click(member, "anonymous_show", str(ask.id))
    return not now_is(story, ask).is_hidden


@way(LOOK_AFTER)
def by_delete_hidden_button(story: Stage, member: str) -> bool:
    ask = hidden(story)
    story.click(member, "anonymous_delete", str(ask.id))
    story.deliver()
    return not now_is(story, ask).is_hidden


@way(LOOK_AFTER)
def by_stop_form(story: Stage, member: str) -> bool:
    ask = nameless_ask(story)
    press = lambda one: story.click(one, "anonymous_stop", str(ask.id))  # noqa: E731
    view = opened_by(story, CHAMPION, press)
    before = row_count(story, AnonymousBlock)
    story.submit(member, view, {"reason": "It insults people."})
    return row_count(story, AnonymousBlock) > before


@way(STOP_EVERYWHERE)
def by_stop_everywhere_button(story: Stage, member: str) -> bool:
    def make() -> int:
        ask = nameless_ask(story)
        press = lambda one: story.click(one, "anonymous_stop", str(ask.id))  # noqa: E731
        view = opened_by(story, CHAMPION, press)
        story.submit(CHAMPION, view, {"reason": "It insults people."})
        with story.rt.read_session() as session:
            return session.scalars(select(AnonymousBlock.id)).one()

    block_id, before = story.prop("block", make), row_count(story, AnonymousBlock)
    story.click(member, "anonymous_stop_everywhere", str(block_id))
    is_stopped = row_count(story, AnonymousBlock) > before
    if is_stopped:
        with story.rt.write_session.begin() as session:
            session.execute(delete(AnonymousBlock))
    return is_stopped


@way(ACT_AS_ASKER)
def by_close_button_of_the_modal(story: Stage, member: str) -> bool:
    ask = nameless_ask(story)
    story.click(member, "asker_close", str(ask.id), view={"type": "modal"})
    return now_is(story, ask).state == "closed"


@way(ACT_AS_ASKER)
def by_shortcut_in_the_thread(story: Stage, member: str) -> bool:
    ts = nameless_ask(story).ts or ""
    return opens(
        story,
        "asker_reply",
        lambda: story.message_shortcut(member, "answer_anonymously", HELPER, ts),
    )


def ways() -> Iterator[Any]:
    """Return the first way to each action; the others are for long runs."""
    seen_permissions: set[Permission] = set()
    for action, tried in WAYS:
        marks = [pytest.mark.exhaustive] if action in seen_permissions else []
        seen_permissions.add(action)
        yield pytest.param(action, tried, id=tried, marks=marks)


@pytest.mark.parametrize(("action", "tried"), list(ways()))
@pytest.mark.deep
@pytest.mark.each_parameter
def test_each_role_may_do_in_each_way_what_the_table_says(
    stage: Stage, action: Permission, tried: str
) -> None:
    for member, own_roles in HELD.items():
        if member in (STRANGER, ROBOT, GONE):
            promote(stage)
        could = WAYS[action, tried](stage, member)
        assert could is is_allowed(action, own_roles), member
        if could:
            stage.props.clear()


def test_each_action_has_a_way(database: object) -> None:
    assert {action for action, _ in WAYS} == set(FEATURES.permissions)


def test_the_roles_are_those_of_the_server(stage: Stage) -> None:
    ask = ask_of(stage)
    for member in HELD:
        stage.command(member, "/backswing", "my data")
    # Their profiles have ended their roles.
    promote(stage)
    with stage.rt.read(stage.rt.workspaces.only) as tx:
        channel = tx.session.get_one(Channel, ask.channel_id)
        for member, own_roles in HELD.items():
            assert roles.in_channel(tx, channel, member, author=ASKER) == own_roles, (
                member
            )


def test_an_unreported_demotion_is_known_within_an_hour(
    stage: Stage,
) -> None:
    assert by_settings_command(stage, ADMIN)
    assert by_mentors_command(stage, ADMIN)
    leads = stage.slack.views[-1][1]
    stage.slack.people[ADMIN] = user_object(ADMIN, is_admin=False)
    stage.clock.advance(minutes=59)
    assert by_settings_command(stage, ADMIN)
    stage.clock.advance(minutes=2)
    assert not by_settings_command(stage, ADMIN)
    assert not by_workspace_command(stage, ADMIN)
    for action_id in ("mentor_add", "mentor_set_up", "mentor_older"):
        stage.click(ADMIN, action_id, "0", view=leads)
        assert stage.slack.views[-1][1]["title"]["text"] == "Not possible", action_id
