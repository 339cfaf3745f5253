//! Checkpoints: what a resume restores, the whole state of a run, in one file that is written as a whole or not at all.
//!
//! `epoch-0007.safetensors` is the state after 7 epochs, `epoch-0007-batch-00012.safetensors` that after a clean stop
//! 12 batches later. A file holds the flat parameters, the optimizer's buffers, and, as metadata, the number of steps,
//! the curve, the run's identity and a SHA-256 of all of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ae_files::{FileError, f32_from_le_bytes, f32_to_le_bytes, hexadecimal};
use ae_models::{Dtype, FileTensor, Layout, Parameters, TensorFile, tensor_file};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::identity::Written;
use crate::partial_epoch::PartialEpoch;
use crate::{Background, EpochRecord, Identity, Optimizer, OptimizerConfig, TrainingError};

/// Everything that changes in a run: parameters, optimizer, curve, and the place in an epoch. It is what a checkpoint
/// holds and what a resume restores.
///
/// Training is a fold of epochs over this value. Order and corruption of an epoch follow from the seed and
/// the epoch's number, so a run that goes on from a saved state ends as if it had never stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingState {
    pub(crate) parameters: Parameters,
    pub(crate) optimizer: Optimizer,
    pub(crate) curve: Vec<EpochRecord>,
    /// The epoch in which a clean stop happened, as far as it was learned.
    pub(crate) partial_epoch: Option<PartialEpoch>,
}

impl TrainingState {
    /// The state before the first epoch.
    pub fn new(parameters: Parameters, optimizer: OptimizerConfig) -> Self {
        let optimizer = Optimizer::new(optimizer, parameters.values().len());
        Self { parameters, optimizer, curve: Vec::new(), partial_epoch: None }
    }

    /// Epochs that were learned and validated.
    pub fn completed_epochs(&self) -> u32 {
        self.curve.last().map_or(0, |row| row.epoch)
    }

    /// Steps of the optimizer so far.
    pub fn steps(&self) -> u64 {
        self.optimizer.steps()
    }

    /// Batches of the next epoch that were learned before a clean stop, 0 after a whole epoch.
    pub fn batches_of_next_epoch(&self) -> usize {
        self.partial_epoch.as_ref().map_or(0, |partial| partial.batches)
    }

    /// The parameters as they are now.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The curve so far, one entry per epoch.
    pub fn curve(&self) -> &[EpochRecord] {
        &self.curve
    }

    /// How far the next epoch was learned, which must have been in batches of this size.
    pub(crate) fn partial_epoch(
        &self,
        batch_size: usize,
        batches: usize,
    ) -> Result<PartialEpoch, TrainingError> {
        let Some(partial) = self.partial_epoch.clone() else { return Ok(PartialEpoch::default()) };
        if partial.batches < batches && partial.images == partial.batches * batch_size {
            return Ok(partial);
        }
        Err(TrainingError::Setting {
            setting: "training.batch_size",
            expected: format!(
                "that of the stopped epoch, in which {} batches had {} images",
                partial.batches, partial.images
            ),
            found: batch_size.to_string(),
        })
    }
}

/// The folder of a run's checkpoints, which are written in the background.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    store: Store,
    background: Arc<Background>,
    every: u32,
}

/// What the writer thread needs.
#[derive(Debug, Clone)]
struct Store {
    folder: PathBuf,
    identity: Identity,
    keep: usize,
}

/// The metadata of a checkpoint.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    schema: u32,
    /// The run's identity: a state is not continued under other settings.
    fingerprint: Written,
    steps: u64,
    curve: Vec<EpochRecord>,
    /// Only in the checkpoint of a clean stop within an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial_epoch: Option<PartialEpoch>,
}

/// How far a state has come: epochs, then batches of the next one. Later states are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    epochs: u32,
    batches: usize,
}

impl Position {
    fn of(state: &TrainingState) -> Self {
        Self { epochs: state.completed_epochs(), batches: state.batches_of_next_epoch() }
    }

    fn file_name(self) -> String {
        let Self { epochs, batches } = self;
        match batches {
            0 => format!("epoch-{epochs:04}.safetensors"),
            _ => format!("epoch-{epochs:04}-batch-{batches:05}.safetensors"),
        }
    }

    /// The position of a file that this crate would write: `epoch-7.safetensors` is somebody else's.
    fn of_file(name: &str) -> Option<Self> {
        let text = name.strip_prefix("epoch-")?.strip_suffix(".safetensors")?;
        let (epochs, batches) = text.split_once("-batch-").unwrap_or((text, "0"));
        let position = Self { epochs: epochs.parse().ok()?, batches: batches.parse().ok()? };
        Some(position).filter(|position| position.file_name() == name)
    }
}

