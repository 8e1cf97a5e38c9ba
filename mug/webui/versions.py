"""The versions of a song's charts: which there are, which is shown, and undo.

Plain values that never change: every action returns new `Versions`, so that what is on disk is never half of one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mug.errors import StudioError

MAX_VERSIONS = 200  # of a song
MAX_STEPS = 500  # that can be undone


@dataclass(frozen=True)
class Version:
    """A chart that a visitor made or opened.

    id: counts up from 1 for each song. parent: the version that it was made from, None for a new or an opened chart.
    chart: its .osu file. figures: plain values to show beside it. recipe: how it was made, None for an opened chart.
    hidden: whether it was undone or put away; its chart is kept.
    """

    id: int
    parent: int | None
    name: str
    chart: Path
    figures: Mapping[str, Any]
    recipe: Mapping[str, Any] | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Step:
    """An action that can be undone: these versions were shown or hidden. before, after: the current version's id."""

    ids: tuple[int, ...]
    hides: bool
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Versions:
    """The versions of one song, oldest first; the current one, None without any; steps done and undone, oldest first.

    next_id: of the next version; never that of one that was forgotten.
    """

    all: tuple[Version, ...] = ()
    current: int | None = None
    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()
    next_id: int = 1

    def __getitem__(self, version_id: int) -> Version:
        """The version with this id, hidden or not. Raises StudioError."""
        for version in self.all:
            if version.id == version_id:
                return version
        raise StudioError(f"version {version_id} is not there any more; reload the page")

    @property
    def visible(self) -> list[Version]:
        return [version for version in self.all if not version.hidden]

    def add(self, new: Sequence[Version]) -> "Versions":
        """With new versions, made in one step; the first of them becomes the current one.

        Beyond MAX_VERSIONS, the oldest hidden ones are forgotten. Raises StudioError if that does not make room.
        """
        ids = tuple(version.id for version in new)
        joined = replace(self, all=(*self.all, *new), next_id=max(ids) + 1)
        return joined._within_limit()._done(Step(ids, hides=False, before=self.current, after=ids[0]))

    def hide(self, version_id: int) -> "Versions":
        """Without showing a version. If it is the current one, its nearest visible ancestor or neighbour becomes it."""
        if self[version_id].hidden:
            return self
        after = self._instead_of(version_id) if self.current == version_id else self.current
        return self._turned([version_id], True)._done(Step((version_id,), True, self.current, after))

    def undo(self) -> "Versions":
        """Before the last step; as it is without one."""
        if not self.done:
            return self
        step = self.done[-1]
        turned = self._turned(step.ids, not step.hides)
        return replace(turned, current=step.before, done=self.done[:-1], undone=(*self.undone, step))._mended()

    def redo(self) -> "Versions":
        """After the step that was undone last; as it is without one."""
        if not self.undone:
            return self
        step = self.undone[-1]
        turned = self._turned(step.ids, step.hides)
        return replace(turned, current=step.after, done=(*self.done, step), undone=self.undone[:-1])._mended()

    def choose(self, version_id: int) -> "Versions":
        """With another current version. Raises StudioError for a hidden one."""
        if self[version_id].hidden:
            raise StudioError(f"version {version_id} was put away; undo that first")
        return replace(self, current=version_id)

    def _done(self, step: Step) -> "Versions":
        return replace(self, current=step.after, done=(*self.done, step)[-MAX_STEPS:], undone=())

    def _turned(self, ids: Iterable[int], hidden: bool) -> "Versions":
        ids = set(ids)
        turned = (replace(version, hidden=hidden) if version.id in ids else version for version in self.all)
        return replace(self, all=tuple(turned))

    def _mended(self) -> "Versions":
        """With a visible version as the current one: the one of a step may have been hidden or forgotten since."""
        visible = [version.id for version in self.visible]
        return self if self.current in visible else replace(self, current=visible[-1] if visible else None)

    def _instead_of(self, version_id: int) -> int | None:
        visible = {version.id for version in self.visible} - {version_id}
        parent = self[version_id].parent
        while parent is not None and parent not in visible:
            parent = self[parent].parent
        if parent is not None:
            return parent
        return min(visible, key=lambda other: (other > version_id, abs(other - version_id)), default=None)

    def _within_limit(self) -> "Versions":
        """Without the oldest hidden versions, if there are more than MAX_VERSIONS."""
        surplus = max(0, len(self.all) - MAX_VERSIONS)
        hidden = [version for version in self.all if version.hidden]
        if len(hidden) < surplus:
            raise StudioError(f"{MAX_VERSIONS} versions of a song are kept; hide some that you no longer need")
        forgotten = {version.id: version.parent for version in hidden[:surplus]}

        def parent_of(version: Version) -> int | None:
            parent = version.parent
            while parent in forgotten:
                parent = forgotten[parent]
            return parent

        kept = [replace(each, parent=parent_of(each)) for each in self.all if each.id not in forgotten]
        return replace(
            self, all=tuple(kept), done=_without(self.done, forgotten), undone=_without(self.undone, forgotten)
        )


def _without(steps: Sequence[Step], forgotten: Iterable[int]) -> tuple[Step, ...]:
    """The steps without forgotten versions, and without those that are left with none."""
    gone = set(forgotten)
    left = (replace(step, ids=tuple(each for each in step.ids if each not in gone)) for step in steps)
    return tuple(step for step in left if step.ids)
