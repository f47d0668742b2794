"""The guard: which addresses are refused, and that no way round it opens a socket."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver

from notifications import http
from notifications.http.guard import PublicResolver, Refused, is_public

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "172.32.0.1",
    "192.0.1.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::8a",
    "64:ff9b::101:101",
]


class Finder(AbstractResolver):
    """Answers every question with the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            {"hostname": host, "host": each, "port": port, "family": family, "proto": 0, "flags": 0}
            for each in self.addresses
        ]

    async def close(self) -> None:
        pass


def found(*addresses: str) -> list[str]:
    answers = asyncio.run(PublicResolver(Finder(*addresses)).resolve("somewhere.example"))
    return [each["host"] for each in answers]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_it_knows_what_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_it_knows_what_is_public(address):
    assert is_public(address)


def test_it_passes_on_public_addresses():
    assert found("1.1.1.1", "8.8.8.8") == ["1.1.1.1", "8.8.8.8"]


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(Refused):
        found("1.1.1.1", "127.0.0.1")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "0.0.0.0",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "①②⑦.0.0.1",
        "user@127.0.0.1",
    ],
)
def test_no_spelling_of_this_machine_is_called(server, host):
    with pytest.raises(http.NotSent):
        http.request("POST", f"http://{host}:{server.server_port}/", body=b"x", deadline=5, guarded=True)
    assert server.connections == 0


def test_a_refusal_says_so(server):
    with pytest.raises(http.Forbidden, match="not on the public internet"):
        http.request("POST", server.url, body=b"x", deadline=5, guarded=True)


def test_a_refused_name_says_so(server):
    with pytest.raises(http.Forbidden, match=r"localhost:\d+ is not on the public internet"):
        http.request("POST", f"http://localhost:{server.server_port}", body=b"x", deadline=5, guarded=True)


def test_a_name_with_one_private_address_is_not_called_at_all(server, monkeypatch):
    def answers(*args, **kwargs):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.server_port))
            for address in ("127.0.0.1", "1.1.1.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    with pytest.raises(http.Forbidden):
        http.request("POST", "http://mixed.example/", body=b"x", deadline=5, guarded=True)
    assert server.connections == 0


def test_a_connection_made_without_the_guard_is_not_borrowed_with_it(server):
    http.request("POST", server.url, body=b"x", deadline=5)
    with pytest.raises(http.Forbidden):
        http.request("POST", server.url, body=b"x", deadline=5, guarded=True)
