"""Every view and message that the bot can draw, each in all of its forms."""

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, get_args
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block, InputBlock
from slack_sdk.models.views import View

from bot.asks import blocks, forms, notes
from bot.asks.blocks import Shown
from bot.channels.rules import HELPFUL, SOLVED
from bot.checkins import answers as shares
from bot.checkins import blocks as checkins
from bot.checkins import digests, letters
from bot.checkins import forms as checkin_forms
from bot.checkins import notes as checkin_notes
from bot.checkins.answers import Asked, Blocker
from bot.checkins.blocks import Missed, Planned
from bot.checkins.digests import Line
from bot.checkins.forms import PastRound, Preview
from bot.checkins.plans import Draft
from bot.checkins.rules import Shared
from bot.home import blocks as home
from bot.kudos import blocks as kudos
from bot.kudos import forms as kudos_forms
from bot.kudos import notes as kudos_notes
from bot.mentors import forms as mentor_forms
from bot.mentors import notes as mentors
from bot.mentors import past
from bot.mentors.forms import Past, Proof, Row
from bot.mentors.notes import Deed, Story
from bot.newcomers import blocks as newcomers
from bot.policies.rules import Policies
from bot.preferences.rules import Preferences
from bot.privacy import blocks as privacy
from bot.settings import channel, member, workspace
from bot.settings import forms as settings
from bot.settings.blocks import unknown_emoji
from bot.settings.setting import Setting

Drawn = View | list[Block] | tuple[str, list[Block]]

URL = "https://peers.slack.com/archives/C0HELP/p1772442000000100"
TITLE = "How do I test daylight saving?"
SOLUTION = ("Ben", URL)
STATES = ("open", "answered", "solved", "closed")
MODULES = (
    blocks,
    forms,
    notes,
    checkins,
    checkin_forms,
    checkin_notes,
    shares,
    digests,
    letters,
    home,
    kudos,
    kudos_forms,
    kudos_notes,
    mentors,
    mentor_forms,
    newcomers,
    privacy,
    settings,
)


def ask(state: str = "open", **more: Any) -> Shown:
    return Shown(
        **{
            "id": 7,
            "title": TITLE,
            "details": "",
            "asker": "Ana",
            "topics": (),
            "state": state,
            **more,
        }
    )


def all_of(state: str) -> Shown:
    """An ask that has everything an ask can have."""
    return ask(
        state,
        details="It *fails* in spring:\n```\nassert hours == 24\n```",
        topics=("python", "time"),
        solutions=(SOLUTION, ("Chi", URL)),
        worked="Freezing the clock.",
        looking=("Ben", "Chi"),
        same=2,
        closed_by="Dan",
        close_reason="Asked twice",
        is_first=True,
    )


def settings_form(**values: Any) -> View:
    """The form of a channel that nobody set up, but for these values."""
    return settings.channel_form("C0HELP", "help", fields(channel.SETTINGS, values), [])


def workspace_form(**values: Any) -> View:
    shown = [workspace.LEADS, *workspace.SETTINGS]
    return settings.workspace_form(
        fields(shown, {"program_leads": [], **asdict(Policies()), **values}),
        fields(workspace.DEFAULTS, values),
    )


def my_form(**values: Any) -> View:
    """The form of a member who chose nothing, but for these."""
    chosen = replace(Preferences(), **values)
    shown = [field.draw(getattr(chosen, field.name)) for field in member.FIELDS]
    return settings.my_form(shown, "Europe/Helsinki")


def home_of(**more: Any) -> home.Shown:
    """The Home tab of somebody who chose nothing, but for this."""
    mine = home.Mine(member.summary(Preferences(), "Europe/Helsinki"))
    return home.Shown(**{"mine": mine, "unanswered": home.Listed(), **more})


def listed(lines: int, start: int, total: int) -> home.Listed[home.Line]:
    about = ("answered", "#help", "2 Mar")
    return home.Listed([home.Line(TITLE, URL, about)] * lines, start, total)


