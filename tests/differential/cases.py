# SPDX-License-Identifier: Apache-2.0
"""The collection of configurations, and what each starts from.

A case is one config.json, and what stands around it:

    name     topic-what, unique; also the container's id
    config   the document; "@WORK@" in a string is the case's own directory, "@NS:net@" the path of
             a namespace that the runner holds
    files    made below @WORK@ before: (path, kind, argument), see the runner's make()
    owner    host id that the root file system belongs to
    groups   files of the container's v1 groups to be read from outside while it runs
    peers    who understands all of it
    exec     process objects that are executed in it by `exec --process`
    fds      so many descriptors are preserved; terminal: has a terminal
    fails    must be refused: only the exit code is compared
    mixes    may be a part of a mixture
"""
import copy

PROBE = '/bin/oci_probe'
DEFAULT_CAPS = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']
ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm']
ALL_CAPS = ['CAP_' + c for c in (
    'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE '
    'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO '
    'SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_TIME SYS_TTY_CONFIG MKNOD '
    'LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM '
    'BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE').split()]
KINDS = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup']
GROUP_FILES = [
    'memory.limit_in_bytes', 'memory.soft_limit_in_bytes', 'memory.swappiness', 'memory.oom_control',
    'memory.kmem.tcp.limit_in_bytes', 'cpu.shares', 'cpu.cfs_quota_us', 'cpu.cfs_period_us',
    'cpuset.cpus', 'cpuset.mems', 'pids.max', 'devices.list', 'blkio.throttle.read_bps_device',
    'blkio.throttle.write_bps_device', 'blkio.throttle.read_iops_device',
    'blkio.throttle.write_iops_device', 'freezer.state']

cases = []


def mount(destination, kind, source, *options):
    m = {'destination': destination, 'type': kind, 'source': source, 'options': list(options)}
    if not options:
        del m['options']
    return m


def bind(source, destination, *options):
    return mount(destination, 'bind', source, *(options or ('rbind',)))


def default_mounts():
    return [
        mount('/proc', 'proc', 'proc'),
        mount('/dev', 'tmpfs', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
        mount('/dev/pts', 'devpts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666',
              'mode=0620', 'gid=5'),
        mount('/dev/shm', 'tmpfs', 'shm', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
        mount('/dev/mqueue', 'mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
        mount('/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', 'ro'),
        mount('/sys/fs/cgroup', 'cgroup', 'cgroup', 'nosuid', 'noexec', 'nodev', 'relatime', 'ro'),
    ]


def all_sets(caps):
    return {s: list(caps) for s in ('bounding', 'effective', 'permitted', 'inheritable', 'ambient')}


def base():
    return {
        'ociVersion': '1.0.2',
        'process': {
            'terminal': False, 'user': {'uid': 0, 'gid': 0}, 'args': [PROBE], 'env': list(ENV),
            'cwd': '/', 'noNewPrivileges': True,
            'capabilities': {k: v for k, v in all_sets(DEFAULT_CAPS).items()
                             if k not in ('ambient', 'inheritable')},
            'rlimits': [{'type': 'RLIMIT_NOFILE', 'hard': 1024, 'soft': 1024}],
        },
        'root': {'path': 'rootfs', 'readonly': False},
        'hostname': 'diff',
        'mounts': default_mounts(),
        'linux': {
            'resources': {'devices': [{'allow': False, 'access': 'rwm'}]},
            'namespaces': [{'type': k} for k in KINDS],
            'maskedPaths': ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list',
                            '/sys/firmware'],
            'readonlyPaths': ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys',
                              '/proc/sysrq-trigger'],
        },
    }


def put(config, path, value):
    """put(c, 'process.user.uid', 3)"""
    keys = path.split('.')
    for key in keys[:-1]:
        config = config.setdefault(key, {})
    if value is None:
        config.pop(keys[-1], None)
    else:
        config[keys[-1]] = value


def case(name, changes=None, ask=(), files=(), owner=0, groups=(), peers=('runc', 'crun'), execs=(),
         fds=0, terminal=False, fails=False, edit=None, args=None, options=(), mixes=True):
    name = name.replace('=', '-').replace('%', '')
    c = base()
    for path, value in (changes or {}).items():
        put(c, path, copy.deepcopy(value))
    if edit:
        edit(c)
    if args is not None:
        c['process']['args'] = args
    else:
        c['process']['args'] = [PROBE, *ask, 'wait']
    c['linux'].setdefault('cgroupsPath', '/nook-diff/' + name)
    assert name not in [known['name'] for known in cases], name
    cases.append({'name': name, 'config': c, 'files': list(files), 'owner': owner,
                  'groups': list(groups), 'peers': list(peers), 'exec': list(execs), 'fds': fds,
                  'terminal': terminal, 'fails': fails, 'options': list(options),
                  'mixes': mixes and not (fails or terminal or fds or execs or options or args)
                  and list(peers) != ['crun']})
