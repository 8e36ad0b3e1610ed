"""Servers next to each other in interleaved runs: what tools/bench is made of."""
