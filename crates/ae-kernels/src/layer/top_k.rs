//! The largest numbers of an item.

use super::{Context, Kind, Refusal};
use crate::Shape;
use crate::chain::{Backward, Epilogue, Memory, NeededOrder, Operation, Order, Pass, Scratch};

/// The `k` largest numbers of an item stay, the others become 0 (Makhzani and Frey, ICLR 2014, algorithm 1). Of equal
/// ones the first stay, channels first. A NaN is larger than any number, so that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopK {
    /// Numbers that stay, from 1 to all.
    pub k: usize,
}

impl Kind for TopK {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if self.k == 0 || self.k > input.numbers() {
            return Err(Refusal::new(format!("a k from 1 to {}", input.numbers()), self.k));
        }
        Ok(input)
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsFirst)
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        Some(Box::new(TopKOperation { k: self.k, numbers: context.input.numbers() }))
    }
}

/// The largest numbers of items with channels first.
#[derive(Debug)]
struct TopKOperation {
    k: usize,
    numbers: usize,
}

impl TopKOperation {
    /// Puts the places of an item's largest numbers before the others.
    fn choose(&self, input: &[f32], places: &mut Vec<u32>) {
        places.clear();
        places.extend(0..input.len() as u32);
        // `total_cmp` puts -0 below 0, which are equal, and a NaN with a sign below all numbers.
        let number = |place: &u32| match input[*place as usize] {
            x if x.is_nan() => f32::NAN,
            x => x + 0.0,
        };
        if self.k < places.len() {
            places.select_nth_unstable_by(self.k, |a, b| {
                number(b).total_cmp(&number(a)).then(a.cmp(b))
            });
        }
        places.truncate(self.k);
    }
}

impl Operation for TopKOperation {
    fn numbers_kept(&self) -> usize {
        self.numbers + self.k
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, scratch: &mut Scratch) {
        memory.indices.clear();
        let values = memory.values.first(pass.count() * self.numbers);
        values.fill(0.0);
        let items = input.chunks_exact(self.numbers).zip(values.chunks_exact_mut(self.numbers));
        for (input, output) in items {
            self.choose(input, &mut scratch.indices);
            memory.indices.extend(&scratch.indices);
            scratch
                .indices
                .iter()
                .for_each(|&place| output[place as usize] = input[place as usize]);
        }
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, memory: &mut Memory, _: &mut Scratch) {
        let Backward { gradient: Some(gradient), input_gradient: Some(to), .. } = at else {
            return;
        };
        to.fill(0.0);
        let items = gradient.chunks_exact(self.numbers).zip(to.chunks_exact_mut(self.numbers));
        for ((gradient, to), places) in items.zip(memory.indices.chunks_exact(self.k)) {
            places.iter().for_each(|&place| to[place as usize] = gradient[place as usize]);
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, scratch: &mut Scratch) {
        output.fill(0.0);
        let items = input.chunks_exact(self.numbers).zip(output.chunks_exact_mut(self.numbers));
        for (input, output) in items {
            self.choose(input, &mut scratch.indices);
            scratch
                .indices
                .iter()
                .for_each(|&place| output[place as usize] = input[place as usize]);
        }
    }
}
