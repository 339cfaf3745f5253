//! One file a command: it calls the libraries with the arguments and prints the result.

pub(crate) mod anomaly;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod compress;
pub(crate) mod data;
pub(crate) mod decode;
pub(crate) mod decompress;
pub(crate) mod denoise;
pub(crate) mod encode;
pub(crate) mod evaluate;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod interpolate;
pub(crate) mod join;
#[cfg(feature = "serve")]
pub(crate) mod live;
pub(crate) mod man;
mod new_folder;
pub(crate) mod probe;
pub(crate) mod project;
mod reading;
pub(crate) mod reconstruct;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod resume;
pub(crate) mod runs;
pub(crate) mod sample;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod spec;
pub(crate) mod study;
pub(crate) mod train;
mod whole_pictures;

use std::path::Path;
use std::sync::Arc;

use ae_apply::{ApplyError, ModelInput, device, input_reader};
use ae_dataset::{
    Dataset, InputFormat, InputReader, LoadOptions, Network, Source, is_named_like_a_picture, load,
};
use ae_experiment::{
    Cause, Doubt, ExperimentError, LiveTraining, Outcome, Record, RunOptions, Spec, TensorBoard,
};
use ae_files::printable;
use ae_training::Peers;
use anyhow::Context as _;

#[cfg(feature = "serve")]
use crate::args::LogFormat;
use crate::args::{Args, Change, Command, Common, ProgressStyle, Reading, Settings, Shown};
use crate::exit_status::{Status, Usage};
use crate::output::LogStyle;
use crate::{interrupt, output, processes, progress};

pub(crate) use reading::{in_flags, read_as, read_options};

/// Runs the command that was typed.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let of_process = || args.command.is_shared().then(processes::threads).flatten();
    if let Some(threads) = args.common.threads.or_else(of_process) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global().context("cannot start the threads")?;
    }
    let common = &args.common;
    let threads = rayon::current_num_threads();
    tracing::info!(threads, device = common.device, offline = common.offline, "begins");
    match &args.command {
        Command::Data(command) => data::run(command, common),
        Command::Spec(spec) => spec::run(spec),
        Command::Train(train) => train::run(train, common),
        Command::Resume(resume) => resume::run(resume, common),
        Command::Reproduce(reproduce) => {
            processes::refuse("`ae reproduce`")?;
            reproduce::run(reproduce, common)
        }
        Command::Study(study) => {
            processes::refuse("a study")?;
            study::run(study, common)
        }
        Command::Runs(args) => runs::run(args, common),
        Command::Compare(compare) => compare::run(compare, common),
        Command::Report(report) => report::run(report, common),
        Command::Evaluate(evaluate) => evaluate::run(evaluate, common),
        Command::Reconstruct(apply) => reconstruct::run(apply, common),
        Command::Denoise(denoise) => denoise::run(denoise, common),
        Command::Encode(encode) => encode::run(encode, common),
        Command::Decode(decode) => decode::run(decode, common),
        Command::Anomaly(command) => anomaly::run(command, common),
        Command::Probe(probe) => probe::run(probe, common),
        Command::Project(project) => project::run(project, common),
        Command::Interpolate(interpolate) => interpolate::run(interpolate, common),
        Command::Sample(sample) => sample::run(sample, common),
        Command::Compress(compress) => compress::run(compress, common),
        Command::Decompress(decompress) => decompress::run(decompress, common),
        #[cfg(feature = "serve")]
        Command::Serve(serve) => serve::run(serve, common),
        Command::Join(args) => join::run(args, common),
        #[cfg(feature = "serve")]
        Command::Live(live) => live::run(live, common),
        Command::Export(export) => export::run(export, common),
        Command::Import(import) => import::run(import, common),
        Command::Inspect(inspect) => inspect::run(inspect, common),
        Command::Completions(completions) => completions::run(completions),
        Command::Man(man) => man::run(man, common),
    }
}

/// How a command's events are written.
pub(crate) fn log_style(args: &Args) -> LogStyle {
    match &args.command {
        #[cfg(feature = "serve")]
        Command::Serve(serve) if serve.log_format == LogFormat::Json => LogStyle::Timed,
        _ if args.common.progress == ProgressStyle::Json => LogStyle::Messages,
        _ => LogStyle::Text,
    }
}

fn network(common: &Common) -> Network {
    if common.offline { Network::Offline } else { Network::Allowed }
}

