# The program's arguments don't matter here, so their place on the stack takes the descriptors, then what was read.
# A call that fails sets the summary overflow bit, and returns the errno.

    .globl _start
_start:
    li 0, 333                   # socketpair
    li 3, 1                     # AF_UNIX
    lis 4, 8                    # SOCK_STREAM | SOCK_CLOEXEC
    ori 4, 4, 1
    li 5, 0
    mr 6, 1
    sc
    bso fail

    lwz 3, 0(1)
    lis 4, hello@ha
    addi 4, 4, hello@l
    li 5, 5
    li 0, 4                     # write
    sc
    bso fail

    lwz 3, 4(1)
    mr 4, 1
    li 5, 5
    li 0, 3                     # read
    sc
    bso fail

    mr 5, 3                     # as many as were read
    li 3, 1
    li 0, 4                     # write
    sc
    bso fail
    li 3, 0
fail:
    li 0, 1                     # exit
    sc

hello:
    .ascii "hello"
