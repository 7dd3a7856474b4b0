"""What feeds stages: Faust over confluent-kafka, memory, the embedded broker, topics."""