/// The data set that a person named, or `auto`; says so if other data stands in.
fn dataset(
    source: Option<&str>,
    options: &LoadOptions,
    common: &Common,
) -> anyhow::Result<Dataset> {
    let Ok(source) = source.unwrap_or("auto").parse::<Source>();
    let dataset = load(&source, options, network(common), progress::data(common).as_mut())?;
    if let Some(sentence) = &dataset.origin.substituted {
        tracing::warn!("{sentence}");
    }
    Ok(dataset)
}

/// Endings of files that hold data.
const DATA_ENDINGS: [&str; 6] = ["csv", "tsv", "parquet", "npy", "gz", "idx"];

/// Refuses data where a spec was to be named.
fn check_spec(command: &str, path: &Path) -> anyhow::Result<()> {
    let name = path.display().to_string();
    if path.join("spec.toml").is_file() {
        let sentence = format!(
            "{name} is a run: `ae resume {name}` goes on with it, and its experiment is {name}/spec.toml"
        );
        return Err(Usage(sentence).into());
    }
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_data = DATA_ENDINGS.contains(&ending.as_str()) || is_named_like_a_picture(path);
    if path.is_dir() || name.ends_with("-ubyte") || is_data {
        let sentence = format!(
            "expected an experiment (a TOML file), found {name}; name data with --data: `ae {command} --data {name}`"
        );
        return Err(Usage(sentence).into());
    }
    if !path.exists()
        && (ae_corruption::parse_number(&name).is_ok() || ["yes", "no"].contains(&name.as_str()))
    {
        let sentence = format!(
            "expected an experiment (a TOML file), found {name}; the value of --blind-spot and --skip-bad follows a `=`: \
             --blind-spot=0.02, --skip-bad=no"
        );
        return Err(Usage(sentence).into());
    }
    Ok(())
}

/// The data that a person named, or that of the model's run; never a guess.
fn source_of<'a>(
    data: Option<&'a str>,
    input: &'a ModelInput,
    model: &Path,
) -> anyhow::Result<&'a str> {
    let own = || input.data.as_ref().map(|data| data.source.as_str());
    data.or_else(own).ok_or_else(|| {
        let model = model.display();
        let sentence = format!(
            "it is not known which data {model} was trained on, as it lies in no run's folder: name the data, as \
             in `ae evaluate MODEL DATA`"
        );
        Usage(sentence).into()
    })
}

/// Says where the data of a run comes from if it cannot be had.
fn hint_of_run(error: anyhow::Error, data: Option<&str>, source: &str) -> anyhow::Error {
    if data.is_some() || Path::new(source).exists() || !source.contains(std::path::MAIN_SEPARATOR) {
        return error;
    }
    error.context("the data of the run has moved or is gone; name the data behind MODEL")
}

/// Says so if a model was trained on some of what is read.
fn tell_of_training_data(images: &Path, input: &ModelInput, common: &Common) {
    if images.to_str().is_some_and(|source| input.contains_training_data(source)) {
        progress::data(common).chose(&format!(
            "{} is the data of the model's run: what the model was trained on is among it",
            images.display()
        ));
    }
}

/// The images that a person named, in the model's format, chunk by chunk; says so if the model was trained
/// on some of them.
fn inputs(
    images: &Path,
    input: &ModelInput,
    reading: &Reading,
    common: &Common,
) -> anyhow::Result<InputReader> {
    tell_of_training_data(images, input, common);
    read_as(input, reading, common, |options, progress| {
        input_reader(images, &input.format, options, network(common), progress)
    })
}

/// Calls `run` with the options of a run and tells what came out; with `--live`, a page tells it too.
fn finish(
    common: &Common,
    folder: &Path,
    shown: &Shown,
    peers: Option<Arc<dyn Peers>>,
    run: impl FnOnce(RunOptions) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Status> {
    let device = device(&common.device)?;
    let live = LiveTraining::new(folder);
    // Before anything is read or written: the port may be taken.
    #[cfg(feature = "serve")]
    let page = shown.live.map(|port| live::TrainingPage::begin(port, &live, common)).transpose()?;
    let ran = run(RunOptions {
        device,
        network: network(common),
        progress: &mut *progress::data(common),
        observer: progress::training(common, &live),
        tensorboard: if shown.tensorboard { TensorBoard::On } else { TensorBoard::Off },
        live: Some(live.clone()),
        peers,
    });
    match &ran {
        Ok(_) => live.finished(),
        Err(error) => live.failed(&format!("{error:#}")),
    }
    let status = match ran {
        Ok(outcome) => told(common, folder, shown, outcome),
        Err(error) if is_stop(&error) => {
            output::progress(&interrupt::stopped(folder, &live));
            Ok(Status::Interrupted)
        }
        Err(error) => Err(error),
    };
    #[cfg(feature = "serve")]
    if let Some(page) = page {
        page.end();
    }
    status
}

/// Whether a training has ended because it was asked to stop.
fn is_stop(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ExperimentError::Stopped { .. }))
}

