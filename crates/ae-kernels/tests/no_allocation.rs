//! A single image allocates nothing once one was seen, and no layer more than its parameters. Alone in its file: it counts
//! allocations.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ae_kernels::{
    Activation, Chain, Connection, Convolution, Dense, Direction, Extent, Objective, PackedChain,
    Padding, PixelShuffle, PixelUnshuffle, Shape, TopK, Weight,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it is.
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counter any more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + layout.size()));
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
    let chain = Chain::of_dense(layers, 1, 130_480).unwrap();
    let packed = PackedChain::new(&chain, &vec![0.01; chain.parameters()]).unwrap();
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

/// Layers without parameters, over maps of 64 MiB: a file can name hundreds of them.
#[test]
fn layers_that_move_numbers_take_no_memory_of_a_maps_size() {
    let shape = Shape::new(1, 4096, 4096);
    let squares = [PixelUnshuffle { factor: 4 }.into(), PixelShuffle { factor: 2 }.into()];
    let mut layers = squares.repeat(2);
    // It needs channels first, so the order changes before it and after it.
    layers.push(TopK { k: 1 }.into());
    layers.push(PixelShuffle { factor: 2 }.into());
    let chain = Chain::new(shape, layers, 4, Connection::Plain, 0).unwrap();
    let before = BYTES.get();
    PackedChain::new(&chain, &[]).unwrap();
    assert!(chain.working_bytes(&Objective::default(), 1, 1) > 4 * shape.numbers());
    let bytes = BYTES.get() - before;
    assert!(bytes < 1 << 20, "{bytes} bytes");
}

/// The gradient at the input has a part of the weight for each of 65 536 positions; inference does not.
#[test]
fn inference_takes_no_memory_for_a_gradient() {
    let stride = Extent::square(256);
    let direction = Direction::Forward;
    let (padding, activation) = (Padding::Valid, Activation::Linear);
    let (channels, weight, bias) = (1, 0, 256 * 256);
    let kernel = stride;
    let layer =
        Convolution { direction, channels, kernel, stride, padding, weight, bias, activation };
    let chain =
        Chain::new(Shape::new(1, 256, 256), vec![layer.into()], 0, Connection::Plain, bias + 1)
            .unwrap();
    let parameters = vec![0.5; bias + 1];
    let before = BYTES.get();
    // Packing is done by any thread: this one counts what the operation is made of.
    PackedChain::new(&chain, &parameters).unwrap();
    let bytes = BYTES.get() - before;
    assert!(bytes < 1 << 20, "{bytes} bytes");
}
