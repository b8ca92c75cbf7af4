"""The stateless core: read signals, turn the last window into features, ask the model."""