fn told(common: &Common, folder: &Path, shown: &Shown, outcome: Outcome) -> anyhow::Result<Status> {
    let Outcome { record, grid } = outcome;
    let status = conclude(common, &record, folder)?;
    if let Some(bytes) = record.sent_bytes_a_step.filter(|_| !common.quiet) {
        let megabytes = bytes as f64 / 1e6;
        output::progress(&format!(
            "rank 0 has sent {megabytes:.3} MB a step to the other processes"
        ));
    }
    if !common.json && (shown.show || (output::is_terminal() && !common.quiet)) {
        output::pictures(&grid)?;
    }
    Ok(status)
}

/// Calls `run`, on a rank that trains beside rank 0, with the options of a run.
fn follow(
    common: &Common,
    peers: Arc<dyn Peers>,
    run: impl FnOnce(RunOptions) -> anyhow::Result<()>,
) -> anyhow::Result<Status> {
    run(RunOptions {
        device: device(&common.device)?,
        network: network(common),
        progress: &mut *progress::data(common),
        observer: progress::one_of_several(common),
        peers: Some(peers),
        ..RunOptions::default()
    })?;
    Ok(Status::Done)
}

/// Tells what an experiment reached.
fn conclude(common: &Common, record: &Record, folder: &Path) -> anyhow::Result<Status> {
    if common.json {
        output::json(&serde_json::to_value(record)?)?;
    } else {
        output::text(&output::record(record, &folder.display().to_string()))?;
    }
    record.diagnosis.iter().flat_map(|diagnosis| &diagnosis.warnings).for_each(warn);
    Ok(if record.falls_short() { Status::FellShort } else { Status::Done })
}

/// Says that a model has probably not learned, and which flags to change.
fn warn(doubt: &Doubt) {
    let advice = match doubt.cause {
        Cause::LearningRate => "try a lower --learning-rate, such as 0.001",
        Cause::FewSteps => "try more --epochs or a smaller --batch-size",
        Cause::FewItems => "give more training data, or try narrower --widths",
        Cause::Output => "try --loss mean-squared-error with --scaling standard",
        Cause::TopK => "try a larger --top-k (`k` in a list of layers), or a shorter code",
        Cause::CodeL1 => "try a lower --code-l1",
        Cause::Kl => "try a lower --kl-weight, or let it rise over --kl-warm-up epochs",
        Cause::Sparsity => "try a lower --sparsity, or a higher --sparsity-target",
        Cause::Contractive => "try a lower --contractive",
        _ => "try other --widths or another --network, more --epochs, or --noise none",
    };
    tracing::warn!("{}; probably {}: {advice}", doubt.text, doubt.cause);
}

impl Settings {
    /// Puts the values of flags in place of the spec's.
    fn apply(&self, spec: &mut Spec) {
        if let Some(source) = &self.data.data {
            spec.data.source.clone_from(source);
            spec.data.substituted = None;
        }
        if let Some(seed) = self.seed {
            spec.seed = seed;
        }
        if let Some(epochs) = self.epochs {
            spec.training.epochs = epochs;
        }
    }
}

/// Sets keys of a spec.
fn set(spec: &mut Spec, changes: &[Change]) -> anyhow::Result<()> {
    for Change { key, value } in changes {
        *spec = spec.with(key, value).with_context(|| format!("--set {key}={value}"))?;
    }
    Ok(())
}

/// An error with the name of the picture that it is about.
fn of_picture(error: ApplyError, name: &str) -> anyhow::Error {
    anyhow::Error::from(error).context(printable(name).into_owned())
}

/// What a model's data consists of.
pub(crate) fn noun_of(format: &InputFormat) -> &'static str {
    if format.scaling.is_some() { "row" } else { "image" }
}
