//! An architecture without a file in this folder. Only what is live around the calls is tested there.

pub const CALL_SAVED: [&str; 0] = [];

pub type Vector = f64;

/// Returns the vector, through memory.
pub fn hidden(vector: Vector) -> Vector {
    core::hint::black_box(vector)
}

#[unsafe(no_mangle)]
extern "C" fn call_with_registers(_: &[usize; 0], _: &mut [usize; 0], function: extern "C" fn()) {
    function();
}
