"""Which documents train and which validate. It depends on the documents and the seed alone, never on a tokenizer, so
that losses in bits per byte can be compared between tokenizers.
"""

import numpy as np

from fmstudio.data.errors import DataError


def validation_mask(name: str, sizes: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """True for the documents held out to validate, (documents,).

    sizes: bytes of each document. They are drawn at random until they make up `fraction` of the bytes; a document
    that would go beyond is passed over. Each side has at least one; raises DataError where there is only one in all.
    """
    if len(sizes) < 2:
        raise DataError(
            f"Dataset {name!r} has only one document, so none can be held out to validate; add it again with "
            'documents = "paragraphs" and a smaller length, or add more files.'
        )
    wanted = fraction * float(sizes.sum())
    mask = np.zeros(len(sizes), bool)
    taken = 0
    for index in np.random.default_rng(seed).permutation(len(sizes)):
        if taken + sizes[index] <= wanted:
            mask[index] = True
            taken += int(sizes[index])
        if taken >= 0.98 * wanted:
            break
    if not mask.any():
        mask[np.argmin(np.abs(sizes - wanted))] = True
    if mask.all():
        mask[np.argmax(sizes)] = False
    return mask
