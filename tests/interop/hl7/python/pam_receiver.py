"""A DPI on hl7apy: every ADT of PAM France parsed by hl7apy and acknowledged; what it read is printed. Argument: the
port."""

from __future__ import annotations

import sys
import threading

from hl7apy.core import Message
from hl7apy.mllp import AbstractErrorHandler, AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

KINDS = [
    *("A01^ADT_A01", "A02^ADT_A02", "A03^ADT_A03", "A04^ADT_A01", "A05^ADT_A05", "A11^ADT_A09", "A12^ADT_A12"),
    *("A13^ADT_A01", "A28^ADT_A05", "A31^ADT_A05", "A40^ADT_A39", "A47^ADT_A30", "Z99^ADT_A01"),
]


def component(field: str, number: int) -> str:
    parts = field.split("^")
    return parts[number - 1] if len(parts) >= number else ""


def told(octets: str) -> str:
    message = parse_message(octets, find_groups=False)
    header, pid = message.msh, message.pid
    ins = [one.to_er7() for one in pid.pid_3 if component(one.to_er7(), 5) == "INS"]
    others = {child.name: child for child in message.children if child.name.startswith("Z")}
    zbe = others["ZBE"].zbe_4.to_er7() if "ZBE" in others else "-"
    zfa = others["ZFA"].zfa_9.to_er7() if "ZFA" in others else "-"
    event = component(header.msh_9.to_er7(), 2)
    status = pid.pid_32.to_er7()
    print("got", event, status, component(ins[0], 1) if ins else "-", zbe or "-", zfa or "-", flush=True)
    answer = Message("ACK", version="2.5")
    answer.msh.msh_9 = f"ACK^{event}^ACK"
    answer.msa = f"MSA|AA|{header.msh_10.to_er7()}"
    return str(answer.to_mllp())


class Handler(AbstractHandler):
    def reply(self) -> str:
        return told(self.incoming_message)


class Other(AbstractErrorHandler):
    """Nothing should come here: it is printed, and refused by silence."""

    def reply(self) -> str:
        print("other", repr(self.exc), flush=True)
        return ""


if __name__ == "__main__":
    handlers = {f"ADT^{kind}": (Handler,) for kind in KINDS} | {"ERR": (Other,)}
    server = MLLPServer("127.0.0.1", int(sys.argv[1]), handlers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    server.shutdown()
