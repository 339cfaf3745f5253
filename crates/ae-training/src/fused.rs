//! The fused engine: the kernels of `ae-kernels` over the flat parameter buffer, on the CPU.

use std::ops::Range;
use std::sync::Arc;

use ae_kernels::{
    Batch, Chain, Incoming, Numbers, Peers, PeersError, Problem, Target, Topic, Trainer,
};
use ae_models::{Architecture, Inference, KernelInference, NamedDraws, Objective};
use ae_random::Seed;

use crate::draws::{fill, training_stream};
use crate::engine::{evaluate_engine, with_kl_share};
use crate::host_state::{HostState, check_state};
use crate::{
    BatchResult, BatchSelection, Detail, Engine, Evaluation, Samples, StepSize, TrainingError,
    TrainingState,
};

/// The most layers that a refusal names.
const NAMED: usize = 8;

/// Gathers, corrupts and differentiates one slice of the batch at a time, without tensors.
///
/// Its gradients equal those of the autograd engine up to rounding.
pub struct FusedEngine<'a> {
    architecture: &'a dyn Architecture,
    chain: &'a Chain,
    objective: Objective,
    random: Vec<NamedDraws>,
    trainer: Trainer,
    state: Option<HostState>,
    peers: Option<Arc<dyn Peers>>,
}

impl<'a> FusedEngine<'a> {
    /// An engine for a model.
    ///
    /// # Errors
    /// [`TrainingError::NotFused`] if the architecture has no chain for the kernels; or if the objective does not suit it.
    pub fn new(
        architecture: &'a dyn Architecture,
        objective: Objective,
    ) -> Result<Self, TrainingError> {
        let chain = fused_chain(architecture)?;
        chain.check_objective(&objective)?;
        let (random, trainer) = (architecture.draws(), Trainer::new());
        Ok(Self { architecture, chain, objective, random, trainer, state: None, peers: None })
    }

    /// The engine of one of several processes, which compute a part of every batch and of every evaluation each. All of
    /// them must be called alike, and have the same results, with the bits that one process has.
    #[must_use]
    pub fn with_peers(mut self, peers: Arc<dyn Peers>) -> Self {
        self.trainer = self.trainer.with_peers(Arc::clone(&peers));
        self.peers = Some(peers).filter(|peers| peers.ranks() > 1);
        self
    }

    /// Brings the moments of all parameters to rank 0, which writes checkpoints: each rank keeps those of the
    /// parameters that it takes the steps for.
    fn collect_moments(
        &self,
        peers: &dyn Peers,
        moments: &mut [Vec<f32>],
    ) -> Result<(), PeersError> {
        let ranges = self.chain.parameters_of_ranks(&self.objective, peers.ranks());
        peers.session(&mut |link| {
            for moments in moments.iter_mut() {
                if peers.rank() > 0 {
                    let own = moments[ranges[peers.rank()].clone()].to_vec();
                    link.send(&[0], Topic::Results, Arc::new(Numbers::Singles(own)))?;
                    continue;
                }
                for (rank, range) in ranges.iter().enumerate().skip(1) {
                    let theirs = &mut moments[range.clone()];
                    link.receive(rank, Topic::Results, Incoming::Singles(theirs))?;
                }
            }
            Ok(())
        })
    }

    fn check(&self, samples: &Samples) -> Result<(), TrainingError> {
        samples.check(self.chain.outputs(), self.chain.inputs())
    }

    fn state(&self) -> Result<&HostState, TrainingError> {
        self.state.as_ref().ok_or(TrainingError::NotLoaded)
    }
}

/// The chain of an architecture for the kernels.
///
/// # Errors
/// [`TrainingError::NotFused`] with the layers, as far as their names are known.
pub(crate) fn fused_chain(architecture: &dyn Architecture) -> Result<&Chain, TrainingError> {
    architecture.chain().ok_or_else(|| {
        let mut layers: Vec<&str> = Vec::new();
        for view in architecture.layout().views() {
            let layer = view.name.rsplit_once('.').map_or(view.name.as_str(), |(layer, _)| layer);
            if !layers.contains(&layer) && layers.len() <= NAMED {
                layers.push(layer);
            }
        }
        if layers.len() > NAMED {
            layers[NAMED] = "..";
        }
        let reason = format!("its layers ({}) have no kernels", layers.join(", "));
        TrainingError::NotFused { reason }
    })
}

