"""The small steps: plain files that run on a stock image, standard library only, embedded as they are."""
