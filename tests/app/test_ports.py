"""Ports and addresses."""

import os
import socket
import sys
from collections.abc import Iterator

import pytest

from bot.errors import SettingsError
from cli import ports
from tests.bot.config.test_settings import GOOD
from tests.program import Refuse


@pytest.fixture
def used_port() -> Iterator[int]:
    """Listen on a port in this process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("command", [[], ["sandbox"]])
def test_a_port_in_use_is_named_with_its_process(
    refused: Refuse, used_port: int, command: list[str]
):
    tokens = {} if command else GOOD
    output = refused(*command, **tokens, PORT=str(used_port), SANDBOX_PORT="0")
    assert output.startswith(f"PORT {used_port} is already used by ")
    if sys.platform == "linux":
        assert f"process {os.getpid()} (" in output


def test_the_page_stays_on_the_requested_port(refused: Refuse, used_port: int):
    output = refused("sandbox", SANDBOX_PORT=str(used_port), PORT="0")
    assert output.startswith(f"SANDBOX_PORT {used_port} is already used by ")


@pytest.mark.parametrize("command", [[], ["sandbox"]])
@pytest.mark.parametrize(
    "host", ["", " ", "no.such.host.invalid", "a..b", "192.0.2.1", "127.0.0.1:80"]
)
def test_an_invalid_host_is_named(refused: Refuse, host: str, command: list[str]):
    tokens = {} if command else GOOD
    output = refused(*command, **tokens, HOST=host, PORT="0", SANDBOX_PORT="0")
    assert output.startswith("HOST is ")
    assert host.strip() in output


def test_a_name_with_two_addresses_listens_on_one_port():
    with ports.listen("localhost", 0) as listening:
        for one in listening.sockets:
            address = one.getsockname()
            assert address[1] == listening.port
            socket.create_connection(address[:2], timeout=5).close()


def test_a_default_port_in_use_is_replaced_by_the_next_free_one(used_port: int):
    with ports.listen_near(
        "127.0.0.1", used_port, setting="PORT", is_fixed=False
    ) as near:
        assert near.port > used_port
    with pytest.raises(SettingsError, match=f"^PORT {used_port} is already used"):
        ports.listen_near("127.0.0.1", used_port, setting="PORT", is_fixed=True)
