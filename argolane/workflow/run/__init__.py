"""What both runners share of a run: its events, its status, its result, its tree and its record."""
