//! A folder of pictures as a data set.

use std::borrow::Cow;
use std::path::Path;

use ae_files::shown;

use crate::hold_out::hold_out;
use crate::limits::MAX_HALF_BYTES;
use crate::pictures::decode::{self, Header, Wanted};
use crate::pictures::headers::PictureHeaders;
use crate::pictures::list::{Mixed, PictureList, unite_classes};
use crate::pictures::pairs::{Sides, common_places};
use crate::pictures::parts::split_folders;
use crate::pictures::read_many::{NAMED, read_all, with_size};
use crate::{
    BadItems, Dataset, DatasetError, ImageShape, Images, LoadOptions, PairedInputs, PictureId,
    Pixels, Progress, ReadOptions, Resize,
};

/// Pictures that are decoded between two reports of progress. The result does not depend on it.
const CHUNK: usize = 256;

/// Reads a folder of pictures, or a TIFF with several pages, as a data set. A folder's subfolders `train` and `val` or `test` are the halves; without them,
/// a random part is held out.
pub(crate) fn open(
    folder: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let (parts, held_out) = parts(folder, options, progress)?;
    let sides = Sides::read(folder, parts, options, progress)?;
    let pictures = sides.all();
    let shape = choose_shape(folder, &pictures, options, progress)?;
    check_sizes(folder, &pictures, shape, &options.read)?;
    let of_16_bits = check_memory(folder, &pictures, shape, progress)?;
    let mut decode =
        |list: &PictureList| decode_all(folder, list, (shape, of_16_bits > 0), options, progress);
    let Sides { images: [train, test], inputs } = &sides;
    let (mut images, mut skipped) = (Vec::new(), 0);
    for half in [train, test] {
        skipped += half.skipped + half.headers.len();
        images.push(decode(&half.list)?);
    }
    let mut of_inputs = Vec::new();
    for (half, images) in inputs.iter().flatten().zip(&mut images) {
        let mut decoded = decode(&half.list)?;
        keep_pairs(folder, &mut decoded, images)?;
        of_inputs.push(decoded.images);
    }
    let images: Vec<Images> = images.into_iter().map(|half| half.images).collect();
    let skipped = skipped - images.iter().map(Images::len).sum::<usize>();
    let [train, test] = <[Images; 2]>::try_from(images)
        .map_err(|_| DatasetError::NoPictures { folder: folder.to_owned() })?;
    let location = folder.display().to_string();
    let dataset = Dataset::new("pictures", location, train, test)?;
    let dataset = match (<[Images; 2]>::try_from(of_inputs), &options.target) {
        (Ok([train, test]), Some(target)) => {
            let inputs = PairedInputs { train, test, target: target.display().to_string() };
            let digests = inputs.digests();
            dataset.with_inputs(inputs, digests)
        }
        _ => dataset,
    };
    Ok(Dataset { skipped, of_16_bits, held_out, ..dataset })
}

/// Keeps the pairs of which both pictures were decoded.
fn keep_pairs(
    folder: &Path,
    inputs: &mut DecodedPictures,
    images: &mut DecodedPictures,
) -> Result<(), DatasetError> {
    let both = common_places(&inputs.places, &images.places);
    for side in [inputs, images] {
        let kept = (0..).zip(&side.places).filter(|(_, place)| both.contains(place));
        let kept: Vec<u32> = kept.map(|(index, _)| index).collect();
        if kept.is_empty() {
            let count = side.places.len();
            return Err(DatasetError::AllSkipped { path: folder.to_owned(), count });
        }
        if kept.len() < side.places.len() {
            side.images = side.images.select(&kept)?;
            side.places.retain(|place| both.contains(place));
        }
    }
    Ok(())
}

