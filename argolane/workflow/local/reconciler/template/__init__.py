"""Templates: which one is meant, its inputs, and the values of its tags and expressions."""
