//! The outputs of all shards put together: the bytes of one run.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ae_compression::join_archives;
use ae_dataset::{Shard, join_npy, join_parquet};
use ae_files::{AtomicFile, FileError, make_folder, read_bounded, shown, write_atomic};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::SCORES;
use super::record::{PartRecord, Written};
use crate::args::OutputPath;

/// The ending of a file that says which item each row of an output is.
const INDEX: &str = "index.csv";
/// The longest document of scores, or index of rows, that is read.
const MAX_TEXT: u64 = 1 << 32;

/// What was joined.
pub(crate) struct Joined {
    pub(crate) parts: usize,
    pub(crate) rows: usize,
    pub(crate) skipped: usize,
    /// What the parts were made by.
    pub(crate) command: String,
}

/// The output of a shard with its record.
struct Part {
    path: PathBuf,
    record: PartRecord,
    written: Written,
    shard: Shard,
}

/// Joins the outputs of all shards of a job. Everything is checked before the first write.
///
/// # Errors
/// If a part has no record or is damaged, if the parts are of different jobs, or if one is missing or there twice.
pub(crate) fn join(paths: &[PathBuf], out: &OutputPath) -> anyhow::Result<Joined> {
    let mut parts = paths.iter().map(|path| open(path)).collect::<anyhow::Result<Vec<_>>>()?;
    parts.sort_by_key(|part| part.shard.number());
    check_together(&parts)?;
    let Some(first) = parts.first() else { bail!("there is nothing to join") };
    let kind = first.record.job.output.as_str();
    let ending = out.extension().unwrap_or_default();
    let is_alike = if out.is_folder() { kind == "folder" } else { ending == kind };
    if !is_alike {
        let parts = if kind == "folder" { "folders".to_owned() } else { format!(".{kind} files") };
        bail!("{}: the parts are {parts}; give the output the same ending", out.display());
    }
    for Part { path, record, shard, .. } in &parts {
        if !record.is_there(path)? {
            bail!(
                "{} is not what was written by shard {shard}: it was changed or cut; run this shard again",
                path.display()
            );
        }
    }
    // A shard without rows is a file without items.
    let files = parts.iter().filter(|part| kind != "aez" || part.written.rows > 0);
    let files: Vec<&Path> = files.map(|part| part.path.as_path()).collect();
    match kind {
        "npy" => join_npy(&files, out)?,
        "csv" => concatenate(&files, out)?,
        "json" => write_atomic(out, documents(&files)?.as_bytes())?,
        "aez" => archives(&files, out)?,
        "parquet" => join_parquet(&files, out)?,
        "folder" => folders(&parts, out)?,
        other => bail!("parts that end with .{other} cannot be joined"),
    }
    let skipped = parts.iter().map(|part| part.written.skipped).sum();
    // The rows of scores have the numbers of their items.
    if matches!(kind, "npy" | "csv" | "parquet")
        && first.record.job.command != SCORES
        && skipped > 0
    {
        indices(&parts, out)?;
    }
    let rows = parts.iter().map(|part| part.written.rows).sum();
    let command = first.record.job.command.clone();
    Ok(Joined { parts: parts.len(), rows, skipped, command })
}

fn open(path: &Path) -> anyhow::Result<Part> {
    let shown = path.display();
    if !path.exists() {
        bail!("there is no file or folder {shown}");
    }
    let Some(record) = PartRecord::read(path)? else {
        bail!("{shown} is no output of a shard: there is no {}", PartRecord::place(path).display());
    };
    let shard = record.shard.parse::<Shard>().map_err(anyhow::Error::msg);
    let shard: Shard = shard.with_context(|| PartRecord::place(path).display().to_string())?;
    let Some(written) = record.written.clone() else {
        bail!("{shown} is not finished: shard {shard} was interrupted; run this shard again");
    };
    Ok(Part { path: path.to_owned(), record, written, shard })
}

