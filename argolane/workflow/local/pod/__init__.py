"""One pod: its containers started with their files, their output and outputs collected, its end judged."""
