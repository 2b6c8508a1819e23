# SPDX-License-Identifier: Apache-2.0
"""Namespaces, ids, sysctls, resources, filters, hooks; and mixtures of everything."""
import itertools
import random

from cases import ALL_CAPS, GROUP_FILES, KINDS, all_sets, base, bind, case, cases, mount

MAP = [{'containerID': 0, 'hostID': 200000, 'size': 65536}]


def namespaces():
    for left_out in KINDS:
        if left_out == 'mount':
            continue
        case('ns-without-' + left_out, edit=lambda c: (
            c['linux'].update(namespaces=[{'type': k} for k in KINDS if k != left_out]),
            c.pop('hostname') if left_out == 'uts' else None))
    case('ns-mount-only', {'linux.namespaces': [{'type': 'mount'}], 'hostname': None})
    case('ns-mount-pid', {'linux.namespaces': [{'type': k} for k in ('mount', 'pid')],
                          'hostname': None})
    case('ns-reverse', {'linux.namespaces': [{'type': k} for k in reversed(KINDS)]})
    case('ns-twice', edit=lambda c: c['linux']['namespaces'].append({'type': 'pid'}), fails=True)
    case('ns-unknown', edit=lambda c: c['linux']['namespaces'].append({'type': 'moon'}), fails=True)
    case('ns-bad-path', edit=lambda c: c['linux']['namespaces'][1].update(path='/nothing'),
         fails=True)
    case('ns-wrong-kind', edit=lambda c: c['linux']['namespaces'][1].update(path='@NS:uts@'),
         fails=True)
    for kinds in (['network'], ['ipc'], ['uts'], ['pid'], ['network', 'ipc', 'uts'],
                  ['network', 'ipc', 'uts', 'pid']):
        short = {'network': 'net', 'pid': 'pid', 'ipc': 'ipc', 'uts': 'uts'}
        case('ns-join-' + '-'.join(kinds), edit=lambda c: (
            [n.update(path='@NS:%s@' % short[n['type']]) for n in c['linux']['namespaces']
             if n['type'] in kinds], c.pop('hostname') if 'uts' in kinds else None))
    case('ns-hostname-without-uts', {'linux.namespaces': [{'type': k} for k in KINDS if k != 'uts']},
         fails=True)
    for name in ('a', 'long-' + 'x' * 50, 'with.dot.example'):
        case('hostname-' + name[:5], {'hostname': name})
    case('hostname-none', {'hostname': None})
    case('domainname', {'domainname': 'example.org'}, peers=['crun'])


def user_namespaces():
    def u(name, uids=MAP, gids=MAP, changes=None, owner=200000, edit=None, **more):
        c = {'linux.uidMappings': uids, 'linux.gidMappings': gids}
        c.update(changes or {})

        def change(config):
            config['linux']['namespaces'].append({'type': 'user'})
            if edit:
                edit(config)
        case('userns-' + name, c, owner=owner, edit=change,
             ask=['tree=/dev', 'write=/tmp/x', 'look=/proc/kcore', 'look=/etc/secret',
                  'look=/proc/sys/kernel/hostname'], **more)
    u('plain')
    u('user', changes={'process.user': {'uid': 1000, 'gid': 1000, 'additionalGids': [5, 6]}})
    u('caps', changes={'process.capabilities': all_sets(ALL_CAPS)})
    u('identity', [{'containerID': 0, 'hostID': 0, 'size': 65536}],
      [{'containerID': 0, 'hostID': 0, 'size': 65536}], owner=0)
    u('two-ranges', [{'containerID': 0, 'hostID': 200000, 'size': 10},
                     {'containerID': 10, 'hostID': 300000, 'size': 65000}],
      [{'containerID': 0, 'hostID': 200000, 'size': 10},
       {'containerID': 10, 'hostID': 300000, 'size': 65000}])
    u('one-id', [{'containerID': 0, 'hostID': 200000, 'size': 1}],
      [{'containerID': 0, 'hostID': 200000, 'size': 1}],
      edit=lambda c: c['mounts'].__setitem__(2, mount(
          '/dev/pts', 'devpts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666',
          'mode=0620')))
    u('readonly', changes={'root.readonly': True})
    u('sysctl', changes={'linux.sysctl': {'net.ipv4.ip_forward': '1'}})
    u('host-network', edit=lambda c: (c['linux'].update(
        namespaces=[n for n in c['linux']['namespaces'] if n['type'] != 'network']),
        c['mounts'].__setitem__(5, bind('/sys', '/sys', 'rbind', 'ro'))))
    u('bind', edit=lambda c: c['mounts'].append(bind('@WORK@/share', '/there', 'rbind', 'ro')),
      files=[('share/file', 'file', 'x')])
    u('devices', changes={'linux.devices': [{'path': '/dev/fuse2', 'type': 'c', 'major': 1,
                                             'minor': 5, 'fileMode': 0o666}]})
    u('no-map', None, None, fails=True)
    u('cwd-made', changes={'process.cwd': '/made/here'})
    u('terminal', changes={'process.terminal': True}, terminal=True)
    u('limits', changes={'linux.resources.memory': {'limit': 1 << 26},
                         'linux.resources.pids': {'limit': 20}}, groups=GROUP_FILES)
    case('userns-path', edit=lambda c: c['linux']['namespaces'].append(
        {'type': 'user', 'path': '@NS:user@'}), owner=300000, peers=['crun'])


