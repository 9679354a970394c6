"""A service as the supervisor sees one: answers its health, and has a child of its own."""

import http.server
import os
import subprocess
import sys

OFFSET = 1


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()
        databases = sorted(name for name in os.environ if name.endswith("DATABASE_URL"))
        self.wfile.write(" ".join(databases).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the log holds what matters."""


def main() -> None:
    if os.environ.get("SAMPLE_SERVICE") == "falls":
        sys.exit("the sample service falls")
    subprocess.Popen(["sleep", "1000"])
    address = ("127.0.0.1", int(os.environ["BAOXUE_PORT"]) + OFFSET)
    http.server.HTTPServer(address, Health).serve_forever()


if __name__ == "__main__":
    main()
