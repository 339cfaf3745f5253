//! `report.html` of a reproduction: the table of all expectations, and a section for each experiment.

use ae_experiment::{Record, Verdict, finding_of_record, section_of_run};
use ae_report::page::{Block, Cell, Fact, Finding, Page, PageTable, Section, Tone};

use super::table::{self, COLUMNS, Row};
use super::{Conclusion, Reproduced, ReproducedRun};

/// The page; the files of the runs lie in the folder of the results.
pub(super) fn page(reproduced: &Reproduced) -> Page {
    let mut overview = vec![Block::Table(overview(&reproduced.runs))];
    if !reproduced.command.is_empty() {
        overview.insert(0, Block::Code(reproduced.command.clone()));
    }
    let all = Section { id: "all".to_owned(), ..Section::new("All experiments", overview) };
    let sections = reproduced.runs.iter().map(|run| section(reproduced, run));
    Page {
        kind: "Reproduction".to_owned(),
        title: "Autoencoders, reproduced".to_owned(),
        lead: String::new(),
        verdict: verdict(reproduced),
        facts: facts(&reproduced.runs),
        sections: std::iter::once(all).chain(sections).collect(),
        footer: format!(
            "Made by ae {}. This page needs no network and no other file.",
            env!("CARGO_PKG_VERSION")
        ),
    }
}

fn verdict(reproduced: &Reproduced) -> Finding {
    let records = reproduced.runs.iter().flat_map(|run| &run.result);
    let mut expected = records.flat_map(|record| &record.expected);
    match reproduced.conclusion() {
        Conclusion::Held if expected.all(|one| one.verdict == Verdict::NotJudged) => {
            Finding::neutral("Every run ended well; no expectation was judged.")
        }
        Conclusion::Held => Finding::new(Tone::Good, "Every expectation that was judged held."),
        Conclusion::Short => Finding::new(Tone::Bad, "An expectation fell short."),
        Conclusion::Failed => Finding::new(Tone::Bad, "A run failed."),
    }
}

fn facts(runs: &[ReproducedRun]) -> Vec<Fact> {
    let records: Vec<&Record> = runs.iter().flat_map(|run| &run.result).collect();
    let judged = |verdict| {
        let expected = records.iter().flat_map(|record| &record.expected);
        expected.filter(|one| one.verdict == verdict).count()
    };
    let (held, short) = (judged(Verdict::Held), judged(Verdict::Short));
    let seconds: f64 = records.iter().map(|record| record.seconds).sum();
    let mut facts = vec![Fact::new("experiments", runs.len().to_string())];
    if held + short > 0 {
        let all = format!("{held} of {}", held + short);
        facts.push(Fact::new("expectations held", all));
    }
    facts.push(Fact::new("training", format!("{:.0} min", (seconds / 60.0).ceil())));
    facts
}

/// The rows of the table in the terminal, with links to the sections.
fn overview(runs: &[ReproducedRun]) -> PageTable {
    let row = |row: Row| {
        let cells = row.into_iter().zip(COLUMNS).map(|(text, heading)| match heading {
            "experiment" => Cell::from(text.as_str()).with_link(text.as_str()),
            "verdict" => {
                let tone = match text.as_str() {
                    "held" => Tone::Good,
                    "short" | "failed" => Tone::Bad,
                    _ => Tone::Neutral,
                };
                Cell::from(text).with_tone(tone)
            }
            _ => text.replace("<=", "≤").replace(">=", "≥").into(),
        });
        in_order(cells.collect())
    };
    PageTable {
        columns: in_order(COLUMNS.map(str::to_owned).to_vec()),
        rows: table::rows(runs).into_iter().map(row).collect(),
        ..PageTable::default()
    }
}

/// With the verdict behind the metric, where it is in sight on a phone.
fn in_order<T>(mut columns: Vec<T>) -> Vec<T> {
    columns[2..=5].rotate_right(1);
    columns
}

fn section(reproduced: &Reproduced, run: &ReproducedRun) -> Section {
    let failed = |reason: String| {
        let blocks = vec![Block::Findings(vec![Finding::new(Tone::Bad, reason)])];
        Section::new(run.name.as_str(), blocks)
    };
    let mut section = match &run.result {
        Err(error) => failed(error.to_string()),
        Ok(record) => match section_of_run(&reproduced.folder.join(&run.name), &run.name) {
            Ok(section) => section,
            // The numbers stand in the record, whatever has become of the files.
            Err(error) => {
                let mut section = failed(error.to_string());
                section.blocks.push(Block::Findings(vec![finding_of_record(record)]));
                section
            }
        },
    };
    section.id.clone_from(&run.name);
    if !run.command.is_empty() {
        let is_folded = matches!(section.blocks.last(), Some(Block::Folded { .. }));
        let place = section.blocks.len() - usize::from(is_folded);
        section.blocks.insert(place, Block::Code(run.command.clone()));
    }
    section
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failed_run, held_run, reproduced};
    use super::*;

    #[test]
    fn the_page_shows_the_table_the_commands_and_the_failures() {
        let page = page(&reproduced(vec![held_run(), failed_run()])).html().unwrap();
        for part in [
            "<p class=\"verdict bad\">A run failed.</p>",
            "<pre tabindex=\"0\">ae reproduce</pre>",
            "<td class=\"neutral\"><a href=\"#regular\">regular</a></td>",
            "<td class=\"good\">held</td>",
            "≤ 0.092",
            "<pre tabindex=\"0\">ae reproduce --only regular</pre>",
            "<section id=\"denoising\">",
            "nothing is not a study",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
    }

    #[test]
    fn the_first_line_claims_no_more_than_was_judged() {
        let line = |verdict| {
            let mut run = held_run();
            run.result.as_mut().unwrap().expected[0].verdict = verdict;
            super::verdict(&reproduced(vec![run])).text
        };
        assert_eq!(line(Verdict::Held), "Every expectation that was judged held.");
        assert_eq!(line(Verdict::Short), "An expectation fell short.");
        assert_eq!(line(Verdict::NotJudged), "Every run ended well; no expectation was judged.");
    }
}
