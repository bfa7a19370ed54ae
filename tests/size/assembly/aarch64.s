// The program's arguments don't matter here, so their place on the stack takes the descriptors, then what was read.

    .globl _start
_start:
    mov x8, 199                 // socketpair
    mov w0, 1                   // AF_UNIX
    mov w1, 1                   // SOCK_STREAM | SOCK_CLOEXEC, which no single instruction holds
    movk w1, 8, lsl 16
    mov w2, 0
    mov x3, sp
    svc 0
    tbnz w0, 31, fail

    ldr w0, [sp]
    adr x1, hello
    mov x2, 5
    mov x8, 64                  // write
    svc 0
    tbnz w0, 31, fail

    ldr w0, [sp, 4]             // x2 is still 5
    mov x1, sp
    mov x8, 63                  // read
    svc 0
    tbnz w0, 31, fail

    mov x2, x0                  // as many as were read
    mov w0, 1
    mov x8, 64                  // write
    svc 0
    and w0, w0, w0, asr 31      // 0 unless it is negative
fail:
    neg w0, w0
    mov x8, 93                  // exit
    svc 0

hello:
    .ascii "hello"
