//! Which data, and how it is read.

use ae_dataset::{
    Background, BadItems, Delimiter, Header, Part, PatchOptions, ReadOptions, Resize,
};
use clap::builder::PossibleValue;
use clap::{Subcommand, ValueHint};

use super::files::shared_folder;
use super::parse::{fraction, one_of, seed};
use super::{OutputPath, Overwrite};
use crate::exit_status::Usage;

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Say what a data set is: sizes, labels, digests
    #[command(after_help = "Examples:
  ae data info digits --show
  ae data info sensors.csv")]
    Info(DataInfo),
    /// Fetch a data set from the hub into the user's cache
    #[command(after_help = "Example: ae data fetch mnist")]
    Fetch(DataFetch),
    /// Write a data set as the four IDX files, or as PNG files if it has no labels
    #[command(after_help = "Example: ae data export digits --out digits/")]
    Export(DataExport),
}

#[derive(Debug, clap::Args)]
pub(crate) struct DataInfo {
    #[command(flatten)]
    pub(crate) split: Split,
    /// Draw the first images in the terminal
    #[arg(long)]
    pub(crate) show: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DataFetch {
    /// mnist or fashion-mnist
    #[arg(value_parser = ["mnist", "fashion-mnist"])]
    pub(crate) name: String,
}

#[derive(Debug, clap::Args)]
#[command(mut_arg("part", |part| part.hide(true)))]
pub(crate) struct DataExport {
    #[command(flatten)]
    pub(crate) split: Split,
    /// The folder to write to
    #[arg(long, short, visible_alias = "output", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = shared_folder)]
    pub(crate) out: OutputPath,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

/// Which data set, in training and test images.
#[derive(Debug, clap::Args)]
pub(crate) struct Split {
    /// The same as --data
    #[arg(value_name = "SOURCE", conflicts_with = "data", value_hint = ValueHint::AnyPath)]
    pub(crate) source: Option<String>,
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(flatten)]
    pub(crate) becoming: Becoming,
    /// The seed that chooses what is held out
    #[arg(long, default_value_t = 42, value_name = "N", value_parser = seed)]
    pub(crate) seed: u64,
}

impl Split {
    /// The data set that was named, with or without a flag.
    pub(crate) fn named(&self) -> Option<&str> {
        self.source.as_deref().or(self.data.data.as_deref())
    }
}

/// Which data set.
#[derive(Debug, clap::Args)]
pub(crate) struct Data {
    /// auto, mnist, fashion-mnist, digits, leaves, or your own: a folder of pictures or IDX files, .npy, .csv, .parquet
    ///
    /// auto takes the folder $AE_DATA, then the user's cache, then the hub (for a bounded time), then
    /// procedural digits, and says so. mnist fails rather than take other data. mnist-rot (rotated),
    /// mnist-bg-rand (over random noise) and mnist-basic (as they are) are the variations on MNIST with
    /// 12000 training images; rot:DIR makes one from a folder of IDX files. leaves are procedural pictures
    /// like photographs, of any --size and --channels. In a folder of pictures,
    /// subfolders are classes, each with all that is below it; subfolders train and val or test say what is
    /// for training and what is held out (val, if both are there).
    #[arg(long, value_name = "SOURCE")]
    pub(crate) data: Option<String>,
}

/// How a person's own images and tables are read.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Own data")]
pub(crate) struct Reading {
    /// What to do with images of another size: fit them onto black, crop them, or refuse them (none)
    #[arg(long, value_name = "HOW", value_parser = one_of::<Resize>(["fit", "crop", "none"]))]
    pub(crate) resize: Option<Resize>,
    /// The part to read of data that has parts [default: test or else validation; for evaluate and probe, what
    /// training holds out: validation or else test]
    #[arg(long, hide_short_help = true, value_name = "PART", value_parser = one_of::<Part>(parts()))]
    pub(crate) part: Option<Part>,
    /// Leave out pictures and rows that cannot be read; they are listed and counted
    #[arg(long, hide_short_help = true, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_parser = yes_or_no)]
    pub(crate) skip_bad: Option<bool>,
    /// The colour that transparent pixels are put onto: white, black or #rrggbb [default: refuse them]
    #[arg(long, hide_short_help = true, value_name = "COLOUR", value_parser = str::parse::<Background>)]
    pub(crate) background: Option<Background>,
    /// The column of a table that holds the classes, by its name or its number counted from 1
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    pub(crate) label_column: Option<String>,
    /// Columns of a table to leave out, by their names or their numbers counted from 1
    #[arg(long, hide_short_help = true, value_name = "NAME,NAME", value_delimiter = ',')]
    pub(crate) drop_columns: Vec<String>,
    /// Whether a table's first line names the columns; with auto the first lines decide
    #[arg(long, hide_short_help = true, value_name = "HOW", value_parser = one_of::<Header>(["auto", "yes", "no"]))]
    pub(crate) header: Option<Header>,
    /// What separates a table's columns; with auto the first lines decide
    #[arg(long, hide_short_help = true, value_name = "WHAT", value_parser = one_of::<Delimiter>(delimiters()))]
    pub(crate) delimiter: Option<Delimiter>,
}

impl Reading {
    /// The same for the library.
    pub(crate) fn options(&self) -> ReadOptions {
        self.over(ReadOptions::default())
    }

