"""All techniques of reaching departments, wired over the same lines."""

from collections.abc import Mapping

from adapters.department_line import DepartmentLines
from adapters.department_people import PeopleDepartment, PeopleTools
from adapters.department_polled import PolledDepartment
from adapters.department_webhook import WebhookDepartment
from adapters.department_xml import XmlDepartment
from domain.codes import Technique
from domain.ports import DepartmentAdapter, TimeSource


def build_adapters(
    lines: DepartmentLines, time: TimeSource, public_url: str, people: PeopleTools | None = None
) -> Mapping[Technique, DepartmentAdapter]:
    """`public_url`: where departments reach our API. `people` None: this process reaches systems only."""
    systems: dict[Technique, DepartmentAdapter] = {
        Technique.WEBHOOK: WebhookDepartment(lines, time, public_url),
        Technique.POLLED: PolledDepartment(lines, time),
        Technique.XML: XmlDepartment(lines, time),
    }
    if people is None:
        return systems
    return systems | {Technique.PEOPLE: PeopleDepartment(people, time, public_url)}
