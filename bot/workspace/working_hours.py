"""The working hours of a channel: its zone and its days off."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot import public_holidays, timezones
from bot.runtime import Transaction
from bot.workspace.working_time import WorkingTime
from models import Answer, Ask, Channel, Member


def of_channel(tx: Transaction, channel: Channel) -> WorkingTime:
    """Return the channel's working hours; without a zone, those of most people."""
    zone = timezones.get(channel.zone) or most_common_zone(tx, channel)
    days_off, region = frozenset(channel.days_off), channel.holidays_of

    def is_day_off(day: date) -> bool:
        return day.isoformat() in days_off or bool(
            region and day in public_holidays.holidays(region, day.year)
        )

    return WorkingTime(zone, is_day_off)


def most_common_zone(tx: Transaction, channel: Channel) -> ZoneInfo:
    """Return the zone of most people who answer or ask in the channel, or UTC."""
    people = (
        select(Answer.author)
        .where(Answer.channel_id == channel.id)
        .union(select(Ask.asker).where(Ask.channel_id == channel.id))
    )
    zones = tx.session.scalars(
        select(Member.tz)
        .where(
            Member.installation_id == tx.workspace.id,
            Member.slack_id.in_(people),
            Member.tz.is_not(None),
        )
        .group_by(Member.tz)
        .order_by(func.count().desc(), Member.tz)
    )
    return next(filter(None, map(timezones.get, zones)), ZoneInfo("UTC"))
