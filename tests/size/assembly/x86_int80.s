# The shortest form, with int 0x80 and the direct call only: it needs Linux 4.3, and is slow on today's 64-bit kernels.
#
# The program's arguments don't matter here, so their place on the stack takes the descriptors, then what was read.

    .globl _start
_start:
    mov eax, 360                # socketpair
    push 1                      # AF_UNIX
    pop ebx
    mov ecx, 0x80001            # SOCK_STREAM | SOCK_CLOEXEC
    cdq                         # edx = 0, since eax is positive
    mov esi, esp
    int 0x80
    test eax, eax
    js fail

    mov al, 4                   # write: the rest of eax is 0
    pop ebx
    mov ecx, offset hello
    mov dl, 5
    int 0x80
    test eax, eax
    js fail

    mov al, 3                   # read; edx is still 5
    pop ebx
    mov ecx, esp
    int 0x80
    test eax, eax
    js fail

    xchg edx, eax               # as many as were read
    push 4                      # write
    pop eax
    push 1                      # standard output
    pop ebx
    int 0x80
    cdq                         # edx = -1 if eax is negative, else 0
    and eax, edx
fail:
    neg eax
    xchg ebx, eax
    push 1                      # exit
    pop eax
    int 0x80

hello:
    .ascii "hello"
