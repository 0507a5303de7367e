"""A workflow whose one activity calls a department over HTTP."""

from datetime import timedelta

import httpx
from temporalio import activity, workflow


class Department:
    """The client is the instrumented one, as the adapters get it."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url

    @activity.defn(name="CallDepartment")
    async def call(self) -> int:
        response = await self._client.get(self._url, params={"q": "13800138000"})
        if response.status_code >= 500:
            raise RuntimeError("13800138000")
        return response.status_code


@workflow.defn(name="Traced")
class Traced:
    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(Department.call, start_to_close_timeout=timedelta(seconds=10))
