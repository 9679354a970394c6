"""Files sent to enrollment as a program sends them, and read to the end."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from services.enrollment.imports.worker import step
from shared.rights import Viewer
from tests.enrollment.sheets.files import Rows, xlsx
from tests.enrollment.world import Enrolled

HEADS = ["姓名", "性别", "身份证件号", "学校标识码", "学校名称", "年级", "班级", "现住址"]
TURNS = 4


@dataclass(slots=True)
class Office:
    """Somebody who imports; `last` is the import's id."""

    county: Enrolled
    viewer: Viewer
    folder: Path
    last: UUID | None = None

    async def send(self, kind: str, rows: Rows, **options: Any) -> dict[str, Any]:
        """A spreadsheet of these rows."""
        path = xlsx(self.folder / f"{kind}.xlsx", {options.pop("sheet", "Sheet1"): rows})
        return await self.file(kind, path, **options)

    async def file(
        self,
        kind: str,
        path: Path,
        *,
        answers: dict[str, str] | None = None,
        to_the_end: bool = True,
        **flags: Any,
    ) -> dict[str, Any]:
        """Upload and work until nobody has anything left to do; the import as JSON."""
        data = {"kind": kind, "answers": json.dumps(answers or {}), **flags}
        async with self.county.world.browser(self.viewer, "application/json") as program:
            sent = await program.post(
                "/enrollment/imports",
                data={name: str(value) for name, value in data.items()},
                files={"file": (path.name, path.read_bytes())},
            )
            assert sent.status_code == 200, sent.text
            self.last = UUID(sent.json()["import"])
        if to_the_end:
            await self.work()
        return await self.look()

    async def work(self) -> None:
        edge = self.county.world.edge
        for _ in range(TURNS):
            if not await step(edge):
                break
            await asyncio.sleep(0)
        await self.county.world.settled()

    async def look(self, **params: Any) -> dict[str, Any]:
        async with self.county.world.browser(self.viewer, "application/json") as program:
            found = await program.get(f"/enrollment/imports/{self.last}", params=params)
        assert found.status_code == 200, found.text
        return found.json()
