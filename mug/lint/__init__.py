"""Charts checked against osu!mania's ranking criteria, and repaired where that leaves the rhythm as it is."""
