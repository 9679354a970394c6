"""The servers that come along: PostgreSQL and Apache Kafka as child processes, nothing installed."""
