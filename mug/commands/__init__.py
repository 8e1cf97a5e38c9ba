"""The command line: a file a command. The scripts and `mug` call them; nothing in the package does."""