const SCHEMA: u32 = 1;
/// The one metadata entry, `<sha256> <header>`: of several, the order in the file would vary.
const ENTRY: &str = "ae.checkpoint";
const PARAMETERS: &str = "parameters";
/// The largest file that is read: 2^28 parameters with two moments, and a curve.
const LARGEST: u64 = 4 << 30;

impl Checkpoints {
    /// Checkpoints in a folder, which is made if it is missing, for the run with this identity.
    /// The newest `keep` are kept (at least one).
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn open(folder: &Path, identity: Identity, keep: usize) -> Result<Self, TrainingError> {
        ae_files::make_folder(folder)?;
        let store = Store { folder: folder.to_owned(), identity, keep: keep.max(1) };
        Ok(Self { store, background: Arc::new(Background::start()), every: 1 })
    }

    /// With a checkpoint after every `every` epochs (at least 1) instead of after each; the last
    /// epoch has one in any case.
    #[must_use]
    pub fn every(self, every: u32) -> Self {
        Self { every: every.max(1), ..self }
    }

    /// Whether a checkpoint is written after so many epochs, also if they are not the last.
    pub fn is_due(&self, completed_epochs: u32) -> bool {
        completed_epochs.is_multiple_of(self.every)
    }

    /// The writer thread. What is handed over to it before a checkpoint is written before that checkpoint.
    pub fn background(&self) -> &Arc<Background> {
        &self.background
    }

    /// The file of the checkpoint after this many epochs.
    pub fn path(&self, completed_epochs: u32) -> PathBuf {
        self.store.path(Position { epochs: completed_epochs, batches: 0 })
    }

    /// The newest checkpoint's file, if there is one, once all are written.
    ///
    /// # Errors
    /// If a checkpoint could not be written, or the folder cannot be listed.
    pub fn newest(&self) -> Result<Option<PathBuf>, TrainingError> {
        self.finish()?;
        Ok(self.store.positions()?.last().map(|&position| self.store.path(position)))
    }

    /// The file of the last checkpoint of a state's past, if there is one, once all are written.
    ///
    /// # Errors
    /// If a checkpoint could not be written, or the folder cannot be listed.
    pub(crate) fn last_of(&self, state: &TrainingState) -> Result<Option<PathBuf>, TrainingError> {
        self.finish()?;
        let positions = self.store.positions()?;
        let past = positions.into_iter().rfind(|past| past.epochs <= state.completed_epochs());
        Ok(past.map(|position| self.store.path(position)))
    }

    /// Writes the state and removes the oldest checkpoints before it, in the background.
    ///
    /// Files of later epochs are left alone, because they do not belong to this state's past.
    ///
    /// # Errors
    /// If something that was to be written before it failed.
    pub fn save(&self, state: &TrainingState) -> Result<(), TrainingError> {
        let (store, state) = (self.store.clone(), state.clone());
        self.background.run(move || store.save(&state))
    }

    /// Waits until all checkpoints are written.
    ///
    /// # Errors
    /// If a file could not be written or removed.
    pub fn finish(&self) -> Result<(), TrainingError> {
        self.background.finish()
    }

    /// The newest state that can be read, and what was wrong with newer ones.
    ///
    /// A damaged file costs the epochs since the one before it and changes nothing in the result.
    ///
    /// # Errors
    /// If there is no checkpoint, or none that can be used; then it is the fault of the newest one.
    /// [`TrainingError::OtherRun`] says what has changed.
    pub fn load_newest(
        &self,
        layout: &Layout,
        optimizer: OptimizerConfig,
    ) -> Result<(TrainingState, Vec<TrainingError>), TrainingError> {
        self.finish()?;
        let mut faults = Vec::new();
        for position in self.store.positions()?.into_iter().rev() {
            match self.store.load(&self.store.path(position), layout, optimizer) {
                Ok(state) => return Ok((state, faults)),
                Err(fault) => faults.push(fault),
            }
        }
        let none = TrainingError::NoCheckpoint { folder: self.store.folder.clone() };
        Err(faults.into_iter().next().unwrap_or(none))
    }
}

impl Store {
    fn path(&self, position: Position) -> PathBuf {
        self.folder.join(position.file_name())
    }

    /// Writes the state and removes the oldest checkpoints before it.
    fn save(&self, state: &TrainingState) -> Result<(), TrainingError> {
        let written = Position::of(state);
        let path = self.path(written);
        ae_files::write_atomic(&path, &self.encode(state, &path)?)?;
        let mut before = self.positions()?;
        before.retain(|&position| position < written);
        for &position in &before[..before.len().saturating_sub(self.keep - 1)] {
            let path = self.path(position);
            fs::remove_file(&path).map_err(|source| FileError::Write { path, source })?;
        }
        Ok(())
    }

