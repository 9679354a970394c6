"""The policy officer changes a pack: as text with line numbers, or the usual values in a form."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.casework.commands.rules import read_pack
from services.casework.pages.drawing import new_id
from services.casework.pages.policy import begin_policy
from services.casework.pages.whatif import changes_sections
from services.casework.queries.rules import Unit
from services.casework.whatif.asking import NoTermYet, what_if
from shared.commands import FieldsInvalid, body_of
from shared.console import Visit
from shared.edge import Edge, allowed
from shared.policy.duty_schema import Cited
from shared.policy.pack import Pack, parameter_paths
from shared.policy.parameter_words import CHOICES, PARAMETERS, paths_of, value_words
from shared.rights import Viewer
from shared.rulebook import kept_packs
from shared.session_http import viewer as signed_in
from shared.web.models.form import Field, Form, FormPage, Option
from shared.web.models.layout import Link
from shared.web.models.policy import EditorPage, Fault
from shared.web.models.tables import Section

HOUSE = "house"


def router(edge: Edge) -> APIRouter:
    """`/casework/policy/edit`, `/casework/policy/values`."""
    api = APIRouter(prefix="/casework/policy")

    @api.get("/edit")
    async def edit(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await _begin(edge, request, viewer, unit)
        page = _editor(where, await _own_text(found, where))
        return await found.html("policy_edit.html", page, "policy")

    @api.post("/edit")
    async def checked(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        values = await body_of(request)
        found, where = await _begin(edge, request, viewer, _text(values, "unit"))
        page = await _checked(found, where, _text(values, "content"), _text(values, "do"))
        return await found.html("policy_edit.html", page, "policy")

    @api.get("/values")
    async def form(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], unit: str = ""
    ) -> HTMLResponse:
        found, where = await _begin(edge, request, viewer, unit)
        page = _values_form(found, where)
        return await found.html("form.html", page, "policy")

    @api.post("/values")
    async def changed(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        values = await body_of(request)
        found, where = await _begin(edge, request, viewer, _text(values, "unit"))
        content = written(found.moment.rules.pack(where.path, found.today), values)
        page = await _checked(found, where, content, "check")
        return await found.html("policy_edit.html", page, "policy")

    return api


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    return value if isinstance(value, str) else ""


async def _begin(edge: Edge, request: Request, viewer: Viewer, unit: str) -> tuple[Visit, Unit]:
    found, where = await begin_policy(edge, request, viewer, unit, "policy.edit")
    allowed(viewer, "policy.activate", where.path, found.moment)
    return found, where


async def _own_text(found: Visit, where: Unit) -> str:
    """The file that is in force where it changes another one, else a beginning that extends it."""
    pack = found.moment.rules.pack(where.path, found.today)
    async with found.edge.service.engine.connect() as conn:
        kept = await kept_packs(conn)
    if pack.file.extends is not None and pack.sha256 in kept:
        return kept[pack.sha256].decode()
    return overlay(pack, {}, {})


def overlay(pack: Pack, values: Mapping[str, Any], basis: Mapping[str, Any]) -> str:
    """A file that holds what differs from a pack, which it names by its hash."""
    head = {"format": 2, "name": pack.file.name, "extends": pack.sha256}
    changed = {"values": values, "basis": basis} if values else {}
    text = yaml.safe_dump({**head, **changed}, allow_unicode=True, sort_keys=False)
    return text.replace(f"extends: {pack.sha256}", f'extends: "{pack.sha256}"')


async def _checked(found: Visit, where: Unit, content: str, do: str) -> EditorPage:
    """The text again: with its fault, or with what would change and how to put it in force."""
    try:
        pack, _ = await read_pack(found.edge, content)
    except FieldsInvalid as error:
        return _editor(where, content, fault=_fault(content, error))
    sections: tuple[Section, ...] = ()
    if do == "whatif":
        sections = await _would_change(found, where, pack)
    return _editor(
        where,
        content,
        checked=f"没有错：{pack.file.name}，版本 {pack.version}",
        bases=_bases(pack),
        sections=sections,
        earliest=(found.today + timedelta(days=1)).isoformat(),
    )


async def _would_change(found: Visit, where: Unit, pack: Pack) -> tuple[Section, ...]:
    try:
        told = await what_if(found.edge, found.moment, where.unit, where.path, where.ledger, pack)
    except NoTermYet as error:
        return (Section(title="会改变什么", columns=(), rows=(), nothing=str(error)),)
    return changes_sections(told, pack)


def _fault(content: str, error: FieldsInvalid) -> Fault:
    line = int(str(error.fields.get("line") or 1))
    lines = content.strip().splitlines()
    return Fault(line=line, text=lines[line - 1] if line <= len(lines) else "", say=str(error))


def _editor(where: Unit, content: str, **more: Any) -> EditorPage:
    return EditorPage(
        **{
            "title": f"编辑规则包：{where.name}",
            "about": "写出和现行规则不同的地方；校验、看过会改变什么，再启用",
            "back": f"/casework/policy?unit={where.unit}",
            "unit": where.unit,
            "content": content,
            "command_id": new_id(),
            "earliest": "",
            **more,
        }
    )


def _bases(pack: Pack) -> tuple[Option, ...]:
    """Documents of the register first: what an activation rests on."""
    entries = sorted(pack.file.sources.items(), key=lambda one: not isinstance(one[1], Cited))
    return tuple(Option(value=id, label=pack.citation(id)) for id, _ in entries if id != HOUSE)


def _values_form(found: Visit, where: Unit) -> FormPage:
    pack = found.moment.rules.pack(where.path, found.today)
    return FormPage(
        title=f"改常用参数：{where.name}",
        back=f"/casework/policy?unit={where.unit}",
        detail=f"现行 {pack.file.name}",
        form=Form(
            action="/casework/policy/values",
            command_id=new_id(),
            version=0,
            submit="写成规则包",
            fields=tuple(
                _field(pack, path, found.lang) for path in PARAMETERS if is_single(pack, path)
            ),
            hidden=(("unit", where.unit),),
            cancel=Link(text="先不改", href=f"/casework/policy?unit={where.unit}"),
        ),
    )


def is_single(pack: Pack, path: str) -> bool:
    """Weights are tables: they are changed in the text."""
    return not isinstance(pack.value(path), dict)


def _field(pack: Pack, path: str, lang: str) -> Field:
    words, value = PARAMETERS[path], pack.value(path)
    sources = dict.fromkeys(one for part in paths_of(path) for one in pack.basis(part))
    options: tuple[Option, ...] = ()
    if isinstance(value, bool):
        options = tuple(Option(value=v, label=CHOICES[v.title()][0]) for v in ("true", "false"))
    elif str(value) in CHOICES:
        options = tuple(Option(value=v, label=CHOICES[v][0]) for v in _alternatives(path))
    return Field(
        name=path,
        label=words.zh if lang == "zh" else words.en,
        kind="choice" if options else "number" if isinstance(value, int) else "text",
        hint=f"{value_words(pack, path, lang)}　{'；'.join(sources)}",
        options=options,
        value=(str(value).lower() if isinstance(value, bool) else str(value),),
    )


def _alternatives(path: str) -> tuple[str, ...]:
    groups = (("zero_tolerance", "percent"), ("up", "down", "half_up"))
    by_path = {"score.policy": groups[0], "score.bottom_rounding": groups[1]}
    return by_path.get(path, ("all", "sample", "confirm"))


def written(pack: Pack, given: Mapping[str, Any]) -> str:
    """The pack that the form's values make: what differs, each marked as the county's own."""
    known = set(parameter_paths(pack.values))
    values: dict[str, Any] = {}
    basis: dict[str, list[str]] = {}
    for path in PARAMETERS:
        if path in given and path in known and (value := _read(pack.value(path), given[path])):
            _set(values, path, value[0])
            kept = [one for one in pack.file.basis.get(path, ()) if one != HOUSE]
            basis[path] = [*kept, HOUSE]
    return overlay(pack, values, basis)


def _read(now: object, given: object) -> tuple[object] | None:
    """The form's value in the value's own kind; None where it is as it was.

    What cannot be read stays text: the schema refuses it with its line.
    """
    text = str(given).strip()
    value: object = text
    if isinstance(now, bool):
        value = text == "true"
    elif isinstance(now, int):
        value = int(text) if text.lstrip("-").isdigit() else text
    return None if value == now else (value,)


def _set(tree: dict[str, Any], path: str, value: object) -> None:
    *above, last = path.split(".")
    for key in above:
        tree = tree.setdefault(key, {})
    tree[last] = value
