# The program's arguments don't matter here, so their place on the stack takes the descriptors, then what was read.
# A small number takes three bytes with push and pop, and five with mov.

    .globl _start
_start:
    push 53                     # socketpair
    pop rax
    push 1                      # AF_UNIX
    pop rdi
    mov esi, 0x80001            # SOCK_STREAM | SOCK_CLOEXEC
    cdq                         # edx = 0, since eax is positive
    mov r10, rsp
    syscall
    test eax, eax
    js fail

    inc eax                     # write: 1, since socketpair returned 0
    mov edi, [rsp]
    mov esi, offset hello
    mov dl, 5                   # the rest of edx is 0
    syscall
    test eax, eax
    js fail

    xor eax, eax                # read; edx is still 5
    mov edi, [rsp + 4]
    push rsp
    pop rsi
    syscall
    test eax, eax
    js fail

    xchg edx, eax               # as many as were read
    push 1                      # write, and standard output
    pop rax
    mov edi, eax
    syscall
    cdq                         # edx = -1 if eax is negative, else 0
    and eax, edx
fail:
    neg eax
    xchg edi, eax
    push 60                     # exit
    pop rax
    syscall

hello:
    .ascii "hello"
