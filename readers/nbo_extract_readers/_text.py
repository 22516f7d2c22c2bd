"""Text that XML can carry."""

from __future__ import annotations

import re

#: A run of characters that XML does not allow.
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def clean(text: str) -> str:
    """Leave out the characters that XML does not allow."""
    return text if text.isprintable() else ILLEGAL.sub("", text)
