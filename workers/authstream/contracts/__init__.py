"""What is said between stages and to the outside: records, headers, topics, the api table."""
