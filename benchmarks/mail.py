"""Mail: ours beside Postfix (a real queue) and Dovecot, driven alike, the driver's own cost included.

Not the same work: ours speaks TLS, checks every rule, judges each mail and commits it with its journal row and its
delivery, on the disk, before 250; Postfix has it in its queue on the disk and delivers afterwards; Dovecot
keeps its own rules of fsync.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.mail_driver import Failed, Imap, Smtp, together
from benchmarks.mail_servers import LISTED, Missing, Server, dovecot, ours, postfix, processor_s, resident_mb
from benchmarks.table import Row, render, seconds
from simulators.clients.mail.compose import compose
from tests.support.mails import plan

KB = 1024
SESSIONS = (1, 4)
PUSHES = 40
IDLE = 500
FEW, MANY = 100, 10_000
LIST = "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)"
FLAGS = "UID FETCH 1:* (UID FLAGS)"


def mail() -> list[Row]:
    """Everything; a counterpart that is not here is said in its row."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        base = Path(name)
        base.chmod(0o755)
        servers: list[Server] = []
        for label, start in (("ours", ours), ("Postfix", postfix), ("Dovecot", dovecot)):
            (base / label).mkdir()
            try:
                servers.append(stack.enter_context(start(base / label)))
            except Missing as missing:
                rows.append(Row(f"{label} (counterpart)", f"not measured: {missing}"))
        rows += list(_idlers(servers[0]))  # first: memory freed by what follows would hide what they hold
        for server in servers:
            rows += list(_smtp(server)) if server.smtp else []
        for server in servers:
            rows += list(_imap(server)) if server.imap else []
    return rows


