"""Every error of the HTTP library has a meaning, and no error repeats what was sent or received."""

from __future__ import annotations

import inspect

import httpx
import pytest

from adapters.errors import AdapterError, BadAnswer, ConfigurationError, SourceTimeout, Unavailable
from adapters.sources.exchange import meaning_of

LIBRARY_ERRORS = sorted(
    (c for _, c in inspect.getmembers(httpx, inspect.isclass) if issubclass(c, Exception)),
    key=lambda c: c.__name__,
)


def made(kind: type[Exception]) -> Exception:
    """Return an error of the library as it would be raised, with a personal value in it."""
    request = httpx.Request("POST", "https://source.example", content=b"canary-4711")
    if kind is httpx.HTTPStatusError:
        response = httpx.Response(500, request=request)
        return httpx.HTTPStatusError("canary-4711", request=request, response=response)
    parameters = inspect.signature(kind).parameters
    return kind("canary-4711") if "message" in parameters else kind()


def test_the_library_has_the_errors_that_are_known() -> None:
    """The walk below really finds them."""
    assert len(LIBRARY_ERRORS) >= 25
    assert httpx.ReadTimeout in LIBRARY_ERRORS
    assert httpx.InvalidURL in LIBRARY_ERRORS


@pytest.mark.parametrize("kind", LIBRARY_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_library_becomes_one_of_ours(kind: type[Exception]) -> None:
    """A class that a new release adds fails here until somebody decides what it means."""
    meaning = meaning_of(made(kind))
    assert isinstance(meaning, AdapterError)
    assert "canary" not in str(meaning)


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (httpx.ConnectError, Unavailable),
        (httpx.ReadError, Unavailable),
        (httpx.PoolTimeout, SourceTimeout),
        (httpx.ReadTimeout, SourceTimeout),
        (httpx.ConnectTimeout, SourceTimeout),
        (httpx.RemoteProtocolError, BadAnswer),
        (httpx.DecodingError, BadAnswer),
        (httpx.TooManyRedirects, BadAnswer),
        (httpx.UnsupportedProtocol, ConfigurationError),
        (httpx.InvalidURL, ConfigurationError),
    ],
)
def test_the_class_says_what_the_engine_does(
    kind: type[Exception], ours: type[AdapterError]
) -> None:
    """Down and late are waited for, nonsense is not believed, a wrong address is told."""
    assert type(meaning_of(made(kind))) is ours


def test_an_error_of_somebody_else_is_not_explained_away() -> None:
    """Only the library's own errors have a meaning here."""
    with pytest.raises(TypeError):
        meaning_of(KeyError("x"))
