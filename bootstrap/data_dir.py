"""The data directory: keys, secrets and cases lie in it, so it belongs to one user of the machine alone."""

from pathlib import Path

from bootstrap.operator_error import OperatorError

_OWNER_ONLY = 0o700


class DataDirError(OperatorError):
    """The directory cannot be used; the text names it, the reason and the setting."""


def open_data_dir(path: Path) -> None:
    """Make it, or shut it for everybody else: what lies in it is then private whatever its own mode says."""
    try:
        path.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o777 != _OWNER_ONLY:
            path.chmod(_OWNER_ONLY)
    except OSError as error:
        raise DataDirError(
            f"数据目录不可用 · the data directory {path.absolute()} cannot be used: {error.strerror or error}.\n"
            "Make it a directory that belongs to this user, or set LIANDONG_DATA_DIR to another one."
        ) from error