def sysctls():
    for name, value in (('net.ipv4.ip_forward', '1'), ('net.ipv4.ping_group_range', '0 100'),
                        ('kernel.shmmax', '1048576'), ('kernel.msgmax', '4096'),
                        ('kernel.sem', '100 200 30 40'), ('fs.mqueue.msg_max', '20'),
                        ('net.core.somaxconn', '77'), ('net/ipv4/ip_default_ttl', '33'),
                        ('net.ipv6.conf.all.disable_ipv6', '1')):
        path = '/proc/sys/' + (name if '/' in name else name.replace('.', '/'))
        case('sysctl-' + name.replace('/', '_'), {'linux.sysctl': {name: value}},
             ask=['file=' + path])
    case('sysctl-several', {'linux.sysctl': {'net.ipv4.ip_forward': '1', 'kernel.shmmni': '99'}},
         ask=['file=/proc/sys/net/ipv4/ip_forward', 'file=/proc/sys/kernel/shmmni'])
    case('sysctl-host-wide', {'linux.sysctl': {'vm.swappiness': '50'}}, fails=True)
    case('sysctl-absent', {'linux.sysctl': {'net.ipv4.no_such_thing': '1'}}, fails=True)
    case('sysctl-host-net', {'linux.sysctl': {'net.ipv4.ip_forward': '1'},
                             'linux.namespaces': [{'type': k} for k in KINDS if k != 'network']},
         fails=True)
    for value, number in (('LINUX', 0), ('LINUX32', 8)):
        case('personality-' + value.lower(), {'linux.personality': {'domain': value}},
             peers=['crun'])


def resources():
    def r(name, value, **more):
        case('res-' + name, edit=lambda c: c['linux']['resources'].update(value),
             groups=GROUP_FILES, **more)
    m = 1 << 20
    r('memory', {'memory': {'limit': 64 * m}})
    r('memory-unlimited', {'memory': {'limit': -1}})
    r('memory-reservation', {'memory': {'limit': 64 * m, 'reservation': 32 * m}})
    r('memory-swappiness', {'memory': {'limit': 64 * m, 'swappiness': 7}})
    r('memory-swappiness-0', {'memory': {'swappiness': 0}})
    r('memory-oom', {'memory': {'limit': 64 * m, 'disableOOMKiller': True}})
    r('memory-oom-off', {'memory': {'limit': 64 * m, 'disableOOMKiller': False}})
    r('memory-tcp', {'memory': {'limit': 64 * m, 'kernelTCP': 8 * m}})
    r('memory-small', {'memory': {'limit': 8 * m}})
    r('cpu-shares', {'cpu': {'shares': 512}})
    r('cpu-shares-small', {'cpu': {'shares': 1}}, mixes=False)
    r('cpu-quota', {'cpu': {'quota': 50000, 'period': 100000}})
    r('cpu-quota-only', {'cpu': {'quota': 25000}})
    r('cpu-period-only', {'cpu': {'period': 50000}})
    r('cpu-unlimited', {'cpu': {'quota': -1}}, mixes=False)
    r('cpuset-cpus', {'cpu': {'cpus': '0'}})
    r('cpuset-both', {'cpu': {'cpus': '0-1', 'mems': '0'}})
    r('cpuset-bad', {'cpu': {'cpus': '900'}}, fails=True)
    r('pids', {'pids': {'limit': 50}})
    r('pids-unlimited', {'pids': {'limit': -1}}, mixes=False)
    r('pids-zero', {'pids': {'limit': 0}})
    r('blkio', {'blockIO': {'throttleReadBpsDevice': [{'major': 254, 'minor': 0, 'rate': m}],
                            'throttleWriteIOPSDevice': [{'major': 254, 'minor': 0, 'rate': 99}]}})
    r('blkio-all', {'blockIO': {k: [{'major': 254, 'minor': 0, 'rate': 7 * m}] for k in (
        'throttleReadBpsDevice', 'throttleWriteBpsDevice', 'throttleReadIOPSDevice',
        'throttleWriteIOPSDevice')}})
    r('several', {'memory': {'limit': 100 * m}, 'cpu': {'shares': 100, 'quota': 9000,
                  'period': 10000, 'cpus': '0', 'mems': '0'}, 'pids': {'limit': 33}})
    r('nothing', {})
    case('res-absent', {'linux.resources': None}, groups=GROUP_FILES)
    case('res-path-relative', {'linux.cgroupsPath': 'nook-diff-rel/res-path-relative'})
    case('res-path-deep', {'linux.cgroupsPath': '/nook-diff/a/b/res-path-deep',
                           'linux.namespaces': [{'type': k} for k in KINDS if k != 'cgroup']})
    # Not with crun 1.8, which makes files beside the hierarchies of it.
    case('res-path-dots', {'linux.cgroupsPath': '/nook-diff/../../nook-diff/res-path-dots',
                           'linux.namespaces': [{'type': k} for k in KINDS if k != 'cgroup']},
         peers=('runc',))


