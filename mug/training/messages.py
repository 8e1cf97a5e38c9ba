"""Silences those of Lightning's messages that do not help the user."""

import logging
import warnings


def quiet_lightning() -> None:
    """Silence advertisements, Lightning's own uses of deprecated torch, and hints that our users cannot act on."""
    logging.getLogger("pytorch_lightning.utilities.rank_zero").addFilter(_is_no_advertisement)
    logging.getLogger("pytorch_lightning.trainer.connectors.checkpoint_connector").setLevel(logging.WARNING)
    # It logs inside a signal handler; Python fails if that interrupts the progress bar while it writes.
    logging.getLogger("pytorch_lightning.trainer.connectors.signal_connector").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*LeafSpec", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message=".*does not have many workers")  # cached spectrograms load fast
    warnings.filterwarnings("ignore", message=r"Found \d+ module\(s\) in eval mode")  # the frozen first stage
    warnings.filterwarnings("ignore", message="You're resuming from a checkpoint that ended before")  # we can
    warnings.filterwarnings("ignore", message=".*could not find the monitored key")  # a run too short to validate
    warnings.filterwarnings("ignore", message="Experiment logs directory .* exists and is not empty")  # the run's own
    warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")  # a resumed run


def _is_no_advertisement(record: logging.LogRecord) -> bool:
    return "Tip:" not in record.getMessage()
