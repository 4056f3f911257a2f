"""A deployment and a load in, what it answers at that load out: `argolane load`, and the workflow `load`.

All but `bodies`, `rpc` and `rpc_first` is standard library only: its text is the script of the workflow's
step, which runs on a stock Python image (`judging.py` does the same).
"""
