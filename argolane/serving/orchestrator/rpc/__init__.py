"""The graph over gRPC: imported only where gRPC is asked for, as grpc costs time and memory to have."""

import asyncio
import importlib
import os


async def load() -> None:
    """Import all of it, while the event loop goes on."""
    # Its C library tells of every connection that ends.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    for name in ("graph", "listener"):
        await asyncio.to_thread(importlib.import_module, f"{__name__}.{name}")
