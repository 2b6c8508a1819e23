# SPDX-License-Identifier: Apache-2.0
"""Users, capabilities, limits, environment: what is said of the process."""
from cases import ALL_CAPS, DEFAULT_CAPS, ENV, PROBE, all_sets, base, case


def users():
    for uid, gid, extra in ((0, 0, []), (1000, 1000, []), (1000, 0, []), (0, 1000, []),
                            (65534, 65534, []), (1, 2, [3, 4, 5]), (1000, 1000, [1000]),
                            (1000, 100, [10, 20, 30, 40, 50, 60, 70]), (0, 0, [4, 24]),
                            (4294967294, 4294967294, []), (123456, 654321, [99999999])):
        user = {'uid': uid, 'gid': gid}
        if extra:
            user['additionalGids'] = extra
        name = 'user-%d-%d%s' % (uid, gid, '-%d' % len(extra) if extra else '')
        case(name, {'process.user': user}, ask=['write=/tmp/x', 'look=/root', 'look=/etc/secret'],
             mixes=uid < 1 << 31)
    for mask in (0, 0o22, 0o77, 0o27, 0o777):
        case('umask-%03o' % mask, {'process.user.umask': mask}, ask=['write=/tmp/x'])


def capabilities():
    sets = ('bounding', 'effective', 'permitted', 'inheritable', 'ambient')
    one = ['CAP_NET_RAW', 'CAP_CHOWN']
    for user in (0, 1000):
        def caps(name, value, nnp=True, **more):
            case('caps-%s-%d' % (name, user),
                 {'process.capabilities': value, 'process.user': {'uid': user, 'gid': user},
                  'process.noNewPrivileges': nnp}, ask=['call=sethostname:0:0', 'call=chroot:0'], **more)
        caps('empty', {})
        caps('none', None)
        caps('all', all_sets(c for c in ALL_CAPS if c != 'CAP_SYS_RESOURCE'))
        caps('all-privs', all_sets(ALL_CAPS), nnp=False)
        caps('five', all_sets(one))
        caps('five-privs', all_sets(one), nnp=False)
        for s in sets:
            # The kernel allows none that is not permitted and in the bounding set.
            caps('only-' + s, {s: one}, fails=s in ('effective', 'inheritable'))
            caps('not-' + s, {k: one for k in sets if k != s}, fails=s in ('bounding', 'permitted'))
        caps('bounding-more', dict(all_sets(one), bounding=one + ['CAP_MKNOD', 'CAP_KILL']), False)
        caps('effective-less', dict(all_sets(one), effective=one[:1]))
        caps('ambient-less', dict(all_sets(one), ambient=one[1:]), False)
    case('caps-unknown', {'process.capabilities': all_sets(['CAP_NOT_THERE'])})
    case('caps-resource', {'process.capabilities': all_sets(['CAP_SYS_RESOURCE', 'CAP_KILL'])},
         fails=True)


def limits():
    below = (('NOFILE', 512, 1024), ('NOFILE', 20000, 20000), ('NPROC', 50, 100), ('CPU', 10, 20),
             ('FSIZE', 1 << 20, 1 << 21), ('DATA', 1 << 28, 1 << 29), ('STACK', 1 << 20, 1 << 23),
             ('CORE', 0, 0), ('RSS', 1 << 28, 1 << 28), ('MEMLOCK', 65536, 65536),
             ('AS', 1 << 30, 1 << 30), ('LOCKS', 10, 20), ('SIGPENDING', 100, 200),
             ('MSGQUEUE', 1000, 2000), ('NICE', 0, 0), ('RTPRIO', 0, 0), ('RTTIME', 1000, 2000))
    for kind, soft, hard in below:
        case('rlimit-%s-%d' % (kind.lower(), hard),
             {'process.rlimits': [{'type': 'RLIMIT_' + kind, 'soft': soft, 'hard': hard}]})
    case('rlimit-none', {'process.rlimits': None})
    case('rlimit-several', {'process.rlimits': [{'type': 'RLIMIT_' + k, 'soft': s, 'hard': h}
                                                for k, s, h in below[1:]]})
    case('rlimit-infinite', {'process.rlimits': [
        {'type': 'RLIMIT_CORE', 'soft': (1 << 64) - 1, 'hard': (1 << 64) - 1}]})
    case('rlimit-twice', {'process.rlimits': [
        {'type': 'RLIMIT_CORE', 'soft': 0, 'hard': 10},
        {'type': 'RLIMIT_CORE', 'soft': 0, 'hard': 5}]}, fails=True)
    case('rlimit-unknown', {'process.rlimits': [{'type': 'RLIMIT_FOO', 'soft': 0, 'hard': 1}]},
         fails=True)
    case('rlimit-soft-above', {'process.rlimits': [{'type': 'RLIMIT_CORE', 'soft': 9, 'hard': 1}]},
         fails=True)


