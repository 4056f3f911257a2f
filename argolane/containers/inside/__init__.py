"""What runs beside the containers: the spawner, and an init process for each container.

One small process (the spawner) is started by the first container and forks for each one: a fork of it costs
a millisecond or two, where a fresh Python costs forty, and unlike the starter it has no threads, so that
forking is safe and PR_SET_PDEATHSIG, which is tied to a thread, means what it says. Hence this package
imports little of the standard library, and nothing of argolane outside itself.
"""
