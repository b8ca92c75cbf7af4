"""A second pretend cluster that shares nothing with the emitter: its physics, faults and names are its own.

A predictor that is trained and judged on this one shows what it can do where nobody tuned it. `recording.record`
writes the metrics as a TSDB folder; `faults` and `lookalikes` say what goes wrong and what only looks so. A number
whose origin is not named was made up here, which is the point: nobody should find it again in the emitter.
"""
