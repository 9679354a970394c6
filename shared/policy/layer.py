"""One published layer of the calendar: which days it opens or closes, named by its hash."""

from datetime import date
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_LAYER_BYTES = 256 * 1024
MAX_LAYER_DAYS = 366 * 3
Reason = Annotated[str, Meta(max_length=60)]


class LayerInvalid(ValueError):
    """A calendar file that is refused; the text says why, in Chinese."""


class Layer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days from `first` to `last` (inclusive) as one authority states them.

    `closed` and `open` map a date to its reason. The national layer states every day it covers
    (Monday to Friday work unless said otherwise); the others only the days they name.
    """

    layer: Literal["national", "county", "school"]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    first: date
    last: date
    closed: dict[date, Reason]
    open: dict[date, Reason]

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


def load_layer(content: bytes) -> Layer:
    """Read a layer's JSON; LayerInvalid if it is not one or contradicts itself."""
    if len(content) > MAX_LAYER_BYTES:
        raise LayerInvalid(f"校历文件超过 {MAX_LAYER_BYTES // 1024} KiB，请按学年分开提交")
    try:
        layer = msgspec.json.decode(content, type=Layer)
    except msgspec.MsgspecError as error:
        raise LayerInvalid(f"校历文件读不懂：{error}") from error
    _check(layer)
    return layer


def encode_layer(layer: Layer) -> bytes:
    """The one way a layer is written, so that equal calendars have equal hashes."""
    _check(layer)
    ordered = msgspec.structs.replace(
        layer, closed=dict(sorted(layer.closed.items())), open=dict(sorted(layer.open.items()))
    )
    return msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n"


def layer_sha256(content: bytes) -> str:
    return sha256(content).hexdigest()


@cache
def shipped_national_layers() -> tuple[tuple[str, Layer], ...]:
    """(sha256, layer) of each published year that ships, oldest first."""
    folder = resources.files("shared.policy").joinpath("calendars")
    names = sorted(file.name for file in folder.iterdir() if file.name.startswith("national-"))
    contents = [folder.joinpath(name).read_bytes() for name in names]
    return tuple((layer_sha256(content), load_layer(content)) for content in contents)


def shipped_layer_bytes(sha: str) -> bytes:
    """The bytes of a shipped national layer by its hash; KeyError if none has it."""
    folder = resources.files("shared.policy").joinpath("calendars")
    for file in folder.iterdir():
        if file.name.startswith("national-") and layer_sha256(file.read_bytes()) == sha:
            return file.read_bytes()
    raise KeyError(sha)


def _check(layer: Layer) -> None:
    if not 0 <= (layer.last - layer.first).days < MAX_LAYER_DAYS:
        raise LayerInvalid(f"校历的起止日期不对：{layer.first} 至 {layer.last}")
    for day in sorted(layer.closed.keys() & layer.open.keys()):
        raise LayerInvalid(f"{day} 既写了上课又写了不上课，请留一个")
    for day in sorted(layer.closed.keys() | layer.open.keys()):
        if not layer.covers(day):
            raise LayerInvalid(f"{day} 不在 {layer.first} 至 {layer.last} 之内")
