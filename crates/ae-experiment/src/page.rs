//! `report.html`: the page of a run or a study, made from the files in its folder.
//!
//! ```text
//! folder -> Story (spec, record, curve, figures) -> sections of plain data -> ae_report::page::Page -> text
//! ```

mod comparison;
mod curve;
mod errors;
mod learned;
mod live;
mod story;
mod verdict;

use std::path::{Path, PathBuf};

use ae_report::page::{
    Block, Fact, Finding, Page, PageFigure, PageTable, Section, counted, number, significant,
};

use crate::folder::REPORT;
use crate::{ExperimentError, Record};
pub use comparison::page_of_comparison;
use curve::charts;
pub(crate) use curve::{CurveRow, curve_rows};
pub(crate) use live::Sketch;
pub use live::{LivePage, ValidationLoss};
use story::Story;
pub use verdict::{bound_in_words, expectation_table, finding_of_record};

/// The largest figure that is read, in bytes.
const LARGEST_FIGURE: u64 = 1 << 25;
/// Digits of a digest that are shown where it stands among other things.
const SHORT_DIGEST: usize = 12;

/// The page of the run or study in a folder, whether it has finished or not.
///
/// # Errors
/// [`ExperimentError::NoRun`] if there is none, and if a file cannot be read.
pub fn page_of_run(folder: &Path) -> Result<Page, ExperimentError> {
    let story = Story::read(folder)?;
    let mut page = Page {
        kind: story.kind().to_owned(),
        title: story.name().to_owned(),
        lead: story.question.clone(),
        verdict: story.verdict(),
        facts: story.facts(),
        sections: story.sections(),
        footer: footer(),
    };
    page.sections.retain(|section| !section.is_empty());
    Ok(page)
}

/// The section about the run in a folder, for a page about several runs. Its figures are in `place`, the path from the
/// page.
///
/// # Errors
/// As [`page_of_run`].
pub fn section_of_run(folder: &Path, place: &str) -> Result<Section, ExperimentError> {
    let mut story = Story::read(folder)?;
    place.clone_into(&mut story.place);
    let mut blocks = vec![Block::Findings(vec![story.verdict()])];
    if !story.question.is_empty() {
        blocks.insert(0, Block::Paragraph(story.question.clone()));
    }
    let mut parts = story.sections();
    parts.retain(|part| !part.is_empty());
    let is_rest = |part: &Section| ["repeat", "data", "machine"].contains(&part.id.as_str());
    let (rest, mut parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_rest);
    blocks.push(Block::Folded {
        summary: "Spec, data, machine and versions".to_owned(),
        blocks: rest.into_iter().flat_map(|part| part.blocks).collect(),
    });
    // The page has a section for each run, and links to these alone.
    parts.iter_mut().for_each(|part| part.id.clear());
    Ok(Section { id: String::new(), title: story.name().to_owned(), blocks, parts })
}

/// Writes the page of a run into its folder, and returns its path.
///
/// # Errors
/// As [`page_of_run`], and if the file cannot be written.
pub fn write_page(folder: &Path) -> Result<PathBuf, ExperimentError> {
    let path = folder.join(REPORT);
    ae_files::write_atomic(&path, page_of_run(folder)?.html()?.as_bytes())?;
    Ok(path)
}

/// Writes the page of a run that has just finished. A failure is told and does no harm to the run.
pub fn try_to_write_page(folder: &Path) {
    if let Err(error) = write_page(folder) {
        tracing::warn!("{REPORT} was not written: {error}");
    }
}

