"""Where argolane's graph server answers otherwise than Seldon's executor did, and why. All of it is here."""

# Scenario -> what ours says where the executor broke the connection off without an answer, because it had
# panicked. Ours answers with a Seldon status whose info holds this text, 400 to a feedback that is routed
# to nobody, else 500; the calls to nodes are the same.
PANICS = {
    "abtest_type_router": "Node 'ab' (ROUTER) has no endpoint",
    "feedback_router_out_of_range": "Node 'r' is to route to child 2; it has children 0 to 1",
    "impl_average_combiner_typed": "Node 'c' (COMBINER) has no endpoint",
    "impl_simple_model": "Node 'm' (SIMPLE_MODEL) has no endpoint",
    "impl_simple_model_typed": "Node 'm' (MODEL) has no endpoint",
    "metadata_abtest": "Node 'ab' (RANDOM_ABTEST) has no endpoint",
    "router_form_list_empty": "Router 'r' answered no route: []",
    "router_form_ndarray_empty_row": "A router answered an empty row",
    "router_form_object_empty": "Router 'r' answered without data",
    "router_form_str": "Router 'r' answered without data",
    "router_minus_3": "Node 'r' is to route to child -3",
    "router_out_of_range": "Node 'r' is to route to child 2; it has children 0 to 1",
    "router_out_of_range_parallel": "Node 'r' is to route to child 5; it has children 0 to 0",
}

# Everywhere.
ALWAYS = {
    "Transfer-Encoding": "The executor sends long answers in chunks; ours always says the length.",
    "Date": "Set by both, never equal.",
}

# Scenario -> in what ours is better on purpose. Each has a test of its own beside the replay.
BETTER = {
    "injection_race": "The executor dies of a race on its routing map; ours has one event loop and no race.",
    "injection_race_pass_through": "The same race.",
    "metrics_parallel_siblings": "The executor counts some parallel calls for a sibling; ours counts right.",
    "timeout_bad_value": "Neither starts; ours says which annotation is wrong and what it expects.",
}

# Not recorded, so in no scenario; known from the executor's source or from its other behaviour.
UNRECORDED = {
    "model_image, model_version": "Split at the tag's colon; the executor splits at all, so an image of "
    "registry:5000 loses its name.",
    "Connection headers": "A client's Connection, Keep-Alive and the like end at the graph server.",
    "Accept-Encoding": "Not sent to nodes; an answer that is gzip all the same is unpacked.",
    "feedback with a number past its field": "400; the executor tells all children.",
    "a request of more than 100 MB, or 200 levels of JSON": "413 and 400; the executor takes any.",
    "tftensor of a router": "Refused with a message.",
    "Kafka, logging, tracing, TLS": "Not there; --server_type kafka is refused.",
}
