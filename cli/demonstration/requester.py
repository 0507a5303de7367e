"""The requester of a demonstration case: nobody's token, only the case number and the progress code."""

from dataclasses import dataclass
from typing import Final

from bootstrap.api_client import ApiClient, Json, segment

_PAGE: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"


@dataclass(frozen=True)
class Requester:
    client: ApiClient
    case_id: str
    code: str

    async def progress(self) -> Json:
        return await self.client.post("/v1/progress", {"case_id": self.case_id, "code": self.code})

    async def hand_in(self, material: str, *, key: str) -> None:
        """A scan of the material, as a file. Raises ApiRefusal, ApiAway."""
        scan = _PAGE + f"% {self.case_id} {material}\ntrailer<</Root 1 0 R>>\n%%EOF\n".encode()
        headers = {"case-number": self.case_id, "progress-code": self.code, "content-type": "application/pdf"}
        await self.client.post_file(f"/v1/progress/materials/{segment(material)}/file", scan, headers, key=key)
