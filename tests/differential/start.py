# SPDX-License-Identifier: Apache-2.0
"""Starts one case with one runtime, and makes what was seen comparable."""
import json
import os
import pty
import re
import select
import shutil
import stat
import subprocess
import time

import cases

SECONDS = 60
PASSWD = 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n'
NS_KINDS = ('user', 'mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup', 'time')


def link_of(path):
    try:
        return os.readlink(path)
    except OSError:
        return ''


class Holder:
    """Namespaces to be joined by path, held by two sleeping processes."""

    def __init__(self):
        self.processes = [
            subprocess.Popen(['unshare', *words, 'sleep', '1000'], stdin=subprocess.DEVNULL)
            for words in (['--net', '--uts', '--ipc', '--pid', '--fork', '--kill-child'],
                          ['--user', '--net'])]
        first, second = [p.pid for p in self.processes]
        self.wait(first, 'uts')
        self.wait(second, 'user')
        for name in ('uid_map', 'gid_map'):
            with open('/proc/%d/%s' % (second, name), 'w') as f:
                f.write('0 300000 65536')
        self.path = {k: '/proc/%d/ns/%s' % (first, k) for k in ('net', 'uts', 'ipc')}
        self.path['pid'] = '/proc/%d/ns/pid_for_children' % first
        self.path['user'] = '/proc/%d/ns/user' % second
        self.path['net-of-user'] = '/proc/%d/ns/net' % second
        self.known = {link_of('/proc/self/ns/' + k): 'host' for k in NS_KINDS}
        self.known.update({link_of(p): 'held ' + k for k, p in self.path.items()})

    @staticmethod
    def wait(pid, kind):
        while link_of('/proc/%d/ns/%s' % (pid, kind)) == link_of('/proc/self/ns/' + kind):
            time.sleep(0.01)

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


def make(work, case, probe):
    """The root file system and what the case wants beside it."""
    root = work + '/rootfs'
    for name in ('bin', 'etc', 'tmp', 'root', 'home', 'proc', 'sys', 'dev'):
        os.makedirs(root + '/' + name, exist_ok=True)
    os.chmod(root + '/tmp', 0o1777)
    os.chmod(root + '/root', 0o700)
    os.link(probe, root + cases.PROBE)
    os.link('/bin/busybox', root + '/bin/busybox') if os.stat('/bin/busybox').st_dev == os.stat(
        root).st_dev else shutil.copy('/bin/busybox', root + '/bin/busybox')
    for name, text, mode in (('passwd', PASSWD, 0o644), ('secret', 'x', 0o600)):
        with open(root + '/etc/' + name, 'w') as f:
            f.write(text)
        os.chmod(f.name, mode)
    for path, kind, argument in case['files']:
        make_one(work + '/' + path, kind, argument, probe)
    if case['owner']:
        for at, folders, names in os.walk(root):
            for name in ['.', *folders, *names]:
                # The probe and busybox are hard links that other cases use.
                if not at.endswith('/bin') or name == '.':
                    os.chown(at + '/' + name, case['owner'], case['owner'], follow_symlinks=False)


def make_one(path, kind, argument, probe):
    if kind == 'absent':
        os.rmdir(path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if kind == 'link':
        os.symlink(argument, path)
    elif kind == 'dir':
        os.makedirs(path, argument)
    elif kind == 'tmpfs':
        os.makedirs(path)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'sub', path], check=True)
    elif kind == 'probe':
        shutil.copy(probe, path)
        os.chmod(path, argument)
    else:
        with open(path, 'w') as f:
            f.write(argument if kind == 'file' else 'x')
        if kind == 'mode':
            os.chmod(path, argument)
        if kind == 'owner':
            os.chown(path, argument, argument)


def files_of(root):
    """Path -> type, mode and owner: to see what a runtime leaves in the root file system."""
    seen = {}
    for at, folders, names in os.walk(root):
        for name in folders + names:
            path = at + '/' + name
            st = os.lstat(path)
            seen[path[len(root):]] = '%06o %d:%d %d' % (
                st.st_mode, st.st_uid, st.st_gid, st.st_size if stat.S_ISREG(st.st_mode) else 0)
    return seen


def read_report(process, master):
    """One line of the container's output, or what there is until the end."""
    data, until = b'', time.monotonic() + SECONDS
    fd = process.stdout.fileno() if master is None else master
    while not data.endswith(b'\n') and time.monotonic() < until:
        if not select.select([fd], [], [], 0.5)[0]:
            continue
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        data += piece
    return data.decode(errors='replace')


def launch(words, case, work):
    if case['fds']:
        opened = ' '.join('%d</etc/hostname' % (3 + i) for i in range(case['fds']))
        words = ['sh', '-c', 'exec %s; exec "$@"' % opened, '-', *words]
    if not case['terminal']:
        return subprocess.Popen(words, cwd=work, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE), None
    master, slave = pty.openpty()
    process = subprocess.Popen(['setsid', '--ctty', '--wait', *words], cwd=work, stdin=slave,
                               stdout=slave, stderr=slave)
    os.close(slave)
    return process, master


