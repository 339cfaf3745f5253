//! Batches that several processes share: the bits are those of one process, for any number of processes.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ae_kernels::{
    Activation, AdamStep, Batch, BatchSummary, Chain, ChainError, CodeL1, Contractive, Dropout,
    Extent, Kl, KlSparsity, LocalPeers, Loss, MaxPooling, Objective, Padding, Peers, Problem,
    Sample, Step, Target, Trainer,
};
use support::chains::{Builder, Data, draw};

const RANKS: [usize; 5] = [1, 2, 3, 4, 8];
const MSE: Objective = Objective::new(Loss::MeanSquaredError);
const TANH: Activation = Activation::Tanh;

/// What a training leaves: parameters after some steps, the gradient behind them, and what came back of each batch.
type Trained = (Vec<f32>, Vec<f32>, Vec<BatchSummary>);

/// A training of some steps on parts of the data, as this process of several.
fn train(
    (chain, objective): (&Chain, &Objective),
    data: &Data,
    mut trainer: Trainer,
) -> Result<Trained, ChainError> {
    let (inputs, outputs) = (chain.inputs(), chain.outputs());
    let fill = |rows: Range<usize>, x: &mut [f32], t: &mut [f32]| {
        x.copy_from_slice(&data.inputs[rows.start * inputs..rows.end * inputs]);
        t.copy_from_slice(&data.targets[rows.start * outputs..rows.end * outputs]);
    };
    let numbers: Vec<_> = chain.draws().collect();
    let draws = |layer: usize, rows: Range<usize>, to: &mut [f32]| {
        let width = numbers.iter().find(|of| of.layer == layer).unwrap().numbers;
        for (row, to) in rows.zip(to.chunks_mut(width)) {
            to.iter_mut().enumerate().for_each(|(place, to)| *to = draw(layer, row, place));
        }
    };
    let problem = Problem { chain, objective };
    let mut parameters = data.parameters.clone();
    let [mut gradient, mut mean, mut variance] = [(); 3].map(|()| vec![0.0; parameters.len()]);
    let mut summaries = Vec::new();
    for step in 1..=3 {
        // The last batch of an epoch is smaller.
        let rows = if step == 2 { data.rows.div_ceil(3) } else { data.rows };
        let step = AdamStep::new(0.01, 0.9, 0.999, 1e-7, step).with_decay(0.01, 0.1);
        let step = Step::Adam { step, mean: &mut mean, variance: &mut variance };
        let batch = Batch::new(rows, Target::Separate, fill).with_draws(&draws);
        summaries.push(trainer.step(problem, &mut parameters, step, batch, &mut gradient)?);
    }
    let batch = Batch::new(data.rows, Target::Separate, fill).with_draws(&draws);
    summaries.push(trainer.gradient(problem, &parameters, batch, &mut gradient)?);
    Ok((parameters, gradient, summaries))
}

