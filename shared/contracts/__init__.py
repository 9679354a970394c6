"""What services publish: one module a publisher, each a table of event types and the shared views."""
