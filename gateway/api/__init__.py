"""HTTP in and out, nothing else."""

from gateway.api.application import ApiOptions, build_api
from gateway.api.operation import ReadinessCheck

__all__ = ["ApiOptions", "ReadinessCheck", "build_api"]
