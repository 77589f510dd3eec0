from tests.sandbox.conftest import database, receiver, running, sandbox

__all__ = ["database", "receiver", "running", "sandbox"]
