"""Meetings in writing: a week of stages, which begin and end by themselves. Pure."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot import timezones

MAX_ISSUES = 2
_BEGINS_AT, _ENDS_AT = time(9), time(18)
# People read that the ideas are over before their weekend.
_FRIDAY_AT = time(12)
_WEEK = 7


class Stage(StrEnum):
    """A stage of a week, as entries store it."""

    ISSUES = "issues"
    QUESTIONS = "questions"
    IDEAS = "ideas"
    THANKS = "thanks"


# The days from the Monday to the end of each stage, and its time of the day.
_ENDS = {
    Stage.ISSUES: (1, _BEGINS_AT),
    Stage.QUESTIONS: (2, _ENDS_AT),
    Stage.IDEAS: (4, _FRIDAY_AT),
    Stage.THANKS: (_WEEK, _BEGINS_AT),
}
# Each stage's title, and what people are asked to write.
TEXTS = {
    Stage.ISSUES: ("Put an issue", "Two of you say what you would like help with."),
    Stage.QUESTIONS: ("Questions first", "Ask open questions. Advice comes later."),
    Stage.IDEAS: ("Ideas", "Say what you would try, or what you have seen work."),
    Stage.THANKS: ("Thanks", "Say what helped. Then press *One thing I'll do*."),
}


def begins_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the time (UTC) at which a week begins: a Monday on or after `day`."""
    monday = day + timedelta(days=-day.weekday() % _WEEK)
    return timezones.to_utc(datetime.combine(monday, _BEGINS_AT), zone)


def end_of(stage: Stage, begins: datetime, zone: ZoneInfo) -> datetime:
    """Return the time (UTC) at which a stage ends of a week that begins then."""
    days, hour = _ENDS[stage]
    day = timezones.local_date(begins, zone) + timedelta(days=days)
    return timezones.to_utc(datetime.combine(day, hour), zone)


def stage_at(begins: datetime, zone: ZoneInfo, now: datetime) -> Stage | None:
    """Return the stage at `now`; None after the week. Before it, it is the first."""
    return next((stage for stage in Stage if now < end_of(stage, begins, zone)), None)
