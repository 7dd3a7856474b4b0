"""The HTTP door: providers ask in their own protocols, and get the verdict of a flow on Kafka."""
