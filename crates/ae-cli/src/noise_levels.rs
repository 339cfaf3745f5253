//! What a network is told of the noise in each picture: said as it is estimated, and part of the result.

use std::path::Path;

use ae_dataset::Progress;
use ae_report::PictureFormat;
use serde_json::{Value, json};

/// Levels of noise by the names of pictures; empty if the network is not told them.
#[derive(Debug, Default)]
pub(crate) struct NoiseLevels {
    levels: Vec<(String, f32)>,
    /// How many were said.
    said: usize,
}

impl NoiseLevels {
    /// An estimate, which is said.
    pub(crate) fn estimated(&mut self, name: &str, level: f32, progress: &mut dyn Progress) {
        let in_255 = 255.0 * level;
        // Quantisation removes weak high frequencies, and the noise in them.
        let of_jpeg = match PictureFormat::of_name(Path::new(name)) {
            Some(PictureFormat::Jpeg) => " (too low if the JPEG is strongly compressed)",
            _ => "",
        };
        progress.chose(&format!(
            "{name}: noise level {level:.4} ({in_255:.1}/255), estimated{of_jpeg}; --sigma sets another"
        ));
        self.given(name, level);
        self.said += 1;
    }

    /// A level that a person gave.
    pub(crate) fn given(&mut self, name: &str, level: f32) {
        self.levels.push((name.to_owned(), level));
    }

    /// Says what the estimates of items without names were, which were not said one by one.
    pub(crate) fn summarise(&self, progress: &mut dyn Progress) {
        let levels = || self.levels.iter().map(|(_, level)| *level);
        if self.said == 0 && !self.levels.is_empty() {
            let (least, most) = (levels().fold(f32::MAX, f32::min), levels().fold(0.0, f32::max));
            progress.chose(&format!(
                "noise levels from {least:.4} to {most:.4}, estimated; --sigma sets another"
            ));
        }
    }

    /// As a part of a result.
    pub(crate) fn json(&self) -> Option<Value> {
        let item = |(name, level): &(String, f32)| json!({ "item": name, "noise_level": level });
        (!self.levels.is_empty()).then(|| self.levels.iter().map(item).collect())
    }
}
