"""The worker: claims jobs, runs the function of their kind, notes how they end."""

from registry.worker.kinds import KINDS
from registry.worker.runner import run_worker

__all__ = ["KINDS", "run_worker"]
