"""The proxies in the docs let through what the bot has for others, and nothing else."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from bot.config.many_workspaces import INSTALL_PATH, REDIRECT_PATH
from tests.docs import DOCS
from tests.ports import free_port

EVENTS = "/slack/events"
# The pages, and what their examples let through.
OPEN = {"company": {EVENTS}, "many-workspaces": {EVENTS, INSTALL_PATH, REDIRECT_PATH}}
PRIVATE = ("/", "/metrics", "/readyz", "/healthz", "/slack", "/slack/events/x")
CODE, STATE = "7.8.TheCode", "TheState"
REDIRECTED = f"{REDIRECT_PATH}?code={CODE}&state={STATE}"

NGINX, CADDY = shutil.which("nginx") or "", shutil.which("caddy") or ""
needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is not installed")
needs_caddy = pytest.mark.skipif(not CADDY, reason="Caddy is not installed")
each_page = pytest.mark.parametrize("page", OPEN)


def example(page: str, word: str) -> str:
    """Return the block of a page that has this word."""
    text = (DOCS / "operate" / f"{page}.md").read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    [block] = [block for block in blocks if word in block]
    return str(block)


@contextmanager
def replica() -> Iterator[tuple[int, list[str]]]:
    """Answer each request with 200; yield the port, and the paths that were asked."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path.partition("?")[0])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield listening.server_port, paths
        finally:
            listening.shutdown()
            thread.join()


@contextmanager
def running(command: list[str], url: str, folder: Path) -> Iterator[None]:
    output = folder / "output"
    home = {"HOME": str(folder / "home")}
    with output.open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=home)
        try:
            end = time.monotonic() + 20
            while time.monotonic() < end and process.poll() is None:
                try:
                    httpx.get(url)
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            assert process.poll() is None, output.read_text()
            yield
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def nginx(page: str, upstream: int, folder: Path) -> Iterator[str]:
    """Run nginx with a page's example; both replicas are at one port."""
    port = free_port()
    text = example(page, "proxy_pass")
    for pattern, new in (
        (r"10\.0\.0\.1[12]:3000", f"127.0.0.1:{upstream}"),
        (r"listen 443 ssl", f"listen 127.0.0.1:{port}"),
        (r" *ssl_certificate.*\n", ""),
        (r"/var/log/nginx", str(folder)),
    ):
        text, count = re.subn(pattern, new, text)
        assert count or "log" in pattern
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nevents {{}}\n"
        f"http {{\naccess_log {folder}/access.log;\n{temporary}{text}}}\n"
    )
    command = [NGINX, "-c", str(file), "-e", str(folder / "error.log")]
    url = f"http://127.0.0.1:{port}"
    with running(command, url, folder):
        yield url


@contextmanager
def caddy(page: str, upstream: int, folder: Path) -> Iterator[str]:
    """Run Caddy with a page's example; both replicas are at one port."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    text = example(page, "reverse_proxy")
    if not text.startswith("{"):
        text = f"{{\n}}\n{text}"
    text = text.replace("{", "{\nadmin off\nauto_https off", 1)
    text = re.sub(r"10\.0\.0\.1[12]:3000", f"127.0.0.1:{upstream}", text)
    text = re.sub(r"^\w[\w.]+\.org ", f"{url} ", text, flags=re.MULTILINE)
    file = folder / "Caddyfile"
    file.write_text(text)
    command = [CADDY, "run", "--adapter", "caddyfile", "--config", str(file)]
    with running(command, url, folder):
        yield url


def check_paths(url: str, page: str, paths: list[str]) -> None:
    for path in (*OPEN["many-workspaces"], *PRIVATE):
        paths.clear()
        is_open = path in OPEN[page]
        answer = httpx.post(f"{url}{path}")
        assert (answer.status_code == 200) is is_open, path
        # Caddy asks for the health meanwhile.
        assert (path in {*paths} - {"/readyz"}) is is_open, path


def logged(folder: Path) -> str:
    return "".join(
        file.read_text() for file in (folder / "output", *folder.glob("*.log"))
    )


@each_page
def test_each_example_names_what_it_lets_through(page: str):
    [matcher] = re.findall(
        r"^ *(?:@bot path|handle) (/.+?)(?: \{)?$",
        example(page, "reverse_proxy"),
        re.MULTILINE,
    )
    assert set(matcher.split()) == OPEN[page]
    text = example(page, "proxy_pass")
    named = set(re.findall(r"location = (\S+) \{", text))
    for start, rest in re.findall(r"location ~ \^(\S*)\((\S+)\)\$ \{", text):
        named |= {f"{start}{end}" for end in rest.split("|")}
    assert named == OPEN[page]


@needs_nginx
@each_page
def test_nginx_lets_nothing_else_through(page: str, tmp_path: Path):
    with replica() as (port, paths), nginx(page, port, tmp_path) as url:
        check_paths(url, page, paths)


@needs_caddy
@each_page
def test_caddy_lets_nothing_else_through(page: str, tmp_path: Path):
    with replica() as (port, paths), caddy(page, port, tmp_path) as url:
        check_paths(url, page, paths)


@needs_nginx
def test_nginx_logs_no_code_and_limits_tries(tmp_path: Path):
    with replica() as (port, _), nginx("many-workspaces", port, tmp_path) as url:
        states = [httpx.get(f"{url}{REDIRECTED}").status_code for _ in range(15)]
        assert httpx.post(f"{url}{EVENTS}?seen").status_code == 200
    assert states[:11] == [200] * 11
    assert 429 in states[11:]
    assert "seen" in logged(tmp_path)
    assert CODE not in logged(tmp_path)


@needs_nginx
def test_nginx_logs_no_code_while_no_replica_answers(tmp_path: Path):
    with nginx("many-workspaces", free_port(), tmp_path) as url:
        assert httpx.get(f"{url}{REDIRECTED}").status_code == 502
        assert httpx.post(f"{url}{EVENTS}?seen").status_code == 502
    assert "seen" in logged(tmp_path)
    assert CODE not in logged(tmp_path)


@needs_caddy
def test_caddy_logs_no_code_while_no_replica_answers(tmp_path: Path):
    with caddy("many-workspaces", free_port(), tmp_path) as url:
        assert httpx.get(f"{url}{REDIRECTED}&seen=1").status_code in {502, 503}
    assert "seen" in logged(tmp_path)
    assert CODE not in logged(tmp_path)
    assert STATE not in logged(tmp_path)
