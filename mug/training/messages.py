"""Which of Lightning's messages reach the user of a command."""

import logging
import warnings


def quiet_lightning() -> None:
    """Silence advertisements, Lightning's own use of deprecated torch, and hints that no user of ours can act on."""
    logging.getLogger("pytorch_lightning.utilities.rank_zero").addFilter(_is_no_advertisement)
    logging.getLogger("pytorch_lightning.trainer.connectors.checkpoint_connector").setLevel(logging.WARNING)
    # it speaks from inside a signal handler, and Python fails where that interrupts the progress bar's own writing
    logging.getLogger("pytorch_lightning.trainer.connectors.signal_connector").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*LeafSpec", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message=".*does not have many workers")  # a cached spectrogram is quickly read
    warnings.filterwarnings("ignore", message=r"Found \d+ module\(s\) in eval mode")  # the frozen first stage
    warnings.filterwarnings("ignore", message="You're resuming from a checkpoint that ended before")  # ours can
    warnings.filterwarnings("ignore", message=".*could not find the monitored key")  # a run too short to validate
    warnings.filterwarnings("ignore", message="Experiment logs directory .* exists and is not empty")  # the run's own
    warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")  # a resumed run


def _is_no_advertisement(record: logging.LogRecord) -> bool:
    return "Tip:" not in record.getMessage()
