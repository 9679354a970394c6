"""What services publish: a module of event types for each, and the views that readers share."""
