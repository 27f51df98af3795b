"""A pretend Slack on loopback for any Bolt app: Web API, events, clicks, a page."""

from sandbox.records import Ack, Call, Channel, Delivery, Json, Message, Person
from sandbox.sandbox import Sandbox

__all__ = [
    "Ack",
    "Call",
    "Channel",
    "Delivery",
    "Json",
    "Message",
    "Person",
    "Sandbox",
]
