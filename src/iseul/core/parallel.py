# SPDX-License-Identifier: Apache-2.0
"""Where independent pieces of work run: this process, or workers of a Ray cluster.

A piece is a pure function of its arguments, so a piece that is lost with its worker is simply
done again, and the number of workers can not change a result. What does change floating-point
sums is the number of threads that one piece computes with; it is part of the engine and the
same for all workers.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Result = TypeVar("Result")

RETRIES = 3  # how often a piece is given to another worker when its worker dies


class Run(Config):
    """[run]: where a recipe's work is done. No result depends on `workers` or `address`."""

    engine: Literal["process", "ray"] = Field(
        default="process", description="this process, or workers started through Ray"
    )
    workers: int = Field(default=2, ge=1, description="Ray workers on this machine")
    address: str = Field(
        default="", description="of a running Ray cluster, such as host:6379; none: start one here"
    )
    threads: int = Field(
        default=0, ge=0, description="threads of one piece of work; 0: all cores, with Ray 1"
    )
    device: str = Field(
        default="cpu", description="where networks of condensation run: cpu, or cuda"
    )


@dataclass(frozen=True)
class Engine:
    """Runs pieces of work; made from the recipe's [run]."""

    run: Run

    @property
    def is_here(self) -> bool:
        """Whether pieces run one after another in this process."""
        return self.run.engine == "process" and not self.run.address

    @property
    def threads(self) -> int:
        """Threads of one piece."""
        if self.run.threads:
            return self.run.threads
        if self.is_here:
            return int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
        return 1

    @contextmanager
    def probed(self) -> Iterator[None]:
        """Inside, this process computes with a piece's threads: what is timed there is like a
        piece."""
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def map(
        self,
        work: Callable[..., Result],
        pieces: Sequence[tuple[Any, ...]],
        shared: tuple[Any, ...] = (),
        done: Callable[[int, Result], object] = lambda i, result: None,
    ) -> list[Result]:
        """[work(*shared, *piece) for piece in pieces], in that order.

        shared: arguments that all pieces have; sent to each worker once
        done:   called in this process as each piece ends, in any order
        Raises what a piece raises; with Ray also UsageError if Ray is not installed, or no
        cluster answers, or one piece loses its worker more than a few times.
        """
        if not self.is_here:
            with redirect_stdout(sys.stderr):  # Ray tells there when it retries a piece
                return self._map_ray(work, pieces, shared, done)
        results = []
        for i, piece in enumerate(pieces):
            results.append(work(*shared, *piece))
            done(i, results[-1])
        return results

    def _map_ray(
        self,
        work: Callable[..., Result],
        pieces: Sequence[tuple[Any, ...]],
        shared: tuple[Any, ...],
        done: Callable[[int, Result], object],
    ) -> list[Result]:
        ray = _started(self.run)
        remote = ray.remote(
            num_cpus=1,
            max_retries=RETRIES,
            num_gpus=1 if self.run.device.startswith("cuda") else 0,
            runtime_env={"env_vars": {"OMP_NUM_THREADS": str(self.threads)}},
        )(_in_worker)
        kept = ray.put((work, shared))
        waiting = {remote.remote(kept, self.threads, piece): i for i, piece in enumerate(pieces)}
        results: dict[int, Result] = {}
        try:
            while waiting:
                ready, _ = ray.wait(list(waiting), num_returns=1)
                index = waiting.pop(ready[0])
                results[index] = ray.get(ready[0])
                done(index, results[index])
        except ray.exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, Exception) else error from None
        except ray.exceptions.WorkerCrashedError as error:
            raise UsageError(
                f'[run] engine = "ray": a piece of work lost its worker {RETRIES + 1} times: '
                f"{error}",
                "fewer workers, if memory is short; what is finished is kept",
            ) from None
        finally:
            for reference in waiting:
                ray.cancel(reference, force=True)
        return [results[i] for i in range(len(pieces))]


HERE = Engine(Run())


def _in_worker(kept: tuple[Callable[..., Any], tuple[Any, ...]], threads: int, piece: Any) -> Any:
    """Runs in a worker: one piece, with the engine's number of threads."""
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    work, shared = kept
    return work(*shared, *piece)


def _started(run: Run) -> Any:
    """The ray module with a cluster behind it; one start per process."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no telemetry, ever
    # pieces that ask for no accelerator still see what the machine has
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise UsageError(
            '[run] engine = "ray": Ray is not installed', "pip install 'iseul[ray]'"
        ) from None
    if ray.is_initialized():
        return ray
    try:
        ray.init(
            address=run.address or "local",
            num_cpus=None if run.address else run.workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=False,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"[run] address = {run.address!r}: no Ray cluster answers: {error}",
            "start one with: ray start --head, or leave address out",
        ) from None
    return ray


def stop() -> None:
    """End the workers that this process started, if any."""
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        ray.shutdown()
