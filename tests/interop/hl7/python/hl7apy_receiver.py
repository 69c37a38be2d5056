"""A creator on hl7apy: one message a connection, parsed by hl7apy, acknowledged, printed. Argument: the port."""

from __future__ import annotations

import sys
import threading

from hl7apy.core import Message
from hl7apy.mllp import AbstractErrorHandler, AbstractHandler, MLLPServer
from hl7apy.parser import parse_message


def told(octets: str) -> str:
    message = parse_message(octets, find_groups=False)
    header = message.msh
    event = header.msh_9.to_er7()
    print("got", "^".join(event.split("^")[:2]), header.msh_3.to_er7(), header.msh_10.to_er7(), flush=True)
    answer = Message("ACK", version="2.6")
    answer.msh.msh_9 = f"ACK^{event.split('^')[1]}^ACK"
    answer.msh.msh_17 = "FRA"
    answer.msa = f"MSA|AA|{header.msh_10.to_er7()}"
    return str(answer.to_mllp())


class Handler(AbstractHandler):
    def reply(self) -> str:
        return told(self.incoming_message)


class Other(AbstractErrorHandler):
    """ZAM is no type of hl7apy's own tables: it comes here and is answered all the same."""

    def reply(self) -> str:
        return told(self.incoming_message)


if __name__ == "__main__":
    kinds = ["MDM^T02^MDM_T02", "MDM^T10^MDM_T02", "MDM^T04^MDM_T02"]
    handlers = dict.fromkeys(kinds, (Handler,)) | {"ERR": (Other,)}
    server = MLLPServer("127.0.0.1", int(sys.argv[1]), handlers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    server.shutdown()
