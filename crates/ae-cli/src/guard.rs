//! The guard over what commands write: it never replaces what they read, it replaces other files with `--force` only,
//! and it can be written.
//!
//! It looks at the arguments of every command before the command begins: an [`OutputPath`] is written,
//! any other path is read.

use std::fs;
use std::path::{Path, PathBuf};

use ae_dataset::{Shard, Source, is_named_like_a_picture};
use ae_experiment::{data_of_run, is_file_of_run, weights_file};
use ae_files::AtomicFile;
use anyhow::bail;
use clap::ArgMatches;

use crate::args::{OutputKind, OutputPath};
use crate::delivery::is_unfinished;
use crate::output;
use crate::shards::PartRecord;

/// The argument that names a model, a weights file or the folder of a run.
const MODEL: &str = "model";
/// The argument that names a data set, by a path or a word.
const DATA: &str = "data";
/// The same without a flag.
const SOURCE: &str = "source";
/// The flag that lets outputs replace what is there.
const FORCE: &str = "force";
/// The flag that goes on with a folder of pictures.
const CONTINUES: &str = "continues";
/// The flag that applies a command to a part of the items.
const SHARD: &str = "shard";
/// The ending of a file that says which item each row of an output is.
const INDEX: &str = "index.csv";
/// Most entries of a folder that are compared with a file that has several names.
const MOST_ENTRIES: usize = 1 << 20;

/// What a command reads.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    models: Vec<PathBuf>,
    data: Vec<PathBuf>,
    /// What the models were trained on.
    training: Vec<PathBuf>,
    /// Whether --force lets outputs replace what is there.
    replaces: bool,
    /// Whether --continue goes on with a folder, which is checked when it is opened.
    continues: bool,
    /// The shard, whose own output is looked at when it begins.
    shard: Option<Shard>,
}

/// Checks the paths of a command that was typed.
pub(crate) fn check_arguments(matches: &ArgMatches) -> anyhow::Result<()> {
    let mut matches = matches;
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    let is_typed = |flag| matches!(matches.try_get_one::<bool>(flag), Ok(Some(true)));
    let [replaces, continues] = [FORCE, CONTINUES].map(is_typed);
    let shard = matches.try_get_one::<Shard>(SHARD).ok().flatten().copied();
    let mut reads = Reads { replaces, continues, shard, ..Reads::default() };
    let mut writes = Vec::new();
    for id in matches.ids() {
        let id = id.as_str();
        if let Ok(Some(paths)) = matches.try_get_many::<OutputPath>(id) {
            writes.extend(paths);
        } else if let Ok(Some(paths)) = matches.try_get_many::<PathBuf>(id) {
            paths.for_each(|path| reads.add(id, path));
        } else if let (DATA | SOURCE, Ok(Some(sources))) = (id, matches.try_get_many::<String>(id))
        {
            sources.filter_map(|source| path_of(source)).for_each(|path| reads.add(id, &path));
        }
    }
    reads.check(&writes)
}

/// The path of a data set; none if it is named by a word, which is never a path.
fn path_of(source: &str) -> Option<PathBuf> {
    let Ok(parsed) = source.parse::<Source>();
    parsed.path().map(Path::to_owned)
}

/// Checks an output that nobody typed, beside the data that a command reads.
pub(crate) fn check_beside(
    output: &OutputPath,
    data: &Path,
    replaces: bool,
    continues: bool,
) -> anyhow::Result<()> {
    let data = vec![data.to_owned()];
    Reads { data, replaces, continues, ..Reads::default() }.check(&[output])
}

/// Refuses a folder for a run that is not to be written, or within which lies the data.
pub(crate) fn check_run_folder(folder: &Path, source: &str) -> anyhow::Result<()> {
    let output = OutputPath::new(folder.to_owned(), OutputKind::Run);
    let source = path_of(source);
    let reads = Reads { data: source.iter().cloned().collect(), ..Reads::default() };
    reads.check(&[&output])?;
    let folder = canonical(folder);
    if let Some(run) = folder.ancestors().skip(1).find(|above| is_run(above)) {
        bail!(
            "{} lies within the run {}; choose another folder with --out",
            folder.display(),
            run.display()
        );
    }
    match source {
        Some(data) if data.exists() && canonical(&data).starts_with(&folder) => {
            let (data, folder) = (data.display(), folder.display());
            bail!("{data} lies within {folder}; choose another folder with --out");
        }
        _ => Ok(()),
    }
}