def message(size: int) -> bytes:
    """A mail of about that many octets, in lines of 78."""
    head = f"From: <a@b.test>\r\nTo: <a@b.test>\r\nSubject: mesure {size}\r\nMessage-ID: <m{size}@b.test>\r\n"
    head += "Date: Sat, 21 Nov 2026 12:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
    return head.encode() + (b"x" * 76 + b"\r\n") * max(1, (size - len(head)) // 78)


# -- SMTP -----------------------------------------------------------------------------------------------------------


def _smtp(server: Server) -> Iterator[Row]:
    for count in SESSIONS:
        told = f"{count} session{'s' if count > 1 else ''}"
        aim = "300/s" if server.pid else ""
        yield Row(f"stored, 20 kB, {told}: {server.name}", _told(server, count, message(20 * KB)), aim)
    yield Row(f"stored, XDM of 30 kB, 1 session: {server.name}", _told(server, 1, _xdm()))
    rate = _sent(server, 1, message(5 * KB * KB))
    yield Row(f"stored, 5 MB, 1 session: {server.name}", f"{rate:.1f}/s ({rate * 5:.0f} MB/s)")


def _told(server: Server, sessions: int, data: bytes) -> str:
    """The rate, and the processor time for each where the server is one process."""
    before, start = processor_s(server.pid), time.perf_counter()
    rate = _sent(server, sessions, data)
    each = (processor_s(server.pid) - before) / (rate * (time.perf_counter() - start)) * 1000
    return f"{rate:.0f}/s, {each:.1f} ms of processor each" if server.pid else f"{rate:.0f}/s"


def _xdm() -> bytes:
    """A mail with a document, as a PFI sends it."""
    return compose(plan())


def _sent(server: Server, sessions: int, data: bytes) -> float:
    assert server.smtp is not None
    clients = [Smtp(server.smtp) for _ in range(sessions)]

    def one(client: Smtp) -> Callable[[], None]:
        return lambda: client.send(server.address, server.address, data)

    try:
        return together([one(client) for client in clients])
    finally:
        for client in clients:
            client.close()


# -- IMAP -----------------------------------------------------------------------------------------------------------


def _imap(server: Server) -> Iterator[Row]:
    assert server.imap is not None
    for count in SESSIONS:
        clients = [Imap(server.imap) for _ in range(count)]
        rate = together([lambda c=client: c.append(message(20 * KB)) for client in clients])  # type: ignore[misc]
        told = f"{count} session{'s' if count > 1 else ''}"
        yield Row(f"APPEND, 20 kB, {told}: {server.name}", f"{rate:.0f}/s")
        for client in clients:
            client.close()
    yield from _fetched(server)
    yield _pushed(server)
    yield from _listed(server)


def _fetched(server: Server) -> Iterator[Row]:
    assert server.imap is not None
    client = Imap(server.imap)
    one = together([lambda: client.command("FETCH 1 BODY.PEEK[]")], 2.0)
    yield Row(f"FETCH of one message, 20 kB: {server.name}", f"{one:.0f}/s")
    whole = together([lambda: client.command("FETCH 1:100 BODY.PEEK[]")], 2.0, warm=1) * 100
    yield Row(f"FETCH of a hundred at once, 20 kB: {server.name}", f"{whole:.0f} messages/s")
    client.close()


def _pushed(server: Server) -> Row:
    """From the APPEND's OK at one session, or the 250, to EXISTS at another that idles."""
    assert server.imap is not None
    listener, speaker = Imap(server.imap), Imap(server.imap)
    listener.idle()
    delays = []
    for _ in range(PUSHES):
        start = time.perf_counter()
        speaker.append(message(2 * KB))
        listener.until(b"EXISTS")
        delays.append((time.perf_counter() - start) * 1000)
        time.sleep(0.03)
    for client in (listener, speaker):
        client.close()
    delays.sort()
    value = f"median {statistics.median(delays):.0f} ms, 95 % {delays[int(PUSHES * 0.95)]:.0f} ms"
    return Row(f"IDLE push, from the beginning of the APPEND: {server.name}", value, "50 ms" if server.pid else "")


def _listed(server: Server) -> Iterator[Row]:
    """A folder of 100 and one of 10,000, filled by APPEND and COPY."""
    assert server.imap is not None
    alone = not server.pid  # Dovecot: one user, folders instead of mailboxes
    clients = [Imap(server.imap if alone else server.of(address)) for address in LISTED]
    names = ("Few", "Many")
    for client, name, size in zip(clients, names, (FEW, MANY), strict=True):
        client.command(f"CREATE {name}")
        _fill(client, name, size)
    for what, command in (("flags", FLAGS), ("envelopes", LIST)):
        each = []
        for client, size in zip(clients, (FEW, MANY), strict=True):
            for _ in range(2):
                taken = min(seconds(lambda c=client, t=command: c.command(t)) for _ in range(3))  # type: ignore[misc]
            each.append(taken / size * 1_000_000)
        ratio = f"{each[1]:.0f} µs a message, {each[1] / each[0]:.2f} times that of {FEW} ({each[0]:.0f} µs)"
        aim = "2 times" if server.pid else ""
        yield Row(f"{MANY:,} messages listed, {what}: {server.name}", ratio, aim)
    opened = min(seconds(lambda: clients[1].command("SELECT Many")) for _ in range(3)) * 1000
    yield Row(f"SELECT of {MANY:,} messages: {server.name}", f"{opened:.0f} ms")
    for client in clients:
        client.close()


def _fill(client: Imap, name: str, size: int) -> None:
    data = message(2 * KB)
    client.command("SELECT INBOX")
    client.command("UID STORE 1:* +FLAGS.SILENT (\\Deleted)") if client.command("UID FETCH 1:* UID") else None
    client.command("EXPUNGE")
    for _ in range(FEW):
        client.append(data)
    client.command("NOOP")
    for _ in range(size // FEW):
        client.command(f"COPY 1:{FEW} {name}")
    client.command(f"SELECT {name}")
    found = client.command(FLAGS)
    if found != size:
        raise Failed(f"{found} messages in {name} instead of {size}")


# -- many -----------------------------------------------------------------------------------------------------------


def _idlers(server: Server) -> Iterator[Row]:
    """500 sessions that idle, and what the rest costs meanwhile."""
    assert server.imap is not None
    before = resident_mb(server.pid)
    place = server.of(LISTED[0])
    idlers = [Imap(place) for _ in range(IDLE)]
    for client in idlers:
        client.idle()
    after = resident_mb(server.pid)
    each = (after - before) * 1024 / IDLE
    yield Row(f"{IDLE} connections in IDLE", f"{after - before:.0f} MB ({each:.0f} kB each), {after:.0f} MB in all")
    yield Row("stored meanwhile, 20 kB, 1 session, another mailbox", f"{_sent(server, 1, message(20 * KB)):.0f}/s")
    speaker = Imap(place)
    start = time.perf_counter()
    speaker.append(message(2 * KB))
    for client in idlers:
        client.until(b"EXISTS")
    yield Row(f"one mail told to all {IDLE}", f"{(time.perf_counter() - start) * 1000:.0f} ms")
    for client in [*idlers, speaker]:
        client.close()


if __name__ == "__main__":
    print(render(mail()))
