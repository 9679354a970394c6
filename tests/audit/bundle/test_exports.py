"""Exports through HTTP: a bundle that verifies elsewhere, and what is refused."""

import asyncio
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.audit.export import waiting
from services.audit.ledger import logs
from services.audit.proofs import note
from services.audit.proofs.checkpoint import Checkpoint
from services.casework import api as casework_api
from shared.attachments import CLASS, Files, sealed_file
from shared.contracts.duties import EvidenceFiled
from shared.session import sign_session
from shared.signing import load_public_keys, load_signer
from tests.audit.bundle.javascript import PAGE, comparable, started
from tests.audit.bundle.mutants import Mutant
from tests.audit.bundle.synthetic import SIGNER
from tests.audit.conftest import INSPECTOR, STRANGER, World, viewer
from tests.audit.county import COUNTY
from tests.audit.test_replay import CHILD, told
from tests.stores import SEALING

POLL_SECONDS = 0.05
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9
VERIFY = Path(__file__).parents[3] / "services/audit/verify.py"


class Sealing:
    """Follows audit's own ledgers and signs whatever grew, as the sealer does."""

    def __init__(self, world: World) -> None:
        self.world, self.sealed = world, dict[str, int]()
        url = world.store.url(world.store.roles.sealer, SEALING.sealer or "")
        self.engine = create_async_engine(url)

    async def run(self) -> None:
        while True:
            await self.world.follow_own()
            await self.once()
            await asyncio.sleep(POLL_SECONDS)

    async def once(self) -> None:
        async with self.world.store.engine.connect() as conn:
            grown = await logs.logs_of(conn)
        for log in grown:
            if log.size > self.sealed.get(log.origin, 0):
                text_ = Checkpoint(log.origin, log.size, log.root).text()
                signed = note.sign(text_, [note.NoteSigner(log.origin, SIGNER.private)])
                values = {"o": log.origin, "s": log.size, "r": log.root, "n": signed}
                async with self.engine.begin() as conn:
                    put = "insert into sealed (origin, size, root, note) values (:o, :s, :r, :n)"
                    await conn.execute(text(put), values)
                self.sealed[log.origin] = log.size


@pytest.fixture
async def child(world: World) -> str:
    found = await told(world)
    await world.follow()
    return str(found)


@pytest.fixture
async def sealing(world: World, child: str) -> AsyncIterator[Sealing]:
    """The world with a sealer beside it, and its public keys where audit finds them."""
    world.edge.service.opening.is_open = True
    made = Sealing(world)
    await made.once()
    names = [*made.sealed, *(name.replace("casework", "audit") for name in made.sealed)]
    keys = {"keys": sorted({SIGNER.key(name) for name in names})}
    home = world.edge.service.settings.home
    (home / "baoxue-trust.json").write_text(json.dumps(keys))
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await made.engine.dispose()


async def post(world: World, who: Any, given: dict[str, Any]) -> httpx2.Response:
    token = sign_session(load_signer(world.secrets, "enrollment"), who, time(), time())
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    transport = httpx2.ASGITransport(app=world.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://audit.test") as http:
        return await http.post("/audit/export", json=given, headers=headers, timeout=60)


def verified(bundle: bytes, folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """What verify.py says in an empty folder, with Python alone."""
    empty = folder / "empty"
    empty.mkdir(exist_ok=True)
    path = folder / "bundle.zip"
    path.write_bytes(bundle)
    (folder / "verify.py").write_bytes(VERIFY.read_bytes())
    command = [
        sys.executable,
        "-I",
        str(folder / "verify.py"),
        str(path),
        "--json",
        "--simulated",
        *more,
    ]
    found = subprocess.run(command, cwd=empty, capture_output=True, check=False)
    report = json.loads(found.stdout)
    if not more:
        assert page_report(path) == comparable(report)
    return found.returncode, report


def page_report(path: Path) -> dict[str, Any]:
    """What the verify.html of the bundle says."""
    with zipfile.ZipFile(path) as opened:
        assert opened.read("verify.html") == PAGE.read_bytes()
    with started() as core:
        return comparable(core.report(path, Mutant(b"", options={"simulated": True})))


async def test_an_inspector_takes_a_whole_case_away(
    world: World, child: str, sealing: Sealing, tmp_path: Path
) -> None:
    answer = await post(world, INSPECTOR, {"subject": child, "purpose": "季度督查"})
    assert answer.status_code == 200, answer.text
    code, report = await asyncio.to_thread(verified, answer.content, tmp_path)
    assert (code, report["verdict"]) == (0, "VERIFIED"), report
    assert {one["service"] for one in report["services"]} >= {"enrollment", "casework", "audit"}
    with zipfile.ZipFile(tmp_path / "bundle.zip") as opened:
        manifest = json.loads(opened.read("manifest.json"))
        disclosed = opened.read("disclosures.jsonl").decode()
    assert manifest["purpose"] == "季度督查" and manifest["class"] == "CASE"
    assert manifest["requester"]["account"] == INSPECTOR.account
    assert "吉克阿依" in disclosed and "采石场" in disclosed
    assert any(
        '"ExportCreated"' in body or "ExportCreated" in body for body in await world.accesses()
    )
    # The roll names the child without being its own: it is there, and said to be chosen.
    assert len(manifest["selection"]) == 1


async def photographed(world: World, folder: Path, content: bytes) -> str:
    """An event that names a photograph of the child, kept by casework; how the bundle calls it."""
    keyring = world.books.keyring
    keys = await keyring.keys_for([str(CHILD)], "test", [CLASS], create=True, ledger=COUNTY)
    sealed = sealed_file(content, str(CHILD), keys.of(str(CHILD), CLASS))
    kept = Files.under(folder).put(sealed, "image/png")
    duty, day = UUID(int=5), date(2026, 11, 18)
    filed = EvidenceFiled(duty=duty, kind="survey", done_on=day, note=None, attachment=kept)
    place: Any = {"stream": f"duty-{duty}", "subject": CHILD, "path": world.here.path}
    world.books.write(COUNTY, filed, happened=day, service="casework", **place)
    await world.follow()
    return f"attachments/{kept.sha256}.png"


def keeping(world: World, folder: Path) -> httpx2.AsyncClient:
    """What reaches casework's own route over the files in a folder."""
    edge: Any = SimpleNamespace(service=SimpleNamespace(settings=SimpleNamespace(home=folder)))
    app = FastAPI()
    app.state.public_keys, app.state.service = load_public_keys(world.secrets), "casework"
    app.include_router(casework_api.router(edge))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))


