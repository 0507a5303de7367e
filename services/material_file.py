"""Files of promised materials: taken in after a look at their bytes, handed out to those who handle the case."""

import asyncio
import hashlib
from typing import Final, NamedTuple

from domain.case import CaseRecord
from domain.deferral import MaterialSnapshot, SubmitMaterial
from domain.errors import ErrorCategory, LiandongError, conflict, forbidden, invalid, not_found
from domain.fact import Fact, FactKind
from domain.file_kind import MAX_FILE_BYTES, FileKind, kind_of
from domain.person import Person, PersonRole
from domain.snapshot import CaseSnapshot
from services.access import Action, open_case
from services.decide import decide
from services.live_snapshot import live_snapshot
from services.office import Office
from services.visibility import visible_snapshot

_UNDECLARED: Final = frozenset({"", "application/octet-stream"})
_OTHER_NAMES: Final = {"image/jpg": "image/jpeg", "application/vnd.ofd": "application/ofd"}


class HandedIn(NamedTuple):
    """A file as it arrived, with what the sender says about it."""

    content: bytes
    declared_type: str = ""
    declared_sha256: str | None = None


class ExaminedFile(NamedTuple):
    content: bytes
    kind: FileKind
    sha256: str


class KeptFile(NamedTuple):
    sha256: str
    reference: str


class MaterialFile(NamedTuple):
    content: bytes
    kind: FileKind
    name: str
    """Made of the material's number alone: a name that somebody sent is never kept."""


async def submit_file(
    office: Office, person: Person, case_id: str, command: SubmitMaterial, file: HandedIn
) -> CaseSnapshot:
    """Keep the file, then tell the case. A refusal of the case leaves an unused file and nothing else.

    Raises INVALID `file-empty`, `file-kind-not-accepted`, `file-kind-mismatch`, `file-hash-mismatch`, TOO_LARGE
    `file-too-large`, and what `decide` raises.
    """
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.RECORD_MATERIAL, case_id)
    await _material(office, record, person, command.material_id)
    kept = await keep_file(office, await examine_file(file))
    update = {"sha256": kept.sha256, "file_ref": kept.reference}
    return await decide(office, person, case_id, command.model_copy(update=update))


async def examine_file(file: HandedIn) -> ExaminedFile:
    """What the bytes are, told without keeping them. Raises as `submit_file` does."""
    kind, sha256 = await asyncio.to_thread(_examined, file)
    return ExaminedFile(file.content, kind, sha256)


async def keep_file(office: Office, file: ExaminedFile) -> KeptFile:
    """Raises UNAVAILABLE `materials-unavailable`."""
    return KeptFile(file.sha256, await office.materials.put(file.content, file.kind.ending))


async def open_file(
    office: Office, person: Person, case_id: str, material_id: str, number: int | None = None
) -> MaterialFile:
    """The file of one submission, the latest by default; who opened it is on record.

    Raises NOT_FOUND `no-such-material` or `no-such-file`, FORBIDDEN, UNAVAILABLE.
    """
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.READ_MATERIAL, case_id)
    refuse_other_leaders(person, record)
    material = await _material(office, record, person, material_id)
    wanted = [one for one in material.submissions if one.file_ref and number in (None, one.number)]
    if not wanted or wanted[-1].file_ref is None:
        raise not_found("no-such-file", "there is no such file")
    content, kind = await _read(office, wanted[-1].file_ref)
    told = {"material_id": material.material_id, "submission": str(wanted[-1].number)}
    await _note_opening(office, person, case_id, told, material.request_id)
    return MaterialFile(content, kind, f"{material_id}-{wanted[-1].number}{kind.ending}")


async def open_supplied_file(office: Office, person: Person, case_id: str, material: str) -> MaterialFile:
    """What the requester handed in for a line of the notice, for those who handle the case and for the departments
    that need it; who opened it is on record. Raises as `open_file` does.
    """
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.READ_MATERIAL, case_id)
    refuse_other_leaders(person, record)
    snapshot = (await live_snapshot(office, case_id) if record.launched_at else None) or record.snapshot
    lines = snapshot.supplement.materials if snapshot and snapshot.supplement else ()
    line = next((one for one in lines if one.material == material), None)
    if line is None or (person.role is PersonRole.DEPARTMENT_OFFICER and person.department not in line.asked_by):
        raise not_found("no-such-material", "the case has no such material")
    content, kind = await _read(office, line.received_as)
    await _note_opening(office, person, case_id, {"material_id": material}, None)
    return MaterialFile(content, kind, f"{case_id}-{material}{kind.ending}")


async def _read(office: Office, reference: str) -> tuple[bytes, FileKind]:
    """What is no reference, for example how a paper came, leads to no file."""
    content = await office.materials.get(reference)
    kind = kind_of(content)
    if kind is None:
        raise not_found("no-such-file", "there is no such file")
    return content, kind


def refuse_other_leaders(person: Person, record: CaseRecord) -> None:
    """Personal papers are for the leader of this case, not for every leader."""
    if person.role is PersonRole.DUTY_LEADER and record.owner not in (None, person.person_id):
        raise forbidden("not-your-case", "another duty leader handles this case")


async def _material(office: Office, record: CaseRecord, person: Person, material_id: str) -> MaterialSnapshot:
    if record.launched_at is None:
        raise conflict("not-coordinating", "this case is not being coordinated")
    snapshot = await live_snapshot(office, record.case_id) or record.snapshot
    shown = visible_snapshot(person, record, snapshot) if snapshot else None
    for deferral in shown.deferrals if shown else ():
        for material in deferral.materials:
            if material.material_id == material_id:
                return material
    raise not_found("no-such-material", "the case has no such deferred material")


def _examined(file: HandedIn) -> tuple[FileKind, str]:
    if not file.content:
        raise invalid("file-empty", "the file has no content", field="body")
    if len(file.content) > MAX_FILE_BYTES:
        detail = f"a file has at most {MAX_FILE_BYTES // 1024 // 1024} MB"
        raise LiandongError(ErrorCategory.TOO_LARGE, "file-too-large", detail)
    kind = kind_of(file.content)
    if kind is None:
        raise invalid("file-kind-not-accepted", "accepted are PDF, OFD, JPEG and PNG files", field="body")
    declared = file.declared_type.partition(";")[0].strip().lower()
    if declared not in _UNDECLARED and _OTHER_NAMES.get(declared, declared) != kind.media_type:
        detail = f"the content is {kind.media_type}, which is not what the header says"
        raise invalid("file-kind-mismatch", detail, field="Content-Type")
    sha256 = hashlib.sha256(file.content).hexdigest()
    if file.declared_sha256 is not None and file.declared_sha256.lower() != sha256:
        raise invalid("file-hash-mismatch", "the file changed on its way; send it again", field="Content-SHA256")
    return kind, sha256


async def _note_opening(
    office: Office, person: Person, case_id: str, told: dict[str, str], request_id: str | None
) -> None:
    opened = Fact(
        fact_id=f"{case_id}.opened.{office.new_id()}",
        case_id=case_id,
        kind=FactKind.MATERIAL_OPENED,
        at=office.time.now(),
        actor=person.actor,
        request_id=request_id,
        data=told,
    )
    async with office.store.writing() as session:
        await session.facts.append(case_id, [opened])
