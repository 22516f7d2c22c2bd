"""Validate crates with roc-validator, as the archive does, without the network.

Usage: ``python scripts/validate_crate.py FOLDER...``; prints what is wrong, and exits 1 if anything is.

The interpreter needs the extra ``crate``. roc-validator asks for an older rich than other parts of the tests may have,
so that it belongs into an environment of its own. The context of RO-Crate 1.1, which it would fetch, comes from the
package rocrate.
"""

from __future__ import annotations

import io
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


def fill(cache: Path) -> None:
    """Put the context into a cache of answers, as if it had been fetched."""
    from requests.adapters import HTTPAdapter
    from requests_cache import CachedSession
    from urllib3 import HTTPResponse

    text = (files("rocrate") / "data" / "ro-crate.jsonld").read_bytes()

    class Known(HTTPAdapter):
        def send(self, request: Any, *_: Any, **__: Any) -> Any:
            head = {"Content-Type": "application/ld+json"}
            raw = HTTPResponse(io.BytesIO(text), head, 200, preload_content=False, request_url=request.url)
            return self.build_response(request, raw)

    with CachedSession(cache_name=str(cache), backend="sqlite", expire_after=-1) as session:
        session.mount("https://", Known())
        session.get(CONTEXT)


def problems(folder: Path, cache: Path) -> list[str]:
    """Return what the validator finds in a crate, of what the archive asks it for."""
    from rocrate_validator import models, services

    settings = services.ValidationSettings(
        rocrate_uri=folder,
        profile_identifier="ro-crate-1.1",
        requirement_severity=models.Severity.REQUIRED,
        offline=True,
        cache_path=cache,
    )
    result = services.validate(settings)
    found = [f"{issue.violatingEntity}: {issue.message}" for issue in result.get_issues()]
    return found or ([] if result.passed() else ["did not pass"])


def main() -> int:
    """Validate the folders of the command line."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "answers"
        fill(cache)
        found = {name: problems(Path(name), cache) for name in sys.argv[1:]}
    for name, messages in found.items():
        print(f"{name}: {'; '.join(messages) or 'valid'}")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
