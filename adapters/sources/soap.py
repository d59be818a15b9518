"""SOAP 1.1 by a WSDL that comes with the adapter.

zeep reads the WSDL, writes requests and reads answers; the exchange itself goes through the host's
client, and an answer is parsed here first, with entities, DTDs and the network switched off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Error as ZeepError
from zeep.helpers import serialize_object
from zeep.transports import Transport

from adapters.deadline import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    PlannedUnavailable,
    Rejected,
    Unavailable,
    Unsupported,
)
from adapters.mapping.model import FaultMeaning, Read, SoapRead
from adapters.sources.base import MAX_DEPTH, KeepsDeadline, Slots, fill, require_depth
from adapters.sources.exchange import Exchanged, exchange, require_tls
from adapters.sources.soap_security import SecurityHeader, refusal_of

ENVELOPE: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"


class _UnknownPerson(Exception):
    pass


class _NoNetwork(Transport):
    """Loads the adapter's own files and nothing else."""

    def _load_remote_data(self, url: str) -> bytes:  # noqa: ARG002 - zeep's signature
        raise ConfigurationError("the WSDL refers to a document outside the adapter")


class SoapSource(KeepsDeadline):
    """A SOAP service.

    Args:
        client: lent by the host.
        wsdl: path of the WSDL in the adapter's package; nothing it refers to is fetched.
        address: where the service listens, in the place of the WSDL's own address.
        settings: what ``{settings.x}`` in parameters stands for.
        faults: meaning of the vendor's fault codes.
        fault_code: name of the element in a fault's detail that holds the vendor's code.
        reopens: name of the element there that says until when the service is closed.
        ping: an operation about a number that is never issued. Only a call shows whether the
            service is open; its description can be had at any hour.
        security: writes the header of WS-Security, where the service wants one.

    Raises:
        ConfigurationError: the WSDL cannot be used, or a password would travel in the open.
    """

    def __init__(  # noqa: PLR0913 - each is a fact of its own about the service
        self,
        client: httpx.AsyncClient,
        wsdl: Path,
        address: str,
        *,
        settings: Mapping[str, str],
        faults: Mapping[str, FaultMeaning],
        fault_code: str,
        reopens: str,
        ping: SoapRead,
        security: SecurityHeader | None = None,
    ) -> None:
        self._client = client
        self._address = address
        self._settings = {f"settings.{name}": value for name, value in settings.items()}
        self._faults = dict(faults)
        self._fault_code = fault_code
        self._reopens = reopens
        self._ping = Read(soap=ping)
        self._zeep = _load(wsdl)
        self._header = security
        if security is not None and security.shows_password:
            require_tls(address, "address")

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the answer of one operation as nested mappings; None if the person is unknown."""
        if read.soap is None:
            raise Unsupported("the read is not one of this transport")
        parameters = fill(read.soap.parameters, {**self._settings, **slots})
        operation = self._operation(read.soap.operation)
        message = self._zeep.create_message(self._zeep.service, read.soap.operation, **parameters)
        if self._header is not None:
            self._header.write(message)
        request = self._client.build_request(
            "POST",
            self._address,
            content=etree.tostring(message, encoding="utf-8", xml_declaration=True),
            headers={
                "Content-Type": "text/xml; charset=utf-8",
                "Accept": "text/xml",
                "SOAPAction": f'"{operation.soapaction}"',
            },
        )
        exchanged = await exchange(self._client, request, deadline)
        try:
            envelope = self._envelope(exchanged)
        except _UnknownPerson:
            return None
        return _read_answer(operation, envelope)

    async def ping(self, deadline: Deadline) -> str | None:
        """Ask about nobody; that the service answers is what matters."""
        await self.read(self._ping, {}, deadline)
        return None

    async def aclose(self) -> None:
        """Do nothing: the client belongs to the host."""

    def _operation(self, name: str) -> Any:
        try:
            return self._zeep.service._binding.get(name)  # noqa: SLF001 - zeep's own way
        except KeyError:
            raise ConfigurationError(f"the WSDL has no operation {name}") from None

    def _envelope(self, exchanged: Exchanged) -> etree._Element:
        if exchanged.media_type not in {"text/xml", "application/soap+xml", "application/xml"}:
            raise _by_status(exchanged) or BadAnswer("the answer is not XML")
        envelope = _parse(exchanged.body)
        fault = envelope.find(f"{ENVELOPE}Body/{ENVELOPE}Fault")
        if fault is not None:
            raise self._meaning(fault)
        if exchanged.status != 200:
            raise _by_status(exchanged) or BadAnswer(f"status {exchanged.status}")
        return envelope

    def _meaning(self, fault: etree._Element) -> AdapterError | _UnknownPerson:
        code = _text_of(fault, self._fault_code)
        match self._faults.get(code):
            case FaultMeaning.UNKNOWN_PERSON:
                return _UnknownPerson()
            case FaultMeaning.CLOSED:
                until = _time_of(_text_of(fault, self._reopens))
                return PlannedUnavailable(f"fault {code}", until=until)
            case FaultMeaning.AUTHENTICATION:
                return AuthenticationFailed(f"fault {code}")
            case FaultMeaning.REJECTED:
                return Rejected(f"fault {code}", vendor_code=code)
            case FaultMeaning.UNAVAILABLE:
                return Unavailable(f"fault {code}")
            case None:
                unknown = Unavailable("a fault that the mapping does not know")
                return refusal_of(fault) or unknown


def _load(wsdl: Path) -> Client:
    settings = Settings(
        strict=True,
        forbid_dtd=True,
        forbid_entities=True,
        forbid_external=True,
        xml_huge_tree=False,
    )
    try:
        return Client(str(wsdl), transport=_NoNetwork(), settings=settings)
    except (ZeepError, OSError, etree.XMLSyntaxError) as error:
        raise ConfigurationError(f"the WSDL cannot be used ({type(error).__name__})") from None


def _parse(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadAnswer("the answer is cut off or not XML") from None
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise BadAnswer("the answer declares a document type")
    if root.tag != f"{ENVELOPE}Envelope":
        raise BadAnswer("the answer is no SOAP envelope")
    depth = max((sum(1 for _ in node.iterancestors()) for node in root.iter()), default=0)
    if depth > MAX_DEPTH:
        raise BadAnswer("the answer is nested too deeply")
    return root


def _read_answer(operation: Any, envelope: etree._Element) -> Any:
    # zeep reads whatever element comes as the expected one and finds it empty.
    body = envelope.find(f"{ENVELOPE}Body")
    tags = [] if body is None else [str(node.tag) for node in body]
    if tags != [operation.output.body.qname.text]:
        raise BadAnswer("the answer is not that of the operation")
    try:
        answer = serialize_object(operation.process_reply(envelope), target_cls=dict)
    except (
        ZeepError,
        etree.LxmlError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
    ) as error:
        raise BadAnswer(f"the answer is not as the WSDL has it ({type(error).__name__})") from None
    require_depth(answer)
    return answer


def _by_status(exchanged: Exchanged) -> AdapterError | None:
    status = exchanged.status
    if status in {401, 403}:
        return AuthenticationFailed(f"status {status}")
    if status >= 429:
        return Unavailable(f"status {status}", retry_after_s=exchanged.retry_after_s)
    return None


def _text_of(fault: etree._Element, name: str) -> str:
    for node in fault.iter():
        if str(node.tag).rpartition("}")[2] == name:
            return (node.text or "").strip()
    return ""


def _time_of(text: str) -> dt.datetime | None:
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None
