#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A criu that restores nothing but a `sleep`: `criu swrk FD`, as nook-runtime calls it.

$FAKE_CRIU_CWD    a file that gets the directory in which it was started
$FAKE_CRIU_OPTS   a file that gets the request's strings, one a line
$FAKE_CRIU_TTY    1: a terminal is handed on (orphan-pts-master)
"""
import array
import ctypes
import os
import re
import signal
import socket
import sys

RESTORE, NOTIFY = 2, 6
CLONE_PARENT, SYS_CLONE = 0x8000, 56


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def number(field, n):
    return varint(field << 3) + varint(n)


def message(field, b):
    return varint(field << 3 | 2) + varint(len(b)) + b


def write(variable, text):
    if variable in os.environ:
        with open(os.environ[variable], "w", encoding="utf-8") as f:
            f.write(text + "\n")


def sibling():
    """A child of nook-runtime, as --rst-sibling has it."""
    pid = ctypes.CDLL(None).syscall(SYS_CLONE, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os.closerange(0, 1024)
        os.execv("/bin/sleep", ["sleep", "1000"])
    return pid


def main():
    sock = socket.socket(fileno=int(sys.argv[2]))
    request = sock.recv(65536)
    write("FAKE_CRIU_CWD", os.getcwd())
    write("FAKE_CRIU_OPTS", "\n".join(s.decode() for s in re.findall(rb"[ -~]{4,}", request)))
    if os.environ.get("FAKE_CRIU_TTY"):
        master, _ = os.openpty()
        word = number(1, NOTIFY) + number(2, 1) + message(5, message(1, b"orphan-pts-master"))
        sock.sendmsg([word], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [master]))])
        if not sock.recv(65536).endswith(number(3, 1)):
            return 1
    pid = sibling()
    sock.send(number(1, RESTORE) + number(2, 1) + message(4, number(1, pid)))
    return 0


sys.exit(main())
