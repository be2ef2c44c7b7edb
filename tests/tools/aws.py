"""Serves an emulated AWS on a free port of this machine, which it prints, until its standard input ends: with whoever
started it."""

import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Silent(WSGIRequestHandler):
    """Keep-alive, so that a client need not connect for every call; and no line for each."""

    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


app = DomainDispatcherApplication(create_backend_app)
turn = threading.Lock()


def one_at_a_time(environ, start_response):
    """What is one step on AWS, a conditional write above all, is one here."""
    with turn:
        return list(app(environ, start_response))


server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=Silent)
threading.Thread(target=end_with_parent, daemon=True).start()
print(server.port, flush=True)
server.serve_forever()
