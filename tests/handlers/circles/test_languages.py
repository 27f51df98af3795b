"""A season's language counts, and without one the languages that people chose."""

import pytest

from tests.factories import Story
from tests.people import choose
from tests.seasons import circles_of, forms_circles, season_with


@pytest.mark.parametrize(("language", "count"), [("", 4), ("English", 7)])
@pytest.mark.deep
def test_people_are_apart_if_no_language_is_announced(
    story: Story, program: int, language: str, count: int
) -> None:
    season = season_with(story, program, 7, language=language)
    for number, person in enumerate(sorted(story.slack.people)):
        choose(story, person, languages=["fi"] if number % 2 else ["de"])
    forms_circles(story)
    [(_, people)] = circles_of(story, season)
    assert len(people) == count
