//! Pictures and their partners in another folder: a picture that a model gets, and the one that it is to become.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use ae_files::{counted_as, shown};

use crate::own_data::refuse_no_pictures;
use crate::pictures::headers::PictureHeaders;
use crate::pictures::list::{Mixed, PictureList};
use crate::pictures::parts::split_folders;
use crate::pictures::read_many::{NAMED, with_size};
use crate::{BadItems, DatasetError, LoadOptions, PairError, PictureId, Progress};

/// The headers of the pictures of a data set, for training and for testing.
pub(crate) struct Sides {
    /// The pictures that are to be learned. They count what was left out: a pair is one.
    pub(crate) images: [PictureHeaders; 2],
    /// The input of each of them, in the same order; none if they are their own inputs.
    pub(crate) inputs: Option<[PictureHeaders; 2]>,
}

impl Sides {
    /// Reads the headers of listed pictures, and of their partners if there is a target.
    ///
    /// # Errors
    /// As [`PictureHeaders::read`]; also if a picture on either side has no partner or one of another size, and such are not
    /// to be left out.
    pub(crate) fn read(
        folder: &Path,
        lists: [PictureList; 2],
        load: &LoadOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let bad = load.read.bad;
        let Some(target) = &load.target else {
            let [train, test] =
                lists.map(|list| PictureHeaders::read(folder, list, bad, &mut *progress));
            return Ok(Self { images: [train?, test?], inputs: None });
        };
        let Matched { inputs, images, surplus } =
            Matched::of(folder, lists, target, load, progress)?;
        let mut read = |root: &Path, lists: [PictureList; 2]| {
            let [train, test] =
                lists.map(|list| PictureHeaders::read(root, list, bad, &mut *progress));
            Ok::<_, DatasetError>([train?, test?])
        };
        let (inputs, images) = (read(folder, inputs)?, read(target, images)?);
        let [train_inputs, test_inputs] = inputs;
        let [train, test] = images;
        let (train_inputs, mut train) = in_common(folder, train_inputs, train)?;
        let (test_inputs, test) = in_common(folder, test_inputs, test)?;
        train.skipped += surplus;
        Self { images: [train, test], inputs: Some([train_inputs, test_inputs]) }
            .of_equal_sizes(folder, bad)
            .inspect(|sides| sides.say(folder, target, progress))
    }

    /// All pictures, the inputs first.
    pub(crate) fn all(&self) -> Vec<&PictureHeaders> {
        self.inputs.iter().flatten().chain(&self.images).collect()
    }

    /// Without the pairs of two sizes.
    fn of_equal_sizes(self, folder: &Path, bad: BadItems) -> Result<Self, DatasetError> {
        let Some(inputs) = &self.inputs else { return Ok(self) };
        let (mut unequal, mut total) = (Vec::new(), 0);
        let mut places = [HashSet::new(), HashSet::new()];
        for ((inputs, images), good) in inputs.iter().zip(&self.images).zip(&mut places) {
            total += images.headers.len();
            let both = inputs.list.files.iter().zip(&inputs.headers);
            let both = both.zip(images.list.files.iter().zip(&images.headers));
            for (((input, a), (image, b)), &place) in both.zip(&images.list.places) {
                let (a, b) = (a.shape, b.shape);
                if (a.height, a.width) == (b.height, b.width) {
                    good.insert(place);
                } else {
                    unequal.push(format!("{} and {}", with_size(input, a), with_size(image, b)));
                }
            }
        }
        if bad == BadItems::Refuse && !unequal.is_empty() {
            let (folder, count) = (folder.to_owned(), unequal.len());
            unequal.truncate(NAMED);
            return Err(PairError::Sizes { folder, first: unequal, count, total }.into());
        }
        unequal.iter().for_each(|pair| tracing::warn!("left out: {pair}: not of one size"));
        self.only(folder, &places)
    }

    /// The pictures at some places among all items of the input, for training and for testing.
    ///
    /// # Errors
    /// If none remains for one of both.
    pub(crate) fn only(
        self,
        folder: &Path,
        [train, test]: &[HashSet<u64>; 2],
    ) -> Result<Self, DatasetError> {
        let only = |[first, second]: [PictureHeaders; 2]| {
            Ok::<_, DatasetError>([first.only(folder, train)?, second.only(folder, test)?])
        };
        Ok(Self { images: only(self.images)?, inputs: self.inputs.map(only).transpose()? })
    }

    fn say(&self, folder: &Path, target: &Path, progress: &mut dyn Progress) {
        let pairs = self.images.iter().map(|half| half.headers.len()).sum();
        let pairs = counted_as(pairs, "picture");
        progress.chose(&format!(
            "{}: {pairs}, each with its partner in {}, which it is to become",
            shown(folder),
            shown(target)
        ));
    }
}

/// The pictures of both sides that have the same places among all items.
fn in_common(
    folder: &Path,
    one: PictureHeaders,
    other: PictureHeaders,
) -> Result<(PictureHeaders, PictureHeaders), DatasetError> {
    let both = common_places(&one.list.places, &other.list.places);
    Ok((one.only(folder, &both)?, other.only(folder, &both)?))
}

