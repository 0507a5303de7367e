"""Writes the OpenAPI document as one readable page, without scripts."""

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from api.marked_text import blocks, inline

STYLE = """\
:root { color-scheme: light dark; --line: #8886; --quiet: #767676; --link: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --link: #8ab4f8; --quiet: #a0a0a0; } }
body { font: 16px/1.55 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif;
       max-width: 62rem; margin: 0 auto; padding: 1rem; }
a { color: var(--link); }
h1, h2, h3, p, li { overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, Consolas, monospace; font-size: .88em; overflow-wrap: anywhere; }
pre { padding: .75rem; overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line);
         overflow-wrap: anywhere; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; margin: 1rem 0; }
@media (max-width: 40rem) { tr, td { display: block; } td { border: 0; padding: .1rem 0; }
         tr { border-bottom: 1px solid var(--line); padding: .4rem 0; } td:empty { display: none; } }
h3 { margin: .4rem 0; } .method { font-weight: 700; } .quiet { color: var(--quiet); }
"""

Json = Mapping[str, Any]


def page(document: Json) -> str:
    operations = list(_operations(document))
    parts = [
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(document['info']['title'])}</title>",
        '<link rel="stylesheet" href="/docs/style.css"></head><body>',
        f"<h1>{_text(document['info']['title'])} <span class=quiet>{_text(document['info']['version'])}</span></h1>",
        *blocks(document["info"]["description"]),
        '<p><a href="/openapi.json">openapi.json</a></p>',
        *_security(document),
        *_contents(operations),
    ]
    for tag in document["tags"]:
        parts.append(f"<h2>{_text(tag['description'])}</h2>")
        for method, path, operation in operations:
            if tag["name"] in operation.get("tags", ()):
                parts.extend(_operation(method, path, operation))
    parts.append("<h2>数据结构 · Schemas</h2>")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts.extend(_schema(name, schema))
    parts.append("</body></html>")
    return "\n".join(parts)


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _security(document: Json) -> Iterator[str]:
    yield "<h2>认证 · Security</h2><ul>"
    for name, scheme in document["components"]["securitySchemes"].items():
        yield f"<li><code>{_text(name)}</code> {inline(scheme.get('description', ''))}</li>"
    yield "</ul>"


def _contents(operations: Iterable[tuple[str, str, Json]]) -> Iterator[str]:
    yield "<h2>目录 · Contents</h2><table><tbody>"
    for method, path, operation in operations:
        link = f'<a href="#{_text(operation["operationId"])}">{_text(operation.get("summary", path))}</a>'
        yield f"<tr><td><code>{method} {_text(path)}</code></td><td>{link}</td></tr>"
    yield "</tbody></table>"


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f'<article id="{_text(operation["operationId"])}">'
    yield f"<h3>{_text(operation.get('summary', ''))}</h3>"
    yield f'<p><code><span class="method">{method}</span> {_text(path)}</code></p>'
    yield from blocks(operation.get("description", ""))
    if names := ", ".join(name for scheme in operation.get("security", ()) for name in scheme):
        yield f'<p class="quiet">认证 · security: <code>{_text(names)}</code></p>'
    yield from _parameters(operation.get("parameters", ()))
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield f"<h4>请求体 · Body: {_kind(media.get('schema', {}))}</h4>"
        yield from _examples(media)
    yield "<h4>响应 · Responses</h4><table><tbody>"
    for status, response in operation["responses"].items():
        kinds = ", ".join(_kind(media.get("schema", {})) for media in response.get("content", {}).values())
        yield f"<tr><td>{_text(status)}</td><td>{inline(response['description'])}</td><td>{kinds}</td></tr>"
    yield "</tbody></table></article>"


def _parameters(parameters: Iterable[Json]) -> Iterator[str]:
    rows = [
        f"<tr><td><code>{_text(one['name'])}</code></td><td>{_text(one['in'])}</td>"
        f"<td>{_kind(one['schema'])}</td><td>{_needed(one.get('required', False))}</td>"
        f"<td>{inline(one.get('description', one['schema'].get('description', '')))}</td></tr>"
        for one in parameters
    ]
    if rows:
        yield "<h4>参数 · Parameters</h4><table><tbody>"
        yield from rows
        yield "</tbody></table>"


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield f'<article id="schema-{_text(name)}"><h3>{_text(name)}</h3>'
    yield from blocks(schema.get("description", ""))
    if "enum" in schema:
        yield "<p>" + " ".join(f"<code>{_text(value)}</code>" for value in schema["enum"]) + "</p>"
    if properties := schema.get("properties"):
        needed = set(schema.get("required", ()))
        yield "<table><tbody>"
        for field, details in properties.items():
            yield (
                f"<tr><td><code>{_text(field)}</code></td><td>{_kind(details)}</td>"
                f"<td>{_needed(field in needed)}</td><td>{inline(details.get('description', ''))}</td></tr>"
            )
        yield "</tbody></table>"
    yield from _examples(schema)
    yield "</article>"


def _examples(holder: Json) -> Iterator[str]:
    examples = holder.get("examples", ())
    values = [one["value"] for one in examples.values()] if isinstance(examples, Mapping) else examples
    for value in values:
        yield f"<pre>{_text(json.dumps(value, ensure_ascii=False, indent=2))}</pre>"


def _kind(schema: Json) -> str:
    """The type in a few words, with links to the schemas that it names."""
    if reference := schema.get("$ref"):
        name = _text(str(reference).rsplit("/", 1)[-1])
        return f'<a href="#schema-{name}">{name}</a>'
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(_kind(choice) for choice in choices)
    if schema.get("type") == "array":
        return f"{_kind(schema.get('items', {}))}[]"
    kind = _text(schema.get("format") or schema.get("type") or ("enum" if "enum" in schema else "any"))
    bounds = [
        f"{sign} {_text(schema[word])}"
        for word, sign in (("minimum", "≥"), ("maximum", "≤"), ("minLength", "≥"), ("maxLength", "≤"), ("pattern", "~"))
        if word in schema
    ]
    return f"{kind} <span class=quiet>{', '.join(bounds)}</span>" if bounds else kind


def _needed(needed: bool) -> str:
    return "必填 · required" if needed else ""


def _text(value: object) -> str:
    return escape(str(value))
