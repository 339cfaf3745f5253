//! Shards: a command for a part of the items, whose output is joined with those of the others.

mod joined;
mod record;

use std::path::{Path, PathBuf};

use ae_dataset::{BadItems, InputReader, PictureReader, ReadOptions, Shard, ShardItems};
use ae_experiment::weights_file;
use ae_files::{counted_as, make_folder};
use anyhow::bail;
use serde_json::json;

use crate::args::{Common, OutputPath, Target};
use crate::delivery::Outcome;
use crate::exit_status::Usage;
use crate::{output, progress};
pub(crate) use joined::{Joined, join};
pub(crate) use record::PartRecord;
use record::{Job, Written, sha256_of};

/// The command whose rows name their items.
pub(crate) const SCORES: &str = "anomaly score";

/// A command that is applied to a shard.
pub(crate) struct Sharded<'a> {
    pub(crate) command: &'static str,
    /// The folder of a run, or a weights file; none is the denoiser inside.
    pub(crate) model: Option<&'a Path>,
    /// What changes the result, in words.
    pub(crate) settings: String,
    /// Without one, rows go to stdout, and nothing is recorded.
    pub(crate) out: Option<&'a OutputPath>,
    /// Whether --force lets the output replace that of another job.
    pub(crate) replaces: bool,
}

/// What is read by a command, and the output of its shard if it has one.
pub(crate) struct Begun<Reader> {
    pub(crate) reader: Reader,
    pub(crate) part: Option<Part>,
}

/// An input that is divided into shards.
pub(crate) trait Divided: Sized {
    /// Which items are in a shard; the input is cut where `may_cut` allows it.
    fn items(&self, shard: Shard, may_cut: &dyn Fn(usize) -> bool) -> anyhow::Result<ShardItems>;

    /// A digest of what the input is.
    fn identity(&self) -> anyhow::Result<String>;

    /// The items of a shard alone.
    fn of_shard(self, items: ShardItems) -> anyhow::Result<Self>;
}

impl Divided for InputReader {
    fn items(&self, shard: Shard, may_cut: &dyn Fn(usize) -> bool) -> anyhow::Result<ShardItems> {
        Ok(self.shard(shard, may_cut)?)
    }

    fn identity(&self) -> anyhow::Result<String> {
        Ok(Self::identity(self)?)
    }

    fn of_shard(self, items: ShardItems) -> anyhow::Result<Self> {
        Ok(self.within(items)?)
    }
}

impl Divided for PictureReader {
    fn items(&self, shard: Shard, may_cut: &dyn Fn(usize) -> bool) -> anyhow::Result<ShardItems> {
        Ok(self.shard(shard, may_cut))
    }

    fn identity(&self) -> anyhow::Result<String> {
        Ok(Self::identity(self))
    }

    fn of_shard(self, items: ShardItems) -> anyhow::Result<Self> {
        Ok(self.within(items))
    }
}

/// The output of a shard that is being made.
#[derive(Debug)]
pub(crate) struct Part {
    out: PathBuf,
    record: PartRecord,
}

