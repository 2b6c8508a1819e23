/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents that nk_config_read() refuses, each with the message that names the field. Written
 * with ' for ", and only what differs from a document that is good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "oci/config.h"

#define HEAD "{'ociVersion':'1.3.0','root':{'path':'rootfs'}"
#define ALL(text) (text)
/* members beside ociVersion and root; of process; of linux */
#define TOP(text) (HEAD "," text "}")
#define PROC(text) (HEAD ",'process':{'cwd':'/','args':['sh']," text "}}")
#define LINUX(text) (HEAD ",'linux':{" text "}}")
/* one mount of a file system; one mount as it stands */
#define MNT(text) (HEAD ",'mounts':[{'destination':'/m','type':'tmpfs'," text "}]}")
#define MOUNT(text) (HEAD ",'mounts':[{" text "}]}")
#define RES(text) (HEAD ",'linux':{'resources':{" text "}}}")
#define SECC(text) (HEAD ",'linux':{'seccomp':{'defaultAction':'SCMP_ACT_ALLOW'," text "}}}")
#define CALL(text) SECC("'syscalls':[{'names':['chmod']," text "}]")
#define SCHED(text) PROC("'scheduler':{" text "}")
#define NS(type) "'namespaces':[{'type':'" type "'}]"

/* clang-format off */
static const struct {
	const char *json, *message; /* without "config.json: " */
} bad[] = {
	/* the document */
	{ALL("[]"), "not an object"},
	{ALL("'x'"), "not an object"},
	{ALL("{}"), "ociVersion: missing"},
	{ALL("{'ociVersion':3}"), "ociVersion: not a string"},
	{ALL("{'ociVersion':'2.0.0'}"), "ociVersion: \"2.0.0\": nook-runtime knows 1.0 to 1.3"},
	{ALL("{'ociVersion':'0.5.0-dev'}"), "ociVersion: \"0.5.0-dev\": nook-runtime knows 1.0 to 1.3"},
	{ALL("{'ociVersion':'1.3'}"), "ociVersion: \"1.3\": nook-runtime knows 1.0 to 1.3"},
	{ALL("{'ociVersion':'1.3.x'}"), "ociVersion: \"1.3.x\": nook-runtime knows 1.0 to 1.3"},
	{ALL("{'ociVersion':'1.3.0'}"), "root: missing"},
	{ALL("{'ociVersion':'1.3.0','root':'rootfs'}"), "root: not an object"},
	{ALL("{'ociVersion':'1.3.0','root':{}}"), "root.path: missing"},
	{ALL("{'ociVersion':'1.3.0','root':{'path':''}}"), "root.path: missing"},
	{ALL("{'ociVersion':'1.3.0','root':{'path':'a\\u0000b'}}"), "root.path: has a NUL in it"},
	{ALL("{'ociVersion':'1.3.0','root':{'path':'r','readonly':1}}"),
	 "root.readonly: neither true nor false"},
	{TOP("'hostname':'web'"), "hostname: unable to set hostname without a private UTS namespace"},
	{TOP("'domainname':'x.y'"), "domainname: unable to set hostname without a private UTS namespace"},
	{TOP("'hostname':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"),
	 "hostname: longer than 64 bytes"},
	{TOP("'annotations':{'a':1}"), "annotations.a: not a string"},
	{TOP("'annotations':{'':'x'}"), "annotations: a key is empty"},
	{TOP("'annotations':{'a\\nb':1}"), "annotations.a?b: not a string"},
	{TOP("'annotations':[]"), "annotations: not an object"},
	{TOP("'linux':[]"), "linux: not an object"},
	{TOP("'windows':3"), "windows: not an object"},
	{TOP("'vm':'x'"), "vm: not an object"},

	/* process */
	{TOP("'process':3"), "process: not an object"},
	{TOP("'process':{'args':['sh']}"), "process.cwd: missing"},
	{TOP("'process':{'cwd':'tmp','args':['sh']}"),
	 "process.cwd: \"tmp\" is not an absolute path"},
	{TOP("'process':{'cwd':'/'}"), "process.args: missing"},
	{TOP("'process':{'cwd':'/','args':[]}"), "process.args: missing"},
	{TOP("'process':{'cwd':'/','args':['a',1]}"), "process.args[1]: not a string"},
	{PROC("'terminal':'yes'"), "process.terminal: neither true nor false"},
	{PROC("'consoleSize':{'height':24}"), "process.consoleSize.width: missing"},
	{PROC("'consoleSize':{'height':24,'width':70000}"),
	 "process.consoleSize.width: out of range"},
	{PROC("'user':{'uid':-1}"), "process.user.uid: out of range"},
	{PROC("'user':{'uid':4294967295}"), "process.user.uid: out of range"},
	{PROC("'user':{'gid':'root'}"), "process.user.gid: not a whole number"},
	{PROC("'user':{'umask':512}"), "process.user.umask: out of range"},
	{PROC("'user':{'additionalGids':[1,-2]}"), "process.user.additionalGids[1]: out of range"},
	{PROC("'user':{'additionalGids':['x']}"),
	 "process.user.additionalGids[0]: not a whole number"},
	{PROC("'user':{'username':1}"), "process.user.username: not a string"},
	{PROC("'env':['A=1','B']"), "process.env[1]: \"B\" is not KEY=VALUE"},
	{PROC("'env':['=x']"), "process.env[0]: \"=x\" is not KEY=VALUE"},
	{PROC("'env':{}"), "process.env: not an array"},
	{PROC("'commandLine':1"), "process.commandLine: not a string"},
	{PROC("'capabilities':['CAP_KILL']"), "process.capabilities: not an object"},
	{PROC("'capabilities':{'bounding':[3]}"), "process.capabilities.bounding[0]: not a string"},
	{PROC("'capabilities':{'effective':['CAP_KILL']}"),
	 "process.capabilities.effective: has capabilities that are not in permitted"},
	{PROC("'rlimits':[{'type':'RLIMIT_NOFILE','soft':1}]"), "process.rlimits[0].hard: missing"},
	{PROC("'rlimits':[{'type':'RLIMIT_FILES','soft':1,'hard':1}]"),
	 "process.rlimits[0].type: unknown value \"RLIMIT_FILES\""},
	{PROC("'rlimits':[{'type':'RLIMIT_CPU','soft':2,'hard':1}]"),
	 "process.rlimits[0].soft: above the hard limit"},
	{PROC("'rlimits':[{'type':'RLIMIT_CPU','soft':-1,'hard':1}]"),
	 "process.rlimits[0].soft: out of range"},
	{PROC("'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':1},"
	      "{'type':'RLIMIT_CPU','soft':1,'hard':1}]"),
	 "process.rlimits[1].type: RLIMIT_CPU is there twice"},
	{PROC("'noNewPrivileges':null,'oomScoreAdj':1001"), "process.oomScoreAdj: out of range"},
	{PROC("'apparmorProfile':{}"), "process.apparmorProfile: not a string"},
	{PROC("'selinuxLabel':7"), "process.selinuxLabel: not a string"},
	{SCHED("'nice':1"), "process.scheduler.policy: missing"},
	{SCHED("'policy':'SCHED_FAIR'"),
	 "process.scheduler.policy: unknown value \"SCHED_FAIR\""},
	{SCHED("'policy':'SCHED_ISO'"),
	 "process.scheduler.policy: SCHED_ISO: Linux has never had this policy"},
	{SCHED("'policy':'SCHED_OTHER','nice':20"), "process.scheduler.nice: out of range"},
	{SCHED("'policy':'SCHED_OTHER','priority':1"),
	 "process.scheduler.priority: only SCHED_FIFO and SCHED_RR have one"},
	{SCHED("'policy':'SCHED_RR'"),
	 "process.scheduler.priority: SCHED_FIFO and SCHED_RR need one from 1 to 99"},
	{SCHED("'policy':'SCHED_BATCH','runtime':1"),
	 "process.scheduler.runtime: runtime, deadline and period belong to SCHED_DEADLINE"},
	{SCHED("'policy':'SCHED_DEADLINE','runtime':3,'deadline':2,'period':2"),
	 "process.scheduler.runtime: SCHED_DEADLINE needs runtime <= deadline <= period"},
	{SCHED("'policy':'SCHED_OTHER','flags':['SCHED_FLAG_X']"),
	 "process.scheduler.flags[0]: unknown value \"SCHED_FLAG_X\""},
	{SCHED("'policy':'SCHED_OTHER','flags':['SCHED_FLAG_UTIL_CLAMP_MIN']"),
	 "process.scheduler.flags: there is no field for the values of a utilization clamp"},
	{PROC("'ioPriority':{'priority':3}"), "process.ioPriority.class: missing"},
	{PROC("'ioPriority':{'class':'IOPRIO_CLASS_NONE'}"),
	 "process.ioPriority.class: unknown value \"IOPRIO_CLASS_NONE\""},
	{PROC("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}"),
	 "process.ioPriority.priority: out of range"},
	{PROC("'execCPUAffinity':{'initial':'0,'}"),
	 "process.execCPUAffinity.initial: \"0,\" is not a list such as 0-3,7 (up to 1023)"},
	{PROC("'execCPUAffinity':{'initial':'0-1024'}"),
	 "process.execCPUAffinity.initial: \"0-1024\" is not a list such as 0-3,7 (up to 1023)"},
	{PROC("'execCPUAffinity':{'final':'3-1'}"),
	 "process.execCPUAffinity.final: \"3-1\" is not a list such as 0-3,7 (up to 1023)"},

	/* hooks */
	{TOP("'hooks':[]"), "hooks: not an object"},
	{TOP("'hooks':{'prestart':{}}"), "hooks.prestart: not an array"},
	{TOP("'hooks':{'poststop':[{}]}"), "hooks.poststop[0].path: missing"},
	{TOP("'hooks':{'createRuntime':[{'path':'bin/x'}]}"),
	 "hooks.createRuntime[0].path: \"bin/x\" is not an absolute path"},
	{TOP("'hooks':{'createContainer':[{'path':'/x','timeout':0}]}"),
	 "hooks.createContainer[0].timeout: out of range"},
	{TOP("'hooks':{'startContainer':[{'path':'/x','args':'x'}]}"),
	 "hooks.startContainer[0].args: not an array"},
	{TOP("'hooks':{'poststart':[{'path':'/x','env':[1]}]}"),
	 "hooks.poststart[0].env[0]: not a string"},

	/* mounts */
	{TOP("'mounts':{}"), "mounts: not an array"},
	{TOP("'mounts':['/a']"), "mounts[0]: not an object"},
	{MOUNT("'type':'tmpfs'"), "mounts[0].destination: missing"},
	{MOUNT("'destination':'/m','source':'/a'"),
	 "mounts[0].type: missing, and no option says bind or rbind"},
	{MOUNT("'destination':'/m','type':'none','options':['ro']"),
	 "mounts[0].type: missing, and no option says bind or rbind"},
	{MOUNT("'destination':'/m','type':'bind'"), "mounts[0]: source: missing"},
	{MOUNT("'destination':'/m','type':'bind','source':'/a','options':['size=1m']"),
	 "mounts[0]: options: \"size=1m\" belongs to a file system, a bind mount makes none"},
	{MOUNT("'destination':'/m','source':'/a','options':['bind','tmpcopyup']"),
	 "mounts[0]: options: tmpcopyup is for tmpfs only"},
	{MNT("'options':'ro'"), "mounts[0].options: not an array"},
	{MNT("'options':['ro',{}]"), "mounts[0].options[1]: not a string"},
	{MNT("'options':['idmap']"), "mounts[0]: options: idmap is for bind mounts only"},
	{MNT("'options':['copy-symlink']"),
	 "mounts[0]: options: copy-symlink is for bind mounts only"},
	{MOUNT("'destination':'/m','type':'proc','options':['tmpcopyup']"),
	 "mounts[0]: options: tmpcopyup is for tmpfs only"},
	{MOUNT("'destination':'/m','type':'bind','source':'/a',"
	       "'uidMappings':[{'containerID':0,'hostID':0,'size':1}]"),
	 "mounts[0]: gidMappings: missing, the other map is there"},
	{MOUNT("'destination':'/m','type':'bind','source':'/a','options':['ridmap']"),
	 "mounts[0].options: idmap needs uidMappings or a user namespace"},

	/* namespaces, maps, clocks */
	{LINUX("'namespaces':{}"), "linux.namespaces: not an array"},
	{LINUX("'namespaces':[{}]"), "linux.namespaces[0].type: missing"},
	{LINUX("'namespaces':[{'type':'pid'},{'type':'net'}]"),
	 "linux.namespaces[1].type: unknown value \"net\""},
	{LINUX("'namespaces':[{'type':'pid'},{'type':'uts'},{'type':'pid'}]"),
	 "linux.namespaces[2].type: pid is there twice"},
	{LINUX("'namespaces':[{'type':'ipc','path':'proc/1/ns/ipc'}]"),
	 "linux.namespaces[0].path: \"proc/1/ns/ipc\" is not an absolute path"},
	{LINUX("'uidMappings':[{'containerID':0,'hostID':0,'size':1}]"),
	 "linux.uidMappings: there is no user namespace in linux.namespaces"},
	{LINUX(NS("user")), "linux.uidMappings: missing: the user namespace is new"},
	{LINUX(NS("user") ",'uidMappings':[{'containerID':0,'hostID':0,'size':1}]"),
	 "linux.gidMappings: missing: the user namespace is new"},
	{LINUX("'uidMappings':[{'containerID':0,'size':1}]"),
	 "linux.uidMappings[0].hostID: missing"},
	{LINUX("'uidMappings':[{'containerID':0,'hostID':1,'size':0}]"),
	 "linux.uidMappings[0].size: has to be at least 1"},
	{LINUX("'gidMappings':[{'containerID':4294967295,'hostID':1,'size':2}]"),
	 "linux.gidMappings[0].size: reaches beyond the last id"},
	{LINUX("'gidMappings':[{'containerID':0,'hostID':1,'size':10},"
	       "{'containerID':10,'hostID':10,'size':1}]"),
	 "linux.gidMappings[1]: overlaps with entry 0"},
	{LINUX("'timeOffsets':{'monotonic':{'secs':1}}"),
	 "linux.timeOffsets: there is no time namespace in linux.namespaces"},
	{LINUX("'namespaces':[{'type':'time','path':'/x'}],'timeOffsets':{'boottime':{'secs':1}}"),
	 "linux.timeOffsets: the clocks of a namespace that exists cannot be set"},
	{LINUX(NS("time") ",'timeOffsets':{'realtime':{'secs':1}}"),
	 "linux.timeOffsets.realtime: no clock that a time namespace can set"},
	{LINUX(NS("time") ",'timeOffsets':{'monotonic':{'nanosecs':1000000000}}"),
	 "linux.timeOffsets.monotonic.nanosecs: out of range"},
	{LINUX(NS("time") ",'timeOffsets':{'monotonic':{'secs':9223372037}}"),
	 "linux.timeOffsets.monotonic.secs: out of range"},

	/* devices */
	{LINUX("'devices':[{'path':'/dev/x'}]"), "linux.devices[0].type: missing"},
	{LINUX("'devices':[{'type':'c'}]"), "linux.devices[0].path: missing"},
	{LINUX("'devices':[{'type':'c','path':'dev/x'}]"),
	 "linux.devices[0].path: \"dev/x\" is not an absolute path"},
	{LINUX("'devices':[{'type':'d','path':'/dev/x','major':1,'minor':1}]"),
	 "linux.devices[0].type: unknown value \"d\""},
	{LINUX("'devices':[{'type':'cc','path':'/dev/x','major':1,'minor':1}]"),
	 "linux.devices[0].type: unknown value \"cc\""},
	{LINUX("'devices':[{'type':'b','path':'/dev/x','major':1}]"),
	 "linux.devices[0].minor: missing"},
	{LINUX("'devices':[{'type':'b','path':'/dev/x','major':4096,'minor':0}]"),
	 "linux.devices[0].major: out of range"},
	{LINUX("'devices':[{'type':'c','path':'/dev/x','major':1,'minor':1,'fileMode':25008}]"),
	 "linux.devices[0].fileMode: not a file mode"},
	{LINUX("'netDevices':{'eth0':{}}"),
	 "linux.netDevices: unable to move network devices without a NET namespace"},
	{LINUX("'netDevices':{'eth0':{'name':23}}"), "linux.netDevices.eth0.name: not a string"},
	{LINUX(NS("network") ",'netDevices':{'a/b':{}}"),
	 "linux.netDevices.a/b: not the name of a network device"},
	{LINUX(NS("network") ",'netDevices':{'a':{'name':'abcdefghijklmnop'}}"),
	 "linux.netDevices.a.name: \"abcdefghijklmnop\" is not a name for a network device"},
	{LINUX(NS("network") ",'netDevices':{'a':{'name':'x'},'b':{'name':'x'}}"),
	 "linux.netDevices.b.name: \"x\" is there twice"},

	/* resources */
	{RES("'memory':{'limit':-2}"), "linux.resources.memory.limit: out of range"},
	{RES("'memory':{'limit':1.5}"), "linux.resources.memory.limit: not a whole number"},
	{RES("'memory':{'limit':9223372036854775808}"),
	 "linux.resources.memory.limit: out of range"},
	{RES("'memory':{'limit':200,'swap':100}"),
	 "linux.resources.memory.swap: below the limit: it counts memory and swap together"},
	{RES("'memory':{'swappiness':101}"), "linux.resources.memory.swappiness: out of range"},
	{RES("'memory':{'disableOOMKiller':0}"),
	 "linux.resources.memory.disableOOMKiller: neither true nor false"},
	{RES("'cpu':{'shares':-1}"), "linux.resources.cpu.shares: out of range"},
	{RES("'cpu':{'idle':2}"), "linux.resources.cpu.idle: out of range"},
	{RES("'cpu':{'cpus':'a-b'}"),
	 "linux.resources.cpu.cpus: \"a-b\" is not a list such as 0-3,7 (up to 999999)"},
	{RES("'cpu':{'mems':'0-'}"), "linux.resources.cpu.mems: \"0-\" is not a list such as 0-3,7 (up to 999999)"},
	{RES("'pids':{}"), "linux.resources.pids.limit: missing"},
	{RES("'pids':{'limit':-2}"), "linux.resources.pids.limit: out of range"},
	{RES("'blockIO':{'weight':9}"), "linux.resources.blockIO.weight: out of range (10 to 1000)"},
	{RES("'blockIO':{'weight':1001}"), "linux.resources.blockIO.weight: out of range"},
	{RES("'blockIO':{'weightDevice':[{'minor':0}]}"),
	 "linux.resources.blockIO.weightDevice[0].major: missing"},
	{RES("'blockIO':{'throttleReadIOPSDevice':[{'major':8,'minor':0,'rate':-1}]}"),
	 "linux.resources.blockIO.throttleReadIOPSDevice[0].rate: out of range"},
	{RES("'hugepageLimits':[{'pageSize':'64kB','limit':1}]"),
	 "linux.resources.hugepageLimits[0].pageSize: \"64kB\" is not a size such as 2MB"},
	{RES("'hugepageLimits':[{'pageSize':'2MB'}]"),
	 "linux.resources.hugepageLimits[0].limit: missing"},
	{RES("'hugepageLimits':[{'pageSize':'02MB','limit':1}]"),
	 "linux.resources.hugepageLimits[0].pageSize: \"02MB\" is not a size such as 2MB"},
	{RES("'network':{'classID':4294967296}"), "linux.resources.network.classID: out of range"},
	{RES("'network':{'priorities':[{'priority':1}]}"),
	 "linux.resources.network.priorities[0].name: missing"},
	{RES("'network':{'priorities':[{'name':'eth0'}]}"),
	 "linux.resources.network.priorities[0].priority: missing"},
	{RES("'rdma':{'mlx5_1':{'hcaHandles':'3'}}"),
	 "linux.resources.rdma.mlx5_1.hcaHandles: not a whole number"},
	{RES("'rdma':{'a b':{}}"), "linux.resources.rdma.a b: not the name of a device"},
	{RES("'unified':{'../x':'1'}"),
	 "linux.resources.unified: \"../x\" is not the name of a file"},
	{RES("'unified':{'memory.high':1}"), "linux.resources.unified.memory.high: not a string"},
	{RES("'devices':[{'access':'rwm'}]"), "linux.resources.devices[0].allow: missing"},
	{RES("'devices':[{'allow':true,'type':'p'}]"),
	 "linux.resources.devices[0].type: unknown value \"p\""},
	{RES("'devices':[{'allow':true,'access':'rx'}]"),
	 "linux.resources.devices[0].access: 'x' is none of r, w, m"},
	{RES("'devices':[{'allow':true,'type':'c','major':-2}]"),
	 "linux.resources.devices[0].major: out of range"},

	/* seccomp */
	{LINUX("'seccomp':{}"), "linux.seccomp.defaultAction: missing"},
	{LINUX("'seccomp':{'defaultAction':'SCMP_ACT_DENY'}"),
	 "linux.seccomp.defaultAction: unknown value \"SCMP_ACT_DENY\""},
	{LINUX("'seccomp':{'defaultAction':'SCMP_ACT_NOTIFY'}"),
	 "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action"},
	{SECC("'defaultErrnoRet':5"), "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW returns none"},
	{SECC("'architectures':['SCMP_ARCH_VAX']"),
	 "linux.seccomp.architectures[0]: unknown value \"SCMP_ARCH_VAX\""},
	{SECC("'flags':['SECCOMP_FILTER_FLAG_NEW_LISTENER']"),
	 "linux.seccomp.flags[0]: unknown value \"SECCOMP_FILTER_FLAG_NEW_LISTENER\""},
	{SECC("'listenerPath':'run/s'"),
	 "linux.seccomp.listenerPath: \"run/s\" is not an absolute path"},
	{SECC("'listenerMetadata':'x'"), "linux.seccomp.listenerMetadata: there is no listenerPath"},
	{SECC("'syscalls':[{'action':'SCMP_ACT_LOG'}]"), "linux.seccomp.syscalls[0].names: missing"},
	{SECC("'syscalls':[{'names':[''],'action':'SCMP_ACT_LOG'}]"),
	 "linux.seccomp.syscalls[0].names: one is empty"},
	{CALL("'errnoRet':1"), "linux.seccomp.syscalls[0].action: missing"},
	{CALL("'action':'SCMP_ACT_KILL','errnoRet':1"),
	 "linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_KILL returns none"},
	{CALL("'action':'SCMP_ACT_ERRNO','errnoRet':65536"),
	 "linux.seccomp.syscalls[0].errnoRet: out of range"},
	{CALL("'action':'SCMP_ACT_NOTIFY'"),
	 "linux.seccomp.listenerPath: missing: a call has SCMP_ACT_NOTIFY"},
	{SECC("'syscalls':[{'names':['write'],'action':'SCMP_ACT_NOTIFY'}]"),
	 "linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY cannot be used for the write syscall"},
	{CALL("'action':'SCMP_ACT_LOG','args':[{'index':6,'value':1,'op':'SCMP_CMP_EQ'}]"),
	 "linux.seccomp.syscalls[0].args[0].index: out of range"},
	{CALL("'action':'SCMP_ACT_LOG','args':[{'index':0,'op':'SCMP_CMP_EQ'}]"),
	 "linux.seccomp.syscalls[0].args[0].value: missing"},
	{CALL("'action':'SCMP_ACT_LOG','args':[{'index':0,'value':1,'op':'=='}]"),
	 "linux.seccomp.syscalls[0].args[0].op: unknown value \"==\""},

	/* the rest of linux */
	{LINUX("'cgroupsPath':{}"), "linux.cgroupsPath: not a string"},
	{LINUX("'rootfsPropagation':'public'"),
	 "linux.rootfsPropagation: unknown value \"public\""},
	{LINUX("'maskedPaths':['/proc/kcore']"),
	 "linux.maskedPaths: unable to restrict sys entries without a private MNT namespace"},
	{LINUX("'readonlyPaths':['/proc/sys']"),
	 "linux.readonlyPaths: unable to restrict sys entries without a private MNT namespace"},
	{LINUX(NS("mount") ",'maskedPaths':['/a','b']"),
	 "linux.maskedPaths[1]: \"b\" is not an absolute path"},
	{LINUX(NS("mount") ",'maskedPaths':['/a','//.']"),
	 "linux.maskedPaths[1]: the whole root: root.readonly is for that"},
	{LINUX("'devices':[{'path':'/dev/','type':'c','major':1,'minor':3}]"),
	 "linux.devices[0].path: \"/dev/\" is a directory"},
	{LINUX("'mountLabel':1"), "linux.mountLabel: not a string"},
	{LINUX("'sysctl':{'net.ipv4.ip_forward':1}"),
	 "linux.sysctl.net.ipv4.ip_forward: not a string"},
	{LINUX("'sysctl':{'net.ipv4.ip_forward':'1'}"),
	 "linux.sysctl: net.ipv4.ip_forward: there is no network namespace in linux.namespaces"},
	{LINUX("'sysctl':{'kernel.shmmax':'1'}"),
	 "linux.sysctl: kernel.shmmax: there is no ipc namespace in linux.namespaces"},
	{LINUX("'sysctl':{'kernel.domainname':'x'}"),
	 "linux.sysctl: kernel.domainname: there is no uts namespace in linux.namespaces"},
	{LINUX(NS("uts") ",'sysctl':{'kernel.hostname':'x'}"),
	 "linux.sysctl: kernel.hostname: use the field hostname"},
	{LINUX("'sysctl':{'vm.swappiness':'1'}"),
	 "linux.sysctl: vm.swappiness belongs to no namespace"},
	{LINUX("'sysctl':{'kernel.core_pattern':'|/x'}"),
	 "linux.sysctl: kernel.core_pattern belongs to no namespace"},
	{LINUX(NS("network") ",'sysctl':{'net/../kernel/core_pattern':'|/x'}"),
	 "linux.sysctl: \"net.//.kernel.core_pattern\" is not the name of a setting"},
	{LINUX(NS("network") ",'sysctl':{'net...kernel.core_pattern':'|/x'}"),
	 "linux.sysctl: \"net...kernel.core_pattern\" is not the name of a setting"},
	{LINUX(NS("network") ",'sysctl':{'net.core.somaxconn':'1','net/core/somaxconn':'2'}"),
	 "linux.sysctl: net.core.somaxconn is there twice"},
	{LINUX("'intelRdt':{'closID':'a/b'}"),
	 "linux.intelRdt.closID: not the name of a directory"},
	{LINUX("'intelRdt':{'closID':'..'}"), "linux.intelRdt.closID: not the name of a directory"},
	{LINUX("'intelRdt':{'memBwSchema':'L3:0=f'}"),
	 "linux.intelRdt.memBwSchema: has to begin with MB:"},
	{LINUX("'intelRdt':{'memBwSchema':'MB:0=1\\nL3:0=f'}"),
	 "linux.intelRdt.memBwSchema: has a line break in it"},
	{LINUX("'intelRdt':{'schemata':'L3:0=f'}"), "linux.intelRdt.schemata: not an array"},
	{LINUX("'intelRdt':{'enableMonitoring':1}"),
	 "linux.intelRdt.enableMonitoring: neither true nor false"},
	{LINUX("'memoryPolicy':{}"), "linux.memoryPolicy.mode: missing"},
	{LINUX("'memoryPolicy':{'mode':'MPOL_BIND'}"), "linux.memoryPolicy.nodes: missing"},
	{LINUX("'memoryPolicy':{'mode':'MPOL_X'}"),
	 "linux.memoryPolicy.mode: unknown value \"MPOL_X\""},
	{LINUX("'memoryPolicy':{'mode':'MPOL_LOCAL','nodes':'0'}"),
	 "linux.memoryPolicy.nodes: MPOL_DEFAULT and MPOL_LOCAL take neither nodes nor flags"},
	{LINUX("'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0',"
	       "'flags':['MPOL_F_STATIC_NODES','MPOL_F_RELATIVE_NODES']}"),
	 "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other"},
	{LINUX("'personality':{}"), "linux.personality.domain: missing"},
	{LINUX("'personality':{'domain':'BSD'}"),
	 "linux.personality.domain: unknown value \"BSD\""},
	{LINUX("'personality':{'domain':'LINUX','flags':['X']}"),
	 "linux.personality.flags: the specification has none yet"},
};
/* clang-format on */

