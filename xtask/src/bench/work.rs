//! What is measured, and who takes part in it.

use super::Peer;

/// One kind of work that several sides do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    Tutorial,
    DenoisingFresh,
    Deep,
    Wide,
    Process,
    Inference,
    Noise,
    Loading,
    Reproduce,
    Exact,
    Build,
}

impl Work {
    /// All of them, in the order in which they are run.
    pub(crate) const ALL: [Self; 11] = [
        Self::Tutorial,
        Self::DenoisingFresh,
        Self::Deep,
        Self::Wide,
        Self::Process,
        Self::Inference,
        Self::Noise,
        Self::Loading,
        Self::Reproduce,
        Self::Exact,
        Self::Build,
    ];

    /// The name on the command line, for the peers and in the results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tutorial => "tutorial",
            Self::DenoisingFresh => "denoising-fresh",
            Self::Deep => "deep",
            Self::Wide => "wide",
            Self::Process => "process",
            Self::Inference => "inference",
            Self::Noise => "noise",
            Self::Loading => "loading",
            Self::Reproduce => "reproduce",
            Self::Exact => "exact",
            Self::Build => "build",
        }
    }

    /// The work of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.name() == name)
    }

    /// The epochs of a training, the first of which is not counted; 1 for what trains nothing.
    pub(super) fn usual_epochs(self) -> u32 {
        match self {
            Self::Tutorial | Self::DenoisingFresh | Self::Deep => 6,
            Self::Wide => 3,
            Self::Process | Self::Reproduce => 50,
            _ => 1,
        }
    }

    /// Who does the same work beside us.
    pub(super) fn peers(self) -> &'static [Peer] {
        match self {
            Self::Tutorial => Peer::TRAINERS,
            Self::DenoisingFresh | Self::Deep | Self::Wide | Self::Process => Peer::FAST,
            Self::Inference => &[Peer::Onnxruntime, Peer::Pytorch],
            Self::Noise => &[Peer::Numpy, Peer::Pytorch],
            Self::Loading => &[Peer::Numpy],
            Self::Reproduce | Self::Exact | Self::Build => &[],
        }
    }

    /// Whether every side runs once before it counts: not where that takes long.
    pub(super) fn warms_up(self) -> bool {
        !matches!(self, Self::Process | Self::Reproduce | Self::Exact | Self::Build)
    }

    /// Whether the program itself takes the times, over and over, so that its own time says nothing.
    pub(super) fn is_timed_inside(self) -> bool {
        matches!(self, Self::Inference | Self::Noise)
    }

    /// How often every side runs: what is not a matter of luck is run once.
    pub(super) fn repeats(self, asked: u32) -> u32 {
        if matches!(self, Self::Exact | Self::Build) { 1 } else { asked }
    }
}
