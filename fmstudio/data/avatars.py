"""DiceBear's styles of avatars: what they are, what their pictures can be told apart by, and the drawing of one.

A style is a JSON file of the package dicebear-styles: components (eyes, mouth, ...) with variants, and palettes. The
same style and seed always give the same avatar.
"""

import colorsys
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from dicebear import Avatar, Style

from fmstudio.data.errors import DataError

_MOST_CLASSES = 16
_STILL = "animation"  # a component of some styles that moves what others draw
_HUES = ((15, "red"), (42, "orange"), (66, "yellow"), (160, "green"), (190, "teal"), (252, "blue"), (290, "purple"),
         (340, "pink"), (361, "red"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class AvatarStyle:
    """A style that pictures can be generated of. attributes: the values of each thing that differs between them."""

    name: str
    title: str
    licence: str
    creator: str
    attributes: Mapping[str, list[str]]
    label: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One avatar as SVG, with what can be seen in it."""

    svg: str
    attributes: Mapping[str, str]
    label: str
    caption: str


@lru_cache
def styles() -> Mapping[str, AvatarStyle]:
    """All styles by name. Those that write letters are left out: fonts differ from one computer to the next."""
    folder = files("dicebear_styles")
    names = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))
    texts = {name: folder.joinpath(f"{name}.json").read_text("utf-8") for name in names}
    return {name: _style(name, json.loads(text)) for name, text in texts.items() if '"name": "text"' not in text}


def choose_style(name: str) -> AvatarStyle:
    """A style by name; raises DataError that lists what there is."""
    if name not in styles():
        raise DataError(f"There is no style {name!r}; choose one of {', '.join(styles())}.")
    return styles()[name]


def _style(name: str, definition: Mapping[str, Any]) -> AvatarStyle:
    meta = definition["meta"]
    attributes = {readable(key): values for key, values in _components(definition).items()}
    attributes |= {
        f"{readable(key)} colour": sorted({colour_name(value) for value in palette["values"]})
        for key, palette in definition.get("colors", {}).items()
    }
    told = {key: values for key, values in attributes.items() if len(values) > 1}
    title, creator = name.replace("-", " ").capitalize(), meta.get("creator", {}).get("name", "")
    return AvatarStyle(name, title, meta["license"]["name"], creator, told, _label(definition), definition)


def _components(definition: Mapping[str, Any]) -> dict[str, list[str]]:
    """The variants of each component, with "none" where it may be missing."""
    components = definition.get("components", {})
    found = {}
    for name, component in components.items():
        if name == _STILL:
            continue
        own = components.get(component.get("extends", name), component)
        found[name] = [*own.get("variants", {}), *(["none"] if own.get("probability", 100) < 100 else [])]
    return found


def _label(definition: Mapping[str, Any]) -> str:
    """The component that classes are made from: the largest of those that are always there and have few variants."""
    components = definition.get("components", {})
    areas = {
        name: components[name].get("width", 0) * components[name].get("height", 0)
        for name, variants in _components(definition).items()
        if "none" not in variants and "extends" not in components[name] and len(_classes(variants)) > 1
    }
    return max(areas, key=lambda name: areas[name], default="")


def _classes(variants: Iterable[str]) -> dict[str, str]:
    """The class of each variant: itself, or its name without numbers where there are too many; none if still so."""
    same = {variant: variant for variant in variants}
    stems = {variant: variant.rstrip("0123456789") for variant in same}
    if "variant" in stems.values():
        stems = {}  # it says nothing
    return next((each for each in (same, stems) if 1 < len(set(each.values())) <= _MOST_CLASSES), {})


@lru_cache(maxsize=8)
def _parsed(name: str) -> Style:
    """A style as DiceBear wants it, which checks all of it first and takes its time."""
    return Style(styles()[name].definition)


def draw(style: AvatarStyle, seed: str, subject: str) -> Drawing:
    """An avatar of a style. subject: what its caption calls it."""
    avatar = Avatar(_parsed(style.name), {"seed": seed})
    options = avatar.to_json()["options"]
    attributes = {}
    for name in _components(style.definition):
        if readable(name) in style.attributes:
            attributes[readable(name)] = options.get(f"{name}Variant", "none")
    for name in style.definition.get("colors", {}):
        if f"{readable(name)} colour" in style.attributes and (chosen := options.get(f"{name}Color")):
            attributes[f"{readable(name)} colour"] = colour_name(chosen[0])
    variant = options.get(f"{style.label}Variant", "")
    label = _classes(_components(style.definition)[style.label]).get(variant, "") if style.label else ""
    return Drawing(_without_current_colour(avatar.to_string()), attributes, label, caption(subject, attributes))


def _without_current_colour(svg: str) -> str:
    """The same drawing with colours inherited as `fill`, as QtSvg does not hand `color` on to what <use> repeats."""
    if 'fill="currentColor"' not in svg:
        return svg
    return svg.replace(' fill="currentColor"', "").replace("<use color=", "<use fill=")


def caption(subject: str, attributes: Mapping[str, str]) -> str:
    """A sentence such as "A robot with orange base, eyes happy, mouth smile 01"."""
    parts = []
    for name, value in attributes.items():
        if name.endswith(" colour"):
            parts.append(f"{value} {name.removesuffix(' colour')}")
        elif value != "none":
            parts.append(f"{name} {readable(value).removeprefix('variant ')}")
    article = "An" if subject[:1].lower() in "aeiou" else "A"
    return f"{article} {subject}" + (f" with {', '.join(parts)}" if parts else "")


def readable(name: str) -> str:
    """Words of a name in camel case: "roundFrame01" becomes "round frame 01"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name).lower()


def colour_name(value: str) -> str:
    """The plain word for a colour written #rrggbb."""
    red, green, blue = (int(value[start : start + 2], 16) / 255 for start in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if lightness > 0.93:
        return "white"
    if lightness < 0.12:
        return "black"
    if saturation < 0.13:
        return "grey"
    name = next(name for limit, name in _HUES if hue * 360 < limit)
    if name in ("red", "orange", "yellow") and saturation < 0.85:
        return "brown" if lightness < 0.42 else "tan" if saturation < 0.6 else name
    return name
