"""What happens to the workspace itself: its channels, its people, our installation."""

from typing import Any

from slack_bolt import App
from sqlalchemy import update

from bot.channels import service as channels
from bot.facts import service as facts
from bot.runtime import Runtime
from models import Installation


def register(bolt: App, rt: Runtime) -> None:
    def change(slack_id: str, **values: object) -> None:
        with rt.sessions.begin() as session:
            channels.change(session, rt.workspace.id, slack_id, **values)

    @bolt.event("user_change")
    @bolt.event("team_join")
    def described(event: dict[str, Any]) -> None:
        with rt.sessions.begin() as session:
            facts.learn_member(session, rt.workspace, event["user"], now=rt.clock())

    @bolt.event("member_joined_channel")
    def joined(event: dict[str, Any]) -> None:
        if event["user"] != rt.workspace.bot_user_id:
            return
        with rt.sessions.begin() as session:
            channel = channels.note(session, rt.workspace.id, event["channel"])
            channel.is_joined = True
            # The rest is looked up when it is needed.
            channel.looked_up_at = None

    @bolt.event("channel_left")
    @bolt.event("group_left")
    def left(event: dict[str, Any]) -> None:
        change(event["channel"], is_joined=False)

    @bolt.event("channel_archive")
    @bolt.event("group_archive")
    @bolt.event("channel_deleted")
    @bolt.event("group_deleted")
    def archived(event: dict[str, Any]) -> None:
        change(event["channel"], is_archived=True)

    @bolt.event("channel_unarchive")
    @bolt.event("group_unarchive")
    def unarchived(event: dict[str, Any]) -> None:
        change(event["channel"], is_archived=False)

    @bolt.event("channel_rename")
    @bolt.event("group_rename")
    def renamed(event: dict[str, Any]) -> None:
        change(event["channel"]["id"], name=event["channel"]["name"])

    @bolt.event("channel_id_changed")
    def moved(event: dict[str, Any]) -> None:
        with rt.sessions.begin() as session:
            channels.move(
                session,
                rt.workspace.id,
                event["old_channel_id"],
                event["new_channel_id"],
            )

    @bolt.event("channel_shared")
    def shared(event: dict[str, Any]) -> None:
        change(event["channel"], is_shared=True)

    @bolt.event("channel_unshared")
    def unshared(event: dict[str, Any]) -> None:
        change(event["channel"], is_shared=bool(event.get("is_ext_shared")))

    @bolt.event("app_uninstalled")
    def uninstalled(event: dict[str, Any]) -> None:
        pause("app_uninstalled")

    @bolt.event("tokens_revoked")
    def revoked(event: dict[str, Any]) -> None:
        # It names the people and bots whose tokens ended, not the tokens.
        if (event.get("tokens") or {}).get("bot"):
            pause("token_revoked")

    def pause(why: str) -> None:
        with rt.sessions.begin() as session:
            session.execute(
                update(Installation)
                .where(Installation.id == rt.workspace.id)
                .values(paused_because=why)
            )
