# What arch/i386.rs does: it looks for the vDSO's entry in /proc/self/auxv, else by prctl, and enters the kernel there,
# or by int 0x80 where there is none; on ENOSYS it goes by socketcall. The entry stays in ebp, which no call changes.

    .globl _start
_start:
    mov ebp, offset int80
    mov edx, 512                # 64 pairs of words
    sub esp, edx

    push 5                      # open
    pop eax
    mov ebx, offset path
    mov ecx, 0x80000            # O_RDONLY | O_CLOEXEC
    call ebp
    test eax, eax
    js ask
    xchg ebx, eax
    push 3                      # read
    pop eax
    mov ecx, esp
    call ebp
    xchg edi, eax
    push 6                      # close
    pop eax
    call ebp
    test edi, edi
    jg search
ask:
    mov eax, 172                # prctl
    mov ebx, 0x41555856         # PR_GET_AUXV
    mov ecx, esp
    xor esi, esi
    xor edi, edi
    call ebp
    cmp eax, edx                # it answers with the length of all that there is
    cmovg eax, edx
    xchg edi, eax
search:
    mov esi, esp
next:
    sub edi, 8                  # a refusal is negative already
    js make
    lodsd
    xchg ecx, eax
    lodsd
    cmp ecx, 32                 # AT_SYSINFO
    jne next
    xchg ebp, eax

make:
    mov eax, 360                # socketpair
    push 1                      # AF_UNIX
    pop ebx
    mov ecx, 0x80001            # SOCK_STREAM | SOCK_CLOEXEC
    cdq                         # edx = 0, since eax is positive
    mov esi, esp
    call ebp
    cmp eax, -38                # ENOSYS
    jne made
    push esi                    # the block of arguments
    push edx
    push ecx
    push ebx
    push 102                    # socketcall
    pop eax
    push 8                      # SYS_SOCKETPAIR
    pop ebx
    mov ecx, esp
    call ebp
    mov esp, esi
made:
    test eax, eax
    js fail

    mov al, 4                   # write: the rest of eax is 0
    pop ebx
    mov ecx, offset hello
    mov dl, 5                   # the rest of edx is 0
    call ebp
    test eax, eax
    js fail

    mov al, 3                   # read; edx is still 5
    pop ebx
    mov ecx, esp
    call ebp
    test eax, eax
    js fail

    xchg edx, eax               # as many as were read
    push 4                      # write
    pop eax
    push 1                      # standard output
    pop ebx
    call ebp
    cdq                         # edx = -1 if eax is negative, else 0
    and eax, edx
fail:
    neg eax
    xchg ebx, eax
    push 1                      # exit
    pop eax
int80:
    int 0x80
    ret

path:
    .asciz "/proc/self/auxv"
hello:
    .ascii "hello"
