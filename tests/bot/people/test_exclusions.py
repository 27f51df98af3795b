"""Lists of people with whom a member is never matched."""

import pytest

from bot.errors import UserError
from bot.people import exclusions
from bot.people.rules import MAX_EXCLUDED
from bot.runtime import Runtime, Workspace
from tests.slack_payloads import ASKER, HELPER, PEER

MANY = [f"U0MANY{n:02}" for n in range(MAX_EXCLUDED + 1)]


@pytest.mark.deep_on_postgresql
def test_the_list_is_as_the_member_chose_it_last(
    rt: Runtime, workspace: Workspace
) -> None:
    with rt.write(workspace) as tx:
        exclusions.set_excluded(tx, ASKER, [PEER, HELPER, PEER, ASKER], field="f")
        assert exclusions.excluded(tx, ASKER) == [HELPER, PEER]
        exclusions.set_excluded(tx, ASKER, [PEER], field="f")
        assert exclusions.excluded(tx, ASKER) == [PEER]
        exclusions.set_excluded(tx, ASKER, [], field="f")
        assert exclusions.excluded(tx, ASKER) == []


def test_matches_that_were_no_good_one_do_not_count(
    rt: Runtime, workspace: Workspace
) -> None:
    with rt.write(workspace) as tx:
        exclusions.exclude(tx, ASKER, HELPER, source="fit")
        exclusions.set_excluded(tx, ASKER, [HELPER, *MANY[1:]], field="f")
        assert len(exclusions.excluded(tx, ASKER)) == MAX_EXCLUDED + 1
        with pytest.raises(UserError, match="Up to 20 people") as refused:
            exclusions.set_excluded(tx, ASKER, MANY, field="f")
        assert refused.value.field == "f"
        # They can be taken back as well.
        exclusions.set_excluded(tx, ASKER, MANY[1:], field="f")
        assert HELPER not in exclusions.excluded(tx, ASKER)


def test_a_choice_stays_one_after_a_match_that_was_no_good_one(
    rt: Runtime, workspace: Workspace
) -> None:
    with rt.write(workspace) as tx:
        exclusions.set_excluded(tx, ASKER, MANY[1:], field="f")
        exclusions.exclude(tx, ASKER, MANY[1], source="fit")
        with pytest.raises(UserError):
            exclusions.set_excluded(tx, ASKER, MANY, field="f")
