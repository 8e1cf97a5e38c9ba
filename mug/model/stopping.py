"""Networks that stop between two layers, when nobody waits for their answer any more."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn


@contextmanager
def stoppable(networks: Iterable[nn.Module], check: Callable[[], None]) -> Iterator[None]:
    """In the block, the networks call `check` before every layer; what it raises ends the pass.

    A pass over a whole song takes seconds, a layer milliseconds. What other threads compute goes on.
    """
    here = threading.get_ident()

    def before_layer(*_: Any) -> None:
        if threading.get_ident() == here:
            check()

    with ExitStack() as hooks:
        for network in networks:
            for layer in network.modules():
                hooks.callback(layer.register_forward_pre_hook(before_layer).remove)
        yield
