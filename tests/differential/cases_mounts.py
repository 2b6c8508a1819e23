# SPDX-License-Identifier: Apache-2.0
"""Mounts with their options, the root, devices, what is masked."""
from cases import bind, case, mount

SHARE = [('share/file', 'file', 'of the host'), ('share/dir/inner', 'file', 'x'),
         ('single', 'file', 'one'), ('share/link', 'link', 'file')]
SUB = SHARE + [('share/sub', 'tmpfs', '')]


def binds():
    def b(name, *options, **more):
        files = more.pop('files', SUB)
        case('bind-' + name, ask=['tree=/there', 'look=/there/file', 'write=/there/new',
                                  'write=/there/sub/new'], files=files,
             edit=lambda c: c['mounts'].append(bind('@WORK@/share', '/there', *options)), **more)
    for options in (('bind',), ('rbind',), ('bind', 'ro'), ('rbind', 'ro'), ('rbind', 'rw'),
                    ('bind', 'nosuid', 'nodev', 'noexec'), ('bind', 'nosuid', 'suid'),
                    ('bind', 'noexec', 'exec', 'nodev', 'dev'), ('bind', 'relatime'),
                    ('bind', 'noatime'), ('bind', 'nodiratime'), ('bind', 'strictatime'),
                    ('bind', 'noatime', 'nodiratime', 'ro'), ('rbind', 'rro'),
                    ('rbind', 'rro', 'rnosuid', 'rnodev', 'rnoexec'), ('rbind', 'rnoatime'),
                    ('rbind', 'rstrictatime'), ('rbind', 'rnodiratime'), ('rbind', 'rrelatime'),
                    ('bind', 'ro', 'rro'), ('rbind', 'ro', 'rrw'),
                    ('bind', 'private'), ('rbind', 'rprivate'), ('bind', 'slave'),
                    ('rbind', 'rslave'), ('bind', 'shared'), ('rbind', 'rshared'),
                    ('bind', 'unbindable'), ('rbind', 'runbindable'), ('rbind', 'rslave', 'ro'),
                    ('bind', 'sync', 'dirsync'), ('bind', 'defaults'), ('bind', 'nosymfollow')):
        b('+'.join(options), *options,
          peers=['crun'] if 'nosymfollow' in options else ['runc', 'crun'],
          mixes=not any('atime' in o for o in options if o[0] == 'r'))
    case('bind-type-none', files=SHARE, ask=['look=/there/file'], edit=lambda c: c['mounts'].append(
        mount('/there', 'none', '@WORK@/share', 'bind')))
    case('bind-file', files=SHARE, ask=['look=/etc/one', 'file=/etc/one'],
         edit=lambda c: c['mounts'].append(bind('@WORK@/single', '/etc/one', 'bind', 'ro')))
    case('bind-over-file', files=SHARE, ask=['file=/etc/passwd'],
         edit=lambda c: c['mounts'].append(bind('@WORK@/single', '/etc/passwd', 'bind')))
    case('bind-file-made-deep', files=SHARE, ask=['look=/a/b/c/one'],
         edit=lambda c: c['mounts'].append(bind('@WORK@/single', '/a/b/c/one', 'bind')))
    case('bind-missing-source', fails=True,
         edit=lambda c: c['mounts'].append(bind('@WORK@/nothing', '/there', 'bind')))
    case('bind-source-link', files=SHARE, ask=['file=/there'],
         edit=lambda c: c['mounts'].append(bind('@WORK@/share/link', '/there', 'bind')))
    case('bind-source-relative', files=SHARE, ask=['look=/there/file'],
         edit=lambda c: c['mounts'].append(bind('share', '/there', 'bind')))
    case('bind-dev-null', ask=['look=/dev/again'],
         edit=lambda c: c['mounts'].append(bind('/dev/null', '/dev/again', 'bind')))
    case('bind-sys', ask=['look=/sys/kernel'],
         edit=lambda c: c['mounts'].__setitem__(5, bind('/sys', '/sys', 'rbind', 'nosuid', 'noexec',
                                                        'nodev', 'ro')))
    case('bind-proc', edit=lambda c: (c['mounts'].__setitem__(0, bind('/proc', '/proc', 'rbind')),
                                      c['linux'].pop('maskedPaths'),
                                      c['linux'].pop('readonlyPaths')))


def tmpfs():
    for options in (('size=1m',), ('size=4096k', 'mode=0700'), ('mode=1777',), ('mode=700', 'uid=5',
                    'gid=6'), ('nr_inodes=100',), ('ro',), ('nosuid', 'nodev', 'noexec'),
                    ('strictatime',), ('noatime',), ('relatime', 'size=50%'), ('rro',),
                    ('tmpcopyup',), ('tmpcopyup', 'size=1m', 'mode=0711'), ('shared',),
                    ('private', 'ro'), ('rslave',), ('sync',)):
        case('tmpfs-' + '+'.join(options), ask=['tree=/t', 'write=/t/x', 'write=/t/deep/x'],
             files=[('rootfs/t/deep/file', 'file', 'copied up'), ('rootfs/t/exe', 'mode', 0o4755),
                    ('rootfs/t/owned', 'owner', 77), ('rootfs/t/link', 'link', 'deep/file')],
             edit=lambda c: c['mounts'].append(mount('/t', 'tmpfs', 'tmpfs', *options)))
    case('tmpfs-bad-option', fails=True,
         edit=lambda c: c['mounts'].append(mount('/t', 'tmpfs', 'tmpfs', 'nonsense=1')))
    case('tmpfs-no-source', edit=lambda c: c['mounts'].append(
        {'destination': '/t', 'type': 'tmpfs', 'options': ['size=1m']}))


