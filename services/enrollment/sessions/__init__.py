"""Who an account is today: its roles out of the directory, its sessions, its first sign-in."""
