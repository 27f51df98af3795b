"""Agendas of circles' meetings, the messages before them, and their forms."""

from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.circles import (
    agenda_blocks,
    announcement_blocks,
    format_blocks,
    move_blocks,
    offer_blocks,
    outcome_blocks,
    writing_blocks,
)
from bot.circles.agenda_blocks import ActionView, AgendaView
from bot.circles.announcement_blocks import Announcement, Reminder
from bot.circles.formats import Format, Phase, Step, StepKind
from bot.circles.move_blocks import MoveView
from bot.circles.offer_blocks import AskText, OfferAnswer, OfferView
from bot.circles.outcome_blocks import AfterView
from bot.circles.outcome_rules import Outcome, Receipt, Worth
from bot.circles.questions import QUESTIONS
from bot.circles.writing import Stage
from bot.circles.writing_blocks import Entry, Issue, OwnText, WeekView
from tests.samples.types import Samples

_AT = datetime(2026, 3, 18, 11, tzinfo=UTC)
_ZONE = ZoneInfo("Europe/Berlin")
_NAMES = ["Ana", "Ben", "Chi", "Dan", "Eva", "Fay", "Gus"]
_LONG = "word " * 600
_LONG_NAME = "Name " * 30
_ACTIONS = [
    ActionView("Ana", "Write to <@U0BEN> &amp; co", "done", date(2026, 3, 25)),
    ActionView("Ben", _LONG, "dropped"),
    *(ActionView(_LONG_NAME, ":tada: " * 100) for _ in range(12)),
]
_WHEN: Any = {"id": 1, "number": 3, "planned_at": _AT, "zone": _ZONE}


def agenda(phase: Phase, **more: Any) -> AgendaView:
    values = {**_WHEN, "circle_id": 2, "phase": phase, "facilitator": "Ana"}
    values["closes_at"] = _AT
    return AgendaView(**values | more)


def running(kind: StepKind, **more: Any) -> AgendaView:
    values = {
        "step": Step(kind, 5, "U0BEN"),
        "turn_of": "Ben",
        "step_ends_at": _AT,
        "next_step": Step(StepKind.TAKE_AWAY, 4),
        "next_turn": "Chi",
        "has_begun": True,
        "position": 24,
    }
    return agenda(Phase.RUNNING, **values | more)


_AGENDAS = [
    agenda(Phase.PLANNED),
    agenda(
        Phase.PLANNED,
        facilitator=None,
        turns_wanted=[_LONG_NAME] * 7,
        questions=[(name, _LONG) for name in _NAMES],
    ),
    *(agenda(Phase.PLANNED, format=each) for each in Format),
    agenda(
        Phase.PLANNED,
        format=Format.DISCUSSION,
        goal=_LONG,
        scope="Costs &amp; dates",
        questions=[(name, _LONG) for name in _NAMES],
    ),
    running(StepKind.GOAL, format=Format.DISCUSSION, goal=_LONG, scope=_LONG),
    *(running(kind) for kind in StepKind),
    running(StepKind.ARRIVE, questions=[(_LONG_NAME, _LONG)] * 7),
    running(StepKind.LAST_TIME, actions=_ACTIONS, turn_of=""),
    running(StepKind.TAKE_AWAY, next_step=None, next_turn=None, turn_of=""),
    agenda(Phase.PAUSED, has_begun=True),
    agenda(Phase.ENDED),
    agenda(Phase.ENDED, has_begun=True),
    agenda(Phase.ENDED, has_begun=True, actions=_ACTIONS),
]

_ASK = AskText("Ana", "How do I &lt;retry&gt;?", "https://slack.example/archives/C1/p1")
_SOLVED = AskText(_LONG_NAME, _LONG, "https://slack.example/archives/C1/p1", _AT)
_MOVES = [
    MoveView(
        **_WHEN,
        name=_LONG_NAME,
        proposed_at=_AT,
        answer=answer,
        is_accepted=is_accepted,
        has_other_meeting=True,
    )
    for answer in (None, True, False)
    for is_accepted in (None, True, False)
]
_ENTRIES = [Entry(_LONG_NAME, _LONG)] * 7
_WEEK: Any = {"id": 1, "number": 2, "zone": _ZONE}
_WEEKS = [
    *(
        WeekView(
            **_WEEK, stage=stage, ends_at=_AT, issues=[Issue(Entry("Ana", "How?"))]
        )
        for stage in Stage
    ),
    WeekView(**_WEEK, stage=Stage.ISSUES, ends_at=_AT),
    WeekView(**_WEEK, stage=None),
    WeekView(
        **_WEEK,
        stage=Stage.THANKS,
        ends_at=_AT,
        issues=[Issue(Entry(_LONG_NAME, _LONG), _ENTRIES, _ENTRIES)] * 2,
        thanks=_ENTRIES,
        actions=_ACTIONS,
    ),
]

