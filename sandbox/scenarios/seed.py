"""A dozen believable people and four channels, to try any app with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.sandbox import Sandbox
from sandbox.workspace.records import Channel, Person


@dataclass(frozen=True, slots=True)
class _PersonSeed:
    name: str
    real_name: str
    title: str
    tz: str = "Europe/Helsinki"
    fields: Mapping[str, Any] = field(default_factory=dict)


_PEOPLE: Final = (
    _PersonSeed("maya", "Maya Lindqvist", "Platform engineer"),
    _PersonSeed("tomas", "Tomas Okafor", "Staff engineer, champion of the guild"),
    _PersonSeed(
        "aino", "Aino Virtanen", "Engineering manager", fields={"is_admin": True}
    ),
    _PersonSeed("priya", "Priya Raman", "Data engineer", "Asia/Kolkata"),
    _PersonSeed("diego", "Diego Alvarez", "Mobile developer", "America/New_York"),
    _PersonSeed("hana", "Hana Kobayashi", "Designer who codes", "Asia/Tokyo"),
    _PersonSeed("lars", "Lars Pedersen", "Quality engineer", "Europe/Copenhagen"),
    _PersonSeed("noor", "Noor Haddad", "New here, backend developer", "Europe/Berlin"),
    _PersonSeed(
        "zoe", "Zoe Whitaker", "Site reliability engineer", "Australia/Lord_Howe"
    ),
    _PersonSeed(
        "gus",
        "Gus Moreau",
        "Consultant",
        "Europe/Paris",
        fields={"is_restricted": True},
    ),
    _PersonSeed("olga", "Olga Sorokina", "Left last spring", fields={"deleted": True}),
    _PersonSeed("deploybot", "Deploy Bot", "", "America/Los_Angeles", {"is_bot": True}),
)
_CHANNELS: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]]] = {
    "general": (
        ("aino", "maya", "tomas", "priya", "diego", "hana", "lars", "noor", "zoe"),
        {"with_bot": False, "purpose": "Announcements and small talk"},
    ),
    "help-backend": (
        (
            "tomas",
            "maya",
            "aino",
            "priya",
            "diego",
            "lars",
            "zoe",
            "gus",
            "deploybot",
        ),
        {"purpose": "Stuck? Ask your peers."},
    ),
    "help-frontend": (
        ("hana", "diego", "maya", "tomas", "aino", "noor"),
        {"purpose": "Interfaces, browsers and phones"},
    ),
    "leads": (
        ("aino", "tomas", "hana"),
        {"is_private": True, "purpose": "Team leads among themselves"},
    ),
}


def populate(sandbox: Sandbox) -> dict[str, Person | Channel]:
    """Add them; return people by name, and channels by name with a leading `#`."""
    people = {
        seed.name: sandbox.add_person(
            seed.name,
            real_name=seed.real_name,
            title=seed.title,
            tz=seed.tz,
            **seed.fields,
        )
        for seed in _PEOPLE
    }
    channels = {
        f"#{name}": sandbox.add_channel(
            name, *(people[member] for member in members), **more
        )
        for name, (members, more) in _CHANNELS.items()
    }
    return {**people, **channels}