async def test_a_photograph_goes_along_and_is_bound_to_its_event(
    world: World, child: str, sealing: Sealing, tmp_path: Path
) -> None:
    name = await photographed(world, tmp_path, PICTURE)
    async with keeping(world, tmp_path) as http:
        world.edge.service.http = http
        answer = await post(world, INSPECTOR, {"subject": child, "purpose": "督查"})
    assert answer.status_code == 200, answer.text
    code, report = await asyncio.to_thread(verified, answer.content, tmp_path)
    assert (code, report["verdict"]) == (0, "VERIFIED"), report
    with zipfile.ZipFile(tmp_path / "bundle.zip") as opened:
        assert opened.read(name) == PICTURE
        assert f'""/attachment"":""{name}""' in opened.read("events.csv").decode()
        assert name in opened.read("timeline.html").decode()


async def test_a_lost_photograph_is_missed_and_one_that_cannot_be_had_refuses_the_export(
    world: World, child: str, sealing: Sealing, tmp_path: Path
) -> None:
    await photographed(world, tmp_path, PICTURE)
    given = {"subject": child, "purpose": "督查"}
    async with keeping(world, tmp_path / "empty") as http:
        world.edge.service.http = http
        answer = await post(world, INSPECTOR, given)
    code, report = await asyncio.to_thread(verified, answer.content, tmp_path)
    casework = next(one for one in report["services"] if one["service"] == "casework")
    assert (code, casework["field"]) == (14, "/attachment"), report
    away = httpx2.MockTransport(lambda _: httpx2.Response(503))
    async with httpx2.AsyncClient(transport=away) as http:
        world.edge.service.http = http
        refused = await post(world, INSPECTOR, given)
    assert refused.status_code == 409 and "附件" in refused.json()["say"]


async def test_a_second_export_continues_the_first(
    world: World, child: str, sealing: Sealing, tmp_path: Path
) -> None:
    first = await post(world, INSPECTOR, {"subject": child, "purpose": "一"})
    _, _ = await asyncio.to_thread(verified, first.content, tmp_path)
    with zipfile.ZipFile(tmp_path / "bundle.zip") as opened:
        pin = tmp_path / "pin.note"
        pin.write_bytes(opened.read("checkpoints/casework.note"))
    second = await post(world, INSPECTOR, {"subject": child, "purpose": "二"})
    code, report = await asyncio.to_thread(verified, second.content, tmp_path, "--pin", str(pin))
    assert (code, report["key"]["vouched"]) == (0, "pin"), report


async def test_a_range_of_one_log_is_taken_away(
    world: World, child: str, sealing: Sealing, tmp_path: Path
) -> None:
    origin = next(name for name in sealing.sealed if f"{COUNTY}/casework" in name)
    given = {"origin": origin, "first": 2, "last": 5, "purpose": "抽查"}
    answer = await post(world, INSPECTOR, given)
    assert answer.status_code == 200, answer.text
    code, report = await asyncio.to_thread(verified, answer.content, tmp_path)
    assert code == 0 and report["services"][1]["entries"] == 4, report
    beyond = await post(world, INSPECTOR, given | {"last": 10**6})
    assert beyond.status_code == 409 and beyond.json()["code"] == "export_impossible"


async def test_without_a_purpose_nothing_is_exported(world: World, child: str) -> None:
    answer = await post(world, INSPECTOR, {"subject": child, "purpose": " "})
    assert answer.status_code == 422 and answer.json()["fields"] == {"field": "purpose"}
    assert not [body for body in await world.accesses() if "ExportCreated" in body]


async def test_who_may_not_export_takes_nothing_away(world: World, child: str) -> None:
    for who in (STRANGER, viewer("homeroom_teacher")):
        answer = await post(world, who, {"subject": child, "purpose": "看看"})
        assert answer.status_code in (403, 404), answer.text


async def test_without_a_sealer_the_export_says_so(
    world: World, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAIT_SECONDS", 0.3)
    answer = await post(world, INSPECTOR, {"subject": child, "purpose": "督查"})
    assert answer.status_code == 409 and answer.json()["code"] == "sealer_behind"
    assert "封印" in answer.json()["say"]


async def test_the_page_leads_to_a_form_that_asks_what_for(world: World, child: str) -> None:
    page = await world.get(INSPECTOR, f"/audit/children/{child}", "text/html")
    assert f"/audit/export?subject={child}" in page.text
    form = await world.get(INSPECTOR, f"/audit/export?subject={child}", "text/html")
    assert form.status_code == 200 and 'name="purpose"' in form.text