SAMPLES: Samples = {
    writing_blocks.week: [
        lambda view=view: writing_blocks.week(view)  # type: ignore[misc]
        for view in _WEEKS
    ],
    writing_blocks.write_form: [
        lambda: writing_blocks.write_form(1, Stage.ISSUES, [OwnText("word " * 60)]),
        lambda: writing_blocks.write_form(1, Stage.THANKS, [OwnText("")]),
        *(
            lambda stage=stage: writing_blocks.write_form(
                1,
                stage,
                [OwnText("", "U0ANA", "Ana"), OwnText("A", "U0BEN", _LONG_NAME)],
            )
            for stage in (Stage.QUESTIONS, Stage.IDEAS)
        ),
    ],
    agenda_blocks.agenda: [
        lambda view=view: agenda_blocks.agenda(view)  # type: ignore[misc]
        for view in _AGENDAS
    ],
    outcome_blocks.after_meeting: [
        lambda: outcome_blocks.after_meeting(AfterView(**_WHEN, actions=_ACTIONS)),
        lambda: outcome_blocks.after_meeting(AfterView(**_WHEN, has_begun=False)),
        lambda: outcome_blocks.after_meeting(AfterView(**_WHEN, answer=Outcome.NONE)),
        lambda: outcome_blocks.after_meeting(AfterView(**_WHEN, answer=Outcome.PART)),
        lambda: outcome_blocks.after_meeting(
            AfterView(**_WHEN, answer=Outcome.ALL, has_rated=True)
        ),
        *(
            partial(
                outcome_blocks.after_meeting,
                AfterView(**_WHEN, answer=Outcome.ALL, has_rated=True, receipt=receipt),
            )
            for receipt in (Receipt(worth, "r" * 22) for worth in Worth)
        ),
        lambda: outcome_blocks.after_meeting(
            AfterView(**_WHEN, answer=Outcome.ALL, is_counted=False)
        ),
        lambda: outcome_blocks.after_meeting(AfterView(**_WHEN, is_in_writing=True)),
    ],
    agenda_blocks.action_form: [
        lambda: agenda_blocks.action_form(1, "", None),
        lambda: agenda_blocks.action_form(1, "word " * 28, date(2026, 3, 25)),
    ],
    agenda_blocks.report_form: [
        lambda: agenda_blocks.report_form(1, 2, _LONG, "open"),
    ],
    announcement_blocks.announcement: [
        lambda: announcement_blocks.announcement(Announcement(**_WHEN)),
        lambda: announcement_blocks.announcement(
            Announcement(**_WHEN, format=Format.DISCUSSION)
        ),
        lambda: announcement_blocks.announcement(
            Announcement(
                **_WHEN,
                ask=_SOLVED,
                lead_questions=[_LONG] * 5,
                facilitator=_LONG_NAME,
                question=QUESTIONS["mistake-1"],
                holiday=_LONG_NAME,
            )
        ),
    ],
    offer_blocks.offer: [
        lambda view=view: offer_blocks.offer(view)  # type: ignore[misc]
        for view in (
            OfferView(1, 3, _ASK),
            OfferView(1, 3, _ASK, has_another=True),
            OfferView(1, 3, _SOLVED, OfferAnswer.FINE),
            OfferView(1, 3, _SOLVED, OfferAnswer.NONE, has_another=True),
        )
    ],
    announcement_blocks.past: [lambda: announcement_blocks.past(3)],
    offer_blocks.asked_again: [offer_blocks.asked_again],
    move_blocks.move_form: [
        lambda: move_blocks.move_form(1, date(2026, 3, 25), time(11, 30))
    ],
    move_blocks.question: [
        lambda view=view: move_blocks.question(view)  # type: ignore[misc]
        for view in _MOVES
    ],
    move_blocks.result: [
        lambda view=view: move_blocks.result(view)  # type: ignore[misc]
        for view in _MOVES
    ],
    announcement_blocks.reminder: [
        lambda each=each: announcement_blocks.reminder(  # type: ignore[misc]
            Reminder(**_WHEN, format=each)
        )
        for each in Format
    ],
    format_blocks.focus_lines: [
        lambda: format_blocks.focus_lines("Choose a queue", ""),
        lambda: format_blocks.focus_lines(_LONG, "Costs &amp; dates"),
    ],
    format_blocks.focus_form: [
        lambda: format_blocks.focus_form(1, "", ""),
        lambda: format_blocks.focus_form(1, "word " * 28, "Costs &amp; dates"),
    ],
    announcement_blocks.question_form: [
        lambda: announcement_blocks.question_form(1, "word " * 40)
    ],
    announcement_blocks.swap_form: [
        lambda: announcement_blocks.swap_form(
            1, [(f"U0{name.upper()}", name) for name in _NAMES]
        ),
        lambda: announcement_blocks.swap_form(1, [("U0ANA", _LONG_NAME)]),
    ],
    announcement_blocks.swap_request: [
        lambda: announcement_blocks.swap_request(Reminder(**_WHEN), "Ana", "U0ANA")
    ],
    announcement_blocks.swapped: [lambda: announcement_blocks.swapped(3, _LONG_NAME)],
}