impl Engine for FusedEngine<'_> {
    fn load(&mut self, state: &TrainingState, seed: Seed) -> Result<(), TrainingError> {
        self.state = Some(HostState::of(state, self.architecture, seed)?);
        Ok(())
    }

    fn step(
        &mut self,
        batch: BatchSelection<'_>,
        size: StepSize,
    ) -> Result<BatchResult, TrainingError> {
        self.check(batch.samples)?;
        let Self { chain, objective, random, trainer, state, .. } = self;
        let objective = with_kl_share(objective, size.kl_share);
        let problem = Problem { chain, objective: &objective };
        let state = state.as_mut().ok_or(TrainingError::NotLoaded)?;
        let layer_draws = layer_draws(random, state.seed, batch);
        let (count, target) = (batch.indices.len(), target(batch.samples, chain));
        let rows = Batch::new(count, target, rows(batch)).with_draws(&layer_draws);
        let HostState { parameters, optimizer, gradient, .. } = &mut *state;
        let summary = if size.clip_norm.is_some() {
            // The scale of a clipped gradient depends on all of it.
            let found = trainer.gradient(problem, parameters.values(), rows, gradient)?;
            state.step(size, found.squared_norm)?;
            let values = state.parameters.values_mut();
            chain.update_running_statistics(values, &found.statistics)?;
            found
        } else {
            let step = optimizer.next_step(size.learning_rate, 1.0);
            trainer.step(problem, parameters.values_mut(), step, rows, gradient)?
        };
        Ok(summary.into())
    }

    fn snapshot(&self, state: &mut TrainingState) -> Result<(), TrainingError> {
        check_state(state, self.architecture)?;
        self.state()?.write_to(state);
        if let Some(peers) = &self.peers {
            self.collect_moments(peers.as_ref(), state.optimizer.moments_mut())?;
        }
        Ok(())
    }

    fn gradient(
        &mut self,
        batch: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        self.check(batch.samples)?;
        let Self { chain, objective, random, trainer, state, .. } = self;
        let problem = Problem { chain, objective };
        let state = state.as_ref().ok_or(TrainingError::NotLoaded)?;
        let layer_draws = layer_draws(random, state.seed, batch);
        let (count, target) = (batch.indices.len(), target(batch.samples, chain));
        let rows = Batch::new(count, target, rows(batch)).with_draws(&layer_draws);
        Ok(trainer.gradient(problem, state.parameters.values(), rows, gradient)?.into())
    }

    fn evaluate(&self, samples: &Samples, detail: Detail) -> Result<Evaluation, TrainingError> {
        evaluate_engine(self, samples, detail, self.peers.as_deref())
    }

    fn inference(&self) -> Result<Box<dyn Inference>, TrainingError> {
        Ok(Box::new(KernelInference::new(self.chain, &self.state()?.parameters)?))
    }

    fn seed(&self) -> Result<Seed, TrainingError> {
        Ok(self.state()?.seed)
    }

    fn architecture(&self) -> &dyn Architecture {
        self.architecture
    }

    fn objective(&self) -> &Objective {
        &self.objective
    }
}

/// Whether the target of these samples is the input itself or a clean image beside it.
fn target(samples: &Samples, chain: &Chain) -> Target {
    match samples.count_of_blind_spots() {
        Some(counted) => Target::Masked { counted },
        None if samples.are_targets(chain.inputs()) => Target::Input,
        None => Target::Separate,
    }
}

/// The rows of a batch, gathered and corrupted as the kernels need them.
fn rows(
    BatchSelection { samples, indices, epoch }: BatchSelection<'_>,
) -> impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync {
    move |rows, inputs, targets| samples.gather_into(&indices[rows], epoch, inputs, targets)
}

/// The random numbers of the layer with an index, for rows of a batch.
pub(crate) fn layer_draws<'a>(
    random: &'a [NamedDraws],
    seed: Seed,
    BatchSelection { indices, epoch, .. }: BatchSelection<'a>,
) -> impl Fn(usize, Range<usize>, &mut [f32]) + Sync + 'a {
    move |index, rows, numbers| {
        for NamedDraws { layer, draws, .. } in random.iter().filter(|it| it.index == index) {
            let stream = training_stream(seed, layer);
            fill(&stream, *draws, epoch, &indices[rows.clone()], numbers);
        }
    }
}

#[cfg(test)]
mod tests {
    use ae_models::{Layout, Parameters, TrainingInput};

    use super::*;

    /// A network that no kernel knows.
    struct Foreign(Layout);

    impl Architecture for Foreign {
        fn layout(&self) -> &Layout {
            &self.0
        }

        fn initialise(&self, seed: Seed) -> Parameters {
            Parameters::glorot_uniform(self.0.clone(), seed)
        }

        fn pixels(&self) -> usize {
            2
        }

        fn input(&self) -> TrainingInput {
            TrainingInput::Clean
        }

        fn output_is_probability(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_refusal_names_the_layers_without_kernels() {
        let refusal = |layers: u32| {
            let named = |layer: u32| {
                ["weight", "bias"].map(|name| (format!("block.{layer}.{name}"), vec![2, 2]))
            };
            let foreign = Foreign(Layout::new((0..layers).flat_map(named).collect()));
            FusedEngine::new(&foreign, Objective::default()).err().map(|it| it.to_string()).unwrap()
        };
        assert_eq!(
            refusal(2),
            "the fused engine cannot run this model: its layers (block.0, block.1) have no kernels; use the autograd engine"
        );
        assert!(refusal(20).contains("block.6, block.7, ..) have"), "{}", refusal(20));
    }
}
