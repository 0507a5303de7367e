"""Departments as the directory knows them."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.department import Department
from store.columns import document
from store.tables.directory import DepartmentRow


class SqlDirectory:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Sequence[Department]:
        """By code, disabled ones included."""
        rows = await self._session.exec(select(DepartmentRow).order_by(col(DepartmentRow.code)))
        return [_department_of(row) for row in rows]

    async def get(self, code: str) -> Department | None:
        row = await self._session.get(DepartmentRow, code)
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
        row = await self._session.get(DepartmentRow, department.code)
        if row is None:
            self._session.add(DepartmentRow(code=department.code, document=said, seeded=said))
        elif row.seeded != said:
            before = Department.model_validate_json(row.seeded) if row.seeded else department
            enabled = department.enabled if department.enabled != before.enabled else _department_of(row).enabled
            row.document, row.seeded = document(department.model_copy(update={"enabled": enabled})), said
        await self._session.flush()


def _department_of(row: DepartmentRow) -> Department:
    return Department.model_validate_json(row.document)