/// The pictures for training and for testing, and the fraction if the latter were chosen at random.
pub(crate) fn parts(
    folder: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<([PictureList; 2], Option<f64>), DatasetError> {
    if let Some(split) = split_folders(folder) {
        let held_out = split.held_out(options.read.part)?;
        let names: Vec<_> = held_out
            .iter()
            .map(|path| path.file_name().unwrap_or_default().to_string_lossy())
            .collect();
        let what = format!("train is for training, {} held out", are(&names));
        split.say(&what, &[&[split.train.as_path()], held_out.as_slice()].concat(), progress)?;
        let held_out =
            held_out.into_iter().map(|path| PictureList::of(folder, path, Mixed::Refuse, progress));
        let held_out = PictureList::united(held_out.collect::<Result<_, _>>()?)?;
        let mut parts = [PictureList::of(folder, &split.train, Mixed::Refuse, progress)?, held_out];
        unite_classes(&mut parts)?;
        return Ok((parts, None));
    }
    // A TIFF with several pages is as a folder of pictures.
    let all = match folder.is_file() {
        true => PictureList::of_file(folder),
        false => PictureList::of(folder, folder, Mixed::Refuse, progress)?,
    };
    let [train, test] = hold_out(folder, all.files.len(), options.test_fraction, options.seed)?;
    progress.chose(&format!(
        "{}: {} of {} pictures are held out for testing (no subfolders train and test)",
        shown(folder),
        test.len(),
        all.files.len()
    ));
    Ok(([all.select(&train), all.select(&test)], Some(options.test_fraction)))
}

/// "test is", "val and test are"
fn are(names: &[Cow<'_, str>]) -> String {
    format!("{} {}", names.join(" and "), if names.len() == 1 { "is" } else { "are" })
}

/// Refuses pictures that do not fit into memory, and reports what they take. Returns how many have 16 bits per value.
fn check_memory(
    folder: &Path,
    pictures: &[&PictureHeaders],
    shape: ImageShape,
    progress: &mut dyn Progress,
) -> Result<usize, DatasetError> {
    let count: usize = pictures.iter().map(|part| part.headers.len()).sum();
    let deep = of_16_bits(pictures);
    let value_bytes = if deep > 0 { size_of::<f32>() } else { 1 };
    let bytes = count as u64 * (shape.size() * value_bytes) as u64;
    if bytes > MAX_HALF_BYTES {
        return Err(DatasetError::TooLarge { part: "picture", bytes, limit: MAX_HALF_BYTES });
    }
    say_16_bits(folder, deep, count, progress);
    let place = shown(folder);
    progress.chose(&format!(
        "{place}: {count} pictures of {shape} take {:.1} MB of memory",
        bytes as f64 / 1e6
    ));
    Ok(deep)
}

/// The number of pictures with 16 bits per value.
pub(crate) fn of_16_bits(pictures: &[&PictureHeaders]) -> usize {
    let headers = pictures.iter().flat_map(|part| &part.headers);
    headers.filter(|header| header.has_16_bits).count()
}

/// Reports that values are kept as floats, if `deep` of `count` pictures have 16 bits per value.
pub(crate) fn say_16_bits(folder: &Path, deep: usize, count: usize, progress: &mut dyn Progress) {
    if deep > 0 {
        let place = shown(folder);
        progress.chose(&format!(
            "{place}: {deep} of {count} pictures have 16 bits; the values of all are kept as 32-bit floats"
        ));
    }
}

/// The shape that the options name. What they do not name is the first picture's.
fn choose_shape(
    folder: &Path,
    pictures: &[&PictureHeaders],
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<ImageShape, DatasetError> {
    let channels = choose_channels(folder, pictures, options, progress)?;
    let first = first_shape(folder, pictures, &options.read)?;
    let [height, width] = options.size.unwrap_or_else(|| {
        if options.read.resize != Resize::None {
            let (height, width) = (first.height, first.width);
            progress.chose(&format!(
                "{}: all pictures become {height} x {width}, the first one's size",
                shown(folder)
            ));
        }
        [first.height, first.width]
    });
    Ok(ImageShape { channels, height, width })
}

/// The channels that the options name, or those of the first picture.
pub(crate) fn choose_channels(
    folder: &Path,
    pictures: &[&PictureHeaders],
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<usize, DatasetError> {
    if let Some(channels) = options.channels {
        return Ok(channels);
    }
    let first = first_shape(folder, pictures, &options.read)?;
    let headers = || pictures.iter().flat_map(|part| &part.headers);
    let coloured = headers().filter(|header| header.shape.channels == 3).count();
    let (kind, other) = if first.channels == 1 { ("grey", 3) } else { ("in colour", 1) };
    if coloured > 0 {
        progress.chose(&format!(
            "{}: {coloured} of {} pictures are in colour; all are read {kind}, as the first one is (--channels {other} \
             reads them otherwise)",
            shown(folder),
            headers().count()
        ));
    }
    Ok(first.channels)
}

/// The shape of the first picture that can be read.
fn first_shape(
    folder: &Path,
    pictures: &[&PictureHeaders],
    options: &ReadOptions,
) -> Result<ImageShape, DatasetError> {
    // Without a usable picture, decoding will end with an error.
    let usable = with_headers(pictures).find(|picture| is_usable(picture, options));
    let first = usable.or_else(|| with_headers(pictures).next());
    let none = || DatasetError::NoPictures { folder: folder.to_owned() };
    Ok(first.ok_or_else(none)?.1.shape)
}

/// All pictures with their headers.
fn with_headers<'a>(
    pictures: &'a [&'a PictureHeaders],
) -> impl Iterator<Item = (&'a PictureId, &'a Header)> {
    pictures.iter().flat_map(|part| part.list.files.iter().zip(&part.headers))
}

/// Whether a picture with a sound header will be read, rather than left out because the rest of it is damaged.
fn is_usable((file, header): &(&PictureId, &Header), options: &ReadOptions) -> bool {
    let wanted = Wanted { channels: header.shape.channels, background: options.background };
    options.bad == BadItems::Refuse || decode::read(file, wanted).is_ok()
}

fn check_sizes(
    folder: &Path,
    pictures: &[&PictureHeaders],
    shape: ImageShape,
    options: &ReadOptions,
) -> Result<(), DatasetError> {
    if options.resize != Resize::None {
        return Ok(());
    }
    let size = (shape.height, shape.width);
    let others = with_headers(pictures)
        .filter(|(_, header)| (header.shape.height, header.shape.width) != size);
    let others = others.filter(|picture| is_usable(picture, options));
    let others: Vec<String> = others.map(|(file, header)| with_size(file, header.shape)).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(DatasetError::OtherSizes {
        folder: folder.to_owned(),
        expected: size,
        first: others.iter().take(NAMED).cloned().collect(),
        count: others.len(),
        total: pictures.iter().map(|part| part.headers.len()).sum(),
    })
}

/// Decodes the pictures of a list in its order, without those that are left out.
fn decode_all(
    folder: &Path,
    list: &PictureList,
    (shape, has_16_bits): (ImageShape, bool),
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<DecodedPictures, DatasetError> {
    let total = list.files.len();
    let mut pixels = match has_16_bits {
        true => Pixels::Floats(Vec::with_capacity(total * shape.size())),
        false => Pixels::Bytes(Vec::with_capacity(total * shape.size())),
    };
    let mut good = Vec::new();
    for (files, start) in list.files.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
        let read = read_all(folder, files, shape, &options.read)?;
        for (place, image) in (start..).zip(read) {
            if let Some(image) = image {
                pixels.append(image.pixels());
                good.push(place);
            }
        }
        progress.read("reading pictures", (start as usize + files.len()) as u64, total as u64);
    }
    if good.is_empty() {
        return Err(DatasetError::AllSkipped { path: folder.to_owned(), count: total });
    }
    let images = Images::of_shape(shape, pixels)?;
    let PictureList { labels, class_names, places, .. } = list.select(&good);
    if class_names.is_empty() {
        return Ok(DecodedPictures { images, places });
    }
    let images = images.with_labels(labels)?.with_class_names(class_names)?;
    Ok(DecodedPictures { images, places })
}

/// Pictures in memory with their places among all items of the input.
struct DecodedPictures {
    images: Images,
    places: Vec<u64>,
}