impl Story {
    fn kind(&self) -> &'static str {
        if self.is_study() { "Study" } else { "Training run" }
    }

    fn sections(&self) -> Vec<Section> {
        let Some(record) = &self.record else {
            return vec![self.curves(), self.repeat(), self.data_of_spec()];
        };
        vec![
            self.results(record),
            self.learned(record),
            self.curves(),
            self.figures(record),
            self.errors(record),
            self.repeat(),
            self.data(record),
            self.machine(record),
        ]
    }

    /// The numbers at the head of the page.
    fn facts(&self) -> Vec<Fact> {
        let Some(record) = &self.record else { return Vec::new() };
        let mut facts = Vec::new();
        if let Some((name, value)) = self.main_metric(record) {
            facts.push(Fact::new(name, number(value)));
        }
        facts.extend(learned::comparisons(record));
        let items = record.dataset.train_images;
        if record.models.is_empty() {
            let of_planned = match record.epochs == record.planned_epochs {
                true => format!("in {}", duration(record.seconds)),
                false => {
                    format!("of {} planned, in {}", record.planned_epochs, duration(record.seconds))
                }
            };
            facts.push(Fact::new("epochs", record.epochs.to_string()).with_note(of_planned));
        } else {
            let note = format!("trained in {}", duration(record.seconds));
            facts.push(Fact::new("models", record.models.len().to_string()).with_note(note));
        }
        let note = format!("learned from {} {}", counted(items), self.noun());
        facts.push(Fact::new("parameters", counted(record.parameters)).with_note(note));
        facts
    }

    /// The table of the expectations, or that of the metrics, and the tables of a study.
    fn results(&self, record: &Record) -> Section {
        let mut blocks = Vec::new();
        if !record.expected.is_empty() {
            blocks.push(Block::Table(expectation_table(record)));
        }
        blocks.extend(record.tables.iter().map(|table| {
            let row = |row: &Vec<String>| row.iter().map(|text| text.as_str().into()).collect();
            Block::Table(PageTable {
                title: table.title.clone(),
                caption: format!("{} ({})", table.caption, self.at(&table.file)),
                columns: table.columns.clone(),
                rows: table.rows.iter().map(row).collect(),
            })
        }));
        if !record.metrics.is_empty() {
            let row = |(name, value): (&String, &f64)| {
                vec![name.as_str().into(), number(*value).into(), learned::meaning_of(name).into()]
            };
            let columns = ["metric", "value", "meaning"].map(str::to_owned).to_vec();
            let rows = record.metrics.iter().map(row).collect();
            let table = PageTable { columns, rows, ..PageTable::default() };
            // They are what there is to tell, or they are told already.
            blocks.push(match blocks.is_empty() {
                true => Block::Table(table),
                false => Block::Folded {
                    summary: "All metrics".to_owned(),
                    blocks: vec![Block::Table(table)],
                },
            });
        }
        self.section("results", "Results", blocks)
    }

    fn learned(&self, record: &Record) -> Section {
        let findings = learned::findings(record, &self.curve, self.loss_metrics());
        let blocks = if findings.is_empty() { Vec::new() } else { vec![Block::Findings(findings)] };
        self.section("learned", "What was learned", blocks)
    }

    fn curves(&self) -> Section {
        let expected = self.record.as_ref().map(|record| record.expected.as_slice());
        let main = self.loss_metrics().map(|[_, validation]| validation);
        let charts = charts(&self.curve, main.as_deref(), expected.unwrap_or_default());
        let blocks = charts.into_iter().map(Block::Chart).collect();
        self.section("curves", "Learning curves", blocks)
    }

    fn figures(&self, record: &Record) -> Section {
        // The curve is drawn from its numbers.
        let is_drawn = |name: &str| name == "loss.png" && !self.curve.rows.is_empty();
        let figures = record.figures.iter().filter(|figure| !is_drawn(&figure.file));
        let mut blocks: Vec<Block> = figures
            .map(|figure| {
                let read = |name: &str| self.read_file(name);
                let svg = String::from_utf8(read(&figure.svg)).unwrap_or_default();
                let (title, caption, file) = (&figure.title, &figure.caption, self.at(&figure.svg));
                Block::Figure(PageFigure::new(title, caption, file, read(&figure.file), svg))
            })
            .collect();
        let notes = record.figure_notes.iter().map(Finding::neutral).collect::<Vec<_>>();
        if !notes.is_empty() {
            blocks.push(Block::Findings(notes));
        }
        self.section("figures", "Figures", blocks)
    }

    fn repeat(&self) -> Section {
        let (place, verb) = (&self.place, if self.is_study() { "study" } else { "train" });
        let place = if place.is_empty() { "." } else { place };
        let mut commands = format!("ae {verb} {place}/spec.toml --out repeated\n");
        if self.record.is_none() {
            commands = format!("ae resume {place}\n");
        } else if !self.is_study() {
            commands += &format!("ae evaluate {place}\nae report {place}\n");
        }
        let mut text = format!(
            "{} The same spec and data give the same weights, bit for bit, for any number of threads",
            self.from
        );
        text += &match &self.record {
            Some(record) => format!("; their SHA-256 is then {}.", record.weights_sha256),
            None => ".".to_owned(),
        };
        let spec = Block::Folded {
            summary: "The spec: spec.toml".to_owned(),
            blocks: vec![Block::Code(self.spec_text.trim_end().to_owned())],
        };
        let blocks =
            vec![Block::Paragraph(text), Block::Code(commands.trim_end().to_owned()), spec];
        self.section("repeat", "Repeat it", blocks)
    }

    fn data(&self, record: &Record) -> Section {
        let data = &record.dataset;
        let mut facts = vec![
            Fact::new("data", data.name.as_str()).with_note(data.location.as_str()),
            Fact::new("training", format!("{} {}", counted(data.train_images), self.noun())),
            Fact::new("validation", format!("{} {}", counted(data.test_images), self.noun()))
                .with_note(data.held_out.map_or_else(String::new, |part| {
                    format!("held out: {} % of the data", significant(100.0 * part, 2))
                })),
        ];
        facts.push(match &data.scaling {
            Some(scaling) => Fact::new("columns", scaling.columns().to_string()),
            None => {
                Fact::new("size", format!("{} × {} × {}", data.channels, data.height, data.width))
                    .with_note("channels × height × width")
            }
        });
        if let Some(target) = &data.target {
            facts.push(Fact::new("targets", target.as_str()));
        }
        if let Some(patches) = &data.patches {
            let pictures = format!("cut from {} pictures", counted(patches.train_pictures));
            facts.push(Fact::new("patches", pictures));
        }
        let mut notes: Vec<Finding> = record.notes.iter().map(Finding::neutral).collect();
        notes.extend(learned::doubts_about_data(record));
        let row =
            |file: &crate::FileRecord| vec![file.name.as_str().into(), file.sha256.as_str().into()];
        let files = PageTable {
            columns: vec!["file".to_owned(), "SHA-256".to_owned()],
            rows: data.files.iter().chain(&record.test_sets).map(row).collect(),
            ..PageTable::default()
        };
        let mut blocks = vec![Block::Facts(facts)];
        if !notes.is_empty() {
            blocks.push(Block::Findings(notes));
        }
        if !files.rows.is_empty() {
            let summary = "Digests of its files".to_owned();
            blocks.push(Block::Folded { summary, blocks: vec![Block::Table(files)] });
        }
        self.section("data", "Data", blocks)
    }

    /// The data of a run that has no record yet.
    fn data_of_spec(&self) -> Section {
        let source = self.spec.as_ref().map(|spec| Fact::new("data", spec.data.source.as_str()));
        let blocks = source.into_iter().map(|fact| Block::Facts(vec![fact])).collect();
        self.section("data", "Data", blocks)
    }

    fn machine(&self, record: &Record) -> Section {
        let mut threads = ae_files::counted_as(record.threads, "thread");
        if record.processes > 1 {
            threads = format!("{} processes of {threads}", record.processes);
        }
        let mut facts = vec![
            Fact::new("program", format!("ae {}", record.version)),
            Fact::new("device", record.device.as_str()).with_note(threads),
            Fact::new("engine", record.engine.to_string()),
            Fact::new("time", duration(record.seconds)).with_note("training with validation"),
            Fact::new("seed", record.seed.to_string()),
        ];
        if let Some(network) = &record.network {
            facts.insert(0, Fact::new("network", network.as_str()));
        }
        if let Some(machine) = &record.machine {
            facts.push(Fact::new("machine", machine.as_str()));
        }
        if let Some(done) = record.resumed_after {
            let unit = if self.is_study() { "model" } else { "epoch" };
            let done = ae_files::counted_as(done as usize, unit);
            facts.push(
                Fact::new("resumed", format!("after {done}"))
                    .with_note("the time is that since then"),
            );
        }
        facts.push(Fact::new("weights", record.weights_sha256.as_str()).with_note("SHA-256"));
        let models = record.models.iter().map(|model| {
            let digest = model.weights_sha256.get(..SHORT_DIGEST).unwrap_or_default();
            let seconds =
                if model.seconds > 0.0 { duration(model.seconds) } else { "–".to_owned() };
            let texts = [model.name.clone(), counted(model.parameters), seconds, digest.to_owned()];
            texts.map(Into::into).to_vec()
        });
        let table = PageTable {
            columns: ["model", "parameters", "time", "SHA-256 begins with"]
                .map(str::to_owned)
                .to_vec(),
            rows: models.collect(),
            ..PageTable::default()
        };
        let mut blocks = vec![Block::Facts(facts)];
        if !table.rows.is_empty() {
            blocks.push(Block::Table(table));
        }
        self.section("machine", "Machine and versions", blocks)
    }

    fn section(&self, id: &str, title: &str, blocks: Vec<Block>) -> Section {
        Section { id: id.to_owned(), ..Section::new(title, blocks) }
    }
}

/// The line at the end of a page.
fn footer() -> String {
    format!(
        "Made by ae {}. This page needs no network and no other file.",
        env!("CARGO_PKG_VERSION")
    )
}

/// A time in the unit that suits it.
fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 60.0 => format!("{} s", significant(seconds, 3)),
        seconds if seconds < 3600.0 => {
            format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())
        }
        seconds => {
            format!(
                "{:.0} h {:02.0} min",
                (seconds / 3600.0).floor(),
                (seconds % 3600.0 / 60.0).floor()
            )
        }
    }
}
