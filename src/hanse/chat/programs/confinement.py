"""Shuts a process in for good: limits of resources, and a filter of system calls (seccomp).

What is left is computing and talking over descriptors that are open already: no files, no sockets,
no other processes. Linux on x86-64 and arm64; elsewhere only the limits.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from contextlib import suppress
from typing import Final

MEMORY_BYTES_MAX: Final = 16 * 1024**3
"""Addresses, not memory: each live program reserves 16 MiB of them and uses little."""

_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL, _DENY = 0x7FFF0000, 0x80000000, 0x00050000 | 1  # EPERM

# Numbers of system calls; the names say what of each is for.
_ALLOWED: Final = {
    "x86_64": (
        0xC000003E,
        # read write close fstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask
        (0, 1, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14),
        # rt_sigreturn readv writev select sched_yield mremap madvise nanosleep getpid sendto
        (15, 19, 20, 23, 24, 25, 28, 35, 39, 44),
        # recvfrom sendmsg recvmsg exit sigaltstack gettid futex sched_getaffinity restart_syscall
        (45, 46, 47, 60, 131, 186, 202, 204, 219),
        # clock_gettime clock_nanosleep exit_group ppoll getrandom membarrier rseq
        (228, 230, 231, 271, 318, 324, 334),
    ),
    "aarch64": (
        0xC00000B7,
        # lseek read write readv writev ppoll fstat exit exit_group futex close nanosleep
        (62, 63, 64, 65, 66, 73, 80, 93, 94, 98, 57, 101),
        # clock_gettime clock_nanosleep sched_getaffinity sched_yield sigaltstack
        (113, 115, 123, 124, 132),
        # rt_sigaction rt_sigprocmask rt_sigreturn getpid gettid sendto recvfrom sendmsg recvmsg
        (134, 135, 139, 172, 178, 206, 207, 211, 212),
        # brk munmap mremap mmap mprotect madvise getrandom membarrier rseq restart_syscall
        (214, 215, 216, 222, 226, 233, 278, 283, 293, 128),
    ),
}


def confine() -> bool:
    """Shut this process in, and tell whether system calls are filtered now.

    Whatever is to be read or started must have been by then. The filter is for all threads.
    """
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    if sys.platform != "linux" or platform.machine() not in _ALLOWED:
        return False
    return _filter(*_ALLOWED[platform.machine()])


def _filter(audit: int, *groups: tuple[int, ...]) -> bool:
    calls = [number for group in groups for number in group]
    program = [
        (_LOAD, 0, 0, 4),  # which architecture
        (_JUMP_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # which call
        *((_JUMP_EQUAL, len(calls) - at, 0, number) for at, number in enumerate(calls)),
        (_RETURN, 0, 0, _DENY),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *each) for each in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    # By its number: prctl would filter this thread alone, and wasmtime has some of its own.
    filtered = libc.syscall(
        ctypes.c_long(_SECCOMP[platform.machine()]),
        ctypes.c_ulong(_SET_MODE_FILTER),
        ctypes.c_ulong(_ALL_THREADS),
        ctypes.c_char_p(header),
    )
    return bool(filtered == 0)


def apart_from_network() -> bool:
    """Leave the network behind, where an account may make namespaces; tell whether that was so."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_network, new_user = 0x40000000, 0x10000000
    flags = new_network if os.geteuid() == 0 else new_network | new_user
    return sys.platform == "linux" and bool(libc.unshare(flags) == 0)
