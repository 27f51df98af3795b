"""Read teams and levels from members' profiles."""

from bot.people import profiles
from jobs.each_workspace import each_workspace_with

read_profiles = each_workspace_with(profiles.with_field_names)(profiles.read_due)
