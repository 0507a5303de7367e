"""Where our messages may go: addresses of the directory only, resolved once, judged, and pinned for the connection."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from domain.department_failure import DepartmentUnavailable

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to the addresses behind the name. Raises OSError."""

_NUMERIC_HOST = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)
_WEB_PORTS = (80, 443)
_FIRST_FREE_PORT = 1024
_EMBEDDED_IPV4 = tuple(
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))
)
"""IPv6 ranges whose addresses stand for an IPv4 address: a way around every rule about that one."""
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")))
"""Where clouds hand out the keys of a machine. Never a department, whatever network it names as its own."""

_LOOPBACK = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")))


@dataclass(frozen=True)
class Pinned:
    """Connect to `url`, whose host is an address; say `host` in the header and ask the certificate for `name`."""

    url: httpx.URL
    host: str
    name: str | None


def within_this_machine(own_network: str | None) -> bool:
    """Whether what the directory calls the department's own network is where our own parts listen."""
    network = ipaddress.ip_network(own_network) if own_network else None
    return network is not None and any(network.overlaps(one) for one in _LOOPBACK if one.version == network.version)


def no_url() -> DepartmentUnavailable:
    # Mending the directory mends it: unavailable, not refused
    return DepartmentUnavailable("address: the directory's address is no URL")


def parse_address(url: str) -> httpx.URL:
    """What no directory entry needs is refused without looking anything up. Raises DepartmentUnavailable."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise no_url() from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise DepartmentUnavailable("address: only http and https with a host")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise DepartmentUnavailable("address: no user, query or fragment")
    ip = _literal(parsed.host)
    if ip is None and _NUMERIC_HOST.fullmatch(parsed.host):
        raise DepartmentUnavailable("address: a disguised IP address")
    if ip is not None and (reason := _never(ip)):
        raise DepartmentUnavailable(reason)
    return parsed


class AddressGuard:
    """One department's: public addresses by https, and its own network if the directory names one."""

    def __init__(self, own_network: str | None = None, resolve: Resolve | None = None) -> None:
        self._own: Network | None = ipaddress.ip_network(own_network) if own_network else None
        self._resolve = resolve or system_resolve

    async def pin(self, url: str) -> Pinned:
        """Look the name up and choose the address to connect to: nobody can give another answer in between.

        Raises DepartmentUnavailable. One refused address behind a name refuses the name.
        """
        parsed = parse_address(url)
        port = parsed.port if parsed.port is not None else (443 if parsed.scheme == "https" else 80)
        if port not in _WEB_PORTS and not _FIRST_FREE_PORT <= port <= 65_535:
            raise DepartmentUnavailable("address: this port belongs to another kind of service")
        literal = _literal(parsed.host)
        found = [literal] if literal is not None else await self._look_up(parsed.host, port)
        for ip in found:
            if reason := self._refused(ip, plain=parsed.scheme == "http"):
                raise DepartmentUnavailable(reason)
        host = parsed.netloc.decode("ascii")
        return Pinned(parsed.copy_with(host=str(found[0])), host, None if literal is not None else parsed.host)

    async def _look_up(self, host: str, port: int) -> list[Ip]:
        try:
            texts = await self._resolve(host, port)
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        except (OSError, ValueError, UnicodeError):
            found = []
        if not found:
            raise DepartmentUnavailable("connect: nobody knows the system's name")
        return found

    def _refused(self, ip: Ip, *, plain: bool) -> str | None:
        if reason := _never(ip):
            return reason
        if self._own is not None and ip.version == self._own.version and ip in self._own:
            return None
        if not ip.is_global:
            return (
                "address: not a public address, and not in the network that the directory names as the department's own"
            )
        return "address: plain http would leave the department's own network" if plain else None


async def system_resolve(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _literal(host: str) -> Ip | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _never(ip: Ip) -> str | None:
    """Refused whatever the directory says."""
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or _stands_for_ipv4(ip)):
        return "address: a disguised IP address"
    if ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return "address: no system of a department lives there"
    return None


def _stands_for_ipv4(ip: ipaddress.IPv6Address) -> bool:
    return not ip.is_loopback and any(ip in network for network in _EMBEDDED_IPV4)
