"""Invalid responses, errors, proxies and loopback addresses."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.slack.api import NotSent, OutcomeUnknown, RateLimited, Rejected, SlackError
from bot.slack.client import SlackClient
from bot.slack.http import is_loopback
from cli.manifest import manifest
from sandbox import Sandbox

Answer = tuple[int, str, bytes]

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")
HERE = b'{"ok": true, "team_id": "T0PEERS", "user_id": "U0B", "url": "https://x/"}'


class Server:
    """A server that gives one response to everything, and records the requests."""

    def __init__(self) -> None:
        self.answer: Answer = (200, "application/json", HERE)
        # Other responses, by path.
        self.at: dict[str, Answer] = {}
        self.asked: list[tuple[str, bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                server.asked.append((self.path, self.rfile.read(length)))
                status, kind, body = server.at.get(self.path, server.answer)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(
            target=self.http.serve_forever, args=(0.01,), daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def web(server: Server) -> SlackClient:
    return SlackClient("xoxb-for-tests", base_url=f"{server.url}api/")


def named(error: str) -> bytes:
    return f'{{"ok": false, "error": "{error}"}}'.encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((200, "application/json", named("channel_not_found")), Rejected),
        ((403, "application/json", named("invalid_auth")), Rejected),
        ((429, "application/json", named("ratelimited")), RateLimited),
        ((429, "text/html", b"<html>"), RateLimited),
        ((503, "application/json", named("anything")), OutcomeUnknown),
        ((418, "application/json", named("teapot")), OutcomeUnknown),
        ((418, "text/plain", b"teapot"), OutcomeUnknown),
        ((407, "application/json", named("proxy")), OutcomeUnknown),
        ((403, "application/json", b'{"error": "forbidden"}'), OutcomeUnknown),
        ((404, "text/html", b"<html>Not here</html>"), OutcomeUnknown),
        ((302, "text/html", b""), OutcomeUnknown),
        ((200, "application/json", b'["ok"]'), OutcomeUnknown),
        ((200, "application/json", b"null"), OutcomeUnknown),
        ((200, "application/json", b'"ok"'), OutcomeUnknown),
        ((200, "application/json", b"{}"), OutcomeUnknown),
        ((200, "application/json", b'{"ok": true}'), OutcomeUnknown),
        ((200, "application/json", b'{"ok": true, "user_id": 5}'), OutcomeUnknown),
        ((200, "text/plain; charset=klingon", HERE), OutcomeUnknown),
        ((418, "text/plain; charset=klingon", HERE), OutcomeUnknown),
        ((200, "application/gzip", b"\x1f\x8b"), OutcomeUnknown),
    ],
)
def test_only_slacks_named_errors_are_final(
    server: Server, web: SlackClient, answer: Answer, expected: type[SlackError]
):
    server.answer = answer
    with pytest.raises(SlackError) as caught:
        web.auth_test()
    assert type(caught.value) is expected
    assert caught.value.method == "auth.test"


@pytest.mark.parametrize("channels", [b"5", b'"C0HELP"', b'{"id": "C0HELP"}'])
def test_an_invalid_list_is_no_response(
    server: Server, web: SlackClient, channels: bytes
):
    body = b'{"ok": true, "channels": ' + channels + b"}"
    server.answer = (200, "application/json", body)
    with pytest.raises(OutcomeUnknown):
        list(web.own_conversations())


def test_an_unreachable_server_is_no_final_error():
    with pytest.raises(NotSent):
        SlackClient("xoxb-for-tests", base_url="http://127.0.0.1:9/api/").auth_test()


def takes_files(server: Server) -> None:
    slot = f'"file_id": "F1", "upload_url": "{server.url}up"'
    body = f'{{"ok": true, "channel": {{"id": "D1"}}, {slot}}}'
    server.answer = (200, "application/json", body.encode())


@pytest.mark.parametrize("status", [403, 404, 418, 429, 500])
def test_a_file_that_was_not_accepted_may_be_sent_again(
    server: Server, web: SlackClient, status: int
):
    takes_files(server)
    server.at["/up"] = (status, "text/html", b"")
    with pytest.raises(NotSent):
        web.upload_file("U0ANA", name="n", title="t", comment="c", content=b"x")


# Proxies


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:3333/api/", True),
        ("http://127.1.2.3/api/", True),
        ("http://localhost:3333/api/", True),
        ("http://LocalHost./api/", True),
        ("http://slack.localhost/api/", True),
        ("ws://[::1]:80/link", True),
        ("https://slack.com/api/", False),
        ("https://localhost.example.org/", False),
        ("https://127.0.0.1.example.org/", False),
        ("https://10.0.0.1/", False),
        ("https://user:localhost@slack.com/", False),
        ("", False),
    ],
)
def test_addresses_of_this_machine(url: str, expected: bool):
    assert is_loopback(url) is expected


def ask(web: SlackClient, server: Server) -> None:
    assert web.auth_test()["team_id"] == "T0PEERS"


def respond(web: SlackClient, server: Server) -> None:
    web.respond(f"{server.url}actions/1", "Heard", [], replace=True)
    assert b'"replace_original": true' in server.asked[-1][1]


def upload(web: SlackClient, server: Server) -> None:
    takes_files(server)
    web.upload_file("U0ANA", name="n", title="t", comment="c", content=b"all of it")
    assert ("/up", b"all of it") in server.asked


@pytest.mark.parametrize("variable", PROXIES)
@pytest.mark.parametrize("use", [ask, respond, upload])
def test_this_machine_is_reached_without_a_proxy(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    use: Callable[[SlackClient, Server], None],
):
    for name in (*PROXIES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    # No server runs there.
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    use(SlackClient("xoxb-for-tests", base_url=f"{server.url}api/"), server)


def test_other_hosts_are_reached_through_the_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    for name in (*PROXIES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    web = SlackClient("xoxb-for-tests", base_url="http://slack.example.org/api/")
    assert web.auth_test()["team_id"] == "T0PEERS"
    web.respond("http://slack.example.org/actions/1", "Heard", [])
    assert [path for path, _ in server.asked] == [
        "http://slack.example.org/api/auth.test",
        "http://slack.example.org/actions/1",
    ]


# Replies to a deleted thread


@pytest.fixture
def slack() -> Iterator[Sandbox]:
    made = Sandbox(manifest())
    made.start()
    yield made
    made.stop()


class StrayReplyChannel:
    """A channel whose only message was deleted before the reply."""

    def __init__(self, slack: Sandbox) -> None:
        self.slack = slack
        self.web = SlackClient(slack.bot_token, base_url=slack.api_url)
        ana = slack.add_person("ana")
        self.id = slack.add_channel("help", ana).id
        self.ts = slack.say(ana.id, self.id, "How do I x?")
        slack.delete(ana.id, self.id, self.ts)

    def reply(self) -> None:
        self.web.post(
            self.id, "So.", [], metadata_token="an operation", thread_ts=self.ts
        )

    def look(self) -> None:
        self.web.find_by_metadata(self.id, "an operation", since=0, thread_ts=self.ts)

    def texts(self) -> list[str]:
        return [message.text for message in self.slack.messages(self.id)]


@pytest.fixture
def room(slack: Sandbox) -> StrayReplyChannel:
    return StrayReplyChannel(slack)


def is_no_thread(error: SlackError) -> bool:
    return isinstance(error, Rejected) and error.code == "thread_not_found"


def test_a_reply_that_slack_posts_to_the_channel_is_deleted(room: StrayReplyChannel):
    with pytest.raises(Rejected) as caught:
        room.reply()
    assert is_no_thread(caught.value)
    assert room.texts() == []
    posted = [call for call in room.slack.calls if call.method == "chat.postMessage"]
    assert [call.took_effect for call in posted] == [True]


@pytest.mark.parametrize("kind", ["ratelimited", "server_error", "reset"])
def test_a_stray_reply_that_could_not_be_deleted_is_deleted_at_the_lookup(
    room: StrayReplyChannel, kind: str
):
    room.slack.faults.add(kind, "chat.delete", times=1)
    with pytest.raises(OutcomeUnknown):
        room.reply()
    assert room.texts() == ["So."]
    with pytest.raises(Rejected) as caught:
        room.look()
    assert is_no_thread(caught.value)
    assert room.texts() == []


def test_a_stray_reply_with_a_lost_response_is_deleted_at_the_lookup(
    room: StrayReplyChannel,
):
    room.slack.faults.add("server_error", "chat.postMessage", after=True, times=1)
    with pytest.raises(OutcomeUnknown):
        room.reply()
    assert room.texts() == ["So."]
    with pytest.raises(Rejected):
        room.look()
    assert room.texts() == []


def test_a_reply_in_an_existing_thread_stays(room: StrayReplyChannel):
    ana = room.slack.add_person("ben")
    there = room.slack.add_channel("other", ana)
    ts = room.slack.say(ana.id, there.id, "How do I y?")
    posted = room.web.post(there.id, "So.", [], metadata_token="another", thread_ts=ts)
    found = room.web.find_by_metadata(there.id, "another", since=0, thread_ts=ts)
    assert found == posted


def test_private_channels_are_fetched_by_their_type(web: SlackClient, server: Server):
    shown = b'{"ok": true, "channels": [{"id": "C0DEN"}]}'
    server.answer = (200, "application/json", shown)
    for is_urgent in (True, False):
        found = list(web.private_conversations_of("U0ANA", is_urgent=is_urgent))
        assert found == ["C0DEN"]
        path, asked = server.asked[-1]
        assert path.endswith("/users.conversations")
        assert b"types=private_channel" in asked
        assert b"user=U0ANA" in asked


def test_without_the_scope_the_bot_is_in_no_private_channel(
    web: SlackClient, server: Server
):
    server.answer = (200, "application/json", named("missing_scope"))
    assert list(web.private_conversations_of("U0ANA", is_urgent=True)) == []
    server.answer = (200, "application/json", named("channel_not_found"))
    with pytest.raises(Rejected):
        list(web.private_conversations_of("U0ANA", is_urgent=True))


# One message of a thread


@pytest.mark.parametrize(
    ("answer", "taken", "calls"),
    [
        (b'{"ok": true}', ["U1", "U2"], 1),
        # One of them is there: then Slack takes none of the others.
        (named("already_in_channel"), ["U1", "U2"], 3),
        *(
            (named(code), [], 3)
            for code in (
                *("cant_invite", "no_permission", "org_user_not_in_team"),
                *("ura_max_channels", "user_is_restricted", "user_not_found"),
            )
        ),
    ],
)
def test_people_are_invited_at_once_and_one_by_one_if_slack_refuses_any(
    web: SlackClient, server: Server, answer: bytes, taken: list[str], calls: int
):
    server.answer = (200, "application/json", answer)
    assert web.invite("C1", ["U1", "U2"]) == taken
    assert len(server.asked) == calls
    assert b"users=U1%2CU2" in server.asked[0][1]
    # With it, Slack could leave people out and say nothing of them.
    assert b"force" not in server.asked[0][1]


@pytest.mark.parametrize(
    "code",
    [
        *("is_archived", "not_in_channel", "channel_not_found", "missing_scope"),
        *("ekm_access_denied", "external_channel_migrating", "cant_invite_self"),
    ],
)
def test_an_error_about_the_channel_refuses_no_member(
    web: SlackClient, server: Server, code: str
):
    server.answer = (200, "application/json", named(code))
    for members in (["U1", "U2"], ["U1"]):
        with pytest.raises(Rejected, match=code):
            web.invite("C1", members)


def test_one_reply_is_read_out_of_a_long_thread(slack: Sandbox):
    person = slack.add_person("ana")
    ana, channel = person.id, slack.add_channel("help", person).id
    thread = slack.say(ana, channel, "How do I x?")
    replies = [slack.say(ana, channel, f"So {n}.", thread_ts=thread) for n in range(30)]
    web = SlackClient(slack.bot_token, base_url=slack.api_url)
    read = web.reply(channel, thread, replies[20])
    assert read is not None
    assert (read["ts"], read["user"], read["text"]) == (replies[20], ana, "So 20.")
    slack.edit(ana, channel, replies[20], "Or so.")
    read = web.reply(channel, thread, replies[20])
    assert read is not None
    assert (read["text"], read["edited"]["user"]) == ("Or so.", ana)
    # The thread's first message is not taken for one that is gone.
    slack.delete(ana, channel, replies[20])
    assert web.reply(channel, thread, replies[20]) is None
    slack.delete(ana, channel, thread)
    assert web.reply(channel, thread, replies[21]) is not None
    for ts in (*replies[:20], *replies[21:]):
        slack.delete(ana, channel, ts)
    # Nor is there anything to try again where the whole thread is gone.
    assert web.reply(channel, thread, replies[21]) is None
    slack.remove_bot(channel)
    with pytest.raises(Rejected):
        web.reply(channel, thread, replies[21])
