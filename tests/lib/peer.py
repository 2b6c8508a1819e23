# SPDX-License-Identifier: Apache-2.0
"""Who asked? peer.py greet ADDRESS PORT WORD [udp] | ask ADDRESS PORT [udp]"""

import socket
import sys


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def greet(address, port, word, udp):
    s = socket.socket(family(address), socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    if udp:
        while True:
            _, peer = s.recvfrom(100)
            s.sendto(f"{word} {peer[0]}".encode(), peer)
    s.listen(10)
    while True:
        c, peer = s.accept()
        c.recv(1)  # pasta of 2023 completes a handshake when who asks has said something
        c.sendall(f"{word} {peer[0]}\n".encode())
        c.close()


def ask(address, port, udp):
    try:
        if udp:
            s = socket.socket(family(address), socket.SOCK_DGRAM)
            s.settimeout(2)
            s.connect((address, port))
            s.send(b"?")
        else:
            s = socket.create_connection((address, port), timeout=2)
            s.settimeout(2)
            s.sendall(b"?")
        print(s.recv(100).decode().strip())
    except OSError as e:
        print(e)
        sys.exit(1)


if sys.argv[1] == "greet":
    greet(sys.argv[2], int(sys.argv[3]), sys.argv[4], "udp" in sys.argv[5:])
else:
    ask(sys.argv[2], int(sys.argv[3]), "udp" in sys.argv[4:])
