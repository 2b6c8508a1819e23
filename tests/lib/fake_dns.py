# SPDX-License-Identifier: Apache-2.0
"""fake_dns.py ADDRESS MODE LOG: a server of names for tests, as odd as MODE says.

silent      never answers
late        answers after 0.7 s
slow        never answers what is below "slow.example", and everything else
forged      before its answer come three that are none: wrong id, wrong question, rubbish
plain       knows no EDNS: FORMERR, with no question in it
servfail    says that it cannot
nxdomain    there is no such name, which may be believed for 2 s
fixed       answers

Every answer is one A record, 203.0.113.9. A line in LOG for each question: name, type, whether
with EDNS, source port, id.
"""
import socket
import struct
import sys
import threading

address, mode, log = sys.argv[1], sys.argv[2], open(sys.argv[3], "a", buffering=1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.bind((address, 53))


def name_of(data):
    at, labels = 12, []
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels).lower(), at + 1


def reply(data, end, rcode=0, address=b"\xcb\x00\x71\x09", question=True):
    count = 1 if rcode == 0 else 0
    head = data[:2] + struct.pack(">5H", 0x8180 | rcode, 1 if question else 0, count, 0, 0)
    body = data[12 : end + 4] if question else b""
    if count:
        body += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + address
    return head + body


while True:
    data, peer = s.recvfrom(4096)
    name, end = name_of(data)
    kind = struct.unpack(">H", data[end : end + 2])[0]
    edns = data[11] > 0
    ident = struct.unpack(">H", data[:2])[0]
    print(name, kind, "edns" if edns else "plain", peer[1], ident, file=log)
    if mode == "silent" or (mode == "slow" and name.endswith("slow.example")):
        continue
    if mode == "servfail":
        s.sendto(reply(data, end, 2), peer)
        continue
    if mode == "nxdomain":
        soa = b"\0\0" + struct.pack(">5I", 1, 3600, 600, 86400, 2)
        s.sendto(
            data[:2]
            + struct.pack(">5H", 0x8183, 1, 0, 1, 0)
            + data[12 : end + 4]
            + b"\0"
            + struct.pack(">HHIH", 6, 1, 300, len(soa))
            + soa,
            peer,
        )
        continue
    if mode == "plain" and edns:
        s.sendto(reply(data, end, 1, question=False), peer)
        continue
    if mode == "forged":
        bad = bytes([data[0] ^ 1]) + data[1:]
        s.sendto(reply(bad, end, address=b"\x06\x06\x06\x06"), peer)
        other = data[:13] + bytes([data[13] ^ 1]) + data[14:]
        s.sendto(reply(other, end, address=b"\x06\x06\x06\x06"), peer)
        s.sendto(data[:2] + b"\x81\x80" + b"\xff" * 40, peer)
    if mode == "late":
        threading.Timer(0.7, s.sendto, (reply(data, end), peer)).start()
        continue
    s.sendto(reply(data, end), peer)
