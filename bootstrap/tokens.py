"""Where the first start leaves the tokens, for the owner of the data directory."""

from pathlib import Path

TOKENS_FILE = "tokens.json"


def tokens_file(data_dir: Path) -> Path:
    return data_dir / TOKENS_FILE
