"""One reading of personal data: what a page opened, recorded as one event before it is shown."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TypeAlias

from shared.access_words import Purpose
from shared.contracts import access
from shared.keyring import KeyDestroyed, Keyring, KeyringAway, Keys
from shared.rights import NotAllowed, Viewer, classes_for, may_open, purposes_for
from shared.sealed import Sealed, SealError, SensitivityClass, open_salted, open_sealed, subject_of

# 500 subjects are 20 KB of an event of at most 32 KiB; a page of more has to be divided.
MAX_SUBJECTS = 500

# What stands in place of a value, so that one of them never costs the whole page.
NOT_OPENED = "〔未打开〕"
ERASED = "〔已删除〕"
UNREADABLE = "〔不符〕"
WAITING = "〔暂时打不开〕"

# (access ledger, event): appended and committed by the caller's own store.
Append: TypeAlias = Callable[[str, access.Event], Awaitable[object]]
# Whether the caller's store sees this key for the first time, answered in the append's transaction.
First: TypeAlias = Callable[[str], Awaitable[bool]]


class ReadingNotRecorded(Exception):
    """The reading could not be recorded, so the page is refused: answered 503."""

    code = "reading_not_recorded"
    say = "这次查阅没能登记，所以没有打开。请稍后再试。"


class ReadingTooLarge(Exception):
    """More subjects on one page than one event can name: a bug of the page, which must divide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a reading came to: sorted, without repeats. `fields` are those opened one by one."""

    page: str
    purpose: Purpose
    subjects: list[str]
    classes: list[str]
    fields: list[str]
    obtained_by: str | None

    def event(self) -> access.Event:
        if self.fields:
            return access.RestrictedFieldViewed(
                page=self.page,
                purpose=self.purpose,
                subjects=self.subjects,
                classes=self.classes,
                fields=self.fields,
                obtained_by=self.obtained_by,
            )
        return access.RecordViewed(
            page=self.page,
            purpose=self.purpose,
            subjects=self.subjects,
            classes=self.classes,
            obtained_by=self.obtained_by,
        )


class Reading:
    """Opens sealed values for one page of one viewer, and records which subjects it showed.

    Every clear personal value of a page comes out of this object; so what is recorded is what was
    rendered, not what a route is thought to render. `record` comes last, before the answer is sent.
    """

    def __init__(
        self,
        viewer: Viewer,
        ledger: str,
        purpose: Purpose,
        page: str,
        keyring: Keyring,
        *,
        on: date,
    ) -> None:
        """`ledger` is the county's; `on` the business day. Raises NotAllowed for the purpose."""
        if purpose not in purposes_for(viewer, on):
            raise NotAllowed("这个用途不属于你的职务，请另选一个。", f"purpose {purpose}", ledger)
        self.viewer, self.ledger, self.page = viewer, ledger, page
        self.purpose: Purpose = purpose
        self._keyring, self._on = keyring, on
        self._subjects: set[str] = set()
        self._classes: set[str] = set()
        self._fields: set[str] = set()
        self._recorded = False

    async def open_all(
        self, values: Sequence[tuple[str, str, Sealed]], path: str | None = None
    ) -> list[str]:
        """The texts of (subject of the record, field, value), in order, with one keyring call.

        Classes outside the viewer's roles (at `path`, where it is given) stay NOT_OPENED; a value
        whose key is gone, or that does not fit its commitment, is replaced by what it is.
        """
        assert not self._recorded, "a value opened after the record would be read unseen"
        owners = [subject_of(sealed, subject) for subject, _, sealed in values]
        classes = self._allowed({sealed.cls for _, _, sealed in values}, path)
        keys = await self._keys(owners, classes)
        return [
            self._open(owner, field, sealed, keys, sealed.cls in classes)
            for owner, (_, field, sealed) in zip(owners, values, strict=True)
        ]

    async def open_salted(
        self, values: Sequence[tuple[str, str, Sealed]], path: str
    ) -> list[tuple[bytes, str] | None]:
        """Salt and text of values that are handed out with their proof; None where one stays shut.

        Raises KeyringAway: an export that lacks what may be shown is none.
        """
        assert not self._recorded, "a value opened after the record would be read unseen"
        owners = [subject_of(sealed, subject) for subject, _, sealed in values]
        wanted = sorted(self.may_open({sealed.cls for _, _, sealed in values}, path))
        keys = Keys()
        if wanted:
            keys = await self._keyring.keys_for(owners, self.purpose, wanted, counted=False)
        found: list[tuple[bytes, str] | None] = []
        for owner, (_, field, sealed) in zip(owners, values, strict=True):
            key = keys.get((owner, sealed.cls))
            try:
                shown = open_salted(sealed, owner, field, key) if isinstance(key, bytes) else None
            except SealError:
                shown = None
            if shown:
                self._subjects.add(owner)
                self._classes.add(sealed.cls)
            found.append(shown)
        return found

    def may_open(self, wanted: set[SensitivityClass], path: str) -> frozenset[SensitivityClass]:
        """Those of the classes that the viewer may see of a record at this path."""
        return self._allowed(wanted, path)

    async def open_restricted(
        self, subject: str, field: str, sealed: Sealed, path: str | None = None
    ) -> str:
        """One masked value that a person asked to open; makes the event name the field."""
        (text,) = await self.open_all([(subject, field, sealed)], path)
        if subject_of(sealed, subject) in self._subjects and sealed.cls in self._classes:
            self._fields.add(field)
        return text

    def touch(self, subject: str) -> None:
        """Note a subject that the page shows without opening a value of its own."""
        self._subjects.add(subject)

    def opened(self) -> Opened:
        """What has been shown so far. Raises ReadingTooLarge."""
        if len(self._subjects) > MAX_SUBJECTS:
            raise ReadingTooLarge(f"{len(self._subjects)} subjects on {self.page}")
        return Opened(
            page=self.page,
            purpose=self.purpose,
            subjects=sorted(self._subjects),
            classes=sorted(self._classes),
            fields=sorted(self._fields),
            obtained_by=self.viewer.obtained_by,
        )

    async def record(
        self, append: Append, shape: Callable[[Opened], access.Event] = Opened.event
    ) -> bool:
        """Write the one event of this page; without a subject only a `shape` of its own is written.

        `shape` makes another event of the same facts: `RecordSearched`, `ReplayPerformed`,
        `ExportCreated`. Answers whether something was written. Raises ReadingNotRecorded.
        """
        opened = self.opened()
        self._recorded = True
        if not opened.subjects and shape is Opened.event:
            return False
        try:
            await append(f"{self.ledger}-access", shape(opened))
        except Exception as error:  # whatever the reason: what is not recorded is not shown
            raise ReadingNotRecorded(f"{self.page}: {type(error).__name__}") from error
        return True

    async def record_once(self, append: Append, first: First, klass: str) -> bool:
        """For one's own class on one's own roll sheet: written once per person, class and day.

        Shown later to the same person on the same day it is written again only if other subjects
        or classes were opened. Raises ReadingNotRecorded.
        """
        try:
            known = not await first(once_key(self.viewer.account, klass, self._on, self.opened()))
        except Exception as error:
            raise ReadingNotRecorded(f"{self.page}: {type(error).__name__}") from error
        if known:
            self._recorded = True
            return False
        return await self.record(append)

    def _allowed(
        self, wanted: set[SensitivityClass], path: str | None
    ) -> frozenset[SensitivityClass]:
        held = classes_for(self.viewer, self._on) & self._keyring.classes & wanted
        if path is None:
            return held
        return frozenset(cls for cls in held if may_open(self.viewer, cls, path, self._on))

    async def _keys(
        self, owners: Sequence[str], classes: frozenset[SensitivityClass]
    ) -> Keys | None:
        """None while the keyring is away: personal data waits, the rest of the page goes on."""
        if not owners or not classes:
            return Keys()
        try:
            wanted = sorted(classes)
            return await self._keyring.keys_for(owners, self.purpose, wanted, counted=False)
        except KeyringAway:
            return None

    def _open(
        self, owner: str, field: str, sealed: Sealed, keys: Keys | None, allowed: bool
    ) -> str:
        if not allowed:
            return NOT_OPENED
        if keys is None:
            return WAITING
        key = keys.get((owner, sealed.cls))
        if isinstance(key, KeyDestroyed):
            return ERASED
        try:
            # A key missing without an erasure is as suspicious as a value that does not fit.
            text = open_sealed(sealed, owner, field, key) if key else UNREADABLE
        except SealError:
            return UNREADABLE
        self._subjects.add(owner)
        self._classes.add(sealed.cls)
        return text


def once_key(account: str, klass: str, day: date, opened: Opened) -> str:
    """Names one view of one's own class on one day; another set of subjects is another view."""
    seen = "|".join([*opened.subjects, *opened.classes, *opened.fields])
    return f"{account}|{klass}|{day}|{sha256(seen.encode()).hexdigest()[:16]}"
