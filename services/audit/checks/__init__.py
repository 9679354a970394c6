"""Re-verification: everything audit keeps, computed again from the bodies and compared."""