def full_home() -> home.Shown:
    """As much as a Home tab ever shows."""
    asked = [Past(n, FRIDAY, 2, 2, "help", "asked") for n in range(past.MOST)]
    chosen = replace(
        Preferences(),
        topics_known=("python", "time"),
        asks_a_week=3,
        may_be_named="never",
    )
    return home_of(
        questions=mentor_forms.asked(asked),
        credits=mentor_forms.past(
            [replace(one, consent="public") for one in asked],
        ),
        kudos=kudos.lately(ROWS + GIVEN_ROWS[:2]),
        asks=listed(8, 8, 300),
        unanswered=listed(8, 8, 300),
        helped=listed(5, 5, 300),
        due=[home.Due(7, QUESTION, URL, "help", "Friday 6 March at 17:00")] * 5,
        checkins=home.Listed(
            [
                home.CheckIn(7, QUESTION, "help", is_in=True, nudges_stopped=True),
                home.CheckIn(7, "", "", is_in=True, nudges_stopped=True),
                *[home.CheckIn(7, QUESTION, "help", is_in=True, nudges_stopped=True)]
                * 2,
                home.CheckIn(8, QUESTION, "help", is_in=False),
            ],
            5,
            12,
        ),
        mine=home.Mine(member.summary(chosen, "Asia/Kolkata"), "6 March 2026"),
    )


def fields(
    settings: Iterable[Setting[Any]], values: dict[str, Any]
) -> list[InputBlock]:
    """Each setting drawn with its value; without, as it is at first."""
    return [
        setting.field.draw(values.get(setting.name, setting.default or []))
        for setting in settings
    ]


def solved(**more: Any) -> tuple[str, list[Block]]:
    return notes.solved(
        7, TITLE, URL, **{"by": None, "candidates": (), "has_worked": False, **more}
    )


def introduction() -> tuple[str, list[Block]]:
    return newcomers.introduction(HELPFUL, SOLVED)


def shown() -> list[Block]:
    return introduction()[1]


THANKS = "the answer on retries, which saved my day"


def kudos_shown(**more: Any) -> kudos.Shown:
    return kudos.Shown(
        **{
            "id": 7,
            "giver": "Ana",
            "receivers": ("U0BEN",),
            "reason": THANKS,
            **more,
        }
    )


def kudos_row(**more: Any) -> kudos.Row:
    return kudos.Row(
        **{"people": ("Ben", "Chi"), "reason": THANKS, "day": "2 Mar", **more}
    )


ROWS = [
    kudos_row(url=URL, tags=("teamwork",), seconds=2),
    kudos_row(is_private=True, reason="long " * 400),
    kudos_row(url=URL, reason="", emoji="tada::skin-tone-2"),
]
GIVEN_ROWS = [*ROWS, kudos_row(url=URL, joined="Dan")]


def story(deeds: int = 2, **more: Any) -> Story:
    """What somebody did, for so many."""
    asked = [Deed(TITLE, URL, "Ana", is_solution=n % 2 == 0) for n in range(deeds)]
    return Story(28, asked, people=deeds, **more)


def told(**more: Any) -> tuple[str, list[Block]]:
    return mentors.told(
        7,
        more.pop("story", story()),
        **{
            "share": 0.02,
            "consent": "asked",
            "channel": "help",
            "asks_first": True,
            "silence_days": 7,
            **more,
        },
    )


def leads(rows: int, **more: Any) -> View:
    proof = Proof(TITLE, URL, "Ana", ["Ana", "Chi"], stands=True)
    undone = replace(proof, stands=False)
    row = Row("Ben", FRIDAY, "asked", "help", [proof, undone], 0, "helped 1.5")
    shown = [replace(row, consent=consent) for consent in CONSENTS]
    shown += [replace(row, proofs=[proof] * 9, hidden=2)] * rows
    return mentor_forms.leads(
        shown[:rows],
        **{
            "rings": [],
            "scope": "workspace",
            "experts": [],
            "newer": None,
            "older": None,
            **more,
        },
    )


SHARED = Shared("The *parser*", "Why is `a < b`?", "The demo :tada:", "Less is more")
ASKED = Asked(
    "What are you working on this week?", "Just a sentence or two", "And why?"
)
BLOCKERS = [
    Blocker(state, TITLE, url, url)
    for state in ("open", "answered", "solved", "closed", "deleted")
    for url in (URL, "")
]


