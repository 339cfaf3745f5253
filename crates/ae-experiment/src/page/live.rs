//! What a page shows of a training while it goes on.

use std::path::Path;

use ae_report::page::{Block, Finding, Page, PageFigure, PagePart, Section};

use super::curve::CurveRow;
use super::learned;
use super::story::Story;
use crate::ExperimentError;

/// What a page shows of a run beside the numbers that change with every batch.
#[derive(Debug, Clone)]
pub struct LivePage {
    /// What it is about: `Training run` or `Study`.
    pub kind: String,
    /// The experiment's name.
    pub title: String,
    /// Its question; may be empty.
    pub lead: String,
    /// What came out, or how far it is.
    pub verdict: Finding,
    /// The loss on the validation data, from the first epoch on.
    pub validation: Option<ValidationLoss>,
    /// The sections of the page.
    pub parts: Vec<PagePart>,
}

/// The loss on the validation data.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationLoss {
    /// Which loss it is, in words.
    pub name: String,
    /// That of the last epoch.
    pub last: f64,
    /// The smallest one.
    pub best: f64,
    /// The epoch of the smallest one.
    pub best_epoch: u32,
}

/// The first validation items with their reconstructions.
#[derive(Debug, PartialEq)]
pub(crate) struct Sketch {
    /// The epoch after which they were drawn.
    pub(crate) epoch: u32,
    pub(crate) png: Vec<u8>,
}

impl LivePage {
    /// The page of a run whose folder is not taken yet.
    pub(crate) fn before(folder: &Path) -> Self {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        Self {
            kind: "Training run".to_owned(),
            title: name.unwrap_or_else(|| "a run".to_owned()),
            lead: String::new(),
            verdict: Finding::default(),
            validation: None,
            parts: Vec::new(),
        }
    }

    /// The page of a run that has no result yet. `newer` are epochs that its curve may not hold.
    ///
    /// # Errors
    /// [`ExperimentError::NoRun`] if there is no run, and if a file of it cannot be read.
    pub(crate) fn of_training(
        folder: &Path,
        newer: Vec<CurveRow>,
        sketch: Option<&Sketch>,
    ) -> Result<Self, ExperimentError> {
        let mut story = Story::read(folder)?;
        // Of an earlier end.
        story.record = None;
        story.curve.go_on_with(newer);
        let sections = vec![
            story.curves(),
            story.reconstructions(sketch),
            story.data_of_spec(),
            story.spec_in_full(),
        ];
        Self::of(&story, sections)
    }

    /// The page of a finished run: that of its report.
    ///
    /// # Errors
    /// As [`of_training`](Self::of_training).
    pub(crate) fn of_run(folder: &Path) -> Result<Self, ExperimentError> {
        let mut story = Story::read(folder)?;
        story.place = folder.display().to_string();
        story.from = "From the folder in which the page was begun.";
        Self::of(&story, story.sections())
    }

    fn of(story: &Story, mut sections: Vec<Section>) -> Result<Self, ExperimentError> {
        sections.retain(|section| !section.is_empty());
        Ok(Self {
            kind: story.kind().to_owned(),
            title: story.name().to_owned(),
            lead: story.question.clone(),
            verdict: story.verdict(),
            validation: story.validation_loss(),
            parts: Page { sections, ..Page::default() }.parts()?,
        })
    }
}

impl Story {
    fn validation_loss(&self) -> Option<ValidationLoss> {
        let [_, metric] = self.loss_metrics()?;
        let values = self.curve.of(&metric);
        let &(_, last) = values.last()?;
        let (best_epoch, best) = values.into_iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(ValidationLoss { name: learned::words_of(&metric), last, best, best_epoch })
    }

    fn reconstructions(&self, sketch: Option<&Sketch>) -> Section {
        let figure = sketch.map(|Sketch { epoch, png }| {
            let title = format!("The first of the validation data, after epoch {epoch}");
            let figure =
                PageFigure::new(title, "", "reconstructions.png", png.clone(), String::new());
            Block::Figure(figure)
        });
        self.section("reconstructions", "Reconstructions", figure.into_iter().collect())
    }

    fn spec_in_full(&self) -> Section {
        let spec = Block::Folded {
            summary: "spec.toml".to_owned(),
            blocks: vec![Block::Code(self.spec_text.trim_end().to_owned())],
        };
        self.section("spec", "Spec", vec![spec])
    }
}
