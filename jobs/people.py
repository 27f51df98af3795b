"""Read teams and levels from members' profiles."""

from bot.people import profiles
from jobs.each_workspace import each_workspace

read_profiles = each_workspace(profiles.read_due)
