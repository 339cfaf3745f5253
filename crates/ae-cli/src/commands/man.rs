//! `ae man`

use std::path::Path;

use ae_files::{make_folder, write_atomic};
use anyhow::bail;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::args::{Args, Common, Man as ManArgs};
use crate::exit_status::Status;
use crate::output;

pub(crate) fn run(args: &ManArgs, common: &Common) -> anyhow::Result<Status> {
    let mut command = Args::command();
    command.build();
    let Some(folder) = args.out.as_deref() else {
        output::text(&page(command)?)?;
        return Ok(Status::Done);
    };
    let mut pages = Vec::new();
    collect(&command, "ae", &mut pages)?;
    if !args.overwrite.force {
        let existing = pages.iter().map(|(name, _)| folder.join(name)).find(|path| path.exists());
        if let Some(path) = existing {
            bail!(output::exists_already(&path));
        }
    }
    make_folder(folder)?;
    for (name, page) in &pages {
        write_atomic(&folder.join(name), page.as_bytes())?;
    }
    if !common.quiet {
        output::text(&told(pages.len(), folder))?;
    }
    Ok(Status::Done)
}

fn told(pages: usize, folder: &Path) -> String {
    format!("{pages} manual pages written to {}", folder.display())
}

/// The page of a command and those of the commands below it, each with the name of its file.
fn collect(command: &Command, name: &str, pages: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    pages.push((format!("{name}.1"), page(command.clone())?));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        collect(below, &format!("{name}-{}", below.get_name()), pages)?;
    }
    Ok(())
}

/// A page in roff.
fn page(command: Command) -> anyhow::Result<String> {
    let name = command.get_bin_name().unwrap_or("ae").replace(' ', "-");
    // `clap_mangen` leaves out the text of arguments that are hidden in the short help.
    let command = command.mut_args(|argument| argument.hide_short_help(false));
    let mut text = Vec::new();
    Man::new(command).title(name).manual("ae").render(&mut text)?;
    Ok(String::from_utf8(text)?)
}
