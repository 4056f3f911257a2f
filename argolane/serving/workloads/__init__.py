"""Objects of a namespace in, what an API server and its controllers make of them on this machine out."""
