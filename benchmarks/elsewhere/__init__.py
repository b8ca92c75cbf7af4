"""A second pretend cluster, written without a look at the emitter: it shares no code, no physics and no number with it.

A predictor that is trained and judged on this one shows what it can do where nobody tuned it. `recording.record`
writes the metrics as a TSDB folder; `faults` and `lookalikes` say what goes wrong and what only looks so. A number
whose origin is not named was made up here, but for the limits of issues, which are the catalogue's.
"""
