from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One break of one law; `booking` is the reference of the booking it is about, where there is one."""

    law: str
    what: str
    booking: str = ""

    def __str__(self) -> str:
        about = f" [{self.booking}]" if self.booking else ""
        return f"{self.law}{about}: {self.what}"
