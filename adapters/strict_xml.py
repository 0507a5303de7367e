"""XML without what makes it dangerous: no document type, no entities, nothing fetched, bounded in size and depth."""

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

MAX_DEPTH = 20
MAX_ELEMENTS = 20_000
_SEPARATOR = "\n"
"""Stands in no XML name."""


class MalformedXml(ValueError):
    """Names the rule that the text breaks, never the text."""


@dataclass
class Element:
    """Namespace and local name apart; text only where there are no children."""

    namespace: str
    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def child(self, name: str) -> "Element | None":
        return next((child for child in self.children if child.name == name), None)

    def text_of(self, name: str) -> str | None:
        found = self.child(name)
        return None if found is None or found.children else found.text.strip()


def parse_xml(body: bytes) -> Element:
    """The root element of one complete document in UTF-8. Raises MalformedXml."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedXml("not UTF-8") from None
    builder = _Builder()
    # Named here, so that a declaration inside cannot choose another reading of the same bytes
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.EntityDeclHandler = _no_entity
    parser.UnparsedEntityDeclHandler = _no_entity
    parser.ExternalEntityRefHandler = _no_entity
    parser.ProcessingInstructionHandler = _no_instruction
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise MalformedXml(f"not one complete XML document (rule {error.code})") from None
    return builder.finished()


class _Builder:
    def __init__(self) -> None:
        self._open: list[Element] = []
        self._root: Element | None = None
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MAX_DEPTH:
            raise MalformedXml(f"nested deeper than {MAX_DEPTH}")
        if self._count > MAX_ELEMENTS:
            raise MalformedXml(f"more than {MAX_ELEMENTS} elements")
        namespace, _, local = name.rpartition(_SEPARATOR)
        element = Element(namespace, local, {key.rpartition(_SEPARATOR)[2]: value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].text += text

    def finished(self) -> Element:
        if self._root is None:
            raise MalformedXml("no element at all")
        return self._root


def _no_document_type(*_: object) -> NoReturn:
    raise MalformedXml("a document type is declared")


def _no_entity(*_: object) -> NoReturn:
    raise MalformedXml("an entity is declared or referred to")


def _no_instruction(*_: object) -> NoReturn:
    raise MalformedXml("a processing instruction")
