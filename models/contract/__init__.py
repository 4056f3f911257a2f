"""What every unit agrees on: model.yaml, its params, the metric, a version in the store, a training's frame.

Nothing here knows what a unit learns, which format it is kept in, or how it is served.
"""
