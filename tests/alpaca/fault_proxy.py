"""A network that misbehaves: stands between a client and an Alpaca server and spoils answers."""

import http.client
import threading
from collections.abc import Callable
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Fault(Enum):
    DELAY = "the answer is late"
    LOST_QUESTION = "the question never arrives, the line is closed"
    LOST_ANSWER = "the question arrives, the answer is lost, the line is closed"
    CUT = "the line is closed in the middle of the answer"
    ERROR_500 = "the server fails before it has done anything"
    GARBLED = "the answer is no JSON"
    REPEATED = "the question arrives twice"
    HANGS = "the question arrives, nothing is answered"


LATE_S = 0.3


class FaultProxy:
    """Forwards to `target`; asks `choose(verb, member)` what goes wrong with each request.

    Attributes
    ----------
    target : str
        HOST:PORT of the server; may be changed.
    choose : callable returning Fault or None
    asked, arrived : list of (verb, member)
        What the client asked, and what reached the server.
    hit : list of (Fault, verb, member)
        What went wrong.
    """

    def __init__(self, target: str, choose: Callable[[str, str], Fault | None] | None = None):
        self.target = target
        self.choose = choose or (lambda verb, member: None)
        self.asked, self.arrived, self.hit = [], [], []
        self._let_go = threading.Event()
        self._http = None
        self.port = 0
        self.open()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listen, on the same port as before."""
        proxy = self

        class Handler(_Handler):
            pass

        Handler.proxy = proxy
        self._http = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more: whoever connects is refused."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def let_go(self) -> None:
        """End what hangs."""
        self._let_go.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go()
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultProxy
    protocol_version = "HTTP/1.0"  # one request a connection

    def do_GET(self):
        self._pass_on("GET")

    def do_PUT(self):
        self._pass_on("PUT")

    def _pass_on(self, verb):
        proxy = self.proxy
        member = self.path.split("?")[0].rsplit("/", 1)[1]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = proxy.choose(verb, member)
        proxy.asked.append((verb, member))
        if fault is not None:
            proxy.hit.append((fault, verb, member))
        if fault is Fault.LOST_QUESTION:
            return
        if fault is Fault.ERROR_500:
            self._send(500, "text/plain", b"Something broke inside.")
            return
        if fault is Fault.DELAY:
            proxy._let_go.wait(LATE_S)
        for _ in range(2 if fault is Fault.REPEATED else 1):
            try:
                status, kind, answer = self._ask(verb, body)
            except OSError:
                return  # the server itself is gone: so is the line
            proxy.arrived.append((verb, member))
        if fault is Fault.LOST_ANSWER:
            return
        if fault is Fault.HANGS:
            proxy._let_go.wait(60)
            return
        if fault is Fault.GARBLED:
            answer = b"<<" + answer[len(answer) // 3 :]
        self._send(status, kind, answer, cut=fault is Fault.CUT)

    def _ask(self, verb, body):
        server = http.client.HTTPConnection(self.proxy.target, timeout=30)
        try:
            kept = {
                name: self.headers[name]
                for name in ("Accept", "Content-Type")
                if name in self.headers
            }
            server.request(verb, self.path, body=body or None, headers=kept)
            reply = server.getresponse()
            return reply.status, reply.headers["Content-Type"], reply.read()
        finally:
            server.close()

    def _send(self, status, kind, body, *, cut=False):
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
        except OSError:
            pass  # the client did not wait

    def log_message(self, *_):
        pass
