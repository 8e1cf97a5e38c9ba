"""Lightning around the networks: run folders, exact resume, logging, export."""
