"""The sealer: reads the producers itself and signs what audit stores, if it is the same."""
