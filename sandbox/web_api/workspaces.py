"""auth, api, team, bots and apps: the caller and the workspace."""

from typing import Final

from sandbox.platform import payloads
from sandbox.web_api.methods import Args, Method, Platform
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json


def auth_test(platform: Platform, _args: Args) -> Json:
    workspace = platform.workspace
    return {
        "url": f"{platform.url()}/",
        "team": workspace.team_name,
        "user": workspace.person(workspace.bot_user_id).name,
        "team_id": workspace.team_id,
        "user_id": workspace.bot_user_id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
        **({"enterprise_id": workspace.enterprise_id} if workspace.enterprise else {}),
    }


def api_test(_slack: Platform, args: Args) -> Json:
    if error := args.optional("error"):
        raise SlackError(error, args=args.values)
    return {"args": args.values} if args.values else {}


def team_info(platform: Platform, _args: Args) -> Json:
    workspace = platform.workspace
    return {
        "team": {
            "id": workspace.team_id,
            "name": workspace.team_name,
            "domain": workspace.team_domain,
            "url": f"{platform.url()}/",
            "email_domain": "",
            "icon": {"image_default": True},
        }
    }


def profile_fields(platform: Platform, _args: Args) -> Json:
    """Return the workspace's own fields of profiles."""
    fields = [
        {"id": field, "ordering": place, "label": label, "type": "text"}
        for place, (field, label) in enumerate(
            platform.workspace.profile_fields.items()
        )
    ]
    return {"profile": {"fields": fields, "sections": []}}


def bots_info(platform: Platform, args: Args) -> Json:
    workspace = platform.workspace
    if args.text("bot") not in ("", workspace.bot_id):
        raise SlackError("bot_not_found")
    return {"bot": payloads.bot_profile(workspace)}


def connections_open(platform: Platform, _args: Args) -> Json:
    return {"url": platform.open_socket()}


METHODS: Final = {
    "auth.test": Method(auth_test, per_minute=600),
    "api.test": Method(api_test, per_minute=100),
    "team.profile.get": Method(profile_fields, ("users.profile:read",)),
    "team.info": Method(team_info, ("team:read",)),
    "bots.info": Method(bots_info, ("users:read",)),
    "apps.connections.open": Method(
        connections_open, per_minute=1, with_app_token=True
    ),
}
