"""Settings that each member chose for themselves."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class MemberSettingsRow(Base):
    """One member's settings; the first change creates the row.

    None means the default, so a changed default applies to all members who never chose.
    The defaults are in `bot/workspace/member_settings.py`.
    """

    __tablename__ = "member_settings"
    __table_args__ = (
        CheckConstraint(
            "public_naming IN ('ask', 'yes', 'never')", name="public_naming"
        ),
        CheckConstraint(
            "participation IN ('writing', 'calls', 'either')", name="participation"
        ),
        CheckConstraint("max_requests_per_week >= 0", name="max_requests_per_week"),
        CheckConstraint("coffee_weeks > 0", name="coffee_weeks"),
    )

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)

    topics_known: Mapped[list[str]] = mapped_column(default=list)
    topics_wanted: Mapped[list[str]] = mapped_column(default=list)
    wants_reminders: Mapped[bool] = mapped_column(default=True)
    # The first day, in the member's own zone, on which the bot may send messages again.
    paused_until: Mapped[date | None]
    # The hours, in the member's own zone, in which the bot may send them messages that
    # they did not ask for.
    hours_from: Mapped[time | None]
    hours_to: Mapped[time | None]
    public_naming: Mapped[str | None]
    # Topics of asks with which they do not want to help.
    topics_refused: Mapped[list[str]] = mapped_column(default=list)
    # None: by how often they answer. 0: the bot never asks them for help.
    max_requests_per_week: Mapped[int | None]

    # A newcomer is greeted only once, whichever channel they join.
    greeted_at: Mapped[datetime | None]
    wants_greetings: Mapped[bool] = mapped_column(default=True)

    # The daily note that their asks without a name have news.
    wants_anonymous_notices: Mapped[bool] = mapped_column(default=True)

    # "writing", "calls", or "either".
    participation: Mapped[str] = mapped_column(default="either")
    # The Monday message with what they could do as a champion.
    wants_work_list: Mapped[bool] = mapped_column(default=True)

    # The question to program leads, and the last time that it was asked.
    wants_lead_prompts: Mapped[bool] = mapped_column(default=True)
    lead_prompted_at: Mapped[datetime | None]

    # The codes of the languages that they can meet in, by ISO 639.
    languages: Mapped[list[str]] = mapped_column(default=list)
    # An ISO 3166 country or part of one ("DE", "DE-BY"), whose public holidays they
    # have.
    holidays_of: Mapped[str | None]
    # The fewest weeks from one peer coffee to the next.
    coffee_weeks: Mapped[int | None]

    # Keeps the words of their answers that helped.
    keeps_answer_texts: Mapped[bool] = mapped_column(default=True)
