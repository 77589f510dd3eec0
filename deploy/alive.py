"""Exit status 0 when the server of this machine answers /livez: for the container's health check."""

import http.client
import os
import sys


def main() -> int:
    """Ask as the first of ALLOWED_HOSTS: any other host is refused."""
    host = os.environ["ALLOWED_HOSTS"].split(",")[0].strip().lstrip(".")
    port = int(os.environ["BIND"].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    connection.request("GET", "/livez", headers={"Host": host})
    return 0 if connection.getresponse().status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
