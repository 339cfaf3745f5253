//! How a model's own data is read: as in its training, unless a flag says otherwise.

use std::path::Path;

use ae_apply::{ApplyError, ModelInput, input_reader};
use ae_dataset::{BadItems, ImageShape, InputReader, Progress, ReadOptions, Resize};

use super::network;
use crate::args::{Common, Reading};
use crate::progress;

/// The flag that brings pictures to a size.
const RESIZE: &str = "--resize";

/// Opens data for a model: as its training did, and as the flags say. Both are said. A column that the
/// training named and the data lacks is done without: new rows often have no classes.
pub(crate) fn read_as<T>(
    input: &ModelInput,
    reading: &Reading,
    common: &Common,
    open: impl FnMut(&ReadOptions, &mut dyn Progress) -> Result<T, ApplyError>,
) -> anyhow::Result<T> {
    Ok(settle(input, reading, common, open)?.0)
}

/// The options with which data can be opened for a model, for those who open it several times.
pub(crate) fn read_options(
    images: &Path,
    input: &ModelInput,
    reading: &Reading,
    common: &Common,
) -> anyhow::Result<ReadOptions> {
    let open = |options: &ReadOptions, progress: &mut dyn Progress| {
        input_reader(images, &input.format, options, network(common), progress)
    };
    let (_, options): (InputReader, _) = settle(input, reading, common, open)?;
    Ok(options)
}

fn settle<T>(
    input: &ModelInput,
    reading: &Reading,
    common: &Common,
    mut open: impl FnMut(&ReadOptions, &mut dyn Progress) -> Result<T, ApplyError>,
) -> anyhow::Result<(T, ReadOptions)> {
    let kept = input.reading();
    let mut options = reading.over(kept.clone());
    let progress = &mut *progress::data(common);
    tell(input, &kept, &options, &typed(reading), progress);
    loop {
        let error = match open(&options, progress) {
            Ok(opened) => return Ok((opened, options)),
            Err(error) => error,
        };
        let Some(sentence) = do_without(&mut options, &kept, reading, &error) else {
            return Err(error.into());
        };
        progress.chose(&sentence);
    }
}

/// Takes a missing column out of the options, if the training named it and no flag; says so.
fn do_without(
    options: &mut ReadOptions,
    kept: &ReadOptions,
    reading: &Reading,
    error: &ApplyError,
) -> Option<String> {
    let kept_label = kept.label_column.as_ref().filter(|_| reading.label_column.is_none());
    if let Some(name) = kept_label.filter(|name| error.lacks_column(name)) {
        options.label_column.take()?;
        return Some(format!("read without classes: there is no column `{name}`"));
    }
    let place = options.drop_columns.iter().position(|name| error.lacks_column(name))?;
    reading.drop_columns.is_empty().then(|| {
        let name = options.drop_columns.remove(place);
        format!("there is no column `{name}` to leave out")
    })
}

/// Says what is read as in the training, and what is not.
fn tell(
    input: &ModelInput,
    kept: &ReadOptions,
    options: &ReadOptions,
    typed: &[&str],
    progress: &mut dyn Progress,
) {
    let (before, now) = (flags(kept), flags(options));
    let both = before.iter().zip(&now);
    let same: Vec<&str> = both
        .clone()
        .filter(|(before, now)| before == now && !typed.contains(&now.name))
        .filter_map(|(_, now)| now.text.as_deref())
        .collect();
    if !same.is_empty() {
        let is_resized = same.iter().any(|text| text.starts_with(RESIZE));
        let size = if is_resized { becoming(input) } else { String::new() };
        progress.chose(&format!("read as in the model's training: {}{size}", same.join(" ")));
    }
    let changed = both.filter(|(before, now)| before != now && before.text.is_some());
    for (before, now) in changed {
        let [before, now] = [before, now].map(Flag::in_words);
        progress.chose(&format!("{now}, in place of the model's own {before}"));
    }
}

/// The size that pictures are brought to.
fn becoming(input: &ModelInput) -> String {
    let ImageShape { height, width, .. } = input.format.shape;
    format!(" (pictures become {height} x {width})")
}

/// The flags that were typed.
fn typed(reading: &Reading) -> Vec<&'static str> {
    let Reading {
        resize,
        skip_bad,
        background,
        header,
        delimiter,
        label_column,
        drop_columns,
        part: _,
    } = reading;
    let flags = [
        (RESIZE, resize.is_some()),
        ("--skip-bad", skip_bad.is_some()),
        ("--background", background.is_some()),
        ("--header", header.is_some()),
        ("--delimiter", delimiter.is_some()),
        ("--label-column", label_column.is_some()),
        ("--drop-columns", !drop_columns.is_empty()),
    ];
    flags.into_iter().filter(|(_, is_typed)| *is_typed).map(|(name, _)| name).collect()
}

/// The options as they are typed, but for those that are the default.
pub(crate) fn in_flags(options: &ReadOptions) -> String {
    let texts = flags(options).into_iter().filter_map(|flag| flag.text);
    texts.collect::<Vec<_>>().join(" ")
}

/// An option as it is typed; without a text, it is the default.
#[derive(PartialEq)]
struct Flag {
    name: &'static str,
    text: Option<String>,
}

impl Flag {
    fn in_words(&self) -> String {
        self.text.clone().unwrap_or_else(|| format!("no {}", self.name))
    }
}

fn flags(options: &ReadOptions) -> [Flag; 7] {
    // The part is no setting of the training, and nothing that is kept.
    let ReadOptions {
        resize,
        bad,
        background,
        header,
        delimiter,
        label_column,
        drop_columns,
        part: _,
    } = options;
    let flag = |name, value: Option<String>| {
        let text = value.map(|value| format!("{name} {value}").trim_end().to_owned());
        Flag { name, text }
    };
    let typed = |value: String| Some(value).filter(|value| value != "auto");
    let columns = (!drop_columns.is_empty()).then(|| drop_columns.join(","));
    [
        flag(RESIZE, (*resize != Resize::None).then(|| resize.to_string())),
        flag("--skip-bad", (*bad == BadItems::Skip).then(String::new)),
        flag("--background", background.map(|colour| colour.to_string())),
        flag("--header", typed(header.to_string())),
        flag("--delimiter", typed(delimiter.to_string())),
        flag("--label-column", label_column.clone()),
        flag("--drop-columns", columns),
    ]
}