def places():
    def m(name, *mounts, **more):
        case('place-' + name, edit=lambda c: c['mounts'].extend(mounts), **more)
    t = ('tmpfs', 'tmpfs', 'size=1m')
    m('relative', mount('t', *t), ask=['look=/t'])
    m('dots', mount('/tmp/../a/./b//c', *t), ask=['tree=/a'])
    m('escape', mount('/../../../esc', *t), ask=['tree=/esc'])
    m('slash-end', mount('/a/b/', *t))
    m('nested', mount('/a', *t), mount('/a/b', *t), mount('/a/b/c', *t), ask=['tree=/a'])
    m('nested-backwards', mount('/a/b', *t), mount('/a', *t), ask=['tree=/a'])
    m('twice', mount('/a', *t), mount('/a', 'tmpfs', 'tmpfs', 'size=2m', 'mode=700'))
    m('link', mount('/lnk', *t), files=[('rootfs/lnk', 'link', 'real'),
                                        ('rootfs/real', 'dir', 0o755)], ask=['tree=/real'])
    m('link-absolute', mount('/lnk/x', *t), files=[('rootfs/lnk', 'link', '/real'),
                                                   ('rootfs/real', 'dir', 0o755)])
    m('link-out', mount('/lnk/x', *t), files=[('rootfs/lnk', 'link', '../../../../tmp')],
      ask=['tree=/tmp'])
    m('link-loop', mount('/lnk', *t), files=[('rootfs/lnk', 'link', 'lnk')], fails=True)
    m('link-dangling', mount('/lnk', *t), files=[('rootfs/lnk', 'link', 'nowhere')],
      ask=['tree=/nowhere'], mixes=False)
    m('link-middle-dangling', mount('/lnk/a/b', *t), files=[('rootfs/lnk', 'link', 'nowhere')],
      mixes=False)
    m('over-file', mount('/etc/passwd', *t), fails=True)
    m('below-file', mount('/etc/passwd/x', *t), fails=True)
    m('below-dev', mount('/dev/more', *t), ask=['tree=/dev'])
    m('over-dev-shm', mount('/dev/shm', *t), ask=['tree=/dev/shm'])
    m('proc-second', mount('/tmp/proc', 'proc', 'proc', 'ro', 'nosuid'), mixes=False)
    m('proc-hidepid', mount('/tmp/proc', 'proc', 'proc', 'hidepid=2'), mixes=False)
    m('sysfs-second', mount('/tmp/sys', 'sysfs', 'sysfs', 'ro'), mixes=False)
    m('mqueue-second', mount('/tmp/mq', 'mqueue', 'mqueue', 'nosuid'))
    m('devpts-second', mount('/tmp/pts', 'devpts', 'devpts', 'newinstance', 'mode=0600'))
    m('unknown-type', mount('/t', 'nosuchfs', 'x'), fails=True)
    case('place-no-dirs', files=[('rootfs/proc', 'absent', ''), ('rootfs/sys', 'absent', ''),
                                 ('rootfs/dev', 'absent', '')])
    case('place-no-mounts', {'mounts': None, 'linux.maskedPaths': None, 'linux.readonlyPaths': None},
         fails=True)
    case('place-proc-only', edit=lambda c: c.update(mounts=c['mounts'][:1]), ask=['tree=/dev'])
    case('place-no-dev', edit=lambda c: c.update(mounts=[m for m in c['mounts']
                                                       if not m['destination'].startswith('/dev')]),
         ask=['tree=/dev'])
    for name, change in (('rw', ()), ('no-ro', ('nosuid', 'noexec', 'nodev'))):
        case('place-cgroup-' + name, ask=['tree=/sys/fs/cgroup/pids/none'], edit=lambda c: c[
            'mounts'].__setitem__(6, mount('/sys/fs/cgroup', 'cgroup', 'cgroup',
                                           *(change or ('rw', 'nosuid')))))
    case('place-cgroup-host-ns', {'linux.namespaces': [{'type': k} for k in (
        'pid', 'network', 'ipc', 'uts', 'mount')]})
    case('place-no-cgroup', edit=lambda c: c['mounts'].pop(6))


