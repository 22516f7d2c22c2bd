"""The options of the commands that work on images, turned into what is to be done with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbo_extract.cli.configured import configure
from nbo_extract.cli.inputs import load_told
from nbo_extract.cli.work import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.cli.work import Goal


def job_for(
    goal: Goal,
    paths: Iterable[str],
    *,
    alone: bool,
    hardware: Sequence[str],
    config: str | None,
    no_config: bool,
    no_derive: bool,
    skip_rules: tuple[str, ...],
    tier: int | None,
    no_sidecar: bool = False,
    **options: Any,
) -> Job:
    """Load what the options name, and make the job that is done with every image.

    Parameters
    ----------
    goal : str
    paths : iterable of str
        The images, or one of each folder: configurations are looked for from there.
    alone : bool
        Whether there is one image only.

    Raises
    ------
    Refusal
        If a description or the given configuration cannot be used.
    """
    return Job(
        goal,
        hardware=load_told(hardware),
        named=frozenset(hardware),
        configured=configure(paths, config, wanted=not no_config),
        skip_rules=("all",) if no_derive else skip_rules,
        strict=alone,
        tier=tier or 1,
        sidecars=not no_sidecar,
        # Who wants no configuration does not want what an earlier run took from it.
        keep=not no_config,
        **options,
    )
