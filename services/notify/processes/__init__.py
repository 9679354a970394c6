"""What notify answers other services' events with."""
