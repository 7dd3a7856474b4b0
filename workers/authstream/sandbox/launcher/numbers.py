"""Numbers of system calls by name, for x86-64 and arm64 (Linux UAPI, asm/unistd.h)."""

from __future__ import annotations

import os

_X86_64 = """
read:0 write:1 readv:19 writev:20 pread64:17 pwrite64:18 preadv:295 pwritev:296 preadv2:327
pwritev2:328 close:3 close_range:436 lseek:8 fstat:5 stat:4 lstat:6 newfstatat:262 statx:332
access:21 faccessat:269 faccessat2:439 open:2 openat:257 readlink:89 readlinkat:267
getdents64:217 getcwd:79 chdir:80 fchdir:81 fcntl:72 dup:32 dup2:33 dup3:292 pipe:22 pipe2:293
poll:7 ppoll:271 select:23 pselect6:270 epoll_create:213 epoll_create1:291 epoll_ctl:233
epoll_wait:232 epoll_pwait:281 epoll_pwait2:441 eventfd:284 eventfd2:290 timerfd_create:283
timerfd_settime:286 timerfd_gettime:287 signalfd:282 signalfd4:289 mprotect:10 munmap:11
mremap:25 madvise:28 brk:12 mincore:27 membarrier:324 pkey_alloc:330 pkey_mprotect:329
pkey_free:331 rt_sigaction:13 rt_sigprocmask:14 rt_sigreturn:15 rt_sigpending:127
rt_sigtimedwait:128 rt_sigsuspend:130 sigaltstack:131 futex:202 futex_waitv:449
set_robust_list:273 get_robust_list:274 set_tid_address:218 rseq:334 arch_prctl:158 gettid:186
getpid:39 getppid:110 getuid:102 geteuid:107 getgid:104 getegid:108 getresuid:118 getresgid:120
getgroups:115 getpgrp:111 getpgid:121 getsid:124 uname:63 sysinfo:99 times:100 getrusage:98
getrlimit:97 setrlimit:160 clock_gettime:228 clock_getres:229 clock_nanosleep:230 nanosleep:35
gettimeofday:96 time:201 getrandom:318 getcpu:309 sched_yield:24 sched_getaffinity:204
sched_getparam:143 sched_getscheduler:145 sched_get_priority_max:146 sched_get_priority_min:147
getpriority:140 capget:125 exit:60 exit_group:231 restart_syscall:219 execve:59 socketpair:53
getsockname:51 getpeername:52 getsockopt:55 setsockopt:54 recvfrom:45 recvmsg:47 recvmmsg:299
shutdown:48 ftruncate:77 fallocate:285 fsync:74 fdatasync:75 unlink:87 unlinkat:263 rename:82
renameat:264 renameat2:316 mkdir:83 mkdirat:258 rmdir:84 umask:95 chmod:90 fchmod:91
utimensat:280 flock:73 statfs:137 fstatfs:138 symlink:88 symlinkat:266 link:86 linkat:265
wait4:61 waitid:247 setitimer:38 getitimer:36 alarm:37 pause:34 copy_file_range:326 sendfile:40
clone:56 clone3:435 kill:62 tgkill:234 prlimit64:302 ioctl:16 prctl:157 mmap:9 socket:41
sendto:44 sendmsg:46 sendmmsg:307 connect:42 seccomp:317 landlock_create_ruleset:444
landlock_add_rule:445 landlock_restrict_self:446 mount_setattr:442 pivot_root:155 capset:126
unshare:272 mount:165 fchmodat:268
"""
_ARM64 = """
read:63 write:64 readv:65 writev:66 pread64:67 pwrite64:68 preadv:69 pwritev:70 preadv2:286
pwritev2:287 close:57 close_range:436 lseek:62 fstat:80 newfstatat:79 statx:291 faccessat:48
faccessat2:439 openat:56 readlinkat:78 getdents64:61 getcwd:17 chdir:49 fchdir:50 fcntl:25
dup:23 dup3:24 pipe2:59 ppoll:73 pselect6:72 epoll_create1:20 epoll_ctl:21 epoll_pwait:22
epoll_pwait2:441 eventfd2:19 timerfd_create:85 timerfd_settime:86 timerfd_gettime:87
signalfd4:74 mprotect:226 munmap:215 mremap:216 madvise:233 brk:214 mincore:232 membarrier:283
pkey_alloc:289 pkey_mprotect:288 pkey_free:290 rt_sigaction:134 rt_sigprocmask:135
rt_sigreturn:139 rt_sigpending:136 rt_sigtimedwait:137 rt_sigsuspend:133 sigaltstack:132
futex:98 futex_waitv:449 set_robust_list:99 get_robust_list:100 set_tid_address:96 rseq:293
gettid:178 getpid:172 getppid:173 getuid:174 geteuid:175 getgid:176 getegid:177 getresuid:148
getresgid:150 getgroups:158 getpgid:155 getsid:156 uname:160 sysinfo:179 times:153 getrusage:165
getrlimit:163 setrlimit:164 clock_gettime:113 clock_getres:114 clock_nanosleep:115 nanosleep:101
gettimeofday:169 getrandom:278 getcpu:168 sched_yield:124 sched_getaffinity:123
sched_getparam:121 sched_getscheduler:120 sched_get_priority_max:125 sched_get_priority_min:126
getpriority:141 capget:90 exit:93 exit_group:94 restart_syscall:128 execve:221 socketpair:199
getsockname:204 getpeername:205 getsockopt:209 setsockopt:208 recvfrom:207 recvmsg:212
recvmmsg:243 shutdown:210 ftruncate:46 fallocate:47 fsync:82 fdatasync:83 unlinkat:35
renameat:38 renameat2:276 mkdirat:34 umask:166 fchmod:52 utimensat:88 flock:32 statfs:43
fstatfs:44 symlinkat:36 linkat:37 wait4:260 waitid:95 setitimer:103 getitimer:102
copy_file_range:285 sendfile:71 clone:220 clone3:435 kill:129 tgkill:131 prlimit64:261 ioctl:29
prctl:167 mmap:222 socket:198 sendto:206 sendmsg:211 sendmmsg:269 connect:203 seccomp:277
landlock_create_ruleset:444 landlock_add_rule:445 landlock_restrict_self:446 mount_setattr:442
pivot_root:41 capset:91 unshare:97 mount:40 fchmodat:53
"""


def _table(text: str) -> dict[str, int]:
    pairs = (entry.split(":") for entry in text.split())
    return {name: int(number) for name, number in pairs}


#: By the machine that uname(2) gives.
TABLES = {"x86_64": _table(_X86_64), "aarch64": _table(_ARM64)}
#: What `seccomp_data.arch` holds: AUDIT_ARCH_* of linux/audit.h.
AUDIT_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINE = os.uname().machine
#: Of this machine; empty where the launcher cannot work.
NUMBERS = TABLES.get(MACHINE, {})