def digest_of(people: int) -> tuple[str, list[Block]]:
    """A round in which so many shared as much as a form takes."""
    much = ":tada: @here <!channel> & " * 40
    line = Line(
        "N" * 80,
        URL,
        much,
        much,
        BLOCKERS[4],
        solved_by="Ben",
        is_first=True,
        in_a_row=10,
    )
    return digests.digest(ASKED.question, [line] * people)


CONSENTS: tuple[mentors.Consent, ...] = get_args(mentors.Consent)
FRIDAY = date(2026, 3, 6)
QUESTION = "What are you working on this week?"
UNTIL = "Friday 6 March at 09:00"


def asked(**more: Any) -> checkins.Asked:
    return checkins.Asked(
        **{
            "id": 7,
            "question": "What are you working on this week?",
            "hint": "Just a sentence or two",
            "reflection": "",
            "closes_at": datetime(2026, 3, 13, 9, 0, tzinfo=UTC),
            "zone": ZoneInfo("Europe/Helsinki"),
            **more,
        }
    )


def draft(**more: Any) -> Draft:
    return Draft(
        **{
            "question": QUESTION,
            "hint": "",
            "reflections": "",
            "every": "week",
            "weekdays": ("1",),
            "at": "09:00",
            "zone": "Europe/Helsinki",
            "starts_on": "2026-03-02",
            "skips": "",
            "holidays_of": "",
            "open_days": "4",
            "nudge_after": "24",
            **more,
        }
    )


FULL_DRAFT = draft(
    hint="Just a sentence or two",
    reflections="What surprised you?\nWhat would you do again?",
    every="month:-1",
    weekdays=("1", "5"),
    skips="2026-12-24",
    holidays_of="DE-BY",
    open_days="1",
    nudge_after="0",
)
PREVIEW = Preview(
    question=QUESTION,
    hint="Just a sentence or two",
    rhythm="Every Monday at 09:00, Europe/Helsinki",
    times=["Monday 9 March 2026 at 09:00"] * 3,
    left_out=["Monday 16 March, St. Patrick"],
    rest="Open for 4 days each time.",
)
OPEN = PastRound(
    "Monday 9 March", QUESTION, URL, ["Ana", "Ben"], "Friday 13 March at 09:00", ""
)
PAST_ROUNDS = [
    OPEN,
    replace(OPEN, until="", shared=["N" * 80] * 40),
    replace(OPEN, until="", shared=["Ana"]),
    replace(OPEN, until="", shared=[]),
    replace(OPEN, until="", shared=[], url="", skipped="it was paused just then"),
    replace(OPEN, url="", question="Why &lt;now&gt;? " * 12),
]
PLANNED = Planned(
    id=7,
    question=QUESTION,
    rhythm=PREVIEW.rhythm,
    paused="",
    times=PREVIEW.times,
    missed=[Missed("Monday 2 March", "I was not running")] * 3,
    left_out=PREVIEW.left_out,
    owner="Eva",
)


