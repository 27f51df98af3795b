"""A file is uploaded in three steps, visible after the last, and can be deleted."""

import httpx
import pytest
from slack_sdk.errors import SlackApiError


@pytest.fixture
def dm(slack, client):
    slack.scopes.add("files:write")
    ana = slack.add_person("Ana")
    return client.conversations_open(users=ana.id)["channel"]["id"]


def test_the_sdks_upload_works(client, dm):
    client.files_upload_v2(
        channel=dm, filename="a.json", title="A", content="{}", initial_comment="Here"
    )
    [message] = client.conversations_history(channel=dm)["messages"]
    assert message["text"] == "Here"
    assert [(f["name"], f["title"], f["size"]) for f in message["files"]] == [
        ("a.json", "A", 2)
    ]
    client.files_delete(file=message["files"][0]["id"])
    assert client.conversations_history(channel=dm)["messages"] == []


def test_a_file_without_content_can_not_be_shown(client, dm):
    slot = client.files_getUploadURLExternal(filename="a.json", length=2)
    assert httpx.post(slot["upload_url"], content=b"too long").status_code == 404
    with pytest.raises(SlackApiError) as caught:
        client.files_completeUploadExternal(
            files=[{"id": slot["file_id"]}], channel_id=dm
        )
    assert caught.value.response["error"] == "file_not_found"
    assert client.conversations_history(channel=dm)["messages"] == []


def test_the_scope_is_required(slack, client, dm):
    slack.scopes.discard("files:write")
    with pytest.raises(SlackApiError) as caught:
        client.files_getUploadURLExternal(filename="a.json", length=2)
    assert caught.value.response["error"] == "missing_scope"


def test_only_people_who_see_a_file_can_open_it(slack, client, dm):
    client.files_upload_v2(channel=dm, filename="a.json", title="A", content="{}")
    [message] = client.conversations_history(channel=dm)["messages"]
    url = f"{slack.url}/_/files/{message['files'][0]['id']}"
    ana = slack.workspace.channel(dm).members[0]
    ben = slack.add_person("Ben").id
    opened = httpx.get(url, params={"as": ana})
    assert (opened.text, opened.headers["content-type"]) == ("{}", "application/json")
    assert httpx.get(url, params={"as": ben}).status_code == 403
    assert httpx.get(f"{slack.url}/_/files/F0", params={"as": ana}).status_code == 404
    client.files_delete(file=message["files"][0]["id"])
    assert httpx.get(url, params={"as": ana}).status_code == 404