impl Sharded<'_> {
    /// Begins: without a shard, with the whole input. `None` if the output of the shard is there already, which is said.
    ///
    /// # Errors
    /// If there is the output of another shard or of another job.
    pub(crate) fn begin<Reader: Divided>(
        &self,
        shard: Option<Shard>,
        reader: Reader,
        may_cut: &dyn Fn(usize) -> bool,
        common: &Common,
    ) -> anyhow::Result<Option<Begun<Reader>>> {
        let Some(shard) = shard else { return Ok(Some(Begun { reader, part: None })) };
        let (items, input) = (reader.items(shard, may_cut)?, reader.identity()?);
        let part = match self.out {
            Some(out) => match self.part(shard, items, input, out, common)? {
                None => return Ok(None),
                part => part,
            },
            None => None,
        };
        Ok(Some(Begun { reader: reader.of_shard(items)?, part }))
    }

    /// Begins the output of a shard: `None` if it is there already, which is said.
    ///
    /// # Errors
    /// If there is the output of another shard or of another job.
    fn part(
        &self,
        shard: Shard,
        items: ShardItems,
        input: String,
        out: &OutputPath,
        common: &Common,
    ) -> anyhow::Result<Option<Part>> {
        let Self { command, model, settings, out: _, replaces } = self;
        let model = match model {
            Some(path) => sha256_of(&weights_file(path)?)?,
            None => format!("inside {}", env!("CARGO_PKG_VERSION")),
        };
        let ending = out.extension().unwrap_or_default().to_string_lossy().into_owned();
        let kind = if out.is_folder() { "folder".to_owned() } else { ending };
        let (command, settings) = ((*command).to_owned(), settings.clone());
        let job = Job { command, model, input, settings, output: kind, items: items.of };
        let record = PartRecord::new(job, shard, [items.first, items.end]);
        let shown = out.display();
        if let Some(before) = PartRecord::read(out)?.filter(|_| !replaces) {
            if let Some(difference) = record.difference(&before) {
                bail!(
                    "{shown} is a shard of another job, which differs in {difference}; choose another name, or replace \
                     it with --force"
                );
            }
            if before.shard != record.shard {
                let before = before.shard;
                bail!("{shown} is shard {before}; choose another name, or replace it with --force");
            }
            if before.is_there(out)? {
                let told = format!("shard {shard} is there already: {shown}");
                progress::data(common).chose(&told);
                if common.json {
                    let output = shown.to_string();
                    output::json(
                        &json!({ "shard": record.shard, "there": true, "output": output }),
                    )?;
                }
                return Ok(None);
            }
        }
        let count = items.count();
        progress::data(common).chose(&match count {
            0 => format!("shard {shard} of {} is empty", counted_as(items.of as usize, "item")),
            _ => format!(
                "shard {shard}: items {} to {} of {} (counted from 0)",
                items.first,
                items.end - 1,
                items.of
            ),
        });
        if out.is_folder() {
            make_folder(out)?;
        }
        record.write(out)?;
        Ok(Some(Part { out: out.to_path_buf(), record }))
    }
}

impl Part {
    /// Records what was written: rows or pictures, and of a folder its files.
    pub(crate) fn finish(
        mut self,
        rows: usize,
        skipped: usize,
        files: Vec<PathBuf>,
    ) -> anyhow::Result<()> {
        let sha256 = (!self.out.is_dir()).then(|| sha256_of(&self.out)).transpose()?;
        self.record.written = Some(Written { rows, skipped, sha256, files });
        self.record.write(&self.out)
    }
}

/// Records what was delivered of a shard, if it is one.
pub(crate) fn finish(part: Option<Part>, outcome: Outcome, skipped: usize) -> anyhow::Result<()> {
    match part {
        Some(part) => part.finish(outcome.images, skipped, outcome.files),
        None => Ok(()),
    }
}

/// Whether it is written which items the rows of a shard are, although none was left out: some may be in other shards.
pub(crate) fn keeps_index(part: &Option<Part>, options: &ReadOptions) -> bool {
    part.is_some() && options.bad == BadItems::Skip
}

/// Whether a table has a header: of shards, the first alone, so that their rows can be put together as they are.
pub(crate) fn has_header(shard: Option<Shard>) -> bool {
    shard.is_none_or(|shard| shard.number() == 1)
}

/// Refuses a target whose parts could not be joined.
pub(crate) fn check_target(target: &Target) -> anyhow::Result<&OutputPath> {
    let out = target.out.as_ref().filter(|out| {
        let ending = out.extension().unwrap_or_default();
        out.is_folder() || ["npy", "csv", "parquet"].iter().any(|known| ending == *known)
    });
    match out.filter(|_| !target.show) {
        Some(out) => Ok(out),
        None => {
            let sentence = "--shard is for results that can be joined: -o with a .npy file, of a table also .csv or .parquet, \
                            or a folder, such as -o part-1/; figures and --show are of the first items of all";
            Err(Usage(sentence.to_owned()).into())
        }
    }
}