def filters():
    tries = ['call=chmod:0:0', 'call=personality:0', 'call=personality:8', 'call=getpriority:0:0',
             'call=socket:40:0:0', 'call=socket:1:1:0', 'call=uname:0', 'call=sync',
             'call=clone3:0:0', 'call=unshare:0x10000000']

    def f(name, rules, default='SCMP_ACT_ALLOW', **more):
        for key in ('caps', 'nnp', 'peers', 'fails'):
            more.setdefault(key, None)
        seccomp = {'defaultAction': default, 'architectures': ['SCMP_ARCH_X86_64'],
                   'syscalls': rules}
        seccomp.update(more.get('top') or {})
        case('seccomp-' + name, {'linux.seccomp': seccomp,
                                 'process.noNewPrivileges': more['nnp'] is not False},
             ask=tries, peers=more['peers'] or ['runc', 'crun'], fails=bool(more['fails']),
             mixes='flag' not in name)

    def rule(names, action='SCMP_ACT_ERRNO', **more):
        return dict({'names': names, 'action': action}, **more)

    def arg(index, value, op, two=0):
        return {'index': index, 'value': value, 'valueTwo': two, 'op': 'SCMP_CMP_' + op}
    f('empty', [])
    f('errno', [rule(['chmod', 'sync'])])
    f('errno-ret', [rule(['chmod'], errnoRet=38), rule(['sync'], errnoRet=0)])
    f('kill', [rule(['chmod'], 'SCMP_ACT_KILL')])
    f('kill-process', [rule(['chmod'], 'SCMP_ACT_KILL_PROCESS')])
    f('kill-thread', [rule(['chmod'], 'SCMP_ACT_KILL_THREAD')])
    f('trap', [rule(['chmod'], 'SCMP_ACT_TRAP')])
    f('log', [rule(['chmod'], 'SCMP_ACT_LOG')])
    f('trace', [rule(['chmod'], 'SCMP_ACT_TRACE')])
    f('without-nnp', [rule(['chmod'])], nnp=False)
    f('unknown-call', [rule(['no_such_call', 'chmod'])])
    f('unknown-action', [rule(['chmod'], 'SCMP_ACT_DANCE')], fails=True)
    f('no-arch', [rule(['chmod'])], top={'architectures': None})
    f('archs', [rule(['chmod'])], top={'architectures': ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86',
                                                         'SCMP_ARCH_X32']})
    for op, value, two in (('EQ', 8, 0), ('NE', 8, 0), ('LT', 8, 0), ('LE', 8, 0), ('GT', 0, 0),
                           ('GE', 8, 0), ('MASKED_EQ', 8, 8)):
        f('arg-' + op.lower(), [rule(['personality'], args=[arg(0, value, op, two)])])
    f('args-and', [rule(['socket'], args=[arg(0, 40, 'EQ'), arg(1, 0, 'EQ')])])
    f('args-same-index', [rule(['personality'], args=[arg(0, 0, 'EQ'), arg(0, 8, 'EQ')])])
    f('args-two-rules', [rule(['personality'], args=[arg(0, 0, 'EQ')]),
                         rule(['personality'], args=[arg(0, 8, 'EQ')], errnoRet=13)])
    f('default-errno', [rule(['personality', 'sync'], 'SCMP_ACT_ALLOW')], default='SCMP_ACT_LOG')
    f('flag-log', [rule(['chmod'])], top={'flags': ['SECCOMP_FILTER_FLAG_LOG']})
    f('flag-spec', [rule(['chmod'])], top={'flags': ['SECCOMP_FILTER_FLAG_SPEC_ALLOW']})


