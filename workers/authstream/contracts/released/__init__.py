"""Every Avro schema ever released: never edited, only added to."""
