"""A pretend Slack on loopback for any Bolt app: Web API, events, clicks, a page."""

from sandbox.hub import SlackHub
from sandbox.sandbox import Sandbox
from sandbox.workspace.records import (
    Ack,
    Call,
    Channel,
    Delivery,
    Json,
    Message,
    Person,
)

__all__ = [
    "Ack",
    "Call",
    "Channel",
    "Delivery",
    "Json",
    "Message",
    "Person",
    "Sandbox",
    "SlackHub",
]
