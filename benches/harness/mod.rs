//! Where the benches run, and who counts time and memory there.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod web;

#[cfg(not(target_arch = "wasm32"))]
pub use native::{Native as Here, main};
#[cfg(target_arch = "wasm32")]
pub use web::{Web as Here, main};

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the bytes that are allocated.
struct Counting;

static LIVE_BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: hands every call to the system's allocator as it came; what it counts has no influence on memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        LIVE_BYTES.fetch_add(new_size as u64, Ordering::Relaxed);
        LIVE_BYTES.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes allocated now.
fn live_bytes() -> u64 {
    LIVE_BYTES.load(Ordering::Relaxed)
}

/// A sample as one line of JSON; `place` is where it was measured.
fn line(place: &str, crate::workloads::Sample { bench, rep, n, value }: crate::workloads::Sample) -> String {
    use crate::workloads::Value;
    let measured = match value {
        Value::Time { ns_op, cpu_op } => format!(r#""ns_op":{ns_op:.2},"cpu_op":{cpu_op:.2}"#),
        Value::Bytes(bytes) => format!(r#""bytes_msg":{bytes:.2}"#),
    };
    format!(r#"{{"impl":"{place}","bench":"{bench}","rep":{rep},"n":{n},{measured}}}"#)
}