static char *with_quotes(struct nk_arena *a, const char *json)
{
	char *text = nk_strdup(a, json);

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	return text;
}

static void refused(void **state)
{
	(void)state;
	assert_true(NK_COUNT(bad) >= 100);
	for (size_t i = 0; i < NK_COUNT(bad); i++) {
		_arena_ struct nk_arena a = {0};
		struct nk_config c;
		struct nk_err e = {0};
		const char *text = with_quotes(&a, bad[i].json);
		int r = nk_config_read(&a, text, strlen(text), "/bundle", &c, &e);

		if (r >= 0)
			fail_msg("taken: %s", text);
		if (strncmp(e.msg, "config.json: ", 13) != 0 || strcmp(e.msg + 13, bad[i].message))
			fail_msg("%s\n  says     %s\n  and not  %s", text, e.msg, bad[i].message);
	}
}

/* What is no JSON, or deeper than the reader goes. */
static void no_json(void **state)
{
	static const char *const texts[] = {"",
					    "{",
					    "{]",
					    "{} {}",
					    "{\"a\":1,}",
					    "nul",
					    "{\"a\":\"\xff\"",
					    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
					    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};
	(void)state;
	for (size_t i = 0; i < NK_COUNT(texts); i++) {
		_arena_ struct nk_arena a = {0};
		struct nk_config c;
		struct nk_err e = {0};

		if (nk_config_read(&a, texts[i], strlen(texts[i]), "/b", &c, &e) >= 0)
			fail_msg("taken: %s", texts[i]);
		assert_non_null(strstr(e.msg, "config.json is not valid JSON"));
	}
}

/* The same readers, for the documents of `exec --process` and `update --resources`. */
static void parts(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_config c = {0};
	struct nk_oci_resources r;
	struct nk_err e = {0};
	const char *text = "{\"cwd\":\"x\",\"args\":[\"sh\"]}";

	(void)state;
	assert_true(nk_config_read_process(&a, text, strlen(text), &c, &e) < 0);
	assert_string_equal(e.msg, "process: cwd: \"x\" is not an absolute path");
	assert_true(nk_config_read_process(&a, "[]", 2, &c, &e) < 0);
	assert_string_equal(e.msg, "process: not an object");
	text = "{\"memory\":{\"limit\":true}}";
	assert_true(nk_resources_read(&a, text, strlen(text), &r, &e) < 0);
	assert_string_equal(e.msg, "resources: memory.limit: not a whole number");
	assert_true(nk_resources_read(&a, "[]", 2, &r, &e) < 0);
	assert_string_equal(e.msg, "resources: not an object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(no_json),
		cmocka_unit_test(parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