/// Whether a run or a study has its files in a folder; a spec alone is none.
fn is_run(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).exists();
    has("spec.toml") && (has(".lock") || has("checkpoints") || has("models"))
}

/// Refuses a file whose folder is missing or cannot be written to.
pub(crate) fn check_writable(path: &Path) -> anyhow::Result<()> {
    check_parent(path)?;
    // A temporary file beside it, which is gone at once.
    AtomicFile::begin(path)?;
    Ok(())
}

fn check_parent(path: &Path) -> anyhow::Result<()> {
    let folder = parent(path);
    if folder.is_dir() {
        return Ok(());
    }
    bail!("cannot write {}: there is no folder {}", path.display(), folder.display())
}

impl Reads {
    fn add(&mut self, id: &str, path: &Path) {
        if id != MODEL {
            self.data.push(path.to_owned());
            return;
        }
        self.models.push(path.to_owned());
        self.training.extend(data_of_run(path));
    }

    fn check(&self, writes: &[&OutputPath]) -> anyhow::Result<()> {
        for (place, output) in writes.iter().enumerate() {
            match output.kind() {
                OutputKind::Folder | OutputKind::SharedFolder | OutputKind::Run => {
                    self.check_folder(output)?;
                }
                OutputKind::File | OutputKind::Model => self.check_file(output)?,
            }
            // An index of the rows stands beside a file, and replaces an earlier one.
            let index = OutputPath::new(output.with_extension(INDEX), OutputKind::File);
            if output.kind() == OutputKind::File
                && !self.is_own_part(output)
                && index.exists()
                && !is_same(&index, output)
            {
                self.check_file(&index)?;
            }
            if writes[..place].iter().any(|earlier| is_same(earlier, output)) {
                bail!("{} is to be written twice; choose another file", output.display());
            }
        }
        Ok(())
    }

    /// Whether an output is that of a shard, and a shard is made. Of which job it is, is compared before it is replaced.
    fn is_own_part(&self, output: &Path) -> bool {
        self.shard.is_some() && PartRecord::place(output).is_file()
    }

    fn check_folder(&self, output: &OutputPath) -> anyhow::Result<()> {
        let mut existing: &Path = output;
        while !existing.exists() && existing != Path::new(".") {
            existing = parent(existing);
        }
        if !existing.is_dir() {
            bail!("cannot make the folder {}: {} is a file", output.display(), existing.display());
        }
        check_writable(&existing.join("file"))?;
        let may_hold_files = self.replaces || self.continues || self.is_own_part(output);
        if output.kind() == OutputKind::Folder && !may_hold_files && !is_empty(output) {
            if is_unfinished(output) {
                bail!(
                    "{} holds what an interrupted command has made; the same command with --continue goes on, \
                     and with --force begins anew",
                    output.display()
                );
            }
            bail!(output::exists_already(output));
        }
        if output.kind() != OutputKind::Run {
            return self.check_pictures(output);
        }
        for read in self.data.iter().filter(|read| read.is_dir()) {
            let (folder, output) = (canonical(read), canonical(output));
            if output.starts_with(&folder) && output != folder {
                bail!(
                    "{} lies within {}, which is read; choose another folder with --out",
                    output.display(),
                    read.display()
                );
            }
        }
        Ok(())
    }

    /// Refuses a folder of results in which files that are read, training data or a run would be replaced.
    fn check_pictures(&self, output: &OutputPath) -> anyhow::Result<()> {
        let (shown, folder) = (output.display(), canonical(output));
        let is_within = |path: &&PathBuf| path.is_dir() && folder.starts_with(canonical(path));
        if let Some(read) = self.data.iter().find(is_within) {
            bail!("{shown} lies within {}, which is read; choose another folder", read.display());
        }
        if self.training.iter().any(|data| is_within(&data)) {
            bail!("{shown} is data that the model was trained on; choose another folder");
        }
        if folder.ancestors().any(is_run) {
            bail!("{shown} belongs to a run; choose another folder");
        }
        Ok(())
    }

