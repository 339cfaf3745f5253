//! A single image allocates nothing once one was seen. Alone in its file: it counts allocations.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ae_kernels::{Activation, Chain, Dense, PackedChain, Weight};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it is.
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counter any more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is the system's condition.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[test]
fn a_single_image_allocates_nothing_after_the_first() {
    let layer = |inputs, outputs, offset: usize, activation| Dense {
        inputs,
        outputs,
        weight: Weight::Own { offset },
        bias: offset + inputs * outputs,
        activation,
    };
    let layers = vec![
        layer(784, 128, 0, Activation::Relu),
        layer(128, 32, 100_480, Activation::Relu),
        layer(32, 784, 104_608, Activation::Sigmoid),
    ];
    let stack = Chain::of_dense(layers, 1, 130_480).unwrap();
    let packed = PackedChain::new(&stack, &vec![0.01; stack.parameters()]).unwrap();
    let (image, mut code, mut output) = (vec![0.5; 784], vec![0.0; 32], vec![0.0; 784]);
    let mut all = || {
        packed.encode(&image, &mut code).unwrap();
        packed.decode(&code, &mut output).unwrap();
        packed.reconstruct(&image, &mut output).unwrap();
    };
    all();
    let before = ALLOCATIONS.get();
    (0..100).for_each(|_| all());
    assert_eq!(ALLOCATIONS.get() - before, 0);
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(vec![1_u8; 10]));
    assert_eq!(ALLOCATIONS.get() - before, 1, "the counter counts");
}
