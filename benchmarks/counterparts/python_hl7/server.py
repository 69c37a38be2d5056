"""The MLLP server of python-hl7 as its documentation shows it: reads a message, answers its own acknowledgement."""

from __future__ import annotations

import asyncio
import sys

import hl7
import hl7.mllp

LARGEST = 16 * 1024 * 1024


async def serve(reader: hl7.mllp.HL7StreamReader, writer: hl7.mllp.HL7StreamWriter) -> None:
    try:
        while True:
            message = await reader.readmessage()
            writer.writemessage(message.create_ack())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await hl7.mllp.start_hl7_server(
        serve, "127.0.0.1", int(sys.argv[1]), limit=LARGEST, encoding="utf-8", encoding_errors="replace"
    )
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
