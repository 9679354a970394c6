"""Alerts, cases and rules as pure deciders."""
