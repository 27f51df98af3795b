"""The content of invitations, and dates, as people read them."""

from datetime import date

from bot.programs import service
from bot.programs.blocks import Invitation
from bot.programs.defaults import program_texts
from bot.runtime import Transaction
from bot.workspace import members
from models import Program


def invitation(tx: Transaction, program: Program) -> Invitation:
    """Return the content of the program's invitation."""
    leads = members.names_in_order(tx, service.program_leads(tx, program))
    return Invitation(
        program_texts(program),
        sorted(leads, key=str.casefold),
        format_dates(program.starts_on, program.ends_on),
    )


def format_day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def format_dates(first: date | None, last: date | None) -> str:
    if first is None:
        return ""
    return (
        f"{format_day(first)} to {format_day(last)}"
        if last
        else f"From {format_day(first)}"
    )
