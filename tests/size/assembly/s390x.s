# The program's arguments don't matter here, so their place on the stack takes the descriptors, then what was read.
# A call below 256 is part of the instruction.

    .globl _start
_start:
    lghi %r1, 360               # socketpair
    lghi %r2, 1                 # AF_UNIX
    llilh %r3, 8                # SOCK_STREAM | SOCK_CLOEXEC
    oill %r3, 1
    lghi %r4, 0
    lgr %r5, %r15
    svc 0
    ltr %r2, %r2
    jm fail

    l %r2, 0(%r15)
    larl %r3, hello
    lghi %r4, 5
    svc 4                       # write
    ltr %r2, %r2
    jm fail

    l %r2, 4(%r15)              # r4 is still 5
    lgr %r3, %r15
    svc 3                       # read
    ltr %r2, %r2
    jm fail

    lgr %r4, %r2                # as many as were read
    lghi %r2, 1
    svc 4                       # write
    ltr %r2, %r2
    jm fail
    lghi %r2, 0
fail:
    lcr %r2, %r2
    svc 1                       # exit

hello:
    .ascii "hello"
