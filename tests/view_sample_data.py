"""Example data for the views in tests/view_samples.py."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block, InputBlock
from slack_sdk.models.views import View

from bot.asks import notes
from bot.asks.blocks import AskView
from bot.checkins import blocks as checkins
from bot.checkins import list_blocks
from bot.checkins.blocks import Blocker, DigestEntry, RoundPrompt
from bot.checkins.forms import Preview
from bot.checkins.list_blocks import MissedDate, PastRound, ScheduleView
from bot.checkins.plan import ScheduleForm
from bot.checkins.rules import Response
from bot.checkins.service import MAX_PER_CHANNEL
from bot.features import FEATURES
from bot.forms.setting import Setting
from bot.home import blocks as home
from bot.home.row_blocks import RowList
from bot.home.rules import PAGES, HomePage, PagedList
from bot.knowledge import blocks as knowledge_blocks
from bot.knowledge.blocks import EntryView, SuggestionsForAsk
from bot.kudos import blocks as kudos
from bot.mentors import administration
from bot.mentors import forms as mentor_forms
from bot.mentors import home as mentors_home
from bot.mentors import notes as mentors
from bot.mentors.forms import CreditRow, EvidenceItem, OwnCredit
from bot.mentors.notes import Contribution, CreditStory
from bot.onboarding import blocks as onboarding
from bot.programs.defaults import DEFAULTS
from bot.routing.asker_notes import Steps
from bot.routing.notes import AskLine, ReasonView, open_requests
from bot.routing.rules import REASON_KINDS
from bot.settings import forms as settings
from bot.settings import workspace
from bot.slack.blocks import Note
from bot.workspace.member_settings import MemberSettings
from bot.workspace.workspace_settings import WorkspaceSettings

URL = "https://peers.slack.com/archives/C0HELP/p1772442000000100"


TITLE = "How do I test daylight saving?"


SOLUTION = ("Ben", URL)


STATES = ("open", "answered", "solved", "closed")


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
    """Return an ask with all its parts."""
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
    """Return the form of a new channel, with these values."""
    shown = fields(FEATURES.channel_settings, values)
    return settings.channel_form("C0HELP", "help", shown, [])


def workspace_form(**values: Any) -> View:
    shown = [workspace.PROGRAM_LEADS, *FEATURES.workspace_settings]
    return settings.workspace_form(
        fields(shown, {"program_leads": [], **asdict(WorkspaceSettings()), **values}),
        fields(workspace.channel_defaults(FEATURES.channel_settings), values),
    )


def my_form(**values: Any) -> View:
    """Return the form of a new member, with these values."""
    chosen = replace(MemberSettings(), **values)
    shown = [
        setting.field.render(getattr(chosen, setting.name, ()))
        for setting in FEATURES.member_settings
    ]
    return settings.member_form(shown, "Europe/Helsinki")


def summary(
    chosen: MemberSettings, zone: str, paused_until: str = ""
) -> home.SettingsSummary:
    values = {
        one.name: getattr(chosen, one.name, ()) for one in FEATURES.member_settings
    }
    rows = [
        one.summarize(values, zone)
        for one in FEATURES.member_settings
        # The others are only for some members.
        if one.summarize and one.is_offered is None
    ]
    return home.SettingsSummary(rows, paused_until)


def home_view(
    *,
    is_new: bool = False,
    pages: Sequence[HomePage] = ("today",),
    waiting: Sequence[RowList] = (),
    sections: Sequence[RowList] = (),
    chosen: home.SettingsSummary | None = None,
) -> View:
    """Return the Home tab of a new member, with these values."""
    mine = chosen or summary(MemberSettings(), "Europe/Helsinki")
    return home.home_view(
        pages=pages,
        page=pages[-1],
        is_new=is_new,
        waiting=waiting,
        sections=[*sections, home.settings_summary(mine)],
        help_text=FEATURES.help_text(None),
    )


def listed(
    name: str, lines: int, start: int, total: int
) -> home.ListPage[home.ListItem]:
    about = ("answered", "#help", "2 Mar")
    items = [home.ListItem(TITLE, URL, about)] * lines
    return home.ListPage(PagedList(name, lines), items, start, total)


def checkin_list(
    items: Sequence[list_blocks.CheckInItem],
) -> home.ListPage[list_blocks.CheckInItem]:
    start, total = (5, 12) if items else (0, 0)
    return home.ListPage(PagedList("checkins", 5), items, start, total)


def full_home() -> View:
    """Return the fullest possible Home tab."""
    sample_credits = [
        OwnCredit(n, FRIDAY, 2, 2, "help", "asked")
        for n in range(mentors_home.LIST_LIMIT)
    ]
    chosen = replace(
        MemberSettings(),
        topics_known=("python", "time"),
        max_requests_per_week=3,
        public_naming="never",
    )
    return home_view(
        pages=PAGES,
        waiting=[
            mentor_forms.pending_credits(sample_credits),
            RowList(rows=[list_blocks.due_round(DUE_ROUND)] * 5, without_row=3),
            open_requests([(n, ASK_LINE, SOLVED_REASON) for n in range(5)], more=2),
        ],
        sections=[
            home.item_list("Your open asks", listed("asks", 8, 8, 300)),
            knowledge_blocks.suggestions_for_asks(
                [SuggestionsForAsk(n, TITLE, ENTRY_VIEWS[3:6]) for n in range(3)]
            ),
            home.item_list("Asks that you joined", listed("joined", 5, 5, 300)),
            home.item_list("Asks without an answer", listed("unanswered", 8, 8, 300)),
            home.item_list("Your answers that helped", listed("helped", 5, 5, 300)),
            kudos.recent(RECEIVED_ROWS + GIVEN_ROWS[:2]),
            mentor_forms.past_credits(
                [replace(one, consent="public") for one in sample_credits]
            ),
            list_blocks.checkins(checkin_list(CHECKIN_ITEMS)),
        ],
        chosen=summary(chosen, "Asia/Kolkata", "6 March 2026"),
    )


# The values of a new channel where the workspace can't choose a default.
_UNSET = {"anonymous_asks": "off"}


def fields(
    settings: Iterable[Setting[Any]], values: dict[str, Any]
) -> list[InputBlock]:
    """Return each setting with its value, or with its default."""
    return [
        setting.field.render(
            values.get(setting.name, setting.default or _UNSET.get(setting.name, []))
        )
        for setting in settings
    ]


def solved_note(**more: Any) -> tuple[str, list[Block]]:
    return notes.ask_solved(
        7,
        TITLE,
        URL,
        **{"by": None, "candidates": (), "has_what_worked": False, **more},
    )


def introduction() -> tuple[str, list[Block]]:
    return onboarding.introduction(DEFAULTS)


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
    """Return a credit's story with this many contributions."""
    sample_credits = [
        Contribution(TITLE, URL, "Ana", is_solution=n % 2 == 0)
        for n in range(contributions)
    ]
    return CreditStory(28, sample_credits, helped_count=contributions, **more)


