"""Tell leads whose program has no channel left."""

from bot.programs import pauses
from jobs.each_workspace import work_if_due

tell_leads = work_if_due(pauses.is_due, pauses.tell_leads)
