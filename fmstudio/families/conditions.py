"""What a picture can be asked to be: a class, or several attributes, each one value of a few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fmstudio.data.images import UNKNOWN
from fmstudio.recipe import RecipeError


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that can be asked of a picture, with the values it may have."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that can be asked of a picture. A condition is a row of value indices, one a field; UNKNOWN is open."""

    fields: tuple[Field, ...] = ()

    @property
    def sizes(self) -> list[int]:
        """Number of values of each field."""
        return [len(field.values) for field in self.fields]

    def encode(self, wanted: Mapping[str, str] | str) -> list[int]:
        """The row for some wishes, as a mapping or as "field=value, field=value"; a bare value is the first field's."""
        wishes = dict(self._read(wanted) if isinstance(wanted, str) else wanted)
        row = []
        for field in self.fields:
            value = wishes.pop(field.name, "")
            if value and value not in field.values:
                raise RecipeError(
                    f"condition asks for {field.name} {value!r}, but the model knows {_some(field.values)}.",
                    "condition",
                )
            row.append(field.values.index(value) if value else UNKNOWN)
        if wishes:
            known = f"it can be asked for {_some([field.name for field in self.fields])}" if self.fields else (
                "it was trained without conditions; leave the condition empty"
            )  # fmt: skip
            raise RecipeError(f"condition asks for {next(iter(wishes))!r}, which the model does not know; {known}.",
                              "condition")  # fmt: skip
        return row

    def _read(self, text: str) -> Mapping[str, str]:
        wishes = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, separator, value = (piece.strip() for piece in part.partition("="))
            if not separator and self.fields:
                name, value = self.fields[0].name, name
            wishes[name] = value
        return wishes

    def tensor(self, wanted: Mapping[str, str] | str, count: int) -> Tensor:
        """The same wishes for `count` pictures, (count, fields) of int64."""
        return torch.tensor([self.encode(wanted)], dtype=torch.int64).reshape(1, -1).repeat(count, 1)

    def to_json(self) -> list[dict[str, Any]]:
        """As a model's config.json keeps it."""
        return [{"name": field.name, "values": list(field.values)} for field in self.fields]

    @staticmethod
    def from_json(fields: Sequence[Mapping[str, Any]]) -> "Conditions":
        """The opposite of `to_json`."""
        return Conditions(tuple(Field(field["name"], tuple(field["values"])) for field in fields))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown
