//! Loads a data set: where it is looked for, and in which order.

use std::env;
use std::path::{Path, PathBuf};

use crate::idx::folder::open_folder;
use crate::other_sizes::dataset_in_shape;
use crate::patches::patches_of;
use crate::{
    Dataset, DatasetError, Digits, ImageShape, Leaves, LoadOptions, MappedError, Mapping, Network,
    PairError, PatchError, Progress, Source, mnist, own_data,
};
#[cfg(feature = "hub")]
use crate::{Hub, HubDataset};

/// Loads a data set.
///
/// The user's cache is the folder `ae/mnist` (or `ae/fashion-mnist`) with the four IDX files in `$XDG_CACHE_HOME` or
/// `~/.cache`; after it comes the hub's own cache. `progress` receives the state of downloads and of reading, and the
/// choices that the options left open. `options` apply to a person's own data; a size or channels that they name apply to
/// all images.
///
/// A [`Variation`](crate::Variation) looks for its data in the same places.
///
/// # Errors
/// If the data is missing or damaged. A folder that exists but cannot be used is an error, never a reason to use other
/// data; this includes `$AE_DATA` and the folder in the user's cache.
///
/// ```
/// use ae_dataset::{LoadOptions, Network, Source, load};
///
/// # fn main() -> Result<(), ae_dataset::DatasetError> {
/// let data = load(&Source::Digits, &LoadOptions::default(), Network::Offline, &mut ())?;
/// assert_eq!((data.train.len(), data.test.len()), (60_000, 10_000));
/// assert_eq!((data.train.height(), data.train.width()), (28, 28));
/// assert_eq!(data.origin.substituted, None);
/// # Ok(())
/// # }
/// ```
pub fn load(
    source: &Source,
    options: &LoadOptions,
    network: Network,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    Places::from_environment().load(source, options, network, progress)
}

/// The places where data may be on this machine.
struct Places {
    /// `$AE_DATA`.
    data: Option<PathBuf>,
    /// The user's cache.
    cache: PathBuf,
    #[cfg(feature = "hub")]
    hub: Hub,
}

/// A data set with a name and an address on the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Mnist,
    FashionMnist,
}

impl Known {
    fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
        }
    }
}

impl Places {
    fn from_environment() -> Self {
        let path = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = || env::home_dir().unwrap_or_default().join(".cache");
        Self {
            data: path("AE_DATA"),
            cache: path("XDG_CACHE_HOME").unwrap_or_else(home).join("ae"),
            #[cfg(feature = "hub")]
            hub: Hub::from_env(),
        }
    }

    fn load(
        &self,
        source: &Source,
        options: &LoadOptions,
        network: Network,
        progress: &mut dyn Progress,
    ) -> Result<Dataset, DatasetError> {
        if options.patches.is_some() && !matches!(source, Source::Path(_) | Source::Leaves) {
            let (location, found) = (source.to_string(), "a data set of whole images");
            return Err(PatchError::OtherData { location, found }.into());
        }
        if options.target.is_some() && !matches!(source, Source::Path(_)) {
            let (location, found) = (source.to_string(), "a data set of its own");
            return Err(PairError::OtherData { location, found }.into());
        }
        if options.mapping == Mapping::Always && !matches!(source, Source::Path(_)) {
            return Err(MappedError::NoArray { path: source.to_string().into() }.into());
        }
        let dataset = match source {
            Source::Path(path) => own_data::open(path, options, progress),
            Source::Leaves => leaves(options, progress),
            Source::Variation { variation, of } => variation.of(self.whole(of, network, progress)?),
            source => self.whole(source, network, progress),
        }?;
        tracing::debug!(name = dataset.origin.name, location = dataset.origin.location, "loaded");
        dataset_in_shape(Path::new(&source.to_string()), dataset, options)?
            .with_part(options.read.part)
    }

    /// A data set that says itself what is for testing, so that no option has an effect.
    fn whole(
        &self,
        source: &Source,
        network: Network,
        progress: &mut dyn Progress,
    ) -> Result<Dataset, DatasetError> {
        match source {
            Source::Auto => self.any(network, progress),
            Source::Mnist => self.mnist(network, progress),
            Source::FashionMnist => self.known(Known::FashionMnist, network, progress),
            Source::Digits => digits(),
            Source::Leaves => leaves(&LoadOptions::default(), progress),
            Source::Path(path) => open_folder(path),
            Source::Variation { .. } => Err(DatasetError::VariationOf {
                location: source.to_string(),
                reason: "it is a variation itself",
            }),
        }
    }

