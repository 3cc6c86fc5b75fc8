"""The continuations of a text that were tried: a tree of tokens, one path through which is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class Branch:
    """A token that follows another, what is expected after it, and what was tried there. The root has no token.

    `forced`: a person chose it. `latest`: the follower on the path that was shown last.
    """

    token: Mapping[str, Any] = field(default_factory=dict)
    parent: "Branch | None" = None
    forced: bool = False
    expected: Sequence[Mapping[str, Any]] = ()
    followers: "dict[int, Branch]" = field(default_factory=dict)
    latest: "Branch | None" = None

    def follow(self, token: Mapping[str, Any], forced: bool = False) -> "Branch":
        """The branch with this token after this one, made where it is new; it becomes the latest."""
        branch = self.followers.get(token["id"])
        if branch is None:
            branch = self.followers[token["id"]] = Branch(token, self, forced)
        self.latest = branch
        return branch

    def path(self) -> "list[Branch]":
        """The branches from the first token to this one."""
        path, at = [], self
        while at.parent is not None:
            path.append(at)
            at = at.parent
        return path[::-1]

    def end(self) -> "Branch":
        """Where the latest path from here ends."""
        at = self
        while at.latest is not None:
            at = at.latest
        return at

    def leaves(self) -> "list[Branch]":
        """The ends of all that was tried from here, in the order in which it was."""
        if not self.followers:
            return [self]
        return [leaf for branch in self.followers.values() for leaf in branch.leaves()]

    def choose(self) -> None:
        """Make the path to this branch the latest one."""
        at = self
        while at.parent is not None:
            at.parent.latest = at
            at = at.parent


def text_of(path: Sequence[Branch]) -> str:
    """The text of a path."""
    return "".join(str(branch.token["text"]) for branch in path)
