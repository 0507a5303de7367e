"""What a simulated department received and what it called back, complete and in order."""

from pydantic import AwareDatetime, BaseModel, Field, JsonValue


class Received(BaseModel):
    at: AwareDatetime
    method: str
    path: str
    authentic: bool
    type: str | None = None
    idempotency_key: str | None = None
    request_id: str | None = None
    round: int | None = None
    repeated: bool = False
    """The round had been taken in before."""
    committed: bool = False
    """This send is the one that took effect."""
    outcome: str = ""
    """The HTTP status, or the fault that stood in for it."""
    data: dict[str, JsonValue] | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class Attempt(BaseModel):
    at: AwareDatetime
    status: int | None = None
    """None: no HTTP reply came."""
    error: str | None = None


class Callback(BaseModel):
    message_id: str
    type: str
    request_id: str
    round: int
    body_sha256: str
    attempts: list[Attempt] = Field(default_factory=list)
    status: int | None = None
    """The last HTTP status that the engine answered."""
    response: str = ""
    """The last body that the engine answered, at most 2,000 characters."""
    finished: bool = False


class Journal(BaseModel):
    department: str
    received: list[Received] = Field(default_factory=list)
    callbacks: list[Callback] = Field(default_factory=list)
