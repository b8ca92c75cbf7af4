"""The offline shell: history, outcomes, dataset, fit, evaluate, replay."""