    fn any(&self, network: Network, progress: &mut dyn Progress) -> Result<Dataset, DatasetError> {
        if let Some(data) = self.data()? {
            return Ok(data);
        }
        match self.known(Known::Mnist, network, progress) {
            Err(DatasetError::Unavailable { source, .. }) => {
                let mut dataset = digits()?;
                dataset.origin.substituted =
                    Some(format!("Procedural digits stand in for MNIST: {source}"));
                Ok(dataset)
            }
            found => found,
        }
    }

    fn mnist(
        &self,
        network: Network,
        progress: &mut dyn Progress,
    ) -> Result<Dataset, DatasetError> {
        match self.data()? {
            Some(data) if data.origin.name == Known::Mnist.name() => Ok(data),
            _ => self.known(Known::Mnist, network, progress),
        }
    }

    /// The data set in `$AE_DATA`.
    fn data(&self) -> Result<Option<Dataset>, DatasetError> {
        let data = self.data.as_deref().map(open_folder).transpose();
        data.map_err(|error| DatasetError::Environment(Box::new(error)))
    }

    /// A known data set from the user's cache or the hub.
    fn known(
        &self,
        known: Known,
        network: Network,
        progress: &mut dyn Progress,
    ) -> Result<Dataset, DatasetError> {
        let folder = self.cache.join(known.name());
        if folder.is_dir() {
            return genuine(known, open_folder(&folder)?);
        }
        match self.hub(known, network, progress).and_then(|dataset| genuine(known, dataset)) {
            Ok(dataset) => Ok(dataset),
            Err(error) => Err(DatasetError::Unavailable {
                name: known.name(),
                folder,
                source: Box::new(error),
            }),
        }
    }

    #[cfg(feature = "hub")]
    fn hub(
        &self,
        known: Known,
        network: Network,
        progress: &mut dyn Progress,
    ) -> Result<Dataset, DatasetError> {
        let dataset = match known {
            Known::Mnist => HubDataset::Mnist,
            Known::FashionMnist => HubDataset::FashionMnist,
        };
        match network {
            Network::Allowed => Ok(self.hub.fetch(dataset, progress)?),
            Network::Offline => self.hub.cached(dataset)?.ok_or(DatasetError::Offline),
        }
    }

    #[cfg(not(feature = "hub"))]
    fn hub(
        &self,
        _: Known,
        network: Network,
        _: &mut dyn Progress,
    ) -> Result<Dataset, DatasetError> {
        match network {
            Network::Allowed => Err(DatasetError::NoHub),
            Network::Offline => Err(DatasetError::Offline),
        }
    }
}

/// Gives a known data set its name. MNIST must have MNIST's checksums.
fn genuine(known: Known, mut dataset: Dataset) -> Result<Dataset, DatasetError> {
    if let (Known::Mnist, Some(file)) = (known, mnist::first_difference(&dataset.origin.files)) {
        return Err(DatasetError::NotMnist { location: dataset.origin.location, file });
    }
    dataset.origin.name = known.name().to_owned();
    Ok(dataset)
}

/// As many procedural digits as MNIST has images.
fn digits() -> Result<Dataset, DatasetError> {
    let (train, test) = (Digits::STANDARD.train(60_000)?, Digits::STANDARD.test(10_000)?);
    Dataset::new("digits", "made by this program", train, test)
}

