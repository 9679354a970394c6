"""Rules as data: packs, the versions in force, and the three-layer school calendar."""
