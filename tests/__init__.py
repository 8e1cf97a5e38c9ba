"""A package, so that no `tests` that a dependency installs is taken for this folder."""
