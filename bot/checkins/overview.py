"""What `/backswing checkins` shows: the last rounds of a channel, and who shared."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import rich
from bot.checkins import forms, notes
from bot.checkins.blocks import format_date
from bot.checkins.forms import PastRound
from bot.members import service as members
from bot.runtime import Workspace
from bot.text import is_erased, permalink
from models import Channel, CheckIn, Round, Schedule

_MOST_ROUNDS = 12


def overview(session: Session, workspace: Workspace, channel: Channel) -> View:
    """To somebody who types it in the channel, and so is a member of it."""
    found = session.execute(
        select(Round, Schedule)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(Round.channel_id == channel.id)
        .order_by(Round.due_at.desc(), Round.id.desc())
        .limit(_MOST_ROUNDS)
    ).all()
    shared = _names_by_round(session, [row.Round.id for row in found])
    called = members.names(
        session, workspace.id, {one for people in shared.values() for one in people}
    )
    return forms.overview(
        channel.name,
        [
            _past_round(
                workspace,
                channel,
                one,
                ZoneInfo(schedule.zone),
                [called[person] for person in shared.get(one.id, ())],
            )
            for one, schedule in found
        ],
    )


def _names_by_round(session: Session, rounds: Sequence[int]) -> dict[int, list[str]]:
    """Who shared in each round, in the order in which they first did something."""
    people: dict[int, list[str]] = {}
    for row in session.execute(
        select(CheckIn.round_id, CheckIn.member)
        .where(CheckIn.round_id.in_(rounds), CheckIn.state == "shared")
        .order_by(CheckIn.id)
    ):
        if not is_erased(row.member):
            people.setdefault(row.round_id, []).append(row.member)
    return people


def _past_round(
    workspace: Workspace,
    channel: Channel,
    round_: Round,
    zone: ZoneInfo,
    shared_by: Sequence[str],
) -> PastRound:
    has_post = round_.state in {"open", "closed"}
    return PastRound(
        day=format_date(round_.local_date),
        question=round_.question,
        url=permalink(workspace.team_url, channel.slack_id, round_.ts)
        if round_.ts
        else "",
        shared_by=shared_by,
        until=rich.date_token(round_.closes_at, zone) if round_.state == "open" else "",
        skip_reason="" if has_post else notes.skip_reason_text(round_.reason),
    )
