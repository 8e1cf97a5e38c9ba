"""What the panels of the page share: their inputs by name, and what the visitor set them to.

A panel is a dataclass of its components, made by its `build()` in the current gradio layout. `fields` are its inputs by
name; a reading method takes the values of all inputs of the page and returns what they ask for.
"""

from collections.abc import Mapping
from typing import Any

Fields = dict[str, Any]  # the name of an input -> its component
Values = Mapping[Any, Any]  # component -> what the visitor set it to