def roots():
    case('root-readonly', {'root.readonly': True}, ask=['write=/x', 'write=/tmp/x', 'write=/dev/x'])
    case('root-readonly-mounts', {'root.readonly': True}, ask=['write=/t/x'], files=[
        ('rootfs/t', 'dir', 0o755)],
        edit=lambda c: c['mounts'].append(mount('/t', 'tmpfs', 'tmpfs')))
    case('root-absolute', {'root.path': '@WORK@/rootfs'})
    case('root-link', {'root.path': 'rootlink'}, files=[('rootlink', 'link', 'rootfs')],
         mixes=False)
    case('root-missing', {'root.path': 'nothing'}, fails=True)
    for p in ('private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared', 'unbindable',
              'runbindable'):
        case('rootprop-' + p, {'linux.rootfsPropagation': p}, files=SUB,
             mixes='unbindable' not in p,
             edit=lambda c: c['mounts'].append(bind('@WORK@/share', '/there')))
    case('rootprop-unknown', {'linux.rootfsPropagation': 'somehow'}, fails=True)
    case('no-pivot', {}, options=['--no-pivot'])


def masks():
    look = ['look=/proc/kcore', 'look=/proc/keys', 'look=/proc/sys', 'look=/proc/sysrq-trigger',
            'look=/sys/firmware', 'look=/tmp/m', 'look=/etc/passwd', 'look=/there/file']
    for name, masked, readonly in (
            ('default', 0, 0), ('none', None, None), ('masked-only', 0, None),
            ('readonly-only', None, 0), ('file', ['/etc/passwd'], []), ('dir', ['/tmp/m'], []),
            ('absent', ['/not/there', '/proc/not-there'], ['/nor/this']),
            ('readonly-file', [], ['/etc/passwd']), ('readonly-dir', [], ['/tmp/m', '/proc/sys']),
            ('bind', ['/there'], []), ('bind-readonly', [], ['/there']),
            ('nested', ['/proc/sys/kernel'], ['/proc/sys']),
            ('link', ['/lnk'], []), ('both', ['/tmp/m'], ['/tmp/m'])):
        changes = {}
        if masked != 0:
            changes['linux.maskedPaths'] = masked
        if readonly != 0:
            changes['linux.readonlyPaths'] = readonly
        case('mask-' + name, changes, ask=look, files=SHARE + [
            ('rootfs/tmp/m/file', 'file', 'secret'), ('rootfs/lnk', 'link', 'tmp/m')],
            edit=lambda c: c['mounts'].append(bind('@WORK@/share', '/there')))


def devices():
    def d(name, *devs, **more):
        case('dev-' + name, {'linux.devices': list(devs)}, ask=['tree=/dev', 'look=/dev/fuse',
             'look=/dev/zero2'], **more)
    null = {'path': '/dev/zero2', 'type': 'c', 'major': 1, 'minor': 5}
    d('none')
    d('default-owner', null)
    d('full', dict(null, fileMode=0o640, uid=12, gid=34))
    d('mode-zero', dict(null, fileMode=0))
    d('block', {'path': '/dev/blk', 'type': 'b', 'major': 7, 'minor': 200, 'fileMode': 0o600})
    d('fifo', {'path': '/dev/pipe', 'type': 'p', 'fileMode': 0o666})
    d('unbuffered', {'path': '/dev/u', 'type': 'u', 'major': 1, 'minor': 7})
    d('deep', dict(null, path='/dev/a/b/zero'))
    d('elsewhere', dict(null, path='/opt/zero'), files=[('rootfs/opt', 'dir', 0o755)])
    d('over-default', {'path': '/dev/null', 'type': 'c', 'major': 1, 'minor': 3, 'fileMode': 0o600}, mixes=False)
    d('several', *[{'path': '/dev/t%d' % i, 'type': 'c', 'major': 4, 'minor': i, 'fileMode': 0o620,
                    'gid': 5} for i in range(8)])
    for name, rules in (
            ('allow-all', [{'allow': True, 'access': 'rwm'}]),
            ('deny-all', [{'allow': False, 'access': 'rwm'}]),
            ('one', [{'allow': False, 'access': 'rwm'},
                     {'allow': True, 'type': 'c', 'major': 10, 'minor': 229, 'access': 'rw'}]),
            ('wildcard', [{'allow': False, 'access': 'rwm'},
                          {'allow': True, 'type': 'c', 'major': 4, 'access': 'rwm'},
                          {'allow': True, 'type': 'b', 'access': 'r'}]),
            ('deny-some', [{'allow': True, 'access': 'rwm'},
                           {'allow': False, 'type': 'c', 'major': 1, 'minor': 8, 'access': 'rwm'}]),
            ('empty', []), ('absent', None)):
        case('devrule-' + name, {'linux.resources.devices': rules}, groups=['devices.list'],
             ask=['look=/dev/null', 'look=/dev/random', 'look=/dev/zero', 'look=/dev/kmsg2'],
             edit=lambda c: c['linux'].update(devices=[
                 {'path': '/dev/kmsg2', 'type': 'c', 'major': 1, 'minor': 11, 'fileMode': 0o666}]))


def all_mounts():
    binds()
    tmpfs()
    places()
    roots()
    masks()
    devices()