/// Procedural pictures of the size and the channels that the options name.
fn leaves(options: &LoadOptions, progress: &mut dyn Progress) -> Result<Dataset, DatasetError> {
    let ImageShape { channels, height, width } = Leaves::SHAPE;
    let [height, width] = options.size.unwrap_or([height, width]);
    let shape = ImageShape { channels: options.channels.unwrap_or(channels), height, width };
    let train = Leaves::STANDARD.train(shape, Leaves::TRAIN)?;
    let test = Leaves::STANDARD.test(shape, Leaves::TEST)?;
    let dataset = Dataset::new("leaves", "made by this program", train, test)?;
    match options.patches {
        Some(patches) => patches_of(dataset, patches, options.seed, progress),
        None => Ok(dataset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Images, write_folder};

    /// No `$AE_DATA`, and an empty cache.
    fn nowhere() -> (tempfile::TempDir, Places) {
        let dir = tempfile::tempdir().unwrap();
        let places = Places {
            data: None,
            cache: dir.path().to_owned(),
            #[cfg(feature = "hub")]
            hub: Hub { cache: dir.path().join("hub"), ..Hub::from_env() },
        };
        (dir, places)
    }

    fn write_small_folder(path: &std::path::Path) {
        let images = Images::new(2, 2, vec![9; 4]).unwrap().with_labels(vec![1]).unwrap();
        let dataset = Dataset::new("small", "here", images.clone(), images).unwrap();
        write_folder(&dataset, path).unwrap();
    }

    #[test]
    fn offline_digits_replace_mnist_and_say_why() {
        let (_dir, places) = nowhere();
        let data =
            places.load(&Source::Auto, &LoadOptions::default(), Network::Offline, &mut ()).unwrap();
        assert_eq!((data.train.len(), data.test.len()), (60_000, 10_000));
        assert_eq!(data.origin.name, "digits");
        assert_eq!(
            data.origin.substituted.unwrap(),
            "Procedural digits stand in for MNIST: it is not on this machine, and downloads are \
             switched off"
        );
    }

    #[test]
    fn a_data_set_named_by_the_user_is_never_replaced() {
        let (dir, places) = nowhere();
        for source in [Source::Mnist, Source::FashionMnist] {
            let error = places
                .load(&source, &LoadOptions::default(), Network::Offline, &mut ())
                .unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with(&format!(
                "{source} was not found and could not be downloaded: it is not on this "
            )));
            assert!(text.contains("t10k-labels-idx1-ubyte (each raw or .gz) into "), "{text}");
            assert!(text.contains(&dir.path().join(source.to_string()).display().to_string()));
        }
    }

    #[test]
    fn the_folder_of_the_environment_comes_first_and_must_work() {
        let (dir, mut places) = nowhere();
        places.data = Some(dir.path().join("data"));
        let error = places
            .load(&Source::Auto, &LoadOptions::default(), Network::Offline, &mut ())
            .unwrap_err();
        assert!(error.to_string().starts_with("$AE_DATA: there is no folder "), "{error}");

        write_small_folder(&dir.path().join("data"));
        let data =
            places.load(&Source::Auto, &LoadOptions::default(), Network::Offline, &mut ()).unwrap();
        assert_eq!((data.train.len(), data.origin.substituted), (1, None));
        // It is not MNIST, so that MNIST is looked for elsewhere.
        let error = places
            .load(&Source::Mnist, &LoadOptions::default(), Network::Offline, &mut ())
            .unwrap_err();
        assert!(matches!(error, DatasetError::Unavailable { name: "mnist", .. }), "{error}");
    }

    #[test]
    fn a_cached_folder_that_is_not_mnist_is_refused() {
        let (dir, places) = nowhere();
        let folder = dir.path().join("mnist");
        write_small_folder(&folder);
        for source in [Source::Auto, Source::Mnist] {
            let error = places
                .load(&source, &LoadOptions::default(), Network::Offline, &mut ())
                .unwrap_err();
            let expected = format!(
                "{} does not hold MNIST: the SHA-256 of train-images-idx3-ubyte differs",
                folder.display()
            );
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_variation_names_its_data_and_fails_where_they_fail() {
        let (dir, places) = nowhere();
        let load = |source: &str| {
            let Ok(source) = source.parse();
            places.load(&source, &LoadOptions::default(), Network::Offline, &mut ())
        };
        let error = load("mnist-rot").unwrap_err();
        assert!(matches!(error, DatasetError::Unavailable { name: "mnist", .. }), "{error}");
        let folder = dir.path().join("own");
        let named = format!("rot:{}", folder.display());
        let error = load(&named).unwrap_err();
        assert!(matches!(error, DatasetError::NoFolder { .. }), "{error}");

        let digits = |images| Digits::STANDARD.train(images).unwrap();
        let dataset = Dataset::new("small", "here", digits(60), digits(10)).unwrap();
        write_folder(&dataset, &folder).unwrap();
        let Dataset { train, test, origin, .. } = load(&named).unwrap();
        assert_eq!((train.len(), test.len()), (12, 50));
        assert_eq!(
            (origin.name.as_str(), origin.location),
            ("folder-rot", folder.display().to_string())
        );
        assert_eq!(origin.variation, Some(crate::Variation::Rotated));

        write_small_folder(&dir.path().join("fashion-mnist"));
        let error = load("fashion-mnist-bg-rand").unwrap_err().to_string();
        assert!(
            error.ends_with("has no rotated or noisy variation: it has fewer than 6 images"),
            "{error}"
        );
    }

    #[test]
    fn a_cached_fashion_mnist_has_its_name() {
        let (dir, places) = nowhere();
        write_small_folder(&dir.path().join("fashion-mnist"));
        let data = places
            .load(&Source::FashionMnist, &LoadOptions::default(), Network::Offline, &mut ())
            .unwrap();
        assert_eq!(data.origin.name, "fashion-mnist");
    }
}
