"""A season skips the public holidays of a place, and has a format of its own."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.circles.meeting_times import after_holidays
from models import CircleSeason
from tests.circles import (
    PEOPLE,
    fills_in,
    go_to,
    keep,
    make_circle,
    meeting_of,
)
from tests.factories import Story
from tests.seasons import opens_season, press
from tests.slack_payloads import ASKER, CHAMPION, HELPER, form_errors, form_values

BERLIN = ZoneInfo("Europe/Berlin")
# On the first of April, as the second meeting of the tests' circle.
CYPRUS_DAY = "Cyprus National Day"


def has(story: Story, **fields: str) -> None:
    with story.rt.write_session.begin() as session:
        for season in session.scalars(select(CircleSeason)):
            for name, value in fields.items():
                setattr(season, name, value)


@pytest.mark.parametrize(
    ("region", "day"),
    # Good Friday is followed by a weekend and by Easter Monday.
    [("DE", 7), ("US", 3), (None, 3)],
)
def test_a_meeting_is_on_the_working_day_after_holidays(region, day):
    good_friday = datetime(2026, 4, 3, 9, tzinfo=UTC)
    at = after_holidays(good_friday, BERLIN, region)
    assert at == datetime(2026, 4, day, 9, tzinfo=UTC)


@pytest.mark.deep
def test_the_circle_reads_why_it_meets_on_another_day(story: Story):
    make_circle(story)
    has(story, holidays_of="CY", format="case_clinic")
    keep(story)
    assert meeting_of(story).format == "case_clinic"
    go_to(story, meeting_of(story).planned_at + timedelta(hours=3))
    later = datetime(2026, 4, 2, 10, tzinfo=UTC)
    assert meeting_of(story, 2).planned_at == later
    go_to(story, later - timedelta(days=1))
    for member in PEOPLE:
        [told] = [
            str(message.blocks)
            for message in story.slack.messages_to(member)
            if "Meeting 2 of your circle is coming up" in message.text
        ]
        assert f"another day than usual because of {CYPRUS_DAY}" in told
        assert "Case clinic" in told
    # The circle can still move it.
    story.click(HELPER, "meeting_move", f"{meeting_of(story, 2).id}:0:0")
    fills_in(story, HELPER, day="2026-04-03")
    assert "Ben asks to move meeting 2" in story.slack.texts_to(ASKER)[-1]


def test_a_lead_chooses_the_format_and_the_holidays(story: Story, program: int):
    form = press(story, CHAMPION, "new_season", "new")
    values = form_values(form) | {"program": str(program)}
    for wrong in ("Narnia", "DE-XX", "<!channel>"):
        answer = story.submit(CHAMPION, form, values | {"holidays_of": wrong})
        assert "DE-BY" in form_errors(answer)["holidays_of"]
    answer = story.submit(CHAMPION, form, values | {"format": "golf"})
    assert "format" in form_errors(answer)
    opens_season(story, program, format="discussion", holidays_of=" de-by ")
    with story.rt.read_session() as session:
        [season] = session.scalars(select(CircleSeason))
    assert (season.format, season.holidays_of) == ("discussion", "DE-BY")