def surroundings():
    for name, env in (('empty', []), ('one', ['A=b']), ('no-path', ['HOME=/x']),
                      ('home', ENV + ['HOME=/somewhere']), ('twice', ENV + ['A=1', 'A=2']),
                      ('odd', ENV + ['A=', 'B==', 'C=a b\tc', 'lower=é']),
                      ('term', ['PATH=/bin', 'TERM=vt100']), ('many', ENV + ['V%d=%d' % (i, i)
                                                                           for i in range(200)])):
        case('env-' + name, {'process.env': env})
        case('env-%s-user' % name, {'process.env': env, 'process.user': {'uid': 1000, 'gid': 1000}})
    case('env-absent', {'process.env': None})
    case('args-found', {}, args=['oci_probe', 'tree=/bin'])
    case('args-many', {}, args=[PROBE] + ['arg %d' % i for i in range(100)])
    case('args-empty-word', {}, args=[PROBE, '', ' ', 'é', '"quoted"'])
    case('args-relative', {'process.cwd': '/bin'}, args=['./oci_probe'])
    case('args-exit-3', {}, args=[PROBE, 'exit=3'])
    case('args-exit-255', {}, args=[PROBE, 'exit=255'])
    case('args-missing', {}, args=['no-such-program'], fails=True)
    case('args-missing-path', {}, args=['/bin/no-such-program'], fails=True)
    case('args-directory', {}, args=['/bin'], fails=True)
    case('args-not-executable', {}, args=['/etc/passwd'], fails=True)
    case('args-other-path', {'process.env': ['PATH=/nowhere:/opt/other']}, args=['oci_probe'],
         files=[('rootfs/opt/other/oci_probe', 'probe', 0o755)])
    for name, cwd in (('tmp', '/tmp'), ('made', '/not/there/yet'), ('dots', '/tmp/../etc/./'),
                      ('link', '/link-to-tmp'), ('proc', '/proc/self'), ('file', '/etc/passwd')):
        case('cwd-' + name, {'process.cwd': cwd}, fails=name == 'file',
             files=[('rootfs/link-to-tmp', 'link', 'tmp')])
        if name in ('tmp', 'made'):
            case('cwd-%s-user' % name, {'process.cwd': cwd, 'process.user': {'uid': 7, 'gid': 8}})
    case('cwd-forbidden', {'process.cwd': '/root', 'process.user': {'uid': 7, 'gid': 8},
                           'process.capabilities': {}})
    case('cwd-relative', {'process.cwd': 'tmp'}, fails=True)
    case('cwd-absent', {'process.cwd': None}, fails=True)
    for nnp in (True, False):
        case('nnp-%s' % str(nnp).lower(), {'process.noNewPrivileges': nnp})
    case('nnp-absent', {'process.noNewPrivileges': None})
    for adj in (0, 1, 100, 999, 1000):
        case('oom-%d' % adj, {'process.oomScoreAdj': adj})
    for fds in (1, 3):
        case('fds-%d' % fds, {}, fds=fds, options=['--preserve-fds', str(fds)])
    case('fds-not-preserved', {}, fds=3)
    case('no-new-keyring', {}, options=['--no-new-keyring'])
    for size in (None, {'width': 101, 'height': 33}):
        for user in (0, 1000):
            case('terminal%s-%d' % ('-size' if size else '', user),
                 {'process.terminal': True, 'process.consoleSize': size,
                  'process.user': {'uid': user, 'gid': user}}, terminal=True,
                 ask=['look=/dev/console', 'look=/dev/tty', 'tree=/dev/pts'])


def executes():
    """`exec --process`, in one container a case."""
    def process(**changes):
        p = dict(base()['process'], args=[PROBE, 'look=/proc/1/environ'])
        p.update(changes)
        return p
    case('exec-plain', {}, execs=[process()])
    case('exec-user', {}, execs=[process(user={'uid': 1000, 'gid': 7, 'additionalGids': [8, 9]})])
    case('exec-user-umask', {}, execs=[process(user={'uid': 5, 'gid': 7, 'umask': 0o77},
                                               args=[PROBE, 'write=/tmp/x'])])
    case('exec-caps', {}, execs=[process(capabilities=all_sets(DEFAULT_CAPS + ['CAP_CHOWN'])),
                                 process(capabilities={}), process(capabilities=None)])
    case('exec-cwd', {}, execs=[process(cwd='/tmp'), process(cwd='/proc/self')])
    case('exec-env', {}, execs=[process(env=['A=b']), process(env=[])])
    case('exec-rlimits', {}, execs=[process(rlimits=[{'type': 'RLIMIT_CPU', 'soft': 5, 'hard': 9}]),
                                    process(rlimits=None)])
    case('exec-privs', {'process.noNewPrivileges': False},
         execs=[process(noNewPrivileges=False), process(noNewPrivileges=True)])
    case('exec-oom', {'process.oomScoreAdj': 10}, execs=[process(oomScoreAdj=500), process()])
    case('exec-missing', {}, execs=[process(args=['nothing-like-it']), process(args=['/etc/passwd'])])
    case('exec-code', {}, execs=[process(args=[PROBE, 'exit=7'])])
    case('exec-seccomp', {'linux.seccomp': {
        'defaultAction': 'SCMP_ACT_ALLOW', 'architectures': ['SCMP_ARCH_X86_64'],
        'syscalls': [{'names': ['chmod'], 'action': 'SCMP_ACT_ERRNO'}]}},
        execs=[process(args=[PROBE, 'call=chmod:0:0']), process(noNewPrivileges=False)])
    case('exec-no-cgroup-ns', {'linux.namespaces': [{'type': k} for k in (
        'pid', 'network', 'ipc', 'uts', 'mount')]}, execs=[process()])


def all_process():
    users()
    capabilities()
    limits()
    surroundings()
    executes()
