"""When two names mean the same material."""

import unicodedata


def material_key(name: str) -> str:
    """Width, case and spacing do not make another material."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def same_material(left: str, right: str) -> bool:
    return material_key(left) == material_key(right)
