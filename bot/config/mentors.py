"""Settings for the detection of mentors."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class MentorSettings(BaseModel):
    """What makes somebody an unexpected mentor, and when the bot looks for one.

    Read as `MENTORS__WINDOWS_DAYS=[28,56]` and so on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    windows_days: tuple[int, ...] = Field(
        (28, 56, 84),
        min_length=1,
        description="How far back evidence may lie: the second number counts where"
        " nobody qualifies in the first, and so on. The bot looks once so much is known"
        " as the first.",
    )
    visibility_days: int = Field(
        90,
        ge=1,
        le=366,
        description="How far back messages are counted; at least the largest window.",
    )
    ring_days: int = Field(
        366,
        ge=1,
        le=366,
        description="How far back it is known who marked whom, to see rings and marks"
        " in return; at least the largest window.",
    )
    least_marks: int = Field(
        2, ge=1, description="Marks from askers whom the person did not mark in return."
    )
    least_askers: int = Field(
        2,
        ge=1,
        description="Such askers; one of them is outside the person's ring, and has"
        " dealt with somebody outside the person's circle.",
    )
    least_answered: int = Field(
        3,
        ge=1,
        description="One such mark is enough for whoever answered so many different"
        " people in the window.",
    )
    talkative_people: int = Field(
        10, ge=0, description="So many of those who write most are expected to help."
    )
    talkative_percent: float = Field(
        5, ge=0, le=100, description="Or so many percent of those who write, if more."
    )
    small_team: int = Field(
        30, ge=0, description="Where fewer people write, the next two count instead."
    )
    talkative_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="The share of those who write that is expected to help.",
    )
    talkative_least: int = Field(
        3, ge=0, description="Or so many people, if that is more."
    )
    rest_days: int = Field(
        84, ge=0, description="Nobody is credited again for so long."
    )
    caution: float = Field(
        1.2816,
        allow_inf_nan=False,
        description="How cautious the estimate is: the normal quantile of the bound;"
        " 1.2816 is that of 10 %.",
    )
    credits_a_period: int = Field(
        1, ge=1, description="At most so many people are credited in a week."
    )
    consent_days: int = Field(
        7, ge=1, description="Without an answer for so long it stays between us."
    )
    ring_percent: float = Field(
        60,
        gt=0,
        le=100,
        description="Leads are told when this much of somebody's marks comes from one"
        " ring.",
    )
    ring_people: int = Field(
        7,
        ge=2,
        description="More people than this who lead to each other are a community, not"
        " a ring.",
    )
    circle_people: int = Field(
        12,
        ge=0,
        description="So many people who are joined by marks, and by none to anybody"
        " else, are one circle, and earn no credits. With 0, nobody's circle matters.",
    )
    ring_marks: int = Field(
        4, ge=1, description="Fewer marks than this say nothing about a ring."
    )
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = Field(
        "fri", description="On which day a period ends, and the bot looks."
    )
    hour: int = Field(
        10, ge=0, le=23, description="At which hour, in the zone of most people."
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


# Where there are but a few people, and no time to wait, such as in the sandbox.
SMALL_WORKSPACE = MentorSettings(
    windows_days=(1, 28, 56, 84),
    circle_people=0,
    talkative_share=1 / 3,
    talkative_least=0,
)
