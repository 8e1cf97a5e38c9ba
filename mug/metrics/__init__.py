"""How well charts agree with people's, and what they are like beside them: see docs/metrics.md."""