# By the function that draws it: calls that take it through all of its branches.
EVERY: dict[Callable[..., Drawn], list[Callable[[], Drawn]]] = {
    blocks.message: [
        *(partial(blocks.message, ask(state)) for state in STATES),
        *(partial(blocks.message, all_of(state)) for state in STATES),
        lambda: blocks.message(ask(origin=URL)),
    ],
    blocks.line: [
        *(partial(blocks.line, ask(state, is_captured=True)) for state in STATES),
        *(partial(blocks.line, all_of(state)) for state in STATES),
    ],
    blocks.no_ask: [lambda: blocks.no_ask(7)],
    forms.ask_form: [
        forms.ask_form,
        lambda: forms.ask_form(is_here=True),
        lambda: forms.ask_form(channel="C0HELP", hint=forms.INVITE_FIRST),
        lambda: forms.ask_form(
            ask_id=7,
            title=TITLE,
            details="Long\nstory",
            channel_topics=("python", "time"),
            topics=("time", "spring"),
        ),
    ],
    forms.close_form: [lambda: forms.close_form(7, TITLE, "Ana")],
    forms.delete_form: [lambda: forms.delete_form(7, TITLE)],
    forms.worked_form: [
        lambda: forms.worked_form(7, TITLE, None),
        lambda: forms.worked_form(7, TITLE, "Freezing the clock."),
    ],
    forms.options: [
        partial(
            forms.options, 7, TITLE, state, possible, joined=joined, is_own_message=own
        )
        for state, possible, joined, own in itertools.product(
            STATES,
            ((), ("looking", "same"), tuple(forms.LABELS)),
            ((), ("looking", "same")),
            (False, True),
        )
    ],
    forms.told: [
        lambda: forms.told("Not possible", "It's already solved."),
        lambda: forms.told("Done", blocks.NO_ASK, blocks.undo(7)),
    ],
    notes.answered: [lambda: notes.answered(TITLE, URL, "Ben")],
    notes.captured: [lambda: notes.captured(7, TITLE, URL, "100")],
    notes.made: [
        lambda: notes.made(TITLE, URL, "Dan", "100", is_first=True),
        lambda: notes.made(TITLE, URL, "Dan", "100", is_first=False),
    ],
    notes.closed: [
        partial(notes.closed, 7, TITLE, URL, "Dan", "Asked twice", state=state)
        for state in STATES
    ],
    notes.reopened: [lambda: notes.reopened(TITLE, URL)],
    notes.deleted: [
        lambda: notes.deleted(7, TITLE, "Dan", is_own_message=False),
        lambda: notes.deleted(7, TITLE, "Dan", is_own_message=True),
    ],
    notes.disclaimed: [lambda: notes.disclaimed(7)],
    notes.not_posted: [
        lambda: notes.not_posted(TITLE, "", "help", "is_archived"),
        lambda: notes.not_posted(TITLE, "Details", "help", "some_new_error"),
    ],
    notes.solved: [
        solved,
        lambda: solved(by="Dan"),
        lambda: solved(by="Dan", solutions=[SOLUTION]),
        lambda: solved(solutions=[SOLUTION, ("Chi", URL)]),
        lambda: solved(candidates=[(1, "Ben, 02 Mar 09:00 UTC")]),
        lambda: solved(by="Dan", has_worked=True),
        lambda: solved(candidates=[(1, "Ben, 02 Mar 09:00 UTC")], has_worked=True),
        lambda: solved(has_worked=True),
    ],
    notes.solved_for_joiner: [
        lambda: notes.solved_for_joiner(TITLE, URL, None),
        lambda: notes.solved_for_joiner(TITLE, URL, SOLUTION),
    ],
    notes.offer: [
        lambda: notes.offer(7, [(1, "Ben", False)]),
        lambda: notes.offer(7, [(1, "Ben", True)]),
        lambda: notes.offer(7, [(1, "Ben", True), (2, "Chi", False)]),
        lambda: notes.offer(7, [(1, "Ben", True), (2, "Chi", True)]),
    ],
    notes.marked: [
        lambda: notes.marked("helpful", "C0HELP", "1772442000.000100"),
        lambda: notes.marked("solved", "C0HELP", "1772442000.000100"),
    ],
    notes.helped: [lambda: notes.helped(TITLE, URL, "Ana", ["Chi", "Dan"])],
    notes.solution: [
        lambda: notes.solution(TITLE, URL, "Ana", []),
        lambda: notes.solution(TITLE, URL, "Ana", ["Chi"]),
    ],
    mentors.told: [
        told,
        *(
            partial(told, consent=consent, channel=channel, url=url, asks_first=False)
            for consent, channel, url in itertools.product(
                CONSENTS, ("help", ""), (URL, "")
            )
        ),
        lambda: told(share=None, story=story(7)),
        lambda: told(share=0.001, story=story(1)),
        lambda: told(story=story(0)),
        lambda: told(story=story(0, lead="Eva", reason="For all that welcome")),
    ],
    mentors.post: [
        lambda: mentors.post("U0BEN", "Ben", story()),
        lambda: mentors.post("U0BEN", "Ben", story(9)),
        lambda: mentors.post("U0BEN", "Ben", story(0)),
        lambda: mentors.post("U0BEN", "Ben", story(0, lead="Eva", reason="For it all")),
    ],
    mentors.taken_back: [mentors.taken_back],
    mentors.helped: [
        lambda: mentors.helped("Ben", story().deeds[0], "help", URL),
        lambda: mentors.helped("Ben", story().deeds[0], "", ""),
    ],
    mentors.not_posted: [
        lambda: mentors.not_posted("help", "unknown"),
        lambda: mentors.not_posted("help", "is_archived"),
    ],
    mentors.ring: [lambda: mentors.ring("Ben", ["Ana", "Ben", "Chi"], 5, 4)],
    mentor_forms.leads: [
        lambda: leads(0),
        lambda: leads(8, older=8),
        lambda: leads(
            8, scope="off", newer=0, older=16, rings=["Ben"], experts=["Dan", "Eva"]
        ),
        lambda: leads(2, scope="channels"),
    ],
    mentor_forms.past: [
        lambda: mentor_forms.past([]),
        lambda: mentor_forms.past(
            [
                Past(7, FRIDAY, answers, 2, channel, consent)
                for consent, channel, answers in itertools.product(
                    CONSENTS, ("help", ""), (0, 2)
                )
            ]
        ),
    ],
    mentor_forms.by_hand: [mentor_forms.by_hand],
    mentor_forms.settings: [
        lambda: mentor_forms.settings("workspace", []),
        lambda: mentor_forms.settings("channels", ["U0DAN"]),
    ],
    checkins.post: [
        lambda: checkins.post(asked()),
        lambda: checkins.post(asked(), checkins.LastTime(URL, shared=5, solved=1)),
        lambda: checkins.post(asked(), checkins.LastTime(URL, shared=50, solved=12)),
        lambda: checkins.post(asked(hint="", question="What &lt;now&gt;?" * 20)),
        lambda: checkins.post(asked(reflection="What would you do again? " * 7)),
    ],
    checkin_forms.plan_form: [
        lambda: checkin_forms.plan_form("C0HELP", None, draft()),
        lambda: checkin_forms.plan_form("C0HELP", 7, FULL_DRAFT, hint="Too late."),
    ],
    checkin_forms.preview: [
        lambda: checkin_forms.preview("C0HELP", None, draft(), PREVIEW),
        lambda: checkin_forms.preview(
            "C0HELP", 7, FULL_DRAFT, replace(PREVIEW, hint="", left_out=[])
        ),
    ],
    checkin_forms.overview: [
        lambda: checkin_forms.overview("help", []),
        lambda: checkin_forms.overview("help", PAST_ROUNDS * 2),
    ],
    checkins.planned: [
        lambda: checkins.planned([], may_add=True),
        lambda: checkins.planned(
            [
                PLANNED,
                replace(PLANNED, paused="Paused.", missed=[], left_out=[], times=[]),
                replace(PLANNED, times=[]),
            ],
            may_add=False,
        ),
    ],
    checkin_notes.paused: [
        partial(checkin_notes.paused, QUESTION, "help", because)
        for because in ("archived", "away", "made private", "made public", "some_error")
    ],
    checkin_notes.paused_somewhere: [
        partial(checkin_notes.paused_somewhere, because)
        for because in ("archived", "away", "made private", "not_in_channel")
    ],
    checkin_notes.skipped: [
        partial(
            checkin_notes.skipped,
            QUESTION,
            "help",
            first=FRIDAY,
            last=date(2026, 3, 20),
            count=count,
            reason=reason,
        )
        for count, reason in ((1, "down"), (3, "down"), (1, "unsent"), (1, "unknown"))
    ],
    mentor_forms.asked: [
        lambda: mentor_forms.asked([Past(7, FRIDAY, 2, 2, "help", "asked")]),
        lambda: mentor_forms.asked([]),
    ],
    shares.share_form: [
        lambda: shares.share_form(
            7, ASKED, SHARED, channel="help", until=UNTIL, is_in=True
        ),
        lambda: shares.share_form(
            7,
            Asked("Well?"),
            Shared("x" * 1000),
            channel="help",
            until=UNTIL,
            is_in=False,
        ),
    ],
    shares.message: [
        *(
            partial(shares.message, "U0ANA", "Ana", ASKED, SHARED, blocker)
            for blocker in [None, *BLOCKERS]
        ),
        lambda: shares.message(
            "U0ANA", "Ana", Asked("Well?"), Shared(*[":a: x" * 200] * 4), BLOCKERS[0]
        ),
    ],
    digests.digest: [
        lambda: digest_of(0),
        lambda: digest_of(1),
        lambda: digest_of(200),
        lambda: digests.digest(
            ASKED.question, [Line("Ana"), Line("Ben", URL, "", "Tests", BLOCKERS[1])]
        ),
    ],
    letters.nudge: [
        lambda: letters.nudge(
            7, 3, ASKED.question, channel="help", url=URL, until=UNTIL
        )
    ],
    letters.stopped: [lambda: letters.stopped(3, ASKED.question, channel="help")],
    letters.invite: [lambda: letters.invite(7, ASKED.question, channel="help")],
    letters.not_posted: [
        partial(
            letters.not_posted,
            "help",
            shares.message("U0ANA", "Ana", ASKED, SHARED, None)[1],
            error,
        )
        for error in ("is_archived", "unknown")
    ],
    letters.stuck: [lambda: letters.stuck(7, "Why is `a < b`? " * 60)],
    letters.asked: [
        lambda: letters.asked(TITLE, URL),
        lambda: letters.asked(TITLE, ""),
    ],
    letters.joined: [lambda: letters.joined(3, ASKED.question, channel="help")],
    letters.left: [lambda: letters.left(ASKED.question, channel="help")],
    letters.left_unseen: [letters.left_unseen],
    letters.going_on: [lambda: letters.going_on(ASKED.question, channel="help")],
    home.home: [
        lambda: home.home(home_of(is_new=True)),
        lambda: home.home(home_of()),
        lambda: home.home(full_home()),
    ],
    home.closed: [home.closed],
    home.help_line: [home.help_line],
    home.help_letter: [home.help_letter],
    home.offer_to_ask: [lambda: home.offer_to_ask("1772442000.000100")],
    kudos.message: [
        lambda: kudos.message(kudos_shown()),
        lambda: kudos.message(
            kudos_shown(
                receivers=tuple(f"U0P{n}" for n in range(10)),
                reason="word " * 400,
                tags=("teamwork", "ops"),
                seconds=2,
                about=URL,
            )
        ),
        lambda: kudos.message(kudos_shown(taken_back_by="Ana")),
    ],
    kudos.mine: [
        lambda: kudos.mine([], [], left=5, a_day=5),
        lambda: kudos.mine(
            ROWS * 3,
            GIVEN_ROWS * 2,
            left=0,
            a_day=5,
            more_received="1772442000000100:7",
            more_given="1772442000000100:7",
        ),
    ],
    kudos.page: [
        lambda: kudos.page("received", ROWS, more="1772442000000100:7"),
        lambda: kudos.page("given", GIVEN_ROWS),
        lambda: kudos.page("given", []),
    ],
    kudos.lately: [lambda: kudos.lately([]), lambda: kudos.lately(ROWS)],
    kudos.say_thanks: [
        lambda: kudos.say_thanks("U0BEN"),
        lambda: kudos.say_thanks("U0BEN", 'A "reason"\n' * 300),
    ],
    kudos_forms.kudos_form: [
        kudos_forms.kudos_form,
        lambda: kudos_forms.kudos_form(is_here=True),
        lambda: kudos_forms.kudos_form(
            people=["U0BEN", "U0CHI"],
            reason=THANKS,
            tags=("teamwork", "x" * 30),
            channel="C0HELP",
            about={"channel": "C0HELP", "ts": "1772442000.000100"},
            about_url=URL,
            hint=kudos_forms.INVITE_FIRST,
        ),
    ],
    kudos_notes.given: [
        lambda: kudos_notes.given(7, ["Ben"], left=3),
        lambda: kudos_notes.given(
            7,
            ["Ben", "Chi"],
            left=0,
            dropped=["Robo is a bot. Kudos are for people."],
            is_private=True,
        ),
    ],
    kudos_notes.given_before: [
        lambda: kudos_notes.given_before(["Ben"], is_private=True)
    ],
    kudos_notes.taken_back_by_giver: [kudos_notes.taken_back_by_giver],
    kudos_notes.received: [
        lambda: kudos_notes.received("Ana", THANKS),
        lambda: kudos_notes.received(
            "Ana", THANKS, tags=("ops",), url=URL, place="#help", about=URL
        ),
        lambda: kudos_notes.received("Ana", THANKS, place="a private channel"),
    ],
    kudos_notes.received_by_reaction: [
        lambda: kudos_notes.received_by_reaction("Ana", "tada::skin-tone-2", URL),
        lambda: kudos_notes.received_by_reaction("Ana", "tada", None),
    ],
    kudos_notes.taken_back: [lambda: kudos_notes.taken_back("Ana")],
    kudos_notes.spent: [
        lambda: kudos_notes.spent(
            ["You've thanked 5 people today, which is the limit."]
        )
    ],
    kudos_notes.not_posted: [
        lambda: kudos_notes.not_posted(THANKS, ["Ben"], "#help", "is_archived"),
        lambda: kudos_notes.not_posted(THANKS, ["Ben"], "#help", "unknown"),
    ],
    newcomers.introduction: [introduction],
    newcomers.preview: [lambda: newcomers.preview(7, "C0HELP", "help", shown())],
    newcomers.posted: [lambda: newcomers.posted("C0HELP", "help")],
    newcomers.posted_before: [lambda: newcomers.posted_before("C0HELP", "")],
    newcomers.not_now: [lambda: newcomers.not_now(7, "C0HELP", "help")],
    newcomers.not_posted: [
        lambda: newcomers.not_posted("C0HELP", "help", "unknown"),
        lambda: newcomers.not_posted("C0HELP", "help", "restricted_action"),
    ],
    newcomers.offer: [lambda: newcomers.offer(7)],
    newcomers.form: [lambda: newcomers.form(7, shown())],
    newcomers.greeting: [lambda: newcomers.greeting("C0HELP", "help", HELPFUL, SOLVED)],
    newcomers.greetings_off: [newcomers.greetings_off],
    privacy.forget_form: [
        lambda: privacy.forget_form({}),
        lambda: privacy.forget_form({"asks": 3, "answers": 1, "reactions": 0}),
    ],
    privacy.forgotten: [privacy.forgotten],
    privacy.gone: [privacy.gone],
    settings.channel_form: [
        settings_form,
        lambda: settings_form(
            capture="questions",
            champions=("U0DAN",),
            topics=("python", "time"),
            guests_may_ask=False,
        ),
        lambda: settings_form(capture="all"),
    ],
    settings.my_form: [
        my_form,
        lambda: my_form(
            topics_known=("python", "time"),
            topics_wanted=("rust",),
            wants_nudges=False,
            paused_until=FRIDAY,
            may_be_named="never",
            asks_a_week=0,
        ),
    ],
    settings.saved: [
        lambda: settings.saved(unknown_emoji(["white_tick"])),
        lambda: settings.saved(unknown_emoji(["x" * 100] * 60)),
    ],
    settings.workspace_form: [
        workspace_form,
        lambda: workspace_form(program_leads=["U0DAN"], default_capture="all"),
    ],
}


def surfaces() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each as Slack gets it: a view, or a message's text and blocks."""
    for function, calls in EVERY.items():
        name = f"{function.__module__.removeprefix('bot.')}.{function.__name__}"
        for number, call in enumerate(calls):
            yield f"{name}-{number}", as_sent(call())


def as_sent(drawn: Drawn) -> dict[str, Any]:
    if isinstance(drawn, View):
        return drawn.to_dict()
    text, shown = drawn if isinstance(drawn, tuple) else ("An ask", drawn)
    return {"text": text, "blocks": [block.to_dict() for block in shown]}


def drawing_functions() -> set[Callable[..., Drawn]]:
    """What draws a whole surface, found by what it says it returns."""
    return {
        function
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(function).return_annotation
        in {View, list[Block], notes.Note, tuple[str, list[Block]]}
    }
