# SPDX-License-Identifier: Apache-2.0
"""stuck_fuse.py DIR: a FUSE file system on DIR with one file, `ns`. Once there is a file DIR.stop
beside it, it never answers again: what then looks for `ns` waits until this process ends."""
import ctypes
import os
import struct
import sys

LOOKUP, FORGET, GETATTR, INIT, BATCH_FORGET = 1, 2, 3, 26, 42
path = sys.argv[1]
fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0".encode()
if libc.mount(b"stuck", path.encode(), b"fuse", 0, options):
    raise OSError(ctypes.get_errno(), "mount")


def attr(node):
    mode, links = (0o40755, 2) if node == 1 else (0o100644, 1)
    return struct.pack("<6Q10I", node, 0, 0, 0, 0, 0, 0, 0, 0, mode, links, 0, 0, 0, 4096, 0)


def answer(opcode, node):
    """Nothing is valid longer than its answer, so that each look-up asks again."""
    if opcode == INIT:
        return 0, struct.pack("<4I2H2I2HI7I", 7, 31, 0, 0, 0, 0, 4096, 1, 0, 0, 0, *[0] * 7)
    if opcode == LOOKUP:
        return 0, struct.pack("<4Q2I", 2, 0, 0, 0, 0, 0) + attr(2)
    if opcode == GETATTR:
        return 0, struct.pack("<QII", 0, 0, 0) + attr(node)
    return -38, b""  # ENOSYS


while True:
    request = os.read(fuse, 1 << 20)
    _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
    if opcode in (FORGET, BATCH_FORGET) or os.path.exists(path + ".stop"):
        continue
    error, body = answer(opcode, node)
    os.write(fuse, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
