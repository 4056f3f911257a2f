"""Programs whose manifests() `argolane render` writes into rendered/."""
