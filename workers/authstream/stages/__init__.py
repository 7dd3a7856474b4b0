"""The stages between topics: entry, action, assemble, fanout, effect."""
