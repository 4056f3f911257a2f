"""Where the graph server's gRPC is otherwise than Seldon's executor's, and why. All of it is here."""

# (scenario, exchange) -> what ours says where the executor's whole process ended. Its client saw UNAVAILABLE,
# and so does ours, with these words; the calls to nodes are the same, and the next request is answered.
DEATHS = {
    ("feedback_out_of_range", 0): "Node 'r' is to route to child 2; it has children 0 to 1",
    ("feedback_out_of_range", 1): "Node 'r' is to route to child -2; it has children 0 to 1",
    ("router_fails", 0): "A router failed: UNKNOWN: Exception calling application: failed on purpose in r",
    ("router_forms", 6): "Router 'r' answered no number in its tftensor",
    ("router_forms", 7): "Router 'r' answered no number in its ndarray",
    ("router_forms", 8): "Router 'r' answered no number in its ndarray",
    ("router_forms", 10): "Router 'r' answered without data",
    ("router_forms", 11): "Router 'r' answered without data",
    ("router_injected", 4): "Routing is to be injected into a message that has no meta",
}

# (scenario, exchange) -> the details that ours gives with the same code.
WORDS = {
    # The C library of grpc answers it before any code of ours sees the call.
    ("wrong_messages", 3): "Compression algorithm 'gzip' is disabled.",
}

# Not recorded.
UNRECORDED = {
    "a message of more than 100 MB": "RESOURCE_EXHAUSTED if no annotation says more; the executor: 2 GiB.",
    "uber-trace-id": "Not sent to nodes: there is no tracing.",
    "TLS": "Not there.",
}
