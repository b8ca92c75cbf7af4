"""The kernel itself: real OOM kills, real throttling and real packet loss, and whether they were foretold."""
