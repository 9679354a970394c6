"""Reads a log's bodies from the producer itself, and believes none of them unread."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from services.audit.proofs.hashing import leaf_hash
from services.audit.sealer import body, heads
from services.audit.sealer.body import Leaf, Place
from services.audit.sealer.refusals import Refused
from services.audit.sealer.state import Known, State
from shared.feed import FeedClient, FeedRewritten


@dataclass(slots=True)
class Reader:
    """Brings the state up to a size. `trusted`: up to which size an origin was signed before."""

    state: State
    feeds: Mapping[str, FeedClient]
    trusted: Mapping[str, int]

    async def read_to(self, log: Known, size: int) -> Known:
        """The log at exactly `size`. Raises Refused, NotYet, httpx2.HTTPError."""
        while log.size < size:
            try:
                bodies = await self.feeds[log.service].bodies(log.ledger, log.size, log.digest)
            except FeedRewritten as error:
                raise self.rewritten(log) from error
            if not bodies:
                found = {"expected": str(size), "found": str(log.size)}
                raise Refused("feed_short", log.origin, size, **found)
            log = await self._take(log, bodies[: size - log.size])
        return log

    async def _take(self, log: Known, bodies: list[bytes]) -> Known:
        leaves = [
            body.read(one, Place(log.origin, log.service, log.ledger, log.size + n))
            for n, one in enumerate(bodies, 1)
        ]
        for leaf in leaves:
            await self._check_heads(log, leaf)
        digest = sha256(bodies[-1]).hexdigest()
        self.state.take(log, leaves, [leaf_hash(one) for one in bodies], digest)
        return self.state.log(log.origin)

    async def _check_heads(self, log: Known, leaf: Leaf) -> None:
        # What was signed before was checked then; the root shows that it is the same.
        signed = max(log.signed_size, self.trusted.get(log.origin, 0))
        if leaf.type == heads.TYPE and log.service == heads.WRITER and leaf.seq > signed:
            place = Place(log.origin, log.service, log.ledger, leaf.seq)
            # A county's tree takes up to seconds of arithmetic: health is answered meanwhile.
            await asyncio.to_thread(heads.check, self.state, place, leaf)

    def rewritten(self, log: Known) -> Refused:
        """The source holds another body where we stand: a refusal, and what nobody saw is let go.

        What was read and not signed is read again, for a source may have lost it in a crash.
        """
        kind = "feed_rewritten"
        if log.size > max(log.signed_size, self.trusted.get(log.origin, 0)):
            self.state.forget_unsigned(log)
            kind = "unsigned_rewritten"
        return Refused(kind, log.origin, log.size, expected=log.digest, found="another body")
