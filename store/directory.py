"""Departments as the directory knows them."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.department import Department
from store.columns import document
from store.inserts import insert_if_absent
from store.tables.directory import DepartmentRow


class SqlDirectory:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Sequence[Department]:
        """By code, disabled ones included."""
        rows = await self._session.exec(select(DepartmentRow).order_by(col(DepartmentRow.code)))
        return [_department_of(row) for row in rows]

    async def add(self, department: Department) -> bool:
        row = DepartmentRow(code=department.code, document=document(department))
        return await insert_if_absent(self._session, row, "code")

    async def get(self, code: str, *, lock: bool = False) -> Department | None:
        # populate_existing: what the lock waited for must be seen, not what was read before
        row = await self._session.get(DepartmentRow, code, with_for_update=lock or None, populate_existing=lock)
        return _department_of(row) if row else None

    async def save(self, department: Department) -> None:
        row = await self._session.get(DepartmentRow, department.code)
        if row is None:
            self._session.add(DepartmentRow(code=department.code, document=document(department)))
        else:
            row.document = document(department)
        await self._session.flush()

    async def seed(self, department: Department) -> None:
        """The policy's word, where it is new. What an administrator changed since the last start stays as it is."""
        said = document(department)
        row = await self._session.get(DepartmentRow, department.code, with_for_update=True, populate_existing=True)
        if row is None:
            self._session.add(DepartmentRow(code=department.code, document=said, seeded=said))
        elif row.seeded != said:
            before = Department.model_validate_json(row.seeded) if row.seeded else department
            enabled = department.enabled if department.enabled != before.enabled else _department_of(row).enabled
            row.document, row.seeded = document(department.model_copy(update={"enabled": enabled})), said
        await self._session.flush()


def _department_of(row: DepartmentRow) -> Department:
    return Department.model_validate_json(row.document)