/// Checks that the parts are all shards of one job, each once.
fn check_together(parts: &[Part]) -> anyhow::Result<()> {
    let Some((first, others)) = parts.split_first() else { return Ok(()) };
    let of = first.shard.of();
    for other in others {
        let (one, two) = (first.path.display(), other.path.display());
        if let Some(difference) = first.record.difference(&other.record) {
            bail!("{one} and {two} are shards of different runs: they differ in {difference}");
        }
        if other.shard.of() != of {
            bail!("{one} is shard {}, and {two} is shard {}", first.shard, other.shard);
        }
    }
    for pair in parts.windows(2) {
        if let [one, two] = pair
            && one.shard == two.shard
        {
            let (first, second) = (one.path.display(), two.path.display());
            bail!("{first} and {second} are both shard {}", one.shard);
        }
    }
    let missing: Vec<String> = (1..=of)
        .filter(|number| !parts.iter().any(|part| part.shard.number() == *number))
        .take(20)
        .map(|number| format!("{number}/{of}"))
        .collect();
    if !missing.is_empty() {
        bail!("{} of {of} shards given; missing: {}", parts.len(), missing.join(", "));
    }
    let mut place = 0;
    for part in parts {
        if part.record.first != place {
            let (path, found) = (part.path.display(), part.record.first);
            bail!(
                "{path} begins at item {found}, expected {place}, where the shard before it ends"
            );
        }
        place = part.record.end;
    }
    Ok(())
}

fn concatenate(parts: &[&Path], out: &Path) -> anyhow::Result<()> {
    let mut joined = AtomicFile::begin(out)?;
    let mut buffer = vec![0; 1 << 20];
    for &part in parts {
        let unreadable = |source| FileError::Read { path: part.to_owned(), source };
        let mut file = File::open(part).map_err(unreadable)?;
        loop {
            match file.read(&mut buffer).map_err(unreadable)? {
                0 => break,
                count => joined.write(&buffer[..count])?,
            }
        }
    }
    Ok(joined.commit()?)
}

/// Documents of scores: counts are added, scores follow each other, and everything else is the same in all.
fn documents(parts: &[&Path]) -> anyhow::Result<String> {
    let mut all: Option<Value> = None;
    for path in parts {
        let bytes = read_bounded(path, MAX_TEXT)?;
        let wrong = || format!("{} is not a document of scores", path.display());
        let mut next: Value = serde_json::from_slice(&bytes).with_context(wrong)?;
        let Some(all) = &mut all else {
            all = Some(next);
            continue;
        };
        for key in ["items", "anomalies", "skipped"] {
            let counts = [&all[key], &next[key]].map(Value::as_u64);
            let [Some(one), Some(two)] = counts else { bail!(wrong()) };
            all[key] = json!(one + two);
        }
        if let Some(windows) = next["windows"].as_u64() {
            all["windows"] = json!(windows.max(all["windows"].as_u64().unwrap_or_default()));
        }
        match (all["scores"].as_array_mut(), next["scores"].as_array_mut()) {
            (Some(scores), Some(next)) => scores.append(next),
            _ => bail!(wrong()),
        }
    }
    Ok(all.unwrap_or_default().to_string() + "\n")
}

fn archives(parts: &[&Path], out: &Path) -> anyhow::Result<()> {
    let read = |path: &&Path| read_bounded(path, ae_apply::MAX_ARCHIVE_BYTES);
    let parts = parts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Ok(write_atomic(out, &join_archives(&parts)?)?)
}

/// Copies the files of all folders into one.
fn folders(parts: &[Part], out: &Path) -> anyhow::Result<()> {
    make_folder(out)?;
    for part in parts {
        for file in &part.written.files {
            if file.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
                bail!("{}: {} leads out of the folder", part.path.display(), shown(file));
            }
            let (from, to) = (part.path.join(file), out.join(file));
            make_folder(to.parent().unwrap_or(out))?;
            concatenate(&[&from], &to)?;
        }
    }
    Ok(())
}

/// Joins the files that say which item each row is.
fn indices(parts: &[Part], out: &Path) -> anyhow::Result<()> {
    let (mut text, mut first) = ("row,item,name\n".to_owned(), 0);
    for part in parts {
        let path = part.path.with_extension(INDEX);
        let bytes = read_bounded(&path, MAX_TEXT)?;
        let rows = String::from_utf8(bytes).with_context(|| path.display().to_string())?;
        // A name may hold an end of a line, within quotes.
        let mut is_quoted = false;
        for line in rows.split_inclusive('\n').skip(1) {
            let own = line.split_once(',').filter(|_| !is_quoted);
            match own.and_then(|(row, rest)| Some((row.parse::<usize>().ok()?, rest))) {
                Some((row, rest)) => text.push_str(&format!("{},{rest}", first + row)),
                None if is_quoted => text.push_str(line),
                None => bail!("{} is not an index of rows", path.display()),
            }
            is_quoted ^= line.matches('"').count() % 2 == 1;
        }
        first += part.written.rows;
    }
    Ok(write_atomic(&out.with_extension(INDEX), text.as_bytes())?)
}
