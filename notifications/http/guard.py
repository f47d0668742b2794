"""Which addresses are on the public internet, and a resolver and sockets that know no others."""

from __future__ import annotations

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

# Written out, because what the standard library calls global changes from one Python to the next.
_NOT_PUBLIC_4 = [
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a carrier's customers, and one cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # another cloud's host, although the range is public
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = [
    ipaddress.IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "3fff::/20",  # documentation
    )
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

AddrInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]
]


class Refused(OSError):
    """An address that guarded requests do not go to."""


class PublicResolver(AbstractResolver):
    """Finds only names whose every address is public: one private address among them is enough to refuse."""

    def __init__(self, finder: AbstractResolver) -> None:
        self._finder = finder

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host; Refused where one of them is not public."""
        found = await self._finder.resolve(host, port, family)
        for each in found:
            _refuse_unless_public(each["host"])
        return found

    async def close(self) -> None:
        """Let go of what the finder holds."""
        await self._finder.close()


def public_socket(address: AddrInfo) -> socket.socket:
    """A socket for one address about to be connected to: the gate for those that needed no look-up."""
    family, kind, protocol, _, where = address
    _refuse_unless_public(where[0])
    return socket.socket(family, kind, protocol)


def is_public(text: str) -> bool:
    """Is this IP address one on the public internet?"""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address not in _NAT64 and address.ipv4_mapped is None:
            return address in _UNICAST_6 and not any(address in network for network in _NOT_PUBLIC_6)
        address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return not any(address in network for network in _NOT_PUBLIC_4)


def _refuse_unless_public(address: str) -> None:
    if not is_public(address):
        raise Refused(f"{address} is not a public address")