def credit_offer(**more: Any) -> tuple[str, list[Block]]:
    return mentors.credit_offer(
        7,
        more.pop("story", credit_story()),
        **{
            "share": 0.02,
            "consent": "asked",
            "channel": "help",
            "asks_first": True,
            "consent_days": 7,
            **more,
        },
    )


def full_settings_form() -> View:
    """Return the form of a channel with as many check-ins as it can have."""
    checkins_ = [replace(SCHEDULE_OVERVIEW, id=n) for n in range(MAX_PER_CHANNEL)]
    sections = list_blocks.schedule_list(checkins_, may_add=True)
    shown = fields(FEATURES.channel_settings, {})
    offer = onboarding.settings_offer(7)
    return settings.channel_form("C0HELP", "help", shown, [*sections, *offer])


def full_lead_page() -> View:
    """Return a page of credits that have all the evidence that is shown."""
    proof = EvidenceItem(TITLE, URL, "Ana", ["Ana", "Chi"], is_still_marked=True)
    row = CreditRow("Ben", FRIDAY, "public", "help", [proof] * 9, 2, "helped 1.5")
    return mentor_forms.overview(
        [row] * administration.PAGE_SIZE,
        rings=["Ben and Chi"] * administration.MAX_RINGS,
        scope="channels",
        experts=["Dan"] * mentor_forms.MAX_EXPERTS,
        newer_start=0,
        older_start=16,
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
            "newer_start": None,
            "older_start": None,
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
    """Return a digest in which this many people shared responses of maximal length."""
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
    return checkins.digest(SHARE_PROMPT.question, [line] * people)


CONSENTS: tuple[mentors.Consent, ...] = get_args(mentors.Consent)


FRIDAY = date(2026, 3, 6)


QUESTION = "What are you working on this week?"
_STOPPED = list_blocks.CheckInItem(
    7, QUESTION, "help", has_joined=True, reminders_stopped=True
)
CHECKIN_ITEMS = [
    *[_STOPPED] * 3,
    list_blocks.CheckInItem(7, "", "", has_joined=True, reminders_stopped=True),
    list_blocks.CheckInItem(8, QUESTION, "help", has_joined=False),
]
DUE_ROUND = list_blocks.DueRound(7, QUESTION, URL, "help", "Friday 6 March at 17:00")


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
        skip_reason="it was paused",
    ),
    replace(OPEN_ROUND, url="", question="Why &lt;now&gt;? " * 12),
]


