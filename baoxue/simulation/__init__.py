"""Simulated counties: who lives there, who stays away, what people do about it."""
