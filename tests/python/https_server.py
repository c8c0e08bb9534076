"""A web server with TLS that answers in the ways that downloads can go wrong.

`python https_server.py CERTIFICATE KEY FILE` prints its port. /good gives FILE, the other paths are below.
"""

import http.server
import ssl
import sys
import time

CONTENT = open(sys.argv[3], "rb").read()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        size = {"Content-Length": str(len(CONTENT))}
        if self.path == "/good":
            self.answer(200, size, CONTENT)
        elif self.path == "/moved":
            self.answer(302, {"Location": "/good"})
        elif self.path == "/to-http":
            self.answer(302, {"Location": f"http://localhost:{self.server.server_port}/good"})
        elif self.path == "/to-file":
            self.answer(302, {"Location": f"file://{sys.argv[3]}"})
        elif self.path == "/cut":
            self.answer(200, size, CONTENT[: len(CONTENT) // 2])
        elif self.path == "/slow":
            self.answer(200, size, CONTENT[: len(CONTENT) // 2])
            time.sleep(60)
        elif self.path == "/other":
            self.answer(200, size, bytes(len(CONTENT)))
        elif self.path == "/larger":
            self.answer(200, {"Content-Length": str(len(CONTENT) + 1)}, CONTENT + b"x")
        elif self.path == "/endless":
            # No size is announced; ends when the other side has had enough.
            try:
                self.answer(200, {})
                while True:
                    self.wfile.write(bytes(1 << 16))
            except OSError:
                pass
        else:
            self.answer(404, {"Content-Length": "0"})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