/// The places that are in both lists.
pub(crate) fn common_places(one: &[u64], other: &[u64]) -> HashSet<u64> {
    let one: HashSet<u64> = one.iter().copied().collect();
    other.iter().copied().filter(|place| one.contains(place)).collect()
}

/// Lists of pictures and of their partners, each for training and for testing.
struct Matched {
    inputs: [PictureList; 2],
    images: [PictureList; 2],
    /// The number of pictures among the partners that are nobody's.
    surplus: usize,
}

/// What a picture and its partner have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// The path in the folder, without the ending.
    Path(PathBuf),
    /// The number of the page, if both sides are one file.
    Page(u32),
}

impl Matched {
    fn of(
        folder: &Path,
        lists: [PictureList; 2],
        target: &Path,
        load: &LoadOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        refuse_no_pictures(target)?;
        if target.canonicalize().ok().is_some_and(|path| folder.canonicalize().ok() == Some(path)) {
            return Err(PairError::SameFolder { path: folder.to_owned() }.into());
        }
        let (bad, are_files) = (load.read.bad, folder.is_file() && target.is_file());
        let partners = partners(target, load, progress)?;
        let mut free: HashMap<Key, PictureId> = HashMap::new();
        for (key, picture) in keys(&partners, are_files).zip(&partners.files) {
            if let Some(other) = free.insert(key, picture.clone()) {
                return Err(two_of_one_name(&other, picture));
            }
        }
        let total = lists.iter().map(|list| list.files.len()).sum();
        let mut taken: HashMap<Key, PictureId> = HashMap::new();
        let mut alone = Vec::new();
        let [mut inputs, mut images] = [Vec::new(), Vec::new()];
        for list in lists {
            let (mut good, mut files) = (Vec::new(), Vec::new());
            for (place, (key, picture)) in (0..).zip(keys(&list, are_files).zip(&list.files)) {
                match free.remove(&key) {
                    Some(partner) => {
                        good.push(place);
                        files.push(partner);
                        taken.insert(key, picture.clone());
                    }
                    None => match taken.get(&key) {
                        Some(other) => return Err(two_of_one_name(other, picture)),
                        None => alone.push(picture.to_string()),
                    },
                }
            }
            let list = list.select(&good);
            images.push(list.with_files(files, target));
            inputs.push(list);
        }
        // In the order of the list: a map has none.
        let surplus = keys(&partners, are_files).zip(&partners.files);
        let surplus = surplus.filter(|(key, _)| free.contains_key(key));
        let surplus: Vec<String> = surplus.map(|(_, picture)| picture.to_string()).collect();
        let count = alone.len() + surplus.len();
        refuse_alone([folder, target], alone, total, bad)?;
        refuse_alone([target, folder], surplus, partners.files.len(), bad)?;
        let none = || DatasetError::NoPictures { folder: folder.to_owned() };
        let [inputs, images] =
            [inputs, images].map(|lists| <[PictureList; 2]>::try_from(lists).map_err(|_| none()));
        let (inputs, images) = (inputs?, images?);
        if inputs.iter().any(|list| list.files.is_empty()) {
            return Err(DatasetError::AllSkipped { path: folder.to_owned(), count });
        }
        Ok(Self { inputs, images, surplus: count })
    }
}

/// All pictures that may be partners: those of the parts that a data set reads.
fn partners(
    target: &Path,
    load: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<PictureList, DatasetError> {
    if target.is_file() {
        return Ok(PictureList::of_file(target));
    }
    let Some(split) = split_folders(target) else {
        return PictureList::of(target, target, Mixed::Refuse, progress);
    };
    let mut parts = vec![split.train.as_path()];
    parts.extend(split.held_out(load.read.part)?);
    let lists =
        parts.into_iter().map(|part| PictureList::of(target, part, Mixed::Refuse, progress));
    PictureList::united(lists.collect::<Result<_, _>>()?)
}

/// The key of each picture of a list.
fn keys(list: &PictureList, are_files: bool) -> impl Iterator<Item = Key> {
    let key = move |(picture, name): (&PictureId, PathBuf)| match picture.page {
        Some(page) if are_files => Key::Page(page.number),
        _ => Key::Path(name.with_extension("")),
    };
    list.files.iter().zip(list.names()).map(key)
}

fn two_of_one_name(one: &PictureId, other: &PictureId) -> DatasetError {
    PairError::TwoOfOneName { one: one.to_string(), other: other.to_string() }.into()
}

/// Refuses pictures of a folder that have no partner in another one, or reports that they are left out.
fn refuse_alone(
    [folder, other]: [&Path; 2],
    mut alone: Vec<String>,
    total: usize,
    bad: BadItems,
) -> Result<(), DatasetError> {
    if bad == BadItems::Refuse && !alone.is_empty() {
        let ((folder, other), count) = ((folder.to_owned(), other.to_owned()), alone.len());
        alone.truncate(NAMED);
        return Err(PairError::NoPartner { folder, other, first: alone, count, total }.into());
    }
    let other = shown(other);
    alone.iter().for_each(|picture| tracing::warn!("left out: {picture}: no partner in {other}"));
    Ok(())
}
