"""Scripts that put no blanks between words (or, as Korean, put them around more than a word).

An index of words takes what stands between blanks for a word, so in these scripts it would find whole sentences alone.
"""

import re

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3130-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff]+"
)
"""A run of Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese."""
