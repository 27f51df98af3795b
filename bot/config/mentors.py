"""Settings for the detection of mentors."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class MentorSettings(BaseModel):
    """The thresholds and times of mentor detection.

    In the environment: `MENTORS__WINDOWS_DAYS=[28,56]` and so on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    windows_days: tuple[int, ...] = Field(
        (28, 56, 84),
        min_length=1,
        description="How many days back evidence may lie. The second number applies if"
        " nobody qualifies in the first, and so on. The bot begins to look once it"
        " knows that many days: the first number.",
    )
    visibility_days: int = Field(
        90,
        ge=1,
        le=366,
        description="How many days back messages are counted; at least the largest"
        " window.",
    )
    ring_days: int = Field(
        366,
        ge=1,
        le=366,
        description="How many days back marks are considered to see rings and marks in"
        " return; at least the largest window.",
    )
    min_marks: int = Field(
        2,
        ge=1,
        description="The least number of marks from askers whom the person"
        " did not mark in return.",
    )
    min_askers: int = Field(
        2,
        ge=1,
        description="The least number of such askers. One of them is outside the"
        " person's ring, and has dealt with someone outside the person's circle.",
    )
    min_answered: int = Field(
        3,
        ge=1,
        description="One such mark is enough for a person who answered this many"
        " different people in the window.",
    )
    talkative_people: int = Field(
        10,
        ge=0,
        description="This many of the people who write most are expected to help.",
    )
    talkative_percent: float = Field(
        5,
        ge=0,
        le=100,
        description="Or this many percent of the people who write, if that is more.",
    )
    small_team: int = Field(
        30,
        ge=0,
        description="If fewer people than this write, the next two settings"
        " apply instead.",
    )
    talkative_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="The share of the people who write that is expected to help.",
    )
    talkative_min: int = Field(
        3, ge=0, description="Or this many people, if that is more."
    )
    cooldown_days: int = Field(
        84, ge=0, description="How many days nobody is credited again."
    )
    confidence_z: float = Field(
        1.2816,
        allow_inf_nan=False,
        description="How cautious the estimate is: the normal quantile of its lower"
        " bound. 1.2816 is that of 10 %.",
    )
    credits_per_period: int = Field(
        1, ge=1, description="At most this many people are credited in a week."
    )
    consent_days: int = Field(
        7,
        ge=1,
        description="How many days to wait for an answer; after that, nothing"
        " is posted.",
    )
    ring_percent: float = Field(
        60,
        gt=0,
        le=100,
        description="Leads get a note when this percentage of someone's marks comes"
        " from one ring.",
    )
    ring_people: int = Field(
        7,
        ge=2,
        description="More people than this who are connected by marks are a community,"
        " not a ring.",
    )
    circle_people: int = Field(
        12,
        ge=0,
        description="Up to this many people who are connected by marks, and to nobody"
        " else, are one circle and earn no credits. 0 turns this off.",
    )
    ring_marks: int = Field(
        4, ge=1, description="Fewer marks than this are too few to speak of a ring."
    )
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = Field(
        "fri", description="The day on which a period ends and the bot looks."
    )
    hour: int = Field(
        10,
        ge=0,
        le=23,
        description="The hour of that day, in the time zone of most people.",
    )

    @model_validator(mode="after")
    def _check_windows(self) -> Self:
        edges = [0, *self.windows_days]
        most = min(self.visibility_days, self.ring_days)
        if edges != sorted(set(edges)) or edges[-1] > most:
            raise ValueError(
                "MENTORS__WINDOWS_DAYS must rise, and not exceed"
                " MENTORS__VISIBILITY_DAYS or MENTORS__RING_DAYS"
            )
        return self


# For a workspace with few members and little history, such as the sandbox.
SMALL_WORKSPACE = MentorSettings(
    windows_days=(1, 28, 56, 84),
    circle_people=0,
    talkative_share=1 / 3,
    talkative_min=0,
)
