"""HTTP in and out, nothing else."""

from gateway.api.admission import Admission
from gateway.api.application import ApiOptions, build_api
from gateway.api.operation import ReadinessCheck
from gateway.api.proxies import Proxies

__all__ = ["Admission", "ApiOptions", "Proxies", "ReadinessCheck", "build_api"]
