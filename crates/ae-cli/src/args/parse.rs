//! Texts of arguments to values.

use std::error::Error;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use ae_corruption::{Noise, parse_number};
use ae_models::Loss;
use ae_report::PictureFormat;
use ae_training::BlindSpots;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::{MaybeNoise, NoiseChoice, OutputKind, OutputPath};

type AnyError = Box<dyn Error + Send + Sync>;

/// One of the names of an enumeration of a library. Help, completions and messages list them.
pub(super) fn one_of<T>(names: impl Into<PossibleValuesParser>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    let parse = |name: String| name.parse::<T>().map_err(|error| AnyError::from(error.to_string()));
    names.into().try_map(parse)
}

/// A loss, by its name or its usual abbreviation.
pub(super) fn loss() -> impl TypedValueParser<Value = Loss> {
    let names = [
        PossibleValue::new("binary-cross-entropy").alias("bce"),
        PossibleValue::new("mean-squared-error").alias("mse"),
        PossibleValue::new("mean-absolute-error").alias("mae"),
    ];
    one_of::<Loss>(names)
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    // A training computes in single precision, in which smaller numbers are 0 and larger ones infinite.
    let single = value as f32;
    if single.is_finite() && single > 0.0 {
        Ok(value)
    } else {
        Err("expected a finite number above 0, from 1e-45 to 3e38".to_owned())
    }
}

pub(super) fn not_negative(text: &str) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err("expected a finite number, 0 or above".to_owned())
    }
}

/// A number between two bounds, both excluded.
pub(super) fn fraction(text: &str) -> Result<f64, String> {
    let fraction = text.parse().ok().filter(|fraction| *fraction > 0.0 && *fraction < 1.0);
    fraction.ok_or_else(|| "expected a number above 0 and below 1".to_owned())
}

/// The same in single precision, in which a number near 1 may be 1.
pub(super) fn fraction_in_single(text: &str) -> Result<f32, String> {
    let fraction = text.parse().ok().filter(|fraction| *fraction > 0.0 && *fraction < 1.0);
    fraction.ok_or_else(|| "expected a number above 0 and below 1".to_owned())
}

pub(super) fn noise(text: &str) -> Result<NoiseChoice, String> {
    if text == "none" {
        return Ok(NoiseChoice::None);
    }
    text.parse::<Noise>().map(NoiseChoice::Of).map_err(|error| error.to_string())
}

pub(super) fn noise_if_any(text: &str) -> Result<MaybeNoise, String> {
    Ok(noise(text)?.into())
}

/// A standard deviation of noise, in units of pixels from 0 to 1.
pub(super) fn noise_level(text: &str) -> Result<f32, String> {
    let level = parse_number(text).map_err(|error| error.to_string())?;
    if (0.0..=1.0).contains(&level) {
        return Ok(level);
    }
    let hint = match level > 1.0 && level <= 255.0 {
        true => format!("; of pixels from 0 to 255, type {level}/255"),
        false => String::new(),
    };
    Err(format!("expected a number from 0 to 1, as pixels are{hint}"))
}

/// The fraction of pixels that are hidden: a number, or one such as 1/64.
pub(super) fn blind_spot(text: &str) -> Result<f64, String> {
    let ratio = |_| parse_number(text).map(f64::from).map_err(|error| error.to_string());
    let fraction = text.parse::<f64>().or_else(ratio)?;
    if fraction > 0.0 && fraction <= BlindSpots::MOST {
        return Ok(fraction);
    }
    Err(format!("expected a number above 0 and at most {}, such as 1/64", BlindSpots::MOST))
}

pub(super) fn device(text: &str) -> Result<String, String> {
    let index = text.strip_prefix("cuda:").map(str::parse::<usize>);
    match text {
        "cpu" | "cuda" | "metal" => Ok(text.to_owned()),
        _ if matches!(index, Some(Ok(_))) => Ok(text.to_owned()),
        _ => Err("expected cpu, cuda, cuda:N or metal".to_owned()),
    }
}

pub(super) fn target(text: &str) -> Result<OutputPath, String> {
    let path = OutputPath::file_or_folder(text.into());
    if path.is_folder() {
        return Ok(path);
    }
    let is_picture = PictureFormat::of_name(&path).is_some();
    file_that_ends_with(text, &["npy", "csv", "parquet", "png", "svg"]).or(is_picture.then_some(path)).ok_or_else(|| {
        "expected a file that ends with .npy, .csv, .parquet, .png or .svg, another picture (.jpg, .tif, .webp, .bmp, \
         .ppm), or a folder, such as out/"
            .to_owned()
    })
}

/// The format of a picture, by its name.
pub(super) fn picture_format() -> impl TypedValueParser<Value = PictureFormat> {
    one_of::<PictureFormat>(PictureFormat::ALL.map(|format| {
        let others =
            format.endings().iter().copied().filter(move |ending| *ending != format.name());
        PossibleValue::new(format.name()).aliases(others)
    }))
}

pub(super) fn codes(text: &str) -> Result<OutputPath, String> {
    file_or_folder(text, &["npy", "parquet"]).ok_or_else(|| {
        "expected a file that ends with .npy or .parquet, or a folder, such as codes/".to_owned()
    })
}

/// A name with one of these endings is that of a file, also where there is a folder of that name.
pub(super) fn file_or_folder(text: &str, endings: &[&str]) -> Option<OutputPath> {
    let folder = || Some(OutputPath::file_or_folder(text.into())).filter(OutputPath::is_folder);
    file_that_ends_with(text, endings).or_else(folder)
}

pub(super) fn figure_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["png", "svg"])
        .ok_or_else(|| "expected a file that ends with .png or .svg".to_owned())
}

pub(super) fn file_that_ends_with(text: &str, endings: &[&str]) -> Option<OutputPath> {
    let path = PathBuf::from(text);
    let ending = path.extension()?.to_str()?;
    endings.contains(&ending).then(|| OutputPath::new(path, OutputKind::File))
}

/// A whole number between bounds.
pub(super) fn whole<const LEAST: usize, const MOST: usize>(text: &str) -> Result<usize, String> {
    within(text, LEAST..=MOST)
}

/// How many of something, at least one.
pub(super) fn count(text: &str) -> Result<usize, String> {
    within(text, 1..=usize::MAX)
}

pub(super) fn epochs(text: &str) -> Result<u32, String> {
    within(text, 1..=u32::MAX)
}

/// A place in a list, counted from 0.
pub(super) fn place(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "expected a whole number, 0 or above".to_owned())
}

pub(super) fn seed(text: &str) -> Result<u64, String> {
    within(text, 0..=u64::MAX)
}

/// A seed that a spec can hold: the largest whole number of TOML is 2^63 - 1.
pub(super) fn spec_seed(text: &str) -> Result<u64, String> {
    within(text, 0..=i64::MAX as u64)
}

fn within<T: FromStr + PartialOrd + Display>(
    text: &str,
    range: RangeInclusive<T>,
) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number
        .ok_or_else(|| format!("expected a whole number from {} to {}", range.start(), range.end()))
}

pub(super) fn smoothing(text: &str) -> Result<f32, String> {
    let sigma = text.parse().ok().filter(|sigma| (0.0..=100.0).contains(sigma));
    sigma.ok_or_else(|| "expected a number from 0 to 100".to_owned())
}
