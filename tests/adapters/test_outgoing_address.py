"""Where a message may go: a table of addresses, names that answer differently the second time, and redirects."""

from collections.abc import Sequence

import pytest

from adapters.http_client import HttpCall, HttpClient, HttpLimits
from adapters.outgoing_address import AddressGuard
from domain.department_failure import DepartmentUnavailable
from tests.adapters import faulty_server as faulty

OWN = "10.20.0.0/16"
PUBLIC = "93.184.216.34"


class Names:
    """A resolver that gives its answers one after the other, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def judged(url: str, names: Names | None = None, own: str | None = None) -> str:
    """The host that would be connected to, or the class of the refusal."""
    try:
        pinned = await AddressGuard(own, names or Names([PUBLIC])).pin(url)
    except DepartmentUnavailable as error:
        return str(error).partition(":")[0]
    return str(pinned.url.host)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://127.1.2.3/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.100.100.200/latest/meta-data",
        "https://[fd00:ec2::254]/",
        "https://224.0.0.1/",
        "https://240.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://[ff02::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:7f00:1::]/",
        "https://2130706433/",
        "https://017700000001/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "https:///requests",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://example.org/?to=x",
        "https://example.org/#x",
        "https://example.org:22/",
        "https://example.org:25/",
        "https://example.org:0/",
        "http://93.184.216.34/",
        "http://example.org/",
    ],
)
async def test_no_message_goes_there(url: str) -> None:
    assert await judged(url) == "address"


@pytest.mark.parametrize(
    "answer", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "::ffff:10.0.0.1"]
)
async def test_a_public_name_for_a_private_address_is_refused(answer: str) -> None:
    assert await judged("https://dept.example/", Names([answer])) == "address"
    assert await judged("https://dept.example/", Names([PUBLIC, answer])) == "address", "one bad address is enough"


@pytest.mark.parametrize(
    ("url", "own", "expected"),
    [
        ("https://dept.example/", None, PUBLIC),
        ("https://dept.example:8443/", None, PUBLIC),
        ("https://10.20.3.4/", OWN, "10.20.3.4"),
        ("http://10.20.3.4:8080/", OWN, "10.20.3.4"),
        ("https://10.21.0.1/", OWN, "address"),
        ("https://169.254.169.254/", "169.254.0.0/16", "address"),
        ("https://100.100.100.200/", "100.64.0.0/10", "address"),
        ("http://127.0.0.1:8090/", "127.0.0.0/8", "127.0.0.1"),
        ("http://[::1]:8090/", "::1/128", "::1"),
        ("http://[::ffff:10.20.3.4]/", OWN, "address"),
    ],
)
async def test_the_directory_may_name_the_departments_own_network(url: str, own: str | None, expected: str) -> None:
    assert await judged(url, own=own) == expected


async def test_a_name_in_the_own_network_is_reached_without_tls_only_there() -> None:
    assert await judged("http://intranet.example/", Names(["10.20.3.4"]), OWN) == "10.20.3.4"
    assert await judged("http://intranet.example/", Names([PUBLIC]), OWN) == "address"


@pytest.mark.parametrize("answers", [[], ["not an address"]])
async def test_a_name_that_nobody_knows_is_tried_again_later(answers: list[str]) -> None:
    assert await judged("https://dept.example/", Names(answers)) == "connect"


async def test_the_certificate_is_asked_for_the_name_and_the_connection_goes_to_the_address() -> None:
    pinned = await AddressGuard(None, Names([PUBLIC])).pin("https://dept.example:8443/liandong/requests")
    assert str(pinned.url) == f"https://{PUBLIC}:8443/liandong/requests"
    assert (pinned.host, pinned.name) == ("dept.example:8443", "dept.example")


async def test_rebinding_a_name_between_check_and_connection_changes_nothing() -> None:
    """The second answer of the name would be another machine; it is never asked for."""
    hosts: list[bytes] = []
    async with faulty.faulty_server(faulty.json_reply(b"{}"), heard=hosts) as url:
        port = url.rpartition(":")[2]
        names = Names(["127.0.0.1"], ["169.254.169.254"])
        client = HttpClient(HttpLimits(total_seconds=3), guard=AddressGuard("127.0.0.0/8", names))
        assert (await client.send(HttpCall("GET", f"http://dept.example:{port}/x"))).status == 200
        assert names.asked == 1
        assert f"host: dept.example:{port}".encode() in hosts[0].lower()
        with pytest.raises(DepartmentUnavailable, match="address"):
            await client.send(HttpCall("GET", f"http://dept.example:{port}/x"))
        await client.close()


async def test_a_redirect_is_an_answer_and_never_followed() -> None:
    reply = faulty.http("302 Found", {"location": "http://169.254.169.254/"})
    async with faulty.faulty_server(reply) as url:
        client = HttpClient(HttpLimits(total_seconds=3), guard=AddressGuard("127.0.0.0/8"))
        assert (await client.send(HttpCall("GET", url))).status == 302
        await client.close()