def hooks():
    def hook(point, inside=False):
        shell = '/bin/busybox' if inside else '/bin/sh'
        log = '/hook.log' if inside else '@WORK@/hook.log'
        script = ('{ read -r s; echo "%s $s $(readlink /proc/self/ns/mnt) $(pwd) $A"; } >>%s' %
                  (point, log))
        return {'path': shell, 'args': ['sh', '-c', script], 'env': ['A=%s' % point,
                                                                     'PATH=/bin:/usr/bin']}
    points = ('prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart',
              'poststop')
    for point in points:
        case('hook-' + point, {'hooks': {point: [hook(point, point == 'startContainer')]}},
             mixes=point != 'startContainer')
    case('hook-all', {'hooks': {p: [hook(p, p == 'startContainer'), hook(p, p == 'startContainer')]
                                for p in points}}, mixes=False)
    for point in points[:4]:
        case('hook-fails-' + point, {'hooks': {point: [{
            'path': '/bin/busybox' if point == 'startContainer' else '/bin/false',
            'args': ['false']}]}}, fails=True)
    case('hook-timeout', {'hooks': {'createRuntime': [{
        'path': '/bin/sleep', 'args': ['sleep', '5'], 'timeout': 1}]}}, fails=True)
    case('hook-relative', {'hooks': {'prestart': [{'path': 'bin/true'}]}}, fails=True)
    case('annotations', {'annotations': {'a.b/c': 'd', 'empty': ''}})


def mixtures(seed, count):
    """What fits together, by chance: the same each time."""
    chance = random.Random(seed)
    chosen = [c for c in cases if c['mixes']]
    topics = [list(g) for _, g in itertools.groupby(chosen, lambda c: c['name'].split('-')[0])]
    for number in range(count):
        parts = [chance.choice(t) for t in chance.sample(topics, 4)]
        mixture(number, parts)


def mixture(number, parts):
    """Later parts win; lists of mounts and devices are joined."""
    plain = base()
    config = base()
    ask = []

    def merge(into, new, old, path=()):
        for key, value in new.items():
            if key == 'cgroupsPath' or path + (key,) == ('process', 'args'):
                continue
            if value == old.get(key):
                continue
            if isinstance(value, dict) and isinstance(into.get(key), dict):
                merge(into[key], value, old.get(key) or {}, path + (key,))
            elif key == 'mounts':
                into[key] = into[key] + [m for m in value if m not in into[key]]
            else:
                into[key] = value
        for key in old:
            if key not in new:
                into.pop(key, None)
    files, owner, groups = [], 0, []
    for part in parts:
        if 'mounts' not in part['config'] or not part['config']['mounts'][0].get('type') == 'proc':
            continue
        merge(config, part['config'], plain)
        ask += [a for a in part['config']['process']['args'][1:] if '=' in a and a not in ask]
        files += [f for f in part['files'] if f[0] not in [known[0] for known in files]]
        owner = owner or part['owner']
        groups += [g for g in part['groups'] if g not in groups]
    kinds = [n['type'] for n in config['linux']['namespaces']]
    if 'uts' not in kinds or any('path' in n for n in config['linux']['namespaces']):
        config.pop('hostname', None)
    if 'network' not in kinds or 'ipc' not in kinds:
        config['linux'].pop('sysctl', None)
    if 'user' not in kinds:
        config['linux'].pop('uidMappings', None)
        config['linux'].pop('gidMappings', None)
    case('mix-%02d' % number, edit=lambda c: (c.clear(), c.update(config), c['linux'].pop(
        'cgroupsPath', None)), ask=ask, files=files, owner=owner, groups=groups)
    cases[-1]['parts'] = [p['name'] for p in parts]


def all_linux():
    namespaces()
    user_namespaces()
    sysctls()
    resources()
    filters()
    hooks()
