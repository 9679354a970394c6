"""When a duty begins, when it is due, when it climbs: pure functions of packs and calendars."""
