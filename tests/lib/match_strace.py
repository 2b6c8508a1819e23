#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""match_strace.py PLAN.json PREFIX PID: do the calls that strace saw match the plan?

PLAN.json is what `nook run --explain=json ARGS` (or `nook ns run`) prints, PREFIX.PID what
`strace -ff -X raw -xx -v -s 99999 -o PREFIX nook run ARGS` writes, PID is nook itself. The calls of the middle process
and of init must be the steps of the plan, in order and with their arguments, and nothing else:
up to the execve that succeeds. The parent's steps must be among its calls, in order.

Names that are made anew by each run (id, range of ids outside) are made equal first.
"""
import glob
import json
import re
import sys

CALL = re.compile(r'^(\w+)\((.*)\)\s+= (-?\w+|\?)(?: (E\w+))?')
NUMBER = re.compile(r'(?<![\w.])(-?(?:0x[0-9a-f]+|\d+))(?![\w.])')
ID = re.compile(r'\b[0-9a-f]{12}(?:[0-9a-f]{52})?\b')
OUTSIDE = re.compile(r'^(\d+) (\d{6,}) (\d+)$', re.M)
ORED = re.compile(r'\b\w+(?:\|\w+)+')


def ored(match):
    value = 0
    for part in match.group().split('|'):
        value |= integer(part)
    return str(value)


def same(text):
    return OUTSIDE.sub(r'\1 OUTSIDE \3', ID.sub('ID', text))


def integer(text):
    if text.startswith('-'):
        return int(text) % 2**32
    base = 16 if text.startswith('0x') else 8 if len(text) > 1 and text[0] == '0' else 10
    return int(text, base) % 2**32


class Call:
    def __init__(self, match):
        self.name, args, result, self.error = match.groups()
        self.args = args
        self.result = 0 if result == '?' else -1 if self.error else integer(result)
        self.strings = [same(bytes.fromhex(s.replace('\\x', '')).decode('latin-1'))
                        for s in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', args)]
        self.line = match.string.strip()[:300]

    def numbers(self):
        bare = re.sub(r'"[^"]*"|/\*.*?\*/', '', self.args)
        return {integer(n) for n in NUMBER.findall(ORED.sub(ored, bare))}


def calls_of(path):
    calls = []
    for line in open(path, encoding='latin-1'):
        match = CALL.match(line)
        if match:
            calls.append(Call(match))
        elif not re.match(r'^(---|\+\+\+)', line):
            sys.exit(f'strange line of strace: {line}')
    return calls


class Mismatch(Exception):
    pass


def plain(value):
    """The bytes of a string of the plan, one character each."""
    if isinstance(value, dict):
        return bytes.fromhex(value['hex']).decode('latin-1')
    return value.encode().decode('latin-1')


def expect(step, slots):
    """What the line of strace must hold: strings and numbers."""
    strings, numbers = [], []

    def slot(value):
        return slots.get(value['slot'], 2**32 - 1)

    for key, value in step['args'].items():
        if value is None or (step['op'], key) in {('tell', 'message'), ('await', 'message')}:
            continue
        if isinstance(value, dict) and 'slot' in value:
            if step['op'] == 'write' and key == 'data':
                strings.append(str(slot(value)))
            elif (step['op'], key) in {('clone3', 'pidfd'), ('netlink', 'number')}:
                pass  # filled by the call; within a message
            elif (step['op'], key) == ('tell', 'carries') and step['args']['message'].get('name') == 'PID':
                pass  # a number in the message
            else:
                numbers.append(slot(value))
        elif isinstance(value, dict) and 'format' in value:
            strings.append(plain(value['format']).replace('%d', str(slot(value['number']))))
        elif isinstance(value, dict) and 'hex' in value and 'len' not in value:
            strings.append(plain(value))
        elif isinstance(value, dict) and 'address' in value:  # strace shows a port's two bytes
            strings.append(value['value'].to_bytes(2, 'big').decode('latin-1'))
        elif isinstance(value, dict) and 'len' in value:
            numbers.append(value['len'])
        elif isinstance(value, dict) and 'major' in value:
            numbers.append(value['value'])
        elif isinstance(value, dict):
            numbers.append(value['value'])
        elif isinstance(value, list):
            strings += [plain(v) for v in value if isinstance(v, str)]
        elif isinstance(value, int):
            numbers.append(value)
        elif value == 'AT_FDCWD':
            numbers.append(-100)
        elif key not in ('cmd', 'operation', 'request', 'how', 'lock', 'steal', 'action') and not \
                re.match(r'^(FS\w+|IFF_UP|O_RDWR.*)$', value):
            strings.append(plain(value))
    return [same(s) for s in strings], [n % 2**32 for n in numbers if n % 2**32]


def check(step, call, slots):
    if call.name != step['syscall']:
        raise Mismatch(f'step {step["n"]} is {step["syscall"]}, seen: {call.line}')
    if call.error and call.error not in step['tolerates']:
        raise Mismatch(f'step {step["n"]} fails: {call.line}')
    strings, numbers = expect(step, slots)
    if step['op'] in ('tell', 'await'):
        kind = step['args']['message']['value']
        if step['op'] == 'tell' and not any(s[:1] == chr(kind) for s in call.strings if s):
            raise Mismatch(f'step {step["n"]} tells {kind}: {call.line}')
    for s in strings:
        # strace shows a short name within a struct with its padding, or cut at the NUL
        if s and s not in call.strings and not any(c.rstrip('\0') == s for c in call.strings):
            raise Mismatch(f'step {step["n"]}: no string {s!r} in {call.line}')
    seen = call.numbers()
    for n in numbers:
        if n not in seen:
            raise Mismatch(f'step {step["n"]}: no number {n} ({n:#x}) in {call.line}')
    if not call.error and 'out' in step:
        slots[step['out']] = call.result


def pair_of(call):
    return [int(n) for n in re.findall(r'\[(\d+), (\d+)\]', call.args)[0]]


def fill(step, call, slots):
    if step['op'] == 'socketpair':
        slots['socket'], slots['peer'] = pair_of(call)
    elif step['op'] == 'await' and 'out' in step:
        # a descriptor that came along, or the number at the end of struct nk_message
        came = re.findall(r'cmsg_data=\[(\d+)\]', call.args)
        body = re.search(r'iov_base="((?:\\x[0-9a-f]{2}){16})"', call.args).group(1)
        slots[step['out']] = int(came[0]) if came else \
            int.from_bytes(bytes.fromhex(body.replace('\\x', ''))[12:], 'little')


def child(name, steps, calls, slots):
    """Exactly the steps. Answers the pid that a clone3 of it made, and its slots then."""
    made = None
    for step in steps:
        if not calls:
            raise Mismatch(f'{name} ends before step {step["n"]}')
        call = calls.pop(0)
        check(step, call, slots)
        fill(step, call, slots)
        while step['op'] == 'netlink' and calls and calls[0].name == 'recvfrom':
            calls.pop(0)  # the kernel's answers
        if step['op'] == 'clone3':
            made = (call.result, dict(slots))
        if step['op'] == 'execve' and not call.error:
            return made
        if step['op'] == 'exit':
            break
    if calls:
        raise Mismatch(f'{name} does what is in no step: {calls[0].line}')
    return made


def parent(steps, calls, slots):
    """The steps, in order, among other calls."""
    made = None
    for step in steps:
        if step['op'] == 'helper':
            continue
        why = f'no call matches step {step["n"]} ({step["syscall"]}: {step["why"]})'
        while True:
            if not calls:
                raise Mismatch(why)
            call = calls.pop(0)
            if call.name != step['syscall']:
                continue
            try:
                check(step, call, slots)
                break
            except Mismatch as problem:
                why += f'\n  not this one: {problem}'
        fill(step, call, slots)
        if step['op'] == 'clone3':
            made = (call.result, dict(slots))
            made[1]['socket'], made[1]['peer'] = slots['peer'], slots['socket']
        if step['op'] == 'execve' and not call.error:
            break
    return made


def main():
    plan, prefix = json.load(open(sys.argv[1])), sys.argv[2]
    by_actor = {a: [s for s in plan['steps'] if s['actor'] == a]
                for a in ('parent', 'middle', 'init', 'after')}
    traces = {int(p.rsplit('.', 1)[1]): calls_of(p) for p in glob.glob(glob.escape(prefix) + '.*')}
    try:
        made = parent(by_actor['parent'] + by_actor['after'], traces[int(sys.argv[3])], {})
        if made and by_actor['middle']:
            made = child('middle', by_actor['middle'], traces[made[0]], made[1])
        if made:  # not with --unshare, where nook itself becomes the command
            child('init', by_actor['init'], traces[made[0]], made[1])
    except Mismatch as problem:
        sys.exit(str(problem))
    print(f'{len(plan["steps"])} steps match')


main()