    /// What was typed in place of what is kept; an empty name takes no column.
    pub(crate) fn over(&self, kept: ReadOptions) -> ReadOptions {
        let bad = |skip| if skip { BadItems::Skip } else { BadItems::Refuse };
        let label_column =
            self.label_column.clone().map(|name| Some(name).filter(|name| !name.is_empty()));
        let drop_columns = match self.drop_columns.as_slice() {
            [] => kept.drop_columns,
            names => names.iter().filter(|name| !name.is_empty()).cloned().collect(),
        };
        ReadOptions {
            resize: self.resize.unwrap_or(kept.resize),
            bad: self.skip_bad.map_or(kept.bad, bad),
            header: self.header.unwrap_or(kept.header),
            delimiter: self.delimiter.unwrap_or(kept.delimiter),
            label_column: label_column.unwrap_or(kept.label_column),
            drop_columns,
            background: self.background.or(kept.background),
            part: self.part,
        }
    }
}

/// What a person's own data becomes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Own data")]
pub(crate) struct Becoming {
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Height and width of images, as 28x28 [default: those of the first]
    #[arg(long, value_name = "HxW", value_parser = size)]
    pub(crate) size: Option<[usize; 2]>,
    /// 1 for grey, 3 for colour [default: as the first picture]
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = channels)]
    pub(crate) channels: Option<usize>,
    /// Cut patches from pictures of any size, as 48x48 or 48x48:16000
    ///
    /// Every epoch has others. Without their number, they are as many as cover the training pictures once, from 1000 to
    /// 16000. The patches of the held-out pictures, a tenth as many, stay the same.
    #[arg(long, value_name = "HxW[:N]", value_parser = patches, conflicts_with_all = ["size", "resize"])]
    pub(crate) patches: Option<PatchOptions>,
    /// Mirror patches at random, left to right and top to bottom
    #[arg(long, hide_short_help = true)]
    pub(crate) flips: bool,
    /// Turn square patches at random by quarter turns
    #[arg(long, hide_short_help = true)]
    pub(crate) rotations: bool,
    /// Read batches of an IDX or .npy file or of a table from the disk; files of more than 1 GiB always are
    #[arg(long, hide_short_help = true)]
    pub(crate) mapped: bool,
    /// The fraction that is held out for testing, if the data does not say [default: 0.1]
    #[arg(long, hide_short_help = true, value_name = "FRACTION", value_parser = fraction)]
    pub(crate) test_fraction: Option<f64>,
}

impl Becoming {
    /// The patches that were typed, in place of those that a spec may have.
    pub(crate) fn patches(
        &self,
        kept: Option<PatchOptions>,
    ) -> Result<Option<PatchOptions>, Usage> {
        let Self { patches, flips, rotations, .. } = self;
        let typed = patches.map(|typed| PatchOptions {
            flips: kept.is_some_and(|kept| kept.flips),
            rotations: kept.is_some_and(|kept| kept.rotations),
            ..typed
        });
        match typed.or(kept) {
            Some(found) => Ok(Some(PatchOptions {
                flips: found.flips || *flips,
                rotations: found.rotations || *rotations,
                ..found
            })),
            None if *flips || *rotations => {
                let flag = if *flips { "--flips" } else { "--rotations" };
                Err(Usage(format!("{flag} is for patches: give --patches too")))
            }
            None => Ok(None),
        }
    }
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let expected = || "expected height and width from 1 to 8192, such as 28x28".to_owned();
    sides(text).ok_or_else(expected)
}

fn patches(text: &str) -> Result<PatchOptions, String> {
    let (text, count) = match text.split_once(':') {
        Some((size, count)) => (size, count.parse().ok().filter(|&count| count > 0).map(Some)),
        None => (text, Some(None)),
    };
    let options = || Some(PatchOptions { count: count?, ..PatchOptions::new(sides(text)?) });
    options().ok_or_else(|| {
        "expected height and width from 1 to 8192, and how many if not by rule, such as 48x48 or 48x48:16000".to_owned()
    })
}

fn sides(text: &str) -> Option<[usize; 2]> {
    let side = |text: &str| text.parse().ok().filter(|side| (1..=8192).contains(side));
    text.split_once('x').and_then(|(height, width)| Some([side(height)?, side(width)?]))
}

fn channels(text: &str) -> Result<usize, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("expected 1 (grey) or 3 (red, green and blue)".to_owned()),
    }
}

fn parts() -> [PossibleValue; 4] {
    let validation = PossibleValue::new("validation").aliases(["valid", "val"]);
    [PossibleValue::new("train"), validation, PossibleValue::new("test"), PossibleValue::new("all")]
}

fn delimiters() -> [PossibleValue; 5] {
    let value = |name, aliases: &'static [&'static str]| PossibleValue::new(name).aliases(aliases);
    [
        value("auto", &[]),
        value("comma", &[","]),
        value("semicolon", &[";"]),
        value("tab", &["\t", "\\t"]),
        value("pipe", &["|"]),
    ]
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected yes or no".to_owned()),
    }
}