/// The same training by so many processes, each on its own thread.
fn train_together(ranks: usize, problem: (&Chain, &Objective), data: &Data) -> Vec<Trained> {
    let peers = LocalPeers::all(ranks, Duration::from_secs(60));
    let train = |peers: LocalPeers| {
        let trainer = Trainer::new().with_peers(Arc::new(peers));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + ranks % 2).build().unwrap();
        pool.install(|| train(problem, data, trainer)).unwrap()
    };
    thread::scope(|scope| {
        let train = &train;
        let threads: Vec<_> =
            peers.into_iter().map(|peers| scope.spawn(move || train(peers))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn check(what: &str, chain: &Chain, objective: &Objective) {
    // Less than a slice; a group with an odd end; groups with an odd end; more groups than ranks.
    for rows in [5, 256 - 5, 256, 700, 256 * 5 + 1] {
        let data = Data::new(chain, objective, rows, 3);
        let (parameters, gradient, summaries) =
            train((chain, objective), &data, Trainer::new()).unwrap();
        for ranks in RANKS {
            for (rank, found) in train_together(ranks, (chain, objective), &data).iter().enumerate()
            {
                let place = format!("{what}: {rows} rows, rank {rank} of {ranks}");
                assert_eq!(bits(&found.0), bits(&parameters), "parameters of {place}");
                assert_eq!(bits(&found.1), bits(&gradient), "gradient of {place}");
                assert_eq!(found.2, summaries, "summaries of {place}");
            }
        }
    }
}

fn stack() -> Chain {
    let builder = Builder::new(1, 1, 37).dense(50, Activation::Relu).dense(9, TANH);
    builder.dense(50, Activation::Relu).dense(37, Activation::Sigmoid).chain(1)
}

#[test]
fn dense_networks() {
    let objective = Objective::new(Loss::BinaryCrossEntropy).with(CodeL1 { weight: 1e-3 });
    check("dense", &stack(), &objective);
}

#[test]
fn tied_weights() {
    let chain = Builder::new(1, 1, 40).dense(70, TANH).dense(6, TANH).tied(1, TANH).tied(0, TANH);
    check("tied", &chain.chain(1), &MSE);
}

#[test]
fn sparse_and_contractive_codes() {
    let chain = Builder::new(1, 1, 40).dense(33, Activation::Sigmoid).dense(40, TANH).chain(0);
    let objective = MSE.clone().with(KlSparsity { target: 0.1, weight: 0.3 });
    check("sparse", &chain, &objective);
    check("contractive", &chain, &MSE.clone().with(Contractive { weight: 0.1 }));
}

#[test]
fn batch_normalisation_and_dropout_of_vectors() {
    let chain = Builder::new(1, 1, 20).dense(30, TANH).batch_norm().with(Dropout { rate: 0.3 });
    check("norms", &chain.dense(20, TANH).chain(0), &MSE);
}

#[test]
fn variational_codes() {
    let chain = Builder::new(1, 1, 20).dense(12, Activation::Linear).with(Sample);
    let objective = MSE.clone().with(Kl { weight: 0.01 });
    check("variational", &chain.dense(20, TANH).chain(1), &objective);
}

#[test]
fn convolutions() {
    let size = Extent::square(2);
    let pool = MaxPooling { size, stride: size, padding: Padding::Same };
    let same = Padding::Same;
    let chain = Builder::new(1, 6, 4).conv(5, [3, 1], same, Activation::Relu).batch_norm();
    let chain = chain.with(pool).dense(7, TANH).dense(24, Activation::Linear).chain(3);
    check("convolutions with norms", &chain, &MSE);
    let chain = Builder::new(2, 5, 4).conv(6, [3, 2], same, TANH);
    let chain = chain.transposed(4, [3, 2], same, TANH).conv(3, [3, 1], same, TANH).chain(0);
    check("convolutions alone", &chain, &MSE);
}

#[test]
fn more_ranks_than_blocks_of_parameters() {
    let chain = Builder::new(1, 1, 3).dense(2, TANH).dense(3, TANH).chain(0);
    check("tiny", &chain, &MSE);
}

/// An all-reduce sends at least `2 (N - 1) / N` times the parameters.
#[test]
fn a_wide_network_sends_less_than_an_all_reduce_would() {
    let builder = Builder::new(1, 1, 784).dense(600, Activation::Relu).dense(30, TANH);
    let chain = builder.dense(600, Activation::Relu).dense(784, Activation::Sigmoid).chain(1);
    let data = Data::new(&chain, &MSE, 256, 3);
    for ranks in [2, 4] {
        let peers = LocalPeers::all(ranks, Duration::from_secs(60));
        let peers: Vec<_> = peers.into_iter().map(Arc::new).collect();
        thread::scope(|scope| {
            for peers in &peers {
                let trainer = Trainer::new().with_peers(Arc::clone(peers) as Arc<dyn Peers>);
                let (chain, data) = (&chain, &data);
                scope.spawn(move || train((chain, &MSE), data, trainer).unwrap());
            }
        });
        let sent: u64 = peers.iter().map(|peers| peers.sent_bytes()).sum();
        // Three steps, one of which has a third of the rows, and a gradient.
        let least = 4.0 * 2.0 * (ranks as f64 - 1.0) * 4.0 * chain.parameters() as f64;
        assert!((sent as f64) < least, "{ranks} ranks: {sent} bytes, an all-reduce {least}");
    }
}

#[test]
fn a_rank_that_does_not_answer_is_named() {
    let chain = stack();
    let data = Data::new(&chain, &MSE, 256, 3);
    let mut peers = LocalPeers::all(3, Duration::from_millis(200)).into_iter();
    // Rank 1 never begins.
    let [first, _, third] = [(); 3].map(|()| Arc::new(peers.next().unwrap()));
    let start = Instant::now();
    let ends: Vec<_> = thread::scope(|scope| {
        let run = |peers: Arc<LocalPeers>| {
            let (chain, data) = (&chain, &data);
            scope.spawn(move || train((chain, &MSE), data, Trainer::new().with_peers(peers)))
        };
        let threads = [first, third].map(run);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(start.elapsed() < Duration::from_secs(10));
    for end in ends {
        let message = end.unwrap_err().to_string();
        assert!(message.ends_with("has not answered for 0.2 s"), "{message}");
    }
}
