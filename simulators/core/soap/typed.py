"""Typed services by spyne: WSDL, schema, and values to and from elements. The only importer of spyne.

spyne is loaded at the first use of a :class:`TypedService`, not before (0.4 s). Its transport, envelope, faults and
MTOM are not used (facts tech §1 measured why). Names that it cannot give to a WSDL (binding, port, soapAction) are set
afterwards.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from simulators.core.soap.definition import Field, Operation, ServiceDefinition, Structure
from simulators.core.soap.refusals import SoapRefused
from simulators.core.soap.shim import old_library_importable
from simulators.core.xml import parse, serialize, text, where
from simulators.core.xml.canonical import canonical

if TYPE_CHECKING:
    from types import SimpleNamespace

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_SOAP12_BINDING = "http://schemas.xmlsoap.org/wsdl/soap12/"
_HTTP_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
_XSD = "http://www.w3.org/2001/XMLSchema"


@dataclass(frozen=True, slots=True)
class Defect:
    """One breach of the schema: XPath in the message received, and the parser's sentence (English)."""

    where: str
    message: str
    found: str


def typed_service(definition: ServiceDefinition) -> TypedService:
    """The service of ``definition``; costs nothing until used."""
    return TypedService(definition)


class TypedService:
    """Thread-safe."""

    def __init__(self, definition: ServiceDefinition) -> None:
        self.definition = definition
        self._operations = {operation.name: operation for operation in definition.operations}
        self._lock = threading.Lock()
        self._built: _Built | None = None

    def wsdl(self, url: str) -> bytes:
        """The WSDL 1.1 with ``url`` as the address of its port."""
        tree = copy.deepcopy(self._ready().wsdl)
        for address in tree.iter(f"{{{_SOAP12_BINDING}}}address"):
            address.set("location", url)
        return serialize(tree, declaration=True)

    def operation(self, body: etree._Element) -> Operation:
        """The operation whose request is ``body``. Raises :class:`SoapRefused`."""
        name = etree.QName(body)
        operation = self._operations.get(name.localname)
        if operation is None or name.namespace != self.definition.namespace:
            raise SoapRefused(
                "Sender",
                "Cette opération n'est pas offerte à cette adresse.",
                "This operation is not offered at this address.",
                where(body),
                found=str(body.tag),
                expected=", ".join(f"{{{self.definition.namespace}}}{known}" for known in self._operations),
            )
        return operation

    def defects(self, body: etree._Element) -> Iterator[Defect]:
        """What the schema finds wrong in ``body`` (unknown value, unknown child, wrong order); nothing when valid."""
        alone = _alone(body)
        schema = etree.XMLSchema(self._ready().schema)
        if schema.validate(alone):
            return
        root_path, stem = where(alone), where(body)
        for entry in cast("Iterable[Any]", schema.error_log):
            node = _node_at(alone, entry.path)
            yield Defect(stem + where(node).removeprefix(root_path), str(entry.message), text(node)[:200])

    def decode(self, body: etree._Element) -> dict[str, Any]:
        """The fields of ``body``, absent ones None. Never fails on a value: :meth:`defects` says what is wrong.

        A string or enumeration is ``str``, a structure ``dict``, a repeated field ``list``. Raises :class:`SoapRefused`
        when ``body`` is of no operation.
        """
        operation = self.operation(body)
        built = self._ready()
        value = built.protocol.from_element(None, built.requests[operation.name], _alone(body))
        return {field.name: _plain(getattr(value, field.name, None), field) for field in operation.request}

    def encode(self, operation: str, values: Mapping[str, Any]) -> etree._Element:
        """The response element of ``operation``; prefix ``ns1``, as the field answers.

        A field absent or None is left out; the empty string is an empty element. ``KeyError`` for an unknown field.
        """
        built = self._ready()
        known = self._operations[operation].response
        instance = _instance(built.responses[operation], known, values)
        parent = etree.Element("parent", nsmap={"ns1": self.definition.namespace})
        built.protocol.to_parent(None, built.responses[operation], instance, parent, self.definition.namespace)
        return parse(serialize(parent[0]))

    def _ready(self) -> _Built:
        with self._lock:
            if self._built is None:
                self._built = _build(self.definition)
            return self._built


@dataclass(frozen=True)
class _Built:
    """``requests`` and ``responses``: spyne classes by operation name."""

    protocol: Any
    requests: dict[str, Any]
    responses: dict[str, Any]
    wsdl: etree._Element
    schema: etree._Element


def _build(definition: ServiceDefinition) -> _Built:
    spyne = _spyne()
    models = _Models(spyne, definition.namespace)
    methods = {operation.name: _method(spyne, models, definition, operation) for operation in definition.operations}
    names = {"__service_name__": definition.service, "__port_types__": (definition.port_type,)}
    service: Any = type(definition.port_type, (spyne.ServiceBase,), {**names, **methods})
    protocol = spyne.Soap12(parse_xsi_type=False)
    application = spyne.Application(
        [service], definition.namespace, name=definition.service, in_protocol=protocol, out_protocol=spyne.Soap12()
    )
    application.transport = _HTTP_TRANSPORT
    document = spyne.Wsdl11(application.interface)
    document.build_interface_document("http://localhost/")
    wsdl = parse(document.get_interface_document())
    _rename(wsdl, definition)
    found = {descriptor.name: descriptor for descriptor in service.public_methods.values()}
    return _Built(
        protocol=spyne.XmlDocument(application, parse_xsi_type=False),
        requests={name: descriptor.in_message for name, descriptor in found.items()},
        responses={name: descriptor.out_message for name, descriptor in found.items()},
        wsdl=wsdl,
        schema=_schema(wsdl),
    )


