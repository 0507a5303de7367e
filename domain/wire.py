"""The kind of model that travels between processes and stays in a history: frozen, and only ever gaining fields."""

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Wire(BaseModel):
    """Unknown fields are ignored, so that an older workflow can read what a newer client sends."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Instant = AwareDatetime
"""An instant with its zone; a time without one is refused."""
