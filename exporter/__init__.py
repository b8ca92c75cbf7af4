"""The live shell: every step read Prometheus, ask the model, publish the probabilities."""
