"""What our three commands share and no domain word enters: settings, logs, times.

It stands below everything so that the pretend cluster can use it without coming near the predictor.
"""
