"""Tests: real PostgreSQL and real Apache Kafka, nothing skipped."""
