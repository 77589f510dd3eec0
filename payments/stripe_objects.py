"""What Stripe says of its objects, as plain data: read from an API answer or from an event's snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


def _text(value: object, longest: int = 255) -> str:
    return str(value or "")[:longest]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _identifier(value: object) -> str:
    """Stripe names another object by its id, or puts the object there when it was asked to expand it."""
    return _text(value.get("id") if isinstance(value, Mapping) else value)


def moment(value: object) -> datetime | None:
    """Stripe's Unix seconds; None where there are none that a calendar can hold."""
    return datetime.fromtimestamp(value, tz=UTC) if isinstance(value, int) and 0 < value < 2**32 else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True)
class Intent:
    """What Stripe says of one PaymentIntent."""

    id: str
    status: str
    amount: object
    amount_received: object
    currency: object
    live: object
    metadata: Mapping[str, Any]
    failure_code: str = ""
    decline_code: str = ""
    client_secret: str = field(default="", repr=False)
    paid_at: datetime | None = None

    @property
    def payment_reference(self) -> UUID | None:
        """The payment its metadata names, if it names one."""
        try:
            return UUID(str(self.metadata.get("payment")))
        except ValueError:
            return None

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> "Intent":
        """Missing parts are simply not what was expected."""
        error = _mapping(data.get("last_payment_error"))
        # The charge is there when it was asked for; of one that succeeded it tells when.
        charge = _mapping(data.get("latest_charge")) if data.get("status") == "succeeded" else {}
        return cls(
            id=str(data.get("id") or ""),
            status=str(data.get("status") or ""),
            amount=data.get("amount"),
            amount_received=data.get("amount_received"),
            currency=data.get("currency"),
            live=data.get("livemode"),
            metadata=_mapping(data.get("metadata")),
            failure_code=_text(error.get("code"), 64),
            decline_code=_text(error.get("decline_code"), 64),
            client_secret=str(data.get("client_secret") or ""),
            paid_at=moment(charge.get("created")),
        )


@dataclass(frozen=True)
class Repayment:
    """What Stripe says of one Refund."""

    id: str
    intent_id: str
    status: str
    amount: int
    currency: object
    metadata: Mapping[str, Any]
    failure_reason: str = ""

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> "Repayment":
        """Missing parts are simply not what was expected."""
        return cls(
            id=_text(data.get("id")),
            intent_id=_identifier(data.get("payment_intent")),
            status=_text(data.get("status"), 32),
            amount=_number(data.get("amount")),
            currency=data.get("currency"),
            metadata=_mapping(data.get("metadata")),
            failure_reason=_text(data.get("failure_reason"), 64),
        )


@dataclass(frozen=True)
class Complaint:
    """What Stripe says of one Dispute."""

    id: str
    intent_id: str
    status: str
    amount: int
    currency: object
    reason: str

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> "Complaint":
        """Missing parts are simply not what was expected."""
        return cls(
            id=_text(data.get("id")),
            intent_id=_identifier(data.get("payment_intent")),
            status=_text(data.get("status"), 32),
            amount=_number(data.get("amount")),
            currency=data.get("currency"),
            reason=_text(data.get("reason"), 64),
        )


@dataclass(frozen=True)
class Event:
    """A verified event: what happened, and the object it happened to as it stood then."""

    id: str
    type: str
    api_version: str
    created: int
    object: Mapping[str, Any] = field(repr=False)

    @property
    def intent(self) -> Intent:
        return Intent.from_stripe(self.object)

    @property
    def repayment(self) -> Repayment:
        return Repayment.from_stripe(self.object)

    @property
    def complaint(self) -> Complaint:
        return Complaint.from_stripe(self.object)


@dataclass(frozen=True)
class Endpoint:
    """An address that Stripe sends webhooks to."""

    url: str
    enabled: bool
    types: tuple[str, ...]
    api_version: str

    @classmethod
    def from_stripe(cls, data: Mapping[str, Any]) -> "Endpoint":
        """Missing parts are simply not what was expected."""
        types = data.get("enabled_events")
        return cls(
            url=_text(data.get("url"), 2000),
            enabled=data.get("status") == "enabled",
            types=tuple(str(each) for each in types) if isinstance(types, list) else (),
            api_version=_text(data.get("api_version"), 64),
        )
