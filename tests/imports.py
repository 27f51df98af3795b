"""Small exports, and the rows that they become."""

from typing import Any

from tests import export_factory, message_counts


def database_counts(database):
    with database.read_session() as session:
        return message_counts.from_database(session)


def export_message(
    ts: int, user: str, text: str = "How is it done?", **more: Any
) -> dict[str, Any]:
    message = {"type": "message", "ts": f"{ts}.000100", "user": user, "text": text}
    if thread := more.pop("thread", None):
        message["thread_ts"] = f"{thread}.000100"
    return message | more


def marked(name: str, *users: str) -> dict[str, Any]:
    return {"reactions": [{"name": name, "users": list(users), "count": len(users)}]}


def small(path, *messages: dict[str, Any], **content: Any):
    files = {
        "users.json": export_factory.people(),
        "channels.json": export_factory.channels(),
        "help/2021-01-01.json": list(messages),
    }
    return export_factory.write(path / "small.zip", files | content)
