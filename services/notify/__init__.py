"""通知与文书: the inbox."""
