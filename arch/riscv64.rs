//! - Instruction: `ecall`
//! - Number: a7
//! - Arguments: a0 a1 a2 a3 a4 a5
//! - Return value: a0
//! - Clobbered: with V, v0 to v31, vl, vtype, vxrm and vxsat
//! - References: syscall(2); Linux, Documentation/arch/riscv/vector.rst, "Vector Register State Across System Calls"

use core::arch::asm;

macro_rules! syscalls {
    ($($name:ident($first:ident: $a0:tt $(, $argument:ident: $register:tt)*);)+) => {$(
        /// # Safety
        ///
        /// `NUMBER` and the arguments must make a system call that the caller may make.
        #[inline]
        pub(crate) unsafe fn $name<const NUMBER: u32>($first: usize $(, $argument: usize)*) -> usize {
            let ret;
            // SAFETY: the caller vouches for the call; the kernel changes memory, a0 and V's registers.
            unsafe {
                asm!(
                    "ecall",
                    in("a7") NUMBER as usize,
                    inlateout($a0) $first => ret,
                    $(in($register) $argument,)*
                    lateout("v0") _, lateout("v1") _, lateout("v2") _, lateout("v3") _,
                    lateout("v4") _, lateout("v5") _, lateout("v6") _, lateout("v7") _,
                    lateout("v8") _, lateout("v9") _, lateout("v10") _, lateout("v11") _,
                    lateout("v12") _, lateout("v13") _, lateout("v14") _, lateout("v15") _,
                    lateout("v16") _, lateout("v17") _, lateout("v18") _, lateout("v19") _,
                    lateout("v20") _, lateout("v21") _, lateout("v22") _, lateout("v23") _,
                    lateout("v24") _, lateout("v25") _, lateout("v26") _, lateout("v27") _,
                    lateout("v28") _, lateout("v29") _, lateout("v30") _, lateout("v31") _,
                    options(nostack), // without preserves_flags, vl and vtype are taken as lost too
                );
            }
            ret
        }
    )+};
}

syscalls! {
    syscall1(a: "a0");
    syscall2(a: "a0", b: "a1");
    syscall3(a: "a0", b: "a1", c: "a2");
    syscall4(a: "a0", b: "a1", c: "a2", d: "a3");
    syscall5(a: "a0", b: "a1", c: "a2", d: "a3", e: "a4");
    syscall6(a: "a0", b: "a1", c: "a2", d: "a3", e: "a4", f: "a5");
}

// One entry: a socket call is a system call like any other.
pub(crate) use {
    syscall2 as socketcall2, syscall3 as socketcall3, syscall4 as socketcall4, syscall5 as socketcall5,
    syscall6 as socketcall6,
};
