//! `ae join`

use ae_files::counted_as;
use serde_json::json;

use crate::args::{Common, Join};
use crate::exit_status::Status;
use crate::output;
use crate::shards::{Joined, join};

pub(crate) fn run(args: &Join, common: &Common) -> anyhow::Result<Status> {
    let Joined { parts, rows, skipped, command } = join(&args.parts, &args.out)?;
    let shown = args.out.display().to_string();
    if common.json {
        output::json(&json!({
            "parts": parts, "items": rows, "skipped": skipped, "command": command, "output": shown,
        }))?;
    } else if !common.quiet {
        let left_out = if skipped > 0 { format!(", {skipped} left out") } else { String::new() };
        let (parts, items) = (counted_as(parts, "part"), counted_as(rows, "item"));
        output::text(&format!("{parts} of `ae {command}` joined to {shown}: {items}{left_out}"))?;
    }
    Ok(Status::Done)
}
