"""A department's SOAP service: its faults, its poisoned answers, and mutual TLS towards it."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.department_line import LineOptions
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets, DepartmentTls
from adapters.departments import build_adapters
from adapters.system_time import SystemTime
from domain.codes import Technique
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.dispatch import Receipt
from domain.reply import RAW_ANSWER, PolledReply, read_answer
from simulators.script import Behaviour
from tests.adapters import faulty_server as faulty
from tests.adapters.arrangement import NOW, arranged, dispatch, lines_to, new_secrets, ref_of, withdrawal_of

SECRET_TEXT = "Zhang San"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XML = {"content-type": "text/xml"}
SHORT = LineOptions(total_seconds=0.5)


def said(inside: str, status: str = "200 OK") -> faulty.Talk:
    text = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{inside}</s:Body></s:Envelope>'
    return faulty.http(status, {"content-type": "text/xml"}, text.encode())


def submitted(inside: str) -> faulty.Talk:
    return said(f'<SubmitRequestResponse xmlns="urn:liandong:department:1">{inside}</SubmitRequestResponse>')


def soap_fault(blamed: str) -> faulty.Talk:
    inside = f"<faultcode>s:{blamed}</faultcode><faultstring>{SECRET_TEXT}</faultstring>"
    return said(f"<s:Fault>{inside}</s:Fault>", "500 Internal Server Error")


FAULTS = {
    "entities": (faulty.http("200 OK", XML, b'<!DOCTYPE a [<!ENTITY x "y">]><a/>'), "malformed-xml"),
    "cut off": (faulty.http("200 OK", {"content-type": "text/xml"}, SECRET_TEXT.encode()), "malformed-xml"),
    "no envelope": (faulty.http("200 OK", {"content-type": "text/xml"}, b"<a/>"), "not-understood"),
    "an empty body": (said(""), "not-understood"),
    "another answer": (said('<QueryRepliesResponse xmlns="urn:liandong:department:1"/>'), "not-understood"),
    "another service": (said('<SubmitRequestResponse xmlns="urn:else"/>'), "not-understood"),
    "no receipt": (submitted(""), "not-understood"),
    "a receipt with parts": (submitted("<receipt><a/></receipt>"), "not-understood"),
    "a receipt without end": (submitted(f"<receipt>{'9' * 201}</receipt>"), "not-understood"),
    "a fault of the server": (soap_fault("Server"), "soap-server"),
    "a fault of nobody": (soap_fault("Odd"), "soap-server"),
}  # fmt: skip


async def deliver_to(talk: faulty.Talk) -> Receipt:
    async with faulty.faulty_server(talk) as url:
        lines = lines_to(url, Technique.XML, new_secrets(), SHORT)
        try:
            police = build_adapters(lines, SystemTime(), "http://127.0.0.1:1")[Technique.XML]
            return await police.deliver(dispatch(Technique.XML))
        finally:
            await lines.close()


@pytest.mark.parametrize("fault", list(FAULTS))
async def test_a_fault_means_try_again_and_never_quotes_the_reply(fault: str) -> None:
    talk, kind = FAULTS[fault]
    with pytest.raises(DepartmentUnavailable) as caught:
        await deliver_to(talk)
    assert str(caught.value).startswith(kind), caught.value
    assert SECRET_TEXT not in repr(caught.value) + repr(caught.value.__cause__)


async def test_a_fault_that_blames_our_message_needs_a_person() -> None:
    with pytest.raises(DepartmentRefusal, match="soap-client"):
        await deliver_to(soap_fault("Client"))


async def test_a_proper_receipt_is_taken() -> None:
    assert (await deliver_to(submitted("<receipt> 沪公-7 </receipt>"))).receipt == "沪公-7"


async def test_text_that_looks_like_xml_stays_text_both_ways() -> None:
    hostile = "</text><urgent>true</urgent>&x;<![CDATA[\"'>"
    async with arranged(Technique.XML) as police:
        police.behave(Behaviour(answer_after=0, reply={"code": "NO_RESULT", "tried": hostile}))
        sent = dispatch(Technique.XML).model_copy(update={"text": hostile, "fields": {"item": hostile, '"<&': "1"}})
        await police.adapter.deliver(sent)
        data = police.department.journal.received[0].data or {}
        assert (data["text"], data["fields"], data["urgent"]) == (hostile, dict(sent.fields), False)
        assert await police.answers(sent) == [{"code": "NO_RESULT", "tried": hostile}]


async def test_signs_that_xml_cannot_carry_do_not_stop_a_request() -> None:
    async with arranged(Technique.XML) as police:
        sent = dispatch(Technique.XML).model_copy(update={"text": "a\x00b\x0bc\ufffe"})
        await police.adapter.deliver(sent)
        assert (police.department.journal.received[0].data or {})["text"] == "a\ufffdb\ufffdc\ufffd"


REPLIES = [
    {"code": "ACCEPTED", "note": "可以"},
    {"code": "NEED_MORE", "materials": ["户口簿"], "note": ""},
    {"code": "NEED_MORE", "materials": ["户口簿", "身份证"]},
    {"code": "REFUSED", "legal_basis": "条例第三条", "reason": "不符", "remedy": "复议"},
    {"code": "NOT_MINE", "basis": "三定方案", "proposed_owner": "housing"},
    {"code": "EXTENSION_REQUESTED", "reason": "调档", "until": "2026-03-09"},
    {"code": "NO_RESULT", "tried": "档案库"},
    {
        "code": "ACCEPTED_CONDITIONALLY",
        "timing": "ISSUE_THEN_VERIFY",
        "deferred": [
            {"name": "租约", "due": "5 working_days", "channels": ["IN_PERSON", "ONLINE"], "verifier": "police"},
        ],
        "commitment": "补交",
    },
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: str(reply["code"]))
async def test_every_reply_code_survives_the_way_through_xml(reply: dict[str, object]) -> None:
    async with arranged(Technique.XML) as police:
        police.behave(Behaviour.model_validate({"answer_after": 0, "reply": reply}))
        sent = dispatch(Technique.XML)
        await police.adapter.deliver(sent)
        (found,) = await police.answers(sent)
        assert found == reply
        raw = RAW_ANSWER.validate_python({"reply": found, "received_at": NOW, "ref": "poll"})
        assert read_answer(raw.model_dump(mode="json")).model_dump()["reply"]["code"] == reply["code"]


async def test_one_unreadable_reply_does_not_hold_up_the_others() -> None:
    rounds = "".join(
        f'<round requestId="{request}" number="1" status="answered"><reply>{inside}</reply></round>'
        for request, inside in (
            ("LD-2026-000001.bad", "<code>ACCEPTED</code><code>REFUSED</code>"),
            ("LD-2026-000001.good", f"<code>ACCEPTED</code><note>{escape('可以')}</note>"),
        )
    )
    talk = said(f'<QueryRepliesResponse xmlns="urn:liandong:department:1">{rounds}</QueryRepliesResponse>')
    async with faulty.faulty_server(talk) as url:
        lines = lines_to(url, Technique.XML, new_secrets(), SHORT)
        police = build_adapters(lines, SystemTime(), url)[Technique.XML]
        with pytest.raises(DepartmentUnavailable, match="not-understood"):
            await police.poll(ref_of(dispatch(Technique.XML, key="bad")))
        good = await police.poll(ref_of(dispatch(Technique.XML, key="good")))
        assert good == PolledReply(reply={"code": "ACCEPTED", "note": "可以"})
        await lines.close()


@pytest.mark.parametrize(("known", "why"), [(True, None), (False, "tls"), (None, "tls")])
async def test_mutual_tls_towards_the_department(tmp_path: Path, known: bool | None, why: str | None) -> None:
    """`known`: with our certificate, without one, and with files that are missing."""
    authority = Authority(tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(*authority.issue("department"))
    served.load_verify_locations(tmp_path / "ca.pem")
    served.verify_mode = ssl.CERT_REQUIRED
    served.maximum_version = ssl.TLSVersion.TLSv1_2
    certificate, key = authority.issue("liandong")
    tls = DepartmentTls(
        ca_file=tmp_path / "ca.pem", cert_file=certificate if known else None, key_file=key if known else None
    )
    if known is None:
        tls = DepartmentTls(ca_file=tmp_path / "gone.pem")
    secret = new_secrets().of("police").model_copy(update={"tls": tls})
    async with faulty.faulty_server(submitted("<receipt>7</receipt>"), served) as url:
        lines = lines_to(url.replace("http:", "https:"), Technique.XML, DepartmentSecrets({"police": secret}), SHORT)
        police = build_adapters(lines, SystemTime(), url)[Technique.XML]
        if why is None:
            assert (await police.deliver(dispatch(Technique.XML))).receipt == "7"
        else:
            with pytest.raises(DepartmentUnavailable, match=r"tls|connection-lost"):
                await police.deliver(dispatch(Technique.XML))
        await lines.close()


async def test_withdrawing_what_the_service_never_had_is_fine() -> None:
    async with arranged(Technique.XML) as police:
        await police.adapter.withdraw(withdrawal_of(dispatch(Technique.XML)))
        assert police.department.journal.received[-1].type == "request.withdrawn"


def test_a_certificate_comes_with_its_key() -> None:
    with pytest.raises(ValueError, match="belong together"):
        DepartmentSecret.model_validate({"tls": {"cert_file": "a.pem"}})


class Authority:
    """A certificate authority for one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        own = self._builder(self._name, self._key.public_key())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        certificate = own.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        signed = self._builder(subject, key.public_key()).add_extension(address, critical=False)
        paths = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        paths[0].write_bytes(signed.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
        )
