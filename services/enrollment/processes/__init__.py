"""What follows from rolls: settled marks, and rolls that are missing."""
