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
from bot.asks.blocks import AskView
from bot.channels.rules import DEFAULT_HELPFUL, DEFAULT_SOLVED
from bot.checkins import answers as shares
from bot.checkins import blocks as checkins
from bot.checkins import digests, letters
from bot.checkins import forms as checkin_forms
from bot.checkins import notes as checkin_notes
from bot.checkins.answers import Blocker, RoundPrompt
from bot.checkins.blocks import MissedDate, ScheduleView
from bot.checkins.digests import DigestEntry
from bot.checkins.forms import PastRound, Preview
from bot.checkins.plans import ScheduleForm
from bot.checkins.rules import Response
from bot.home import blocks as home
from bot.kudos import blocks as kudos
from bot.kudos import forms as kudos_forms
from bot.kudos import notes as kudos_notes
from bot.mentors import forms as mentor_forms
from bot.mentors import notes as mentors
from bot.mentors import past
from bot.mentors.forms import CreditRow, EvidenceItem, OwnCredit
from bot.mentors.notes import Contribution, CreditStory
from bot.newcomers import blocks as newcomers
from bot.policies.rules import WorkspaceSettings
from bot.preferences.rules import MemberSettings
from bot.privacy import blocks as privacy
from bot.settings import channel, member, workspace
from bot.settings import forms as settings
from bot.settings.blocks import unknown_emoji
from bot.settings.setting import Setting

Rendered = View | list[Block] | tuple[str, list[Block]]

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


