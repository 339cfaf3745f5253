//! `ae reproduce`

use std::env;
use std::path::{Path, PathBuf};

use ae_apply::device;
use ae_dataset::Source;
use ae_experiment::{Photographs, Spec, StudySpec};
use ae_studies::{
    Beginning, Conclusion, PlannedExperiment, ReproduceOptions, Reproduced, Reproduction,
    Selection, StudyError, reproduce,
};
use anyhow::bail;

use super::{network, set, warn};
use crate::args::{Common, Reproduce};
use crate::exit_status::{Status, Usage};
use crate::{guard, interrupt, output, progress};

pub(crate) fn run(args: &Reproduce, common: &Common) -> anyhow::Result<Status> {
    let reproduction = planned(args, common)?;
    for experiment in &reproduction.experiments {
        let Spec { name, data, .. } = &experiment.spec;
        guard::check_run_folder(&args.out.join(name), &data.source)?;
    }
    let mut show = progress::steps(common);
    let options = ReproduceOptions {
        device: device(&common.device)?,
        network: network(common),
        progress: &mut *progress::data(common),
        begins: &mut |beginning| begin(beginning, common),
        observer: &mut || progress::one_of_several(common),
        step: &mut |step| {
            interrupt::begun();
            show(step);
        },
    };
    let reproduced = reproduce(reproduction, options)?;
    // A full disk must not hide the table.
    let written = reproduced.write();
    tell(&reproduced, common)?;
    let records = reproduced.runs.iter().flat_map(|run| &run.result);
    let diagnoses = records.flat_map(|record| &record.diagnosis);
    diagnoses.flat_map(|diagnosis| &diagnosis.warnings).for_each(warn);
    written?;
    let failed = reproduced.runs.iter().filter(|run| run.result.is_err()).count();
    match reproduced.conclusion() {
        Conclusion::Held => Ok(Status::Done),
        Conclusion::Short => Ok(Status::FellShort),
        Conclusion::Failed => bail!("{failed} of {} experiments failed", reproduced.runs.len()),
    }
}

/// The experiments that were asked for, with what was typed in place of what their specs say.
fn planned(args: &Reproduce, common: &Common) -> anyhow::Result<Reproduction> {
    let selection = match args.only.as_slice() {
        [] if args.all => Selection::All,
        [] => Selection::Tutorial,
        names => Selection::Only(names.to_vec()),
    };
    let chosen = selection.experiments().map_err(|error| match error {
        StudyError::NoExperiment { .. } => Usage(error.to_string()).into(),
        error => anyhow::Error::from(error),
    })?;
    let mut experiments = Vec::new();
    for experiment in chosen {
        let mut spec = experiment.spec()?;
        let Ok(asked) = spec.data.source.parse::<Source>();
        args.settings.apply(&mut spec);
        if let Some(StudySpec::Photographs(study)) = &mut spec.study {
            // `--data` is for the other experiments.
            spec.data.source = asked.to_string();
            study.pictures = photographs(args)?;
        } else {
            // An experiment on rotated digits rotates those of any data.
            let Ok(data) = spec.data.source.parse::<Source>();
            spec.data.source = asked.with_data(data).to_string();
        }
        set(&mut spec, &args.settings.set)?;
        if spec.name != experiment.name {
            let sentence =
                "--set name=.. would give several experiments one folder; --out chooses the folder";
            return Err(Usage(sentence.to_owned()).into());
        }
        let command = command_line(args, common, &[experiment.name.to_owned()]);
        experiments.push(PlannedExperiment { spec, command });
    }
    let command = command_line(args, common, &args.only);
    Ok(Reproduction { folder: args.out.to_path_buf(), command, experiments })
}

/// The folder of photographs that was named, or the one beside the data.
fn photographs(args: &Reproduce) -> anyhow::Result<Option<String>> {
    if let Some(folder) = &args.photographs {
        let text = folder.to_str().ok_or_else(|| {
            Usage(format!("--photographs {}: the path is not UTF-8", folder.display()))
        })?;
        return Ok(Some(text.to_owned()));
    }
    let data = env::var_os("AE_DATA").map(PathBuf::from);
    let beside = data.as_deref().and_then(Path::parent).map(|parent| parent.join("photos"));
    let found = beside.filter(|folder| folder.join(Photographs::TRAINING).is_dir());
    Ok(found.and_then(|folder| folder.to_str().map(str::to_owned)))
}

/// The command for these experiments, as a person types it.
fn command_line(args: &Reproduce, common: &Common, only: &[String]) -> String {
    let mut line = "ae reproduce".to_owned();
    let mut push = |flag: &str, value: &str| line += &format!(" {flag} {}", output::quoted(value));
    let settings = &args.settings;
    settings.data.data.iter().for_each(|source| push("--data", source));
    push("--out", &args.out.display().to_string());
    let photographs = args.photographs.iter();
    photographs.for_each(|folder| push("--photographs", &folder.display().to_string()));
    only.iter().for_each(|name| push("--only", name));
    settings.epochs.iter().for_each(|epochs| push("--epochs", &epochs.to_string()));
    settings.set.iter().for_each(|set| push("--set", &format!("{}={}", set.key, set.value)));
    settings.seed.iter().for_each(|seed| push("--seed", &seed.to_string()));
    common.threads.iter().for_each(|threads| push("--threads", &threads.to_string()));
    let all = if args.all && only.is_empty() { " --all" } else { "" };
    let offline = if common.offline { " --offline" } else { "" };
    line + all + offline
}

fn begin(beginning: &Beginning, common: &Common) {
    let Beginning { name, folder, is_study, place, count, .. } = beginning;
    interrupt::resumable(folder, *is_study);
    if !common.quiet {
        output::progress(&format!("== {name} ({place} of {count})"));
    }
}

/// Tells what was reached: the table, why runs failed, the data and the report.
fn tell(reproduced: &Reproduced, common: &Common) -> anyhow::Result<()> {
    if common.json {
        return output::json(&serde_json::from_str(&reproduced.summary()?)?);
    }
    let columns = Reproduced::COLUMNS.map(str::to_owned);
    let rows: Vec<Vec<String>> = reproduced.rows().into_iter().map(Vec::from).collect();
    let mut text = output::aligned(&columns, &rows) + "\n";
    for run in &reproduced.runs {
        if let Err(error) = &run.result {
            text += &format!("failed: {}: {error}\n", run.name);
        }
    }
    for data in reproduced.data() {
        text += &format!("data: {data}\n");
    }
    output::text(&(text + &format!("report: {}\n", reproduced.report_path().display())))
}
