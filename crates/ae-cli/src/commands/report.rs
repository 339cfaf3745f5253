//! `ae report`

use std::path::Path;

use ae_experiment::{lock_folder, page_of_run, write_page};
use ae_files::write_atomic;
use ae_studies::Reproduced;
use serde_json::json;

use crate::args::{Common, Report};
use crate::exit_status::Status;
use crate::output;

pub(crate) fn run(args: &Report, common: &Common) -> anyhow::Result<Status> {
    let path = match &args.out {
        Some(out) => {
            write_to(&args.run, out)?;
            out.to_path_buf()
        }
        None => write_into(&args.run)?,
    };
    if common.json {
        output::json(&json!({ "report": path }))?;
    } else {
        output::text(&format!("report: {}\n", path.display()))?;
    }
    Ok(Status::Done)
}

/// Writes the page to a file that was named.
fn write_to(folder: &Path, path: &Path) -> anyhow::Result<()> {
    if Reproduced::is_in(folder) {
        return Ok(Reproduced::read(folder)?.write_page(path)?);
    }
    Ok(write_atomic(path, page_of_run(folder)?.html()?.as_bytes())?)
}

/// Writes the page into the folder that it is about.
fn write_into(folder: &Path) -> anyhow::Result<std::path::PathBuf> {
    if Reproduced::is_in(folder) {
        let reproduced = Reproduced::read(folder)?;
        reproduced.write_page(&reproduced.report_path())?;
        return Ok(reproduced.report_path());
    }
    // Read once before the lock, which makes a file: a folder without a run is left as it is.
    page_of_run(folder)?;
    let _lock = lock_folder(folder)?;
    Ok(write_page(folder)?)
}
