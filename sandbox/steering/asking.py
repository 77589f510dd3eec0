"""One question to the running sandbox, and its answer."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode

_PATIENCE = 30.0  # a delivery that is waited for may take ten seconds


class Unanswered(Exception):
    """There is no sandbox to answer; the message says what to do."""


def ask(port: int, method: str, path: str, told: dict[str, Any]) -> tuple[int, Any]:
    """Status and answer; never through a proxy. Raises `Unanswered` where no sandbox listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    query = f"?{urlencode(told)}" if method == "GET" and told else ""
    body = None if method == "GET" else json.dumps(told)
    try:
        connection.request(method, path + query, body=body, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except ConnectionRefusedError as error:
        port_option = "" if port == 12111 else f" --port {port}"
        message = f"nothing listens on 127.0.0.1:{port}. Start it: python -m sandbox{port_option}"
        raise Unanswered(message) from error
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(f"no answer from 127.0.0.1:{port}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status == 204:
        return 204, None
    try:
        return answer.status, json.loads(text)
    except ValueError:
        if answer.status == 403:
            return 403, {"error": text}
        raise Unanswered(f"what listens on 127.0.0.1:{port} is not the sandbox") from None


def refusal(answer: Any) -> str:
    """The sentence of an answer that refuses."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        codes = [error[name] for name in ("code", "decline_code") if error.get(name)]
        return f"{error.get('message')}" + (f" ({', '.join(codes)})" if codes else "")
    return str(error or answer)
