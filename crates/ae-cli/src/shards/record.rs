//! The record beside the output of a shard: what it is a part of.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ae_dataset::Shard;
use ae_files::{FileError, hexadecimal, read_bounded, write_atomic};
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of the record.
const SCHEMA: u32 = 1;
/// The name of the record in a folder.
const IN_FOLDER: &str = ".part.json";
/// The longest record that is read. One of a folder names all files.
const MAX_BYTES: u64 = 1 << 32;

/// What the output of a shard is a part of. Shards of one job differ in `shard`, `items` and `written` alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartRecord {
    pub(super) schema: u32,
    pub(super) job: Job,
    /// Such as `2/8`.
    pub(super) shard: String,
    pub(super) first: u64,
    pub(super) end: u64,
    /// What was written; nothing while the command works.
    pub(super) written: Option<Written>,
}

/// What all shards of a job have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    pub(super) command: String,
    /// The SHA-256 of the weights file.
    pub(super) model: String,
    pub(super) input: String,
    pub(super) settings: String,
    /// The kind of the output: the ending of a file, or `folder`.
    pub(super) output: String,
    pub(super) items: u64,
}

/// What a shard has written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub(super) rows: usize,
    pub(super) skipped: usize,
    /// The SHA-256 of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    /// The files of a folder, relative to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<PathBuf>,
}

impl PartRecord {
    pub(super) fn new(job: Job, shard: Shard, [first, end]: [u64; 2]) -> Self {
        Self { schema: SCHEMA, job, shard: shard.to_string(), first, end, written: None }
    }

    /// Where the record of an output stands.
    pub(crate) fn place(output: &Path) -> PathBuf {
        if output.is_dir() {
            return output.join(IN_FOLDER);
        }
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(IN_FOLDER);
        output.with_file_name(name)
    }

    /// The record of an output, if there is one.
    pub(crate) fn read(output: &Path) -> anyhow::Result<Option<Self>> {
        let path = Self::place(output);
        if !path.exists() {
            return Ok(None);
        }
        let record: Self =
            serde_json::from_slice(&read_bounded(&path, MAX_BYTES)?).with_context(|| {
                format!(
                    "{} is not the record of a shard; remove it to run the shard again",
                    path.display()
                )
            })?;
        if record.schema != SCHEMA {
            let (path, found) = (path.display(), record.schema);
            bail!("{path}: expected schema {SCHEMA}, found {found}, of a later program");
        }
        Ok(Some(record))
    }

    pub(super) fn write(&self, output: &Path) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec(self)?;
        Ok(write_atomic(&Self::place(output), &[&bytes[..], b"\n"].concat())?)
    }

    /// Whether the output has what the record says.
    pub(super) fn is_there(&self, output: &Path) -> anyhow::Result<bool> {
        let Some(written) = &self.written else { return Ok(false) };
        match &written.sha256 {
            Some(expected) => Ok(output.is_file() && sha256_of(output)? == *expected),
            None => Ok(written.files.iter().all(|file| output.join(file).is_file())),
        }
    }

    /// What two jobs differ in, in words.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let (one, other) = (&self.job, &other.job);
        let fields = [
            ("the command", &one.command, &other.command),
            ("the settings", &one.settings, &other.settings),
            ("the kind of output", &one.output, &other.output),
        ];
        if let Some((what, one, other)) = fields.into_iter().find(|(_, one, other)| one != other) {
            return Some(format!("{what} ({one}, and {other})"));
        }
        if one.model != other.model {
            return Some("the model".to_owned());
        }
        if one.input != other.input || one.items != other.items {
            return Some("the input".to_owned());
        }
        None
    }
}

/// The SHA-256 of a file.
pub(super) fn sha256_of(path: &Path) -> anyhow::Result<String> {
    let read = || {
        let (mut file, mut hasher) = (File::open(path)?, Sha256::new());
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hexadecimal(&hasher.finalize())),
                count => hasher.update(&buffer[..count]),
            }
        }
    };
    Ok(read().map_err(|source| FileError::Read { path: path.to_owned(), source })?)
}
