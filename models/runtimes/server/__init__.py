"""A class and a port in, the wrapper's protocol out: what serves a unit, and the choice of it."""
