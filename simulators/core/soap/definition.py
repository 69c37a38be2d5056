"""A typed service said in plain values, before any library makes a schema of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A string restricted to ``values``; ``name`` is that of its simpleType."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Structure:
    """A sequence of fields; ``name`` is that of its complexType."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One child element, qualified. ``type`` None is a plain string."""

    name: str
    type: Enumeration | Structure | None = None
    required: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """``name`` is that of the request element; the response element is ``name`` + ``Response``."""

    name: str
    soap_action: str
    request: tuple[Field, ...]
    response: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """A document/literal SOAP 1.2 service and the names of its WSDL; no wsdl:fault is declared."""

    namespace: str
    port_type: str
    binding: str
    service: str
    port: str
    operations: tuple[Operation, ...]
