"""The whole loop on one machine: real servers on loopback ports, our three commands, and what a person sees of it."""
