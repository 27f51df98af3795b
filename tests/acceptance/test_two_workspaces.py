"""A second workspace is installed while the first is served, over real HTTP."""

import pytest

from bot.slack.client import SlackClient
from bot.workspace import installations
from tests.acceptance.conftest import Deployment, start_sandbox

pytestmark = pytest.mark.parametrize("transport", ["http"], indirect=True)

SECOND = "How do they fix y?"


@pytest.mark.deep
def test_a_second_workspace_is_served_with_its_own_token(deployment: Deployment):
    application, first = deployment.backswing, deployment.slack
    first_ask = deployment.ask()
    second = start_sandbox(deployment.clock)
    try:
        # Both belong to one app, so the signing secret is the same.
        second.signing_secret = first.signing_secret
        person = second.add_person("Zoe", real_name="Zoe")
        channel = second.add_channel("help", person).id
        client = SlackClient(second.bot_token, base_url=second.api_url)
        with application.rt.write_session.begin() as session:
            workspace = installations.save(
                session, client.auth_test(), now=application.rt.clock()
            )
        application.rt.workspaces.add_all([(workspace, client, None)])
        second.connect_http(
            f"http://127.0.0.1:{application.settings.port}/slack/events"
        )

        ack = second.command(person.id, channel, "/ask", SECOND)
        assert (ack.status, ack.text) == (200, "")
        deployment.wait_until(
            lambda: any(SECOND in post.text for post in second.messages(channel))
        )
        # The first workspace is still served.
        answer = first.say(
            deployment.ben, deployment.channel, "So", thread_ts=first_ask
        )
        first.react(deployment.ana, deployment.channel, answer, "white_check_mark")
        deployment.wait_for_text(first_ask, "Solved")
        assert not any(SECOND in m.text for m in first.messages(deployment.channel))
        assert len(second.messages(channel)) == 1
    finally:
        second.stop()
