//! The pictures that the methods are judged on.

use std::path::Path;

use ae_corruption::{Clipping, Corruption as _, Gaussian};
use ae_dataset::{ImageShape, Inputs, Leaves, PictureOrigin, PictureReader, ReadOptions};
use ae_experiment::{FileRecord, Photographs};
use ae_files::{f32_to_le_bytes, hexadecimal};
use ae_random::Seed;
use sha2::{Digest as _, Sha256};

use crate::error::{StudyError, setting};

/// Whole grey pictures in one order.
pub(crate) struct TestSet {
    /// As metrics name it.
    pub(super) name: &'static str,
    pub(super) pictures: Vec<Photograph>,
    /// SHA-256 of the names and the files of the pictures; of procedural ones, of their pixels.
    sha256: String,
}

impl TestSet {
    /// The set's name and digest.
    pub(crate) fn digest(&self) -> FileRecord {
        FileRecord { name: self.name.to_owned(), sha256: self.sha256.clone() }
    }
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
    let sets = there.map(|(name, folder)| read(name, &folder, study.most));
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
    let floats = Leaves::STANDARD.test(shape, most.min(Leaves::TEST))?.to_floats();
    let sha256 = hexadecimal(&Sha256::digest(f32_to_le_bytes(&floats)));
    let pixels = floats.chunks_exact(shape.size()).map(<[f32]>::to_vec);
    let pictures = pixels.map(|pixels| Photograph { shape, pixels }).collect();
    Ok(TestSet { name: "leaves", pictures, sha256 })
}

fn read(name: &'static str, folder: &Path, most: usize) -> Result<TestSet, StudyError> {
    let reader = PictureReader::open(folder, 1, &ReadOptions::default(), &mut ())?;
    let (mut pictures, mut hasher) = (Vec::new(), Sha256::new());
    for picture in reader.take(most) {
        let Inputs { shape, pixels, origins, .. } = picture?;
        if shape.channels != 1 {
            let expected = format!("grey pictures in {}", folder.display());
            return Err(setting("study.pictures", &expected, &format!("one of {shape}")));
        }
        for PictureOrigin { picture, file, .. } in origins.iter().flatten() {
            // The same on systems that separate folders otherwise.
            let name = file.to_string_lossy().replace('\\', "/");
            let bytes = ae_files::read_bounded(&picture.path, u64::MAX)?;
            hasher.update(format!("{}:{name} {} ", name.len(), bytes.len()));
            hasher.update(bytes);
        }
        pictures.push(Photograph { shape, pixels });
    }
    Ok(TestSet { name, pictures, sha256: hexadecimal(&hasher.finalize()) })
}
