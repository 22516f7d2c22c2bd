"""`check --xsd`: documents and images against the schema that NBO has published."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.cli.group import FAILED, NOT_MET, OK, USAGE, Refusal, complain
from nbo_extract.errors import NboExtractError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.findings import Finding

_DOCUMENTS: Final = (".xml", ".json", ".jsonld")
#: So many sentences on one document are shown without --verbose.
_SHOWN: Final = 20


def run_xsd(xsd: str, paths: Sequence[str], *, workers: int, as_json: bool, verbose: bool, **options: Any) -> int:
    """Run `check --xsd` and return the exit code."""
    from nbo_extract.xsd_check import published

    _refuse_axes(options)
    try:
        schema = published(xsd)
    except UsageError as error:
        raise Refusal(error.message) from error
    results = []
    for path, root, problem in _roots(paths, workers=workers, **options):
        if root is None:
            complain(problem)
            results.append({"file": path, "passed": False, "failed": problem})
            continue
        findings = schema.check(root, path)
        passed = not any(f.severity == "error" for f in findings)
        results.append({"file": path, "schema": xsd, "passed": passed, "findings": [f.to_dict() for f in findings]})
        if not as_json:
            _tell(path, findings, verbose=verbose)
    if as_json:
        sys.stdout.write(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    failed = [r for r in results if "failed" in r]
    if failed and len(failed) == len(results) and all(_is_document(str(r["file"])) for r in failed):
        # What was named can be checked in no way: as with an unknown option, the call is wrong.
        return USAGE
    if failed:
        return FAILED
    return OK if all(r["passed"] for r in results) else NOT_MET


def _refuse_axes(options: dict[str, Any]) -> None:
    """Refuse, and take out, the options that ask for something else."""
    if options.pop("redact"):
        raise Refusal("--xsd quotes what it finds wrong, and --redact would leave it out; check what --redact wrote")
    for name in ("profile", "tier", "literal", "highest", "junit"):
        if options.pop(name):
            raise Refusal(
                f"--xsd asks for what the published schema demands, --{name} for what a tier does; give one of them"
            )


def _roots(
    paths: Sequence[str],
    *,
    chosen: Chosen,
    workers: int,
    reader: str | None,
    matches: dict[str, str],
    **options: Any,
) -> Iterator[tuple[str, etree._Element | None, str]]:
    """Yield each path with its NBO XML, as it stands or as it would be written; or with what is wrong with it."""
    documents = [p for p in paths if _is_document(p)]
    for path in documents:
        try:
            yield path, _document(path), ""
        except NboExtractError as error:
            yield path, None, error.message
    images = [p for p in paths if p not in documents]
    if images:
        yield from _images(images, chosen, workers, reader, matches, options)
    else:
        yield from (("", None, problem) for problem in chosen.missing)


def _is_document(path: str) -> bool:
    return path.lower().endswith(_DOCUMENTS) and os.path.isfile(path)


def _document(path: str) -> etree._Element:
    from pathlib import Path

    from nbo_extract.sidecars import read_sidecar
    from nbo_extract.xmlio import nbo_root, to_xml

    if path.lower().endswith(".xml"):
        return nbo_root(Path(path))
    return nbo_root(to_xml(read_sidecar(path).document))


def _images(
    paths: Sequence[str],
    chosen: Chosen,
    workers: int,
    reader: str | None,
    matches: dict[str, str],
    options: dict[str, Any],
) -> Iterator[tuple[str, etree._Element | None, str]]:
    from nbo_extract.cli.inputs import find_images
    from nbo_extract.cli.jobs import job_for
    from nbo_extract.cli.work import Task, process_all, processes
    from nbo_extract.xmlio import nbo_root

    found = find_images(paths, reader, chosen, sidecars="named")
    for problem in found.problems:
        yield "", None, problem
    tasks = [Task(u.path) for u in found.units]
    job = job_for(
        "show",
        [t.path for t in tasks],
        alone=len(tasks) == 1,
        format="xml",
        tier=None,
        reader=reader,
        matches=matches,
        **options,
    )
    with closing(process_all(tasks, job, processes(workers, len(tasks)))) as outcomes:
        for outcome in outcomes:
            if outcome.state == "failed":
                yield outcome.path, None, outcome.message
            else:
                yield outcome.path, nbo_root(outcome.text), ""


def _tell(path: str, findings: Sequence[Finding], *, verbose: bool) -> None:
    from nbo_extract.cli.render import Printer

    printer = Printer(sys.stdout, verbose=verbose)
    errors = [f for f in findings if f.severity == "error"]
    flaws = [f for f in findings if f.severity != "error"]
    told = "valid against the published schema" if not errors else f"{len(errors)} not as the published schema demands"
    told += f"; {len(flaws)} from its known flaws" if flaws else ""
    printer.line(f"{path}: {told}", "bold")
    shown = [*errors, *flaws]
    limit = len(shown) if verbose else _SHOWN
    for finding in shown[:limit]:
        printer.line(finding.message, indent=2)
    if len(shown) > limit:
        printer.line(f"and {len(shown) - limit} more; -v shows all", indent=2)
