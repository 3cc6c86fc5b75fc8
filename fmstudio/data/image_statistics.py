"""The job that counts what is in a dataset of pictures; what it found is kept beside them."""

from collections import Counter
from collections.abc import Generator
from typing import Any

import numpy as np

from fmstudio.data.images import UNKNOWN, Images, open_images
from fmstudio.data.inspection import counted_once
from fmstudio.data.pacing import Pace
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.workspace import Workspace

_BATCH = 8 << 20  # bytes of pixels looked at in one go
_SIZES = 20  # different original sizes that are told
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


def statistics(context: JobContext, workspace: Workspace, dataset: str) -> Generator[Event, None, dict[str, Any]]:
    """Yields a Sample "statistics": pictures, bytes, height, width, channels, original_sizes, modes, classes and
    attributes with their counts, mean_picture (height, width, channels), histograms of 256 by channel, skipped.
    """
    found = yield from counted_once(context, workspace, dataset, open_images, _count)
    if not found:
        return {}
    mean = np.asarray(found["mean_picture"], np.uint8)
    yield Sample("statistics", "image-statistics", {**found, "mean_picture": mean})
    return {key: found[key] for key in ("pictures", "bytes", "height", "width", "channels")}


def _count(context: JobContext, images: Images) -> Generator[Event, None, dict[str, Any]]:
    count, height, width, channels = images.pixels.shape
    total = np.zeros((height, width, channels))
    histograms = np.zeros((channels, 256), np.int64)
    sizes: Counter[tuple[int, int]] = Counter()
    modes: Counter[str] = Counter()
    step, pace = max(1, _BATCH // (height * width * channels)), Pace()
    for start in range(0, count, step):
        batch = np.asarray(images.pixels[start : start + step])
        total += batch.sum(axis=0, dtype=np.float64)
        for channel in range(channels):
            histograms[channel] += np.bincount(batch[..., channel].reshape(-1), minlength=256)
        for index in range(start, start + len(batch)):
            about = images.about(index)
            sizes[about["width"], about["height"]] += 1
            modes[about["mode"]] += 1
        if pace.due():
            yield Progress(start + len(batch), count, "pictures", "Counting")
            if context.stopping:
                return {}
    return {
        "pictures": count,
        "bytes": images.pixels.nbytes,
        "height": height,
        "width": width,
        "channels": channels,
        "original_sizes": [{"width": size[0], "height": size[1], "count": n} for size, n in sizes.most_common(_SIZES)],
        "different_sizes": len(sizes),
        "modes": dict(modes.most_common()),
        "classes": _counted(images.labels, images.classes),
        "attributes": {
            name: _counted(images.attributes[:, column], values)
            for column, (name, values) in enumerate(images.attribute_values.items())
        },
        "mean_picture": np.rint(total / count).astype(int).tolist(),
        "histograms": {name: histograms[channel].tolist() for channel, name in enumerate(CHANNELS[channels])},
    }


def _counted(numbers: np.ndarray, names: list[str]) -> dict[str, int]:
    """How many there are of each, most first; "" counts those of which nothing is known. Empty where that is all."""
    found, counts = np.unique(np.asarray(numbers), return_counts=True)
    pairs = {
        "" if number == UNKNOWN else names[number]: int(count) for number, count in zip(found, counts, strict=True)
    }
    return dict(sorted(pairs.items(), key=lambda pair: -pair[1])) if names else {}