SCHEDULE_OVERVIEW = ScheduleView(
    id=7,
    question=QUESTION,
    recurrence=PREVIEW.recurrence,
    pause_note="",
    next_times=PREVIEW.next_times,
    missed=[MissedDate("Monday 2 March", "I was offline")] * 3,
    excluded=PREVIEW.excluded,
    owner="Eva",
)


def entry_view(**changes: Any) -> EntryView:
    """An entry that solved the problem."""
    entry = EntryView(
        id=7,
        title=TITLE,
        url=URL,
        place="help",
        is_private=False,
        is_own=False,
        state="solved",
        what_worked="Freezing the clock.",
        answer="Use `freezegun`, or hand the clock in.",
        author="Ben",
        answer_url=URL,
        helped_count=3,
        asked="March",
        confirmed="March",
        is_due=False,
        is_old=False,
    )
    return replace(entry, **changes)


ENTRY_VIEWS = [
    replace(entry, id=number)
    for number, entry in enumerate(
        [
            entry_view(),
            entry_view(is_own=True, is_private=True),
            entry_view(author=None, answer=None, what_worked=None, helped_count=1),
            entry_view(is_due=True, confirmed="March 2025", what_worked=None),
            entry_view(
                is_old=True,
                newer_title="What about *VPN*?",
                newer_url=URL,
                other_answers=[("Chi", "Set `TZ`."), ("someone", "Wait for spring.")],
            ),
            entry_view(
                is_old=True, outdated_reasons=["vpnctl is gone", "New"], is_flagged=True
            ),
            entry_view(
                state="open",
                answer=None,
                author=None,
                answer_url=None,
                what_worked=None,
                helped_count=0,
            ),
        ],
        start=7,
    )
]


def found(
    entries: Sequence[EntryView],
    *,
    start: int = 0,
    next_start: int | None = None,
    includes_open: bool = False,
    is_complete: bool = True,
) -> Note:
    """A page of what was found."""
    return knowledge_blocks.results(
        "VPN certificate",
        entries,
        start=start,
        next_start=next_start,
        includes_open=includes_open,
        is_complete=is_complete,
    )


# Asks without an answer

ASK_LINE = AskLine(TITLE, URL, "Ana", ("C0HELP", "help"))
SOLVED_REASON = ReasonView("solved", TITLE, URL, "in March")
REASONS = [
    SOLVED_REASON,
    replace(SOLVED_REASON, kind="helped", when="on 2 Mar"),
    replace(SOLVED_REASON, kind="answered"),
    *(ReasonView(kind, topic="vpn") for kind in REASON_KINDS),
]
ROUTING_STEPS = [
    Steps(),
    Steps(peers=1),
    Steps(peers=2, sideways=1),
    Steps(peers=2, sideways=2, are_from_elsewhere=True),
    Steps(sideways=2, are_from_elsewhere=True, is_last=True),
    Steps(is_last=True),
    Steps(peers=2, is_waiting=False),
]
