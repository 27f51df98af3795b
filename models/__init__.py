"""What the app remembers. Importing `models` maps every table."""

from models.answers import Answer, Reaction, Sighting
from models.asks import Ask
from models.base import Base
from models.channels import Champion, Channel
from models.installations import Installation
from models.members import Member
from models.outbox import Lane, OutboxItem, Pause

__all__ = [
    "Answer",
    "Ask",
    "Base",
    "Champion",
    "Channel",
    "Installation",
    "Lane",
    "Member",
    "OutboxItem",
    "Pause",
    "Reaction",
    "Sighting",
]