def from_outside(case):
    path = case['config']['linux'].get('cgroupsPath', '')
    groups = {}
    for name in case['groups']:
        try:
            with open('/sys/fs/cgroup/%s%s/%s' % (name.split('.')[0], path, name)) as f:
                groups[name] = f.read().strip()
        except OSError as e:
            groups[name] = e.strerror
    if 'devices.list' in groups:
        groups['devices.list'] = '; '.join(sorted(groups['devices.list'].split('\n')))
    return groups


def groups_left(case):
    path = case['config']['linux'].get('cgroupsPath', '').lstrip('/')
    return [h for h in sorted(os.listdir('/sys/fs/cgroup'))
            if os.path.ismount('/sys/fs/cgroup/' + h)
            and os.path.isdir('/sys/fs/cgroup/%s/%s' % (h, path))]


def json_of(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def hooks_of(work):
    """What the hooks wrote: the order, and each one's state, namespace, directory."""
    seen = []
    for log in (work + '/hook.log', work + '/rootfs/hook.log'):
        if not os.path.exists(log):
            continue
        with open(log) as f:
            for line in f:
                point, rest = line.split(' ', 1)
                state, end = json.JSONDecoder().raw_decode(rest)
                seen.append({'point': point, 'status': state.get('status'),
                             'pid': bool(state.get('pid')), 'keys': ' '.join(sorted(state)),
                             'id': state.get('id'), 'bundle': state.get('bundle'),
                             'rest': rest[end:].strip()})
    return seen


def execute(call, case, work):
    seen = []
    for number, process in enumerate(case['exec']):
        document = '%s/process-%d.json' % (work, number)
        with open(document, 'w') as f:
            json.dump(process, f)
        done = subprocess.run([*call, 'exec', '--process', document, case['name']], cwd=work,
                              input=b'', capture_output=True, timeout=SECONDS)
        seen.append({'exit': done.returncode, 'report': json_of(done.stdout.decode())})
    if case['exec']:
        state = json_of(subprocess.run([*call, 'state', case['name']], capture_output=True,
                                       timeout=SECONDS).stdout) or {}
        state.update(pid=bool(state.get('pid')), created=bool(state.get('created')))
        state.pop('ociVersion', None)
        seen.append({'state': state})
    return seen


def start(program, case, work, probe, holder):
    """-> what was seen, comparable; and the words of the runtime."""
    os.makedirs(work)
    make(work, case, probe)
    before = files_of(work + '/rootfs')
    document = json.dumps(case['config']).replace('@WORK@', work)
    document = re.sub('@NS:([a-z-]+)@', lambda m: holder.path[m.group(1)], document)
    with open(work + '/config.json', 'w') as f:
        f.write(document)
    call = [program, '--root', work + '/state']
    process, master = launch([*call, 'run', *case['options'], '--bundle', work, case['name']], case,
                             work)
    seen = {'report': None}
    try:
        text = read_report(process, master)
        seen['report'] = json_of(text)
        if seen['report'] is None and text:
            seen['output'] = text
        seen['groups'] = from_outside(case)
        seen['exec'] = execute(call, case, work)
        if master is None:
            words = process.communicate(timeout=SECONDS)[1].decode(errors='replace')
        else:
            os.write(master, b'\4')
            words = text if seen['report'] is None else ''
            process.wait(SECONDS)
        seen['exit'] = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        words = 'did not end'
    finally:
        if master is not None:
            os.close(master)
    seen['hooks'] = hooks_of(work)
    seen['left-groups'] = groups_left(case)
    left = os.listdir(work + '/state') if os.path.isdir(work + '/state') else []
    seen['left-state'] = case['name'] in left
    if seen['left-state'] or seen['left-groups']:
        subprocess.run([*call, 'delete', '--force', case['name']], capture_output=True)
    seen['left-files'] = {p: v for p, v in files_of(work + '/rootfs').items()
                          if before.get(p) != v and p != '/hook.log'}
    subprocess.run(['umount', '--recursive', '--quiet', '--lazy', work + '/share/sub'],
                   capture_output=True)
    if case['fails']:
        seen = {'exit': seen.get('exit')}
    return comparable(seen, work, holder, case), words.replace(work, '@WORK@')


def comparable(seen, work, holder, case):
    """Flat: one name, one value. What differs from start to start by nature is made equal."""
    flat = {}

    def put(name, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                put(name + '.' + key if name else key, inner)
        elif name.endswith('mounts') and isinstance(value, list):
            count = {}
            for m in value:
                target = m['target']
                count[target] = count.get(target, 0) + 1
                number = '#%d' % count[target] if count[target] > 1 else ''
                put('%s.%s%s' % (name, target, number), m)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, inner in enumerate(value):
                put('%s.%d' % (name, number), inner)
        else:
            # A relayed terminal gets the caller's size when the relay comes to it.
            if name.endswith(('terminal.rows', 'terminal.columns')):
                return
            if name.endswith('report.pid') and value != 1:
                value = 'not 1'
            if name.endswith('status.NSpid'):
                value = len(value.split())
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            flat[name] = plain(text, work, holder)
    put('', seen)
    return flat


def plain(text, work, holder):
    text = text.replace(work, '@WORK@')
    text = re.sub(r'[a-z_]+:\[\d+\]', lambda m: holder.known.get(m.group(), 'new'), text)
    return re.sub(r'^/proc/\d+$', '/proc/N', text)