def ask(state: str = "open", **more: Any) -> AskView:
    return AskView(
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


def full_ask(state: str) -> AskView:
    """An ask that has everything an ask can have."""
    return ask(
        state,
        details="It *fails* in spring:\n```\nassert hours == 24\n```",
        topics=("python", "time"),
        solutions=(SOLUTION, ("Chi", URL)),
        what_worked="Freezing the clock.",
        looking=("Ben", "Chi"),
        same_count=2,
        closed_by="Dan",
        close_reason="Asked twice",
        is_first_ask=True,
    )


def settings_form(**values: Any) -> View:
    """The form of a channel that nobody set up, but for these values."""
    return settings.channel_form("C0HELP", "help", fields(channel.SETTINGS, values), [])


def workspace_form(**values: Any) -> View:
    shown = [workspace.PROGRAM_LEADS, *workspace.SETTINGS]
    return settings.workspace_form(
        fields(shown, {"program_leads": [], **asdict(WorkspaceSettings()), **values}),
        fields(workspace.CHANNEL_DEFAULTS, values),
    )


def my_form(**values: Any) -> View:
    """The form of a member who chose nothing, but for these."""
    chosen = replace(MemberSettings(), **values)
    shown = [field.render(getattr(chosen, field.name)) for field in member.FIELDS]
    return settings.member_form(shown, "Europe/Helsinki")


def home_view(**more: Any) -> home.HomeView:
    """The Home tab of somebody who chose nothing, but for this."""
    mine = home.SettingsSummary(member.summary(MemberSettings(), "Europe/Helsinki"))
    return home.HomeView(**{"settings": mine, "unanswered": home.ListPage(), **more})


def listed(lines: int, start: int, total: int) -> home.ListPage[home.ListItem]:
    about = ("answered", "#help", "2 Mar")
    return home.ListPage([home.ListItem(TITLE, URL, about)] * lines, start, total)


def full_home() -> home.HomeView:
    """As much as a Home tab ever shows."""
    asked = [
        OwnCredit(n, FRIDAY, 2, 2, "help", "asked") for n in range(past.LIST_LIMIT)
    ]
    chosen = replace(
        MemberSettings(),
        topics_known=("python", "time"),
        asks_a_week=3,
        may_be_named="never",
    )
    return home_view(
        questions=mentor_forms.pending_credits(asked),
        credits=mentor_forms.past_credits(
            [replace(one, consent="public") for one in asked],
        ),
        kudos=kudos.recent(RECEIVED_ROWS + GIVEN_ROWS[:2]),
        asks=listed(8, 8, 300),
        unanswered=listed(8, 8, 300),
        helped=listed(5, 5, 300),
        due_rounds=[home.DueRound(7, QUESTION, URL, "help", "Friday 6 March at 17:00")] * 5,
        checkins=home.ListPage(
            [
                home.CheckInItem(
                    7, QUESTION, "help", has_joined=True, reminders_stopped=True
                ),
                home.CheckInItem(7, "", "", has_joined=True, reminders_stopped=True),
                *[
                    home.CheckInItem(
                        7, QUESTION, "help", has_joined=True, reminders_stopped=True
                    )
                ]
                * 2,
                home.CheckInItem(8, QUESTION, "help", has_joined=False),
            ],
            5,
            12,
        ),
        settings=home.SettingsSummary(
            member.summary(chosen, "Asia/Kolkata"), "6 March 2026"
        ),
    )


def fields(
    settings: Iterable[Setting[Any]], values: dict[str, Any]
) -> list[InputBlock]:
    """Each setting drawn with its value; without, as it is at first."""
    return [
        setting.field.render(values.get(setting.name, setting.default or []))
        for setting in settings
    ]


def solved_note(**more: Any) -> tuple[str, list[Block]]:
    return notes.solved(
        7, TITLE, URL, **{"by": None, "candidates": (), "has_what_worked": False, **more}
    )


def introduction() -> tuple[str, list[Block]]:
    return newcomers.introduction(DEFAULT_HELPFUL, DEFAULT_SOLVED)


def introduction_blocks() -> list[Block]:
    return introduction()[1]


THANKS = "the answer on retries, which saved my day"


def kudos_view(**more: Any) -> kudos.KudosView:
    return kudos.KudosView(
        **{
            "id": 7,
            "giver": "Ana",
            "recipients": ("U0BEN",),
            "reason": THANKS,
            **more,
        }
    )


def kudos_row(**more: Any) -> kudos.ListItem:
    return kudos.ListItem(
        **{"people": ("Ben", "Chi"), "reason": THANKS, "day": "2 Mar", **more}
    )


RECEIVED_ROWS = [
    kudos_row(url=URL, tags=("teamwork",), join_count=2),
    kudos_row(is_private=True, reason="long " * 400),
    kudos_row(url=URL, reason="", emoji="tada::skin-tone-2"),
]
GIVEN_ROWS = [*RECEIVED_ROWS, kudos_row(url=URL, joined_giver="Dan")]


def credit_story(contributions: int = 2, **more: Any) -> CreditStory:
    """What somebody did, for so many."""
    asked = [
        Contribution(TITLE, URL, "Ana", is_solution=n % 2 == 0)
        for n in range(contributions)
    ]
    return CreditStory(28, asked, helped_count=contributions, **more)


def credit_offer(**more: Any) -> tuple[str, list[Block]]:
    return mentors.credit_offer(
        7,
        more.pop("story", credit_story()),
        **{
            "share": 0.02,
            "consent": "asked",
            "channel": "help",
            "asks_first": True,
            "silence_days": 7,
            **more,
        },
    )


def lead_page(rows: int, **more: Any) -> View:
    proof = EvidenceItem(TITLE, URL, "Ana", ["Ana", "Chi"], is_still_marked=True)
    undone = replace(proof, is_still_marked=False)
    row = CreditRow("Ben", FRIDAY, "asked", "help", [proof, undone], 0, "helped 1.5")
    shown = [replace(row, consent=consent) for consent in CONSENTS]
    shown += [replace(row, evidence=[proof] * 9, hidden_count=2)] * rows
    return mentor_forms.overview(
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


RESPONSE = Response(
    "The *parser*", "Why is `a < b`?", "The demo :tada:", "Less is more"
)
SHARE_PROMPT = RoundPrompt(
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
    line = DigestEntry(
        "N" * 80,
        URL,
        much,
        much,
        BLOCKERS[4],
        solved_by="Ben",
        is_first=True,
        streak=10,
    )
    return digests.digest(SHARE_PROMPT.question, [line] * people)


CONSENTS: tuple[mentors.Consent, ...] = get_args(mentors.Consent)
FRIDAY = date(2026, 3, 6)
QUESTION = "What are you working on this week?"
CLOSES_AT = "Friday 6 March at 09:00"


def round_prompt(**more: Any) -> checkins.RoundView:
    return checkins.RoundView(
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


def schedule_draft(**more: Any) -> ScheduleForm:
    return ScheduleForm(
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


FULL_SCHEDULE_DRAFT = schedule_draft(
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
    recurrence="Every Monday at 09:00, Europe/Helsinki",
    next_times=["Monday 9 March 2026 at 09:00"] * 3,
    excluded=["Monday 16 March, St. Patrick"],
    summary="Open for 4 days each time.",
)
OPEN_ROUND = PastRound(
    "Monday 9 March", QUESTION, URL, ["Ana", "Ben"], "Friday 13 March at 09:00", ""
)
PAST_ROUNDS = [
    OPEN_ROUND,
    replace(OPEN_ROUND, until="", shared_by=["N" * 80] * 40),
    replace(OPEN_ROUND, until="", shared_by=["Ana"]),
    replace(OPEN_ROUND, until="", shared_by=[]),
    replace(
        OPEN_ROUND,
        until="",
        shared_by=[],
        url="",
        skip_reason="it was paused just then",
    ),
    replace(OPEN_ROUND, url="", question="Why &lt;now&gt;? " * 12),
]
SCHEDULE_OVERVIEW = ScheduleView(
    id=7,
    question=QUESTION,
    recurrence=PREVIEW.recurrence,
    pause_note="",
    next_times=PREVIEW.next_times,
    missed=[MissedDate("Monday 2 March", "I was not running")] * 3,
    excluded=PREVIEW.excluded,
    owner="Eva",
)


# By the function that draws it: calls that take it through all of its branches.
SAMPLES: dict[Callable[..., Rendered], list[Callable[[], Rendered]]] = {
    blocks.message: [
        *(partial(blocks.message, ask(state)) for state in STATES),
        *(partial(blocks.message, full_ask(state)) for state in STATES),
        lambda: blocks.message(ask(origin_url=URL)),
    ],
    blocks.thread_line: [
        *(
            partial(blocks.thread_line, ask(state, is_captured=True))
            for state in STATES
        ),
        *(partial(blocks.thread_line, full_ask(state)) for state in STATES),
    ],
    blocks.disclaimed_line: [lambda: blocks.disclaimed_line(7)],
    forms.ask_form: [
        forms.ask_form,
        lambda: forms.ask_form(use_current_channel=True),
        lambda: forms.ask_form(channel="C0HELP", hint=forms.NOT_IN_CHANNEL_CHOOSE),
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
    forms.what_worked_form: [
        lambda: forms.what_worked_form(7, TITLE, None),
        lambda: forms.what_worked_form(7, TITLE, "Freezing the clock."),
    ],
    forms.options_modal: [
        partial(
            forms.options_modal,
            7,
            TITLE,
            state,
            possible,
            joined=joined,
            is_own_message=own,
        )
        for state, possible, joined, own in itertools.product(
            STATES,
            ((), ("looking", "same"), tuple(forms.OPTION_LABELS)),
            ((), ("looking", "same")),
            (False, True),
        )
    ],
    forms.message_modal: [
        lambda: forms.message_modal("Not possible", "It's already solved."),
        lambda: forms.message_modal("Done", blocks.NOT_AN_ASK, blocks.undo_button(7)),
    ],
    notes.answered: [lambda: notes.answered(TITLE, URL, "Ben")],
    notes.captured: [lambda: notes.captured(7, TITLE, URL, "100")],
    notes.converted: [
        lambda: notes.converted(TITLE, URL, "Dan", "100", is_first=True),
        lambda: notes.converted(TITLE, URL, "Dan", "100", is_first=False),
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
        solved_note,
        lambda: solved_note(by="Dan"),
        lambda: solved_note(by="Dan", solutions=[SOLUTION]),
        lambda: solved_note(solutions=[SOLUTION, ("Chi", URL)]),
        lambda: solved_note(candidates=[(1, "Ben, 02 Mar 09:00 UTC")]),
        lambda: solved_note(by="Dan", has_what_worked=True),
        lambda: solved_note(
            candidates=[(1, "Ben, 02 Mar 09:00 UTC")], has_what_worked=True
        ),
        lambda: solved_note(has_what_worked=True),
    ],
    notes.solved_for_joiner: [
        lambda: notes.solved_for_joiner(TITLE, URL, None),
        lambda: notes.solved_for_joiner(TITLE, URL, SOLUTION),
    ],
    notes.solution_suggestion: [
        lambda: notes.solution_suggestion(7, [(1, "Ben", False)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True), (2, "Chi", False)]),
        lambda: notes.solution_suggestion(7, [(1, "Ben", True), (2, "Chi", True)]),
    ],
    notes.mark_receipt: [
        lambda: notes.mark_receipt("helpful", "C0HELP", "1772442000.000100"),
        lambda: notes.mark_receipt("solved", "C0HELP", "1772442000.000100"),
    ],
    notes.answer_helped: [
        lambda: notes.answer_helped(TITLE, URL, "Ana", ["Chi", "Dan"])
    ],
    notes.answer_solved: [
        lambda: notes.answer_solved(TITLE, URL, "Ana", []),
        lambda: notes.answer_solved(TITLE, URL, "Ana", ["Chi"]),
    ],
    mentors.credit_offer: [
        credit_offer,
        *(
            partial(
                credit_offer,
                consent=consent,
                channel=channel,
                url=url,
                asks_first=False,
            )
            for consent, channel, url in itertools.product(
                CONSENTS, ("help", ""), (URL, "")
            )
        ),
        lambda: credit_offer(share=None, story=credit_story(7)),
        lambda: credit_offer(share=0.001, story=credit_story(1)),
        lambda: credit_offer(story=credit_story(0)),
        lambda: credit_offer(
            story=credit_story(0, lead="Eva", reason="For all that welcome")
        ),
    ],
    mentors.post: [
        lambda: mentors.post("U0BEN", "Ben", credit_story()),
        lambda: mentors.post("U0BEN", "Ben", credit_story(9)),
        lambda: mentors.post("U0BEN", "Ben", credit_story(0)),
        lambda: mentors.post(
            "U0BEN", "Ben", credit_story(0, lead="Eva", reason="For it all")
        ),
    ],
    mentors.withdrawn_post: [mentors.withdrawn_post],
    mentors.marker_note: [
        lambda: mentors.marker_note(
            "Ben", credit_story().contributions[0], "help", URL
        ),
        lambda: mentors.marker_note("Ben", credit_story().contributions[0], "", ""),
    ],
    mentors.not_posted: [
        lambda: mentors.not_posted("help", "unknown"),
        lambda: mentors.not_posted("help", "is_archived"),
    ],
    mentors.ring_alert: [
        lambda: mentors.ring_alert("Ben", ["Ana", "Ben", "Chi"], 5, 4)
    ],
    mentor_forms.overview: [
        lambda: lead_page(0),
        lambda: lead_page(8, older=8),
        lambda: lead_page(
            8,
            scope="off",
            newer_start=0,
            older=16,
            rings=["Ben"],
            experts=["Dan", "Eva"],
        ),
        lambda: lead_page(2, scope="channels"),
    ],
    mentor_forms.past_credits: [
        lambda: mentor_forms.past_credits([]),
        lambda: mentor_forms.past_credits(
            [
                OwnCredit(7, FRIDAY, answers, 2, channel, consent)
                for consent, channel, answers in itertools.product(
                    CONSENTS, ("help", ""), (0, 2)
                )
            ]
        ),
    ],
    mentor_forms.credit_form: [mentor_forms.credit_form],
    mentor_forms.settings_form: [
        lambda: mentor_forms.settings_form("workspace", []),
        lambda: mentor_forms.settings_form("channels", ["U0DAN"]),
    ],
    checkins.round_post: [
        lambda: checkins.round_post(round_prompt()),
        lambda: checkins.round_post(
            round_prompt(), checkins.PreviousRound(URL, shared_count=5, solved_count=1)
        ),
        lambda: checkins.round_post(
            round_prompt(),
            checkins.PreviousRound(URL, shared_count=50, solved_count=12),
        ),
        lambda: checkins.round_post(
            round_prompt(hint="", question="What &lt;now&gt;?" * 20)
        ),
        lambda: checkins.round_post(
            round_prompt(reflection="What would you do again? " * 7)
        ),
    ],
    checkin_forms.plan_form: [
        lambda: checkin_forms.plan_form("C0HELP", None, schedule_draft()),
        lambda: checkin_forms.plan_form(
            "C0HELP", 7, FULL_SCHEDULE_DRAFT, hint="Too late."
        ),
    ],
    checkin_forms.preview: [
        lambda: checkin_forms.preview("C0HELP", None, schedule_draft(), PREVIEW),
        lambda: checkin_forms.preview(
            "C0HELP", 7, FULL_SCHEDULE_DRAFT, replace(PREVIEW, hint="", excluded=[])
        ),
    ],
    checkin_forms.overview: [
        lambda: checkin_forms.overview("help", []),
        lambda: checkin_forms.overview("help", PAST_ROUNDS * 2),
    ],
    checkins.schedule_list: [
        lambda: checkins.schedule_list([], may_add=True),
        lambda: checkins.schedule_list(
            [
                SCHEDULE_OVERVIEW,
                replace(
                    SCHEDULE_OVERVIEW,
                    pause_note="Paused.",
                    missed=[],
                    excluded=[],
                    next_times=[],
                ),
                replace(SCHEDULE_OVERVIEW, next_times=[]),
            ],
            may_add=False,
        ),
    ],
    checkin_notes.schedule_paused: [
        partial(checkin_notes.schedule_paused, QUESTION, "help", because)
        for because in ("archived", "away", "made private", "made public", "some_error")
    ],
    checkin_notes.schedule_paused_elsewhere: [
        partial(checkin_notes.schedule_paused_elsewhere, because)
        for because in ("archived", "away", "made private", "not_in_channel")
    ],
    checkin_notes.rounds_skipped: [
        partial(
            checkin_notes.rounds_skipped,
            QUESTION,
            "help",
            first=FRIDAY,
            last=date(2026, 3, 20),
            count=count,
            reason=reason,
        )
        for count, reason in ((1, "down"), (3, "down"), (1, "unsent"), (1, "unknown"))
    ],
    mentor_forms.pending_credits: [
        lambda: mentor_forms.pending_credits(
            [OwnCredit(7, FRIDAY, 2, 2, "help", "asked")]
        ),
        lambda: mentor_forms.pending_credits([]),
    ],
    shares.share_form: [
        lambda: shares.share_form(
            7,
            SHARE_PROMPT,
            RESPONSE,
            channel="help",
            until=CLOSES_AT,
            is_participant=True,
        ),
        lambda: shares.share_form(
            7,
            RoundPrompt("Well?"),
            Response("x" * 1000),
            channel="help",
            until=CLOSES_AT,
            is_participant=False,
        ),
    ],
    shares.response_message: [
        *(
            partial(
                shares.response_message, "U0ANA", "Ana", SHARE_PROMPT, RESPONSE, blocker
            )
            for blocker in [None, *BLOCKERS]
        ),
        lambda: shares.response_message(
            "U0ANA",
            "Ana",
            RoundPrompt("Well?"),
            Response(*[":a: x" * 200] * 4),
            BLOCKERS[0],
        ),
    ],
    digests.digest: [
        lambda: digest_of(0),
        lambda: digest_of(1),
        lambda: digest_of(200),
        lambda: digests.digest(
            SHARE_PROMPT.question,
            [DigestEntry("Ana"), DigestEntry("Ben", URL, "", "Tests", BLOCKERS[1])],
        ),
    ],
    letters.reminder: [
        lambda: letters.reminder(
            7, 3, SHARE_PROMPT.question, channel="help", url=URL, until=CLOSES_AT
        )
    ],
    letters.reminders_stopped: [
        lambda: letters.reminders_stopped(3, SHARE_PROMPT.question, channel="help")
    ],
    letters.invitation: [
        lambda: letters.invitation(7, SHARE_PROMPT.question, channel="help")
    ],
    letters.response_not_posted: [
        partial(
            letters.response_not_posted,
            "help",
            shares.response_message("U0ANA", "Ana", SHARE_PROMPT, RESPONSE, None)[1],
            error,
        )
        for error in ("is_archived", "unknown")
    ],
    letters.ask_offer: [lambda: letters.ask_offer(7, "Why is `a < b`? " * 60)],
    letters.ask_created: [
        lambda: letters.ask_created(TITLE, URL),
        lambda: letters.ask_created(TITLE, ""),
    ],
    letters.join_receipt: [
        lambda: letters.join_receipt(3, SHARE_PROMPT.question, channel="help")
    ],
    letters.leave_receipt: [
        lambda: letters.leave_receipt(SHARE_PROMPT.question, channel="help")
    ],
    letters.leave_receipt_elsewhere: [letters.leave_receipt_elsewhere],
    letters.resume_receipt: [
        lambda: letters.resume_receipt(SHARE_PROMPT.question, channel="help")
    ],
    home.home_view: [
        lambda: home.home_view(home_view(is_new=True)),
        lambda: home.home_view(home_view()),
        lambda: home.home_view(full_home()),
    ],
    home.denied_view: [home.denied_view],
    home.help_hint: [home.help_hint],
    home.help_message: [home.help_message],
    home.offer_to_ask: [lambda: home.offer_to_ask("1772442000.000100")],
    kudos.message: [
        lambda: kudos.message(kudos_view()),
        lambda: kudos.message(
            kudos_view(
                recipients=tuple(f"U0P{n}" for n in range(10)),
                reason="word " * 400,
                tags=("teamwork", "ops"),
                join_count=2,
                subject_url=URL,
            )
        ),
        lambda: kudos.message(kudos_view(taken_back_by="Ana")),
    ],
    kudos.history: [
        lambda: kudos.history([], [], remaining=5, daily_allowance=5),
        lambda: kudos.history(
            RECEIVED_ROWS * 3,
            GIVEN_ROWS * 2,
            remaining=0,
            daily_allowance=5,
            next_received="1772442000000100:7",
            next_given="1772442000000100:7",
        ),
    ],
    kudos.page: [
        lambda: kudos.page("received", RECEIVED_ROWS, next_cursor="1772442000000100:7"),
        lambda: kudos.page("given", GIVEN_ROWS),
        lambda: kudos.page("given", []),
    ],
    kudos.recent: [lambda: kudos.recent([]), lambda: kudos.recent(RECEIVED_ROWS)],
    kudos.thank_button_row: [
        lambda: kudos.thank_button_row("U0BEN"),
        lambda: kudos.thank_button_row("U0BEN", 'A "reason"\n' * 300),
    ],
    kudos_forms.kudos_form: [
        kudos_forms.kudos_form,
        lambda: kudos_forms.kudos_form(use_current_channel=True),
        lambda: kudos_forms.kudos_form(
            people=["U0BEN", "U0CHI"],
            reason=THANKS,
            tags=("teamwork", "x" * 30),
            channel="C0HELP",
            about={"channel": "C0HELP", "ts": "1772442000.000100"},
            about_url=URL,
            hint=kudos_forms.INVITE_BOT_FIRST,
        ),
    ],
    kudos_notes.receipt: [
        lambda: kudos_notes.receipt(7, ["Ben"], remaining=3),
        lambda: kudos_notes.receipt(
            7,
            ["Ben", "Chi"],
            remaining=0,
            warnings=["Robo is a bot. Kudos are for people."],
            is_private=True,
        ),
    ],
    kudos_notes.final_receipt: [
        lambda: kudos_notes.final_receipt(["Ben"], is_private=True)
    ],
    kudos_notes.taken_back_receipt: [kudos_notes.taken_back_receipt],
    kudos_notes.received: [
        lambda: kudos_notes.received("Ana", THANKS),
        lambda: kudos_notes.received(
            "Ana", THANKS, tags=("ops",), url=URL, channel="#help", subject_url=URL
        ),
        lambda: kudos_notes.received("Ana", THANKS, channel="a private channel"),
    ],
    kudos_notes.received_by_reaction: [
        lambda: kudos_notes.received_by_reaction("Ana", "tada::skin-tone-2", URL),
        lambda: kudos_notes.received_by_reaction("Ana", "tada", None),
    ],
    kudos_notes.taken_back_received: [lambda: kudos_notes.taken_back_received("Ana")],
    kudos_notes.limit_reached: [
        lambda: kudos_notes.limit_reached(
            ["You've thanked 5 people today, which is the limit."]
        )
    ],
    kudos_notes.not_posted: [
        lambda: kudos_notes.not_posted(THANKS, ["Ben"], "#help", "is_archived"),
        lambda: kudos_notes.not_posted(THANKS, ["Ben"], "#help", "unknown"),
    ],
    newcomers.introduction: [introduction],
    newcomers.preview: [
        lambda: newcomers.preview(7, "C0HELP", "help", introduction_blocks())
    ],
    newcomers.posted: [lambda: newcomers.posted("C0HELP", "help")],
    newcomers.already_posted: [lambda: newcomers.already_posted("C0HELP", "")],
    newcomers.not_now: [lambda: newcomers.not_now(7, "C0HELP", "help")],
    newcomers.not_posted: [
        lambda: newcomers.not_posted("C0HELP", "help", "unknown"),
        lambda: newcomers.not_posted("C0HELP", "help", "restricted_action"),
    ],
    newcomers.settings_offer: [lambda: newcomers.settings_offer(7)],
    newcomers.preview_modal: [
        lambda: newcomers.preview_modal(7, introduction_blocks())
    ],
    newcomers.greeting: [
        lambda: newcomers.greeting("C0HELP", "help", DEFAULT_HELPFUL, DEFAULT_SOLVED)
    ],
    newcomers.greetings_off: [newcomers.greetings_off],
    privacy.forget_form: [
        lambda: privacy.forget_form({}),
        lambda: privacy.forget_form({"asks": 3, "answers": 1, "reactions": 0}),
    ],
    privacy.erased_view: [privacy.erased_view],
    privacy.redacted_message: [privacy.redacted_message],
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
    settings.member_form: [
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
    settings.saved_view: [
        lambda: settings.saved_view(unknown_emoji(["white_tick"])),
        lambda: settings.saved_view(unknown_emoji(["x" * 100] * 60)),
    ],
    settings.workspace_form: [
        workspace_form,
        lambda: workspace_form(program_leads=["U0DAN"], default_capture="all"),
    ],
}


def view_samples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each as Slack gets it: a view, or a message's text and blocks."""
    for function, calls in SAMPLES.items():
        name = f"{function.__module__.removeprefix('bot.')}.{function.__name__}"
        for number, call in enumerate(calls):
            yield f"{name}-{number}", to_json(call())


def to_json(rendered: Rendered) -> dict[str, Any]:
    if isinstance(rendered, View):
        return rendered.to_dict()
    text, shown = rendered if isinstance(rendered, tuple) else ("An ask", rendered)
    return {"text": text, "blocks": [block.to_dict() for block in shown]}


def render_functions() -> set[Callable[..., Rendered]]:
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
