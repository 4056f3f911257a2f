"""What Steps and DAG templates have in common: what a step or task may read, its loop, the outputs."""
