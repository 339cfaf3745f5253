//! The pictures that the methods are judged on.

use std::path::Path;

use ae_corruption::{Clipping, Corruption as _, Gaussian};
use ae_dataset::{ImageShape, Leaves, PictureReader, ReadOptions};
use ae_experiment::Photographs;
use ae_random::Seed;

use crate::error::{StudyError, setting};

/// Whole grey pictures in one order.
pub(super) struct TestSet {
    /// As metrics name it.
    pub(super) name: &'static str,
    pub(super) pictures: Vec<Photograph>,
}

/// A grey picture of any size, in [0, 1].
pub(super) struct Photograph {
    pub(super) shape: ImageShape,
    pub(super) pixels: Vec<f32>,
}

/// What is added to the pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// The standard deviation, in units of 1/255.
    pub(super) level: u32,
    pub(super) clipping: Clipping,
}

impl Level {
    /// The standard deviation, in units of the pixels' values.
    pub(super) fn sigma(self) -> f32 {
        self.level as f32 / 255.0
    }

    /// As metrics name it: `25`, `25_clipped`.
    pub(super) fn name(self) -> String {
        let ending = if self.clipping == Clipping::Off { "" } else { "_clipped" };
        format!("{}{ending}", self.level)
    }

    /// A picture with this noise, which depends on the seed and on the picture's place alone. The clipped noise of a
    /// picture is the same noise, clipped.
    pub(super) fn added_to(
        self,
        photograph: &Photograph,
        place: usize,
        seed: Seed,
    ) -> Result<Vec<f32>, StudyError> {
        let noise = Gaussian::new(self.sigma())?.with_clipping(self.clipping);
        let mut stream = seed.stream("corruption/validation").at(0, place as u64);
        let mut noisy = photograph.pixels.clone();
        let ImageShape { height, width, .. } = photograph.shape;
        noise.corrupt(&mut noisy, height, width, &mut stream);
        Ok(noisy)
    }
}

/// The test sets of a study: those in its folder, or procedural pictures.
pub(super) fn test_sets(study: &Photographs) -> Result<Vec<TestSet>, StudyError> {
    let Some(folder) = study.pictures.as_deref().map(Path::new) else {
        return Ok(vec![leaves(study.most)?]);
    };
    let named = Photographs::TESTS.map(|name| (name, folder.join(name)));
    let there = named.into_iter().filter(|(_, folder)| folder.is_dir());
    let sets =
        there.map(|(name, folder)| Ok(TestSet { name, pictures: read(&folder, study.most)? }));
    let sets: Vec<TestSet> = sets.collect::<Result<_, StudyError>>()?;
    if sets.is_empty() {
        let [first, second] = Photographs::TESTS;
        let expected = format!("a folder with the folder {first} or {second}");
        return Err(setting("study.pictures", &expected, &folder.display().to_string()));
    }
    Ok(sets)
}

fn leaves(most: usize) -> Result<TestSet, StudyError> {
    let shape = Leaves::SHAPE;
    let pictures = Leaves::STANDARD.test(shape, most.min(Leaves::TEST))?;
    let floats = pictures.to_floats();
    let pixels = floats.chunks_exact(shape.size()).map(<[f32]>::to_vec);
    let pictures = pixels.map(|pixels| Photograph { shape, pixels }).collect();
    Ok(TestSet { name: "leaves", pictures })
}

fn read(folder: &Path, most: usize) -> Result<Vec<Photograph>, StudyError> {
    let reader = PictureReader::open(folder, 1, &ReadOptions::default(), &mut ())?;
    let photograph = |picture: Result<ae_dataset::Inputs, _>| {
        let ae_dataset::Inputs { shape, pixels, .. } = picture?;
        if shape.channels != 1 {
            let expected = format!("grey pictures in {}", folder.display());
            return Err(setting("study.pictures", &expected, &format!("one of {shape}")));
        }
        Ok(Photograph { shape, pixels })
    };
    reader.take(most).map(photograph).collect()
}