def _spyne() -> SimpleNamespace:
    from types import SimpleNamespace

    with old_library_importable():
        from spyne import Application, ComplexModel, ServiceBase, Unicode, rpc
        from spyne.interface.wsdl import Wsdl11
        from spyne.protocol.soap import Soap12
        from spyne.protocol.xml import XmlDocument

    return SimpleNamespace(
        Application=Application,
        ComplexModel=ComplexModel,
        ServiceBase=ServiceBase,
        Soap12=Soap12,
        Unicode=Unicode,
        Wsdl11=Wsdl11,
        XmlDocument=XmlDocument,
        rpc=rpc,
    )


class _Models:
    """Definitions to spyne types, one per name of structure."""

    def __init__(self, spyne: SimpleNamespace, namespace: str) -> None:
        self._spyne = spyne
        self._namespace = namespace
        self._named: dict[str, Any] = {}

    def of(self, field: Field) -> Any:
        """The type of one field, with its cardinality."""
        cardinality = {
            "min_occurs": int(field.required),
            "max_occurs": "unbounded" if field.many else 1,
            "nillable": False,
        }
        if isinstance(field.type, Structure):
            return self._structure(field.type).customize(**cardinality)
        if field.type is None:
            return self._spyne.Unicode.customize(**cardinality)
        # Customised a second time it would lose its name and be declared anew for each message.
        made = self._spyne.Unicode(values=list(field.type.values), type_name=field.type.name, **cardinality)
        made.__namespace__ = self._namespace
        return made

    def _structure(self, type_: Structure) -> Any:
        if type_.name not in self._named:
            members = {field.name: self.of(field) for field in type_.fields}
            self._named[type_.name] = self._spyne.ComplexModel.produce(self._namespace, type_.name, members)
        return self._named[type_.name]


def _method(spyne: SimpleNamespace, models: _Models, definition: ServiceDefinition, operation: Operation) -> Any:
    def handler(*_: object) -> None:
        raise NotImplementedError("spyne types messages here; it runs nothing")

    handler.__name__ = operation.name
    returned: dict[str, Any] = {}
    if operation.response:
        returned["_returns"] = tuple(models.of(field) for field in operation.response)
        returned["_out_variable_names"] = tuple(field.name for field in operation.response)
    return spyne.rpc(
        *(models.of(field) for field in operation.request),
        _args=[field.name for field in operation.request],
        _operation_name=operation.name,
        _port_type=definition.port_type,
        _no_ctx=True,
        **returned,
    )(handler)


def _rename(wsdl: etree._Element, definition: ServiceDefinition) -> None:
    """The names that spyne derives from one another, as the definition wants them."""
    actions = {operation.name: operation.soap_action for operation in definition.operations}
    prefix = next(name for name, uri in wsdl.nsmap.items() if uri == definition.namespace and name)
    for schema in wsdl.iter(f"{{{_XSD}}}schema"):
        # spyne walks a set: without this the order would change from one process to the next.
        schema[:] = sorted(schema, key=lambda child: (str(child.tag), child.get("name", "")))
    for binding in wsdl.iter(f"{{{_WSDL}}}binding"):
        binding.set("name", definition.binding)
        for operation in binding.iter(f"{{{_WSDL}}}operation"):
            soap = operation.find(f"{{{_SOAP12_BINDING}}}operation")
            if soap is not None:
                soap.set("soapAction", actions[operation.get("name", "")])
    for port in wsdl.iter(f"{{{_WSDL}}}port"):
        port.set("name", definition.port)
        port.set("binding", f"{prefix}:{definition.binding}")


def _schema(wsdl: etree._Element) -> etree._Element:
    """The schema of the WSDL on its own; there is one, since every type is in the one namespace."""
    (schema,) = wsdl.iter(f"{{{_XSD}}}schema")
    return parse(serialize(schema))


def _alone(body: etree._Element) -> etree._Element:
    """A copy without comments, at which a text would be cut."""
    return parse(canonical(body))


def _node_at(root: etree._Element, path: str | None) -> etree._Element:
    """The node a schema error names; its path uses the prefixes of the message, whatever they are."""
    prefixes = {prefix: uri for element in root.iter(etree.Element) for prefix, uri in element.nsmap.items() if prefix}
    found = root.getroottree().xpath(path, namespaces=prefixes) if path else []
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else root


def _plain(value: Any, field: Field) -> Any:
    if value is None:
        return None
    if field.many:
        single = Field(field.name, field.type)
        return [_plain(item, single) for item in value]
    if isinstance(field.type, Structure):
        return {member.name: _plain(getattr(value, member.name, None), member) for member in field.type.fields}
    return str(value)


def _instance(model: Any, fields: tuple[Field, ...], values: Mapping[str, Any]) -> Any:
    known = {field.name: field for field in fields}
    unknown = set(values) - set(known)
    if unknown:
        raise KeyError(f"no such field: {', '.join(sorted(unknown))}")
    types = model.get_flat_type_info(model)
    made = {name: _member(types[name], known[name], value) for name, value in values.items() if value is not None}
    # A class customised with a cardinality stands for the field; the plain one is the one to instantiate.
    return (model.__orig__ or model)(**made)


def _member(model: Any, field: Field, value: Any) -> Any:
    if field.many:
        single = Field(field.name, field.type)
        return [_member(model, single, item) for item in value]
    if isinstance(field.type, Structure):
        return _instance(model, field.type.fields, value)
    return str(value)
