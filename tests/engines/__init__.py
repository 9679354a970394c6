"""Tests of the servers that come along."""
