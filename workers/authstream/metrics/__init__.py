"""What a process counts and measures: names, cells on the hot path, and two ways out."""
