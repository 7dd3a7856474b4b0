"""The parts of a verdict, one concept each; a trigger in `triggers/` names those it allows."""