    fn check_file(&self, output: &OutputPath) -> anyhow::Result<()> {
        let shown = output.display();
        if output.is_dir() {
            bail!("cannot write {shown}: it is a folder");
        }
        check_parent(output)?;
        for model in &self.models {
            let weights = weights_file(model).unwrap_or_else(|_| model.clone());
            let is_own = is_same(&weights, output);
            if is_own && output.kind() == OutputKind::Model {
                return check_writable(output);
            }
            if is_own || is_linked_from(model, output) {
                bail!("{shown} is the model, or a file of its run; choose another file");
            }
        }
        for read in &self.data {
            if is_same(read, output) {
                bail!("{shown} would be replaced by what is made of it; choose another file");
            }
            let is_read = output.exists() || is_named_like_a_picture(output);
            let is_within = read.is_dir() && canonical(output).starts_with(canonical(read));
            if is_within && is_read || is_linked_from(read, output) {
                bail!("{shown} lies within {}, which is read; choose another file", read.display());
            }
        }
        for data in &self.training {
            let is_within = output.exists() && canonical(output).starts_with(canonical(data));
            if is_same(data, output) || is_within || is_linked_from(data, output) {
                bail!("{shown} is data that the model was trained on; choose another file");
            }
        }
        if is_file_of_run(&canonical(output)) {
            bail!("{shown} belongs to a run; choose another file");
        }
        if output.exists() && !self.replaces && !self.is_own_part(output) {
            bail!(output::exists_already(output));
        }
        check_writable(output)
    }
}

/// Whether a folder is not there or holds nothing.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

/// Whether two paths lead to one file, also through links and other spellings, and if it is not there yet.
fn is_same(one: &Path, other: &Path) -> bool {
    let (one_id, other_id) = (identity(one), identity(other));
    one_id.is_some() && one_id == other_id || canonical(one) == canonical(other)
}

/// Whether a file is another name of one in a folder.
fn is_linked_from(folder: &Path, file: &Path) -> bool {
    let Some(id) = identity(file).filter(|_| has_other_names(file)) else { return false };
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(entries) = folders.pop().map(fs::read_dir) {
        for entry in entries.into_iter().flatten().flatten() {
            seen += 1;
            if identity(&entry.path()) == Some(id) {
                return true;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && seen < MOST_ENTRIES {
                folders.push(entry.path());
            }
        }
    }
    false
}

/// The path without links; of what is not there, that of the folder above it and the name.
fn canonical(path: &Path) -> PathBuf {
    // A link that leads nowhere yet is written through.
    let target = fs::read_link(path).map(|target| parent(path).join(target));
    let path = target.as_deref().unwrap_or(path);
    path.canonicalize().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(_), Some(name)) => canonical(parent(path)).join(name),
        _ => path.to_owned(),
    })
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The device and the number of a file: what its names have in common.
#[cfg(unix)]
fn identity(path: &Path) -> Option<[u64; 2]> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|found| [found.dev(), found.ino()])
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<[u64; 2]> {
    None
}

#[cfg(unix)]
fn has_other_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.nlink() > 1)
}

#[cfg(not(unix))]
fn has_other_names(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    /// The paths that commands read. Any other path is written and must be an [`OutputPath`].
    const READ: [&str; 15] = [
        "archive",
        "codes",
        "data",
        "folder",
        "images",
        "like",
        "model",
        "other",
        "parts",
        "photographs",
        "run",
        "spec",
        "target",
        "token_file",
        "weights",
    ];

    #[test]
    fn every_path_that_is_written_is_one_that_the_guard_looks_at() {
        let mut commands = vec![Args::command()];
        let mut outputs = 0;
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            for argument in command.get_arguments() {
                let (id, of) = (argument.get_id().as_str(), argument.get_value_parser().type_id());
                let is_output = of == TypeId::of::<OutputPath>();
                outputs += usize::from(is_output);
                let name = format!("{} {id}", command.get_name());
                assert!(of != TypeId::of::<PathBuf>() || READ.contains(&id), "{name} is written?");
                assert!(!["output", "out"].contains(&id) || is_output, "{name} is not guarded");
            }
        }
        assert!(outputs >= 12, "{outputs}");
    }

    #[test]
    fn a_path_that_is_not_there_has_the_place_where_it_would_be() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().canonicalize().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        assert_eq!(canonical(&folder.path().join("a/../new.csv")), place.join("new.csv"));
        assert_eq!(canonical(&folder.path().join("b/new.csv")), place.join("b/new.csv"));
        assert!(is_same(&folder.path().join("x"), &folder.path().join("a/../x")));
        assert!(!is_same(&folder.path().join("x"), &folder.path().join("y")));
    }
}