    /// The positions that there are checkpoints of, in order.
    fn positions(&self) -> Result<Vec<Position>, TrainingError> {
        let fail = |source| FileError::Read { path: self.folder.clone(), source };
        let mut positions = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            positions.extend(entry.map_err(fail)?.file_name().to_str().and_then(Position::of_file));
        }
        positions.sort_unstable();
        Ok(positions)
    }

    fn encode(&self, state: &TrainingState, path: &Path) -> Result<Vec<u8>, TrainingError> {
        let fault = |reason: String| TrainingError::Checkpoint { path: path.to_owned(), reason };
        let header = Header {
            schema: SCHEMA,
            fingerprint: self.identity.written(),
            steps: state.optimizer.steps(),
            curve: state.curve.clone(),
            partial_epoch: state.partial_epoch.clone(),
        };
        let header = serde_json::to_string(&header).map_err(|error| fault(error.to_string()))?;
        let names =
            std::iter::once(PARAMETERS).chain(state.optimizer.config().moments().iter().copied());
        let buffers = std::iter::once(state.parameters.values())
            .chain(state.optimizer.moments().iter().map(Vec::as_slice));
        let buffers: Vec<(&str, Vec<u8>)> =
            names.zip(buffers).map(|(name, values)| (name, f32_to_le_bytes(values))).collect();
        let digest = digest(&header, buffers.iter().map(|(_, bytes)| bytes.as_slice()));
        let lengths: Vec<_> = buffers.iter().map(|(_, bytes)| [bytes.len() / 4]).collect();
        let tensors = buffers.iter().zip(&lengths).map(|((name, data), shape)| FileTensor {
            name,
            dtype: Dtype::F32,
            shape,
            data,
        });
        let entry = format!("{digest} {header}");
        tensor_file(&[(ENTRY, &entry)], tensors.collect()).map_err(|error| fault(error.to_string()))
    }

    fn load(
        &self,
        path: &Path,
        layout: &Layout,
        config: OptimizerConfig,
    ) -> Result<TrainingState, TrainingError> {
        let fault = |reason: String| TrainingError::Checkpoint { path: path.to_owned(), reason };
        let bytes = ae_files::read_bounded(path, LARGEST)?;
        let file = TensorFile::parse(&bytes).map_err(|error| fault(error.to_string()))?;
        let (expected_digest, header_text) = file
            .entry(ENTRY)
            .and_then(|entry| entry.split_once(' '))
            .ok_or_else(|| fault(format!("its metadata has no entry `{ENTRY}`")))?;
        let header: Header =
            serde_json::from_str(header_text).map_err(|error| fault(error.to_string()))?;
        if header.schema != SCHEMA {
            return Err(fault(format!("expected schema {SCHEMA}, found {}", header.schema)));
        }
        if let Some(difference) = self.identity.difference(&header.fingerprint) {
            return Err(TrainingError::OtherRun { path: path.to_owned(), difference });
        }
        let names = std::iter::once(PARAMETERS).chain(config.moments().iter().copied());
        let views = names
            .map(|name| checked_view(&file, name, layout.len()).map_err(fault))
            .collect::<Result<Vec<_>, _>>()?;
        if expected_digest != digest(header_text, views.iter().copied()) {
            return Err(fault("its contents do not match their SHA-256".to_owned()));
        }
        let mut buffers = views.into_iter().map(f32_from_le_bytes);
        let parameters = buffers.next().unwrap_or_default();
        Ok(TrainingState {
            parameters: Parameters::new(layout.clone(), parameters)?,
            optimizer: Optimizer::restore(config, header.steps, buffers.collect()),
            curve: header.curve,
            partial_epoch: header.partial_epoch,
        })
    }
}

fn checked_view<'a>(
    file: &'a TensorFile<'_>,
    name: &'a str,
    len: usize,
) -> Result<&'a [u8], String> {
    let tensor = file.tensor(name).ok_or_else(|| format!("it has no tensor `{name}`"))?;
    if tensor.dtype != Dtype::F32 || tensor.shape != [len] {
        let FileTensor { dtype, shape, .. } = tensor;
        return Err(format!(
            "`{name}`: expected F32 of shape [{len}], found {dtype:?} of {shape:?}"
        ));
    }
    Ok(tensor.data)
}

fn digest<'a>(header: &str, buffers: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new_with_prefix(header.as_bytes());
    buffers.for_each(|buffer| hasher.update(buffer));
    hexadecimal(&hasher.finalize())
}
