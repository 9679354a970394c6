"""The servers that come along: PostgreSQL and Apache Kafka as children, nothing installed."""
