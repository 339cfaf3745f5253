//! Procedural pictures: the same on every machine, of any size, with the statistics of photographs.

use ae_dataset::{DatasetError, ImageShape, Images, Leaves, LoadOptions, Network, Source, load};
use ae_random::Seed;
use sha2::{Digest, Sha256};

const GREY: ImageShape = ImageShape::grey(96, 128);
const COLOUR: ImageShape = ImageShape { channels: 3, height: 40, width: 56 };

fn each(images: &Images) -> impl Iterator<Item = &[u8]> {
    images.bytes().unwrap().chunks_exact(images.image_size())
}

#[test]
fn a_picture_depends_on_the_seed_the_half_the_shape_and_its_index_alone() {
    let few = Leaves::STANDARD.train(COLOUR, 3).unwrap();
    let many = Leaves::STANDARD.train(COLOUR, 20).unwrap();
    assert!(each(&few).eq(each(&many).take(3)));
    let test = Leaves::STANDARD.test(COLOUR, 20).unwrap();
    assert!(each(&test).all(|picture| each(&many).all(|other| picture != other)));
    assert!(each(&many).skip(1).zip(each(&many)).all(|(one, other)| one != other));
    assert_ne!(Leaves::new(Seed::new(1)).train(COLOUR, 3).unwrap(), few);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Leaves::STANDARD.train(GREY, 12).unwrap())
    };
    assert_eq!(with_threads(1), with_threads(5));
}

#[test]
fn the_standard_pictures_never_change() {
    let digest = |images: Images| {
        let hash = Sha256::digest(images.bytes().unwrap());
        hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(digest(Leaves::STANDARD.train(GREY, 20).unwrap()), GREYS);
    assert_eq!(digest(Leaves::STANDARD.test(COLOUR, 20).unwrap()), COLOURS);
}

const GREYS: &str = "95163d90f00c63b94fdea1b4e558720c897781d6c6b459a98f56a220dc49cbcb";
const COLOURS: &str = "81e6759a19d7e8e2b9d0919943906767d9b0711859aed3c7df273867b10bccf2";

#[test]
fn pictures_have_any_size() {
    for (height, width) in [(1, 1), (1, 50), (50, 1), (2, 3), (7, 200)] {
        for channels in [1, 3] {
            let shape = ImageShape { channels, height, width };
            let images = Leaves::STANDARD.train(shape, 2).unwrap();
            assert_eq!((images.len(), images.shape()), (2, shape));
        }
    }
}

#[test]
fn sizes_that_are_not_made_are_refused_before_memory_is_taken() {
    let refused = |channels, height, width, count| {
        let shape = ImageShape { channels, height, width };
        Leaves::STANDARD.train(shape, count).unwrap_err()
    };
    for (channels, height, width, count) in
        [(1, 0, 5, 1), (1, 5, 0, 1), (2, 5, 5, 1), (1, 5, 5, 0), (1, usize::MAX, usize::MAX, 1)]
    {
        let error = refused(channels, height, width, count);
        assert!(matches!(error, DatasetError::NotWholeImages { .. }), "{error}");
    }
    for (height, width, count) in
        [(4097, 4096, 1), (1, 1 << 25, 1), (4096, 4096, 1000), (100, 100, usize::MAX)]
    {
        let error = refused(1, height, width, count);
        assert!(matches!(error, DatasetError::Leaves(_)), "{error}");
    }
    assert_eq!(
        refused(3, 5000, 4000, 2).to_string(),
        "2 pictures of 5000 x 4000 in colour: expected at most 16777216 pixels each and 8 GiB in all"
    );
}

#[test]
fn the_data_source_has_the_size_and_the_channels_of_the_options() {
    let loaded =
        |options: LoadOptions| load(&Source::Leaves, &options, Network::Offline, &mut ()).unwrap();
    let options = LoadOptions { size: Some([20, 30]), channels: Some(3), ..LoadOptions::default() };
    let data = loaded(options);
    assert_eq!((data.train.len(), data.test.len()), (Leaves::TRAIN, Leaves::TEST));
    assert_eq!(data.train.shape(), ImageShape { channels: 3, height: 20, width: 30 });
    assert_eq!((data.origin.name.as_str(), data.train.labels()), ("leaves", None));
    assert_eq!(data.origin.substituted, None);
    assert_eq!(data.train, Leaves::STANDARD.train(data.train.shape(), Leaves::TRAIN).unwrap());
    assert_eq!("leaves".parse(), Ok(Source::Leaves));
}

#[cfg(feature = "pictures")]
#[test]
fn written_pictures_are_read_as_the_same_data_set() {
    use ae_dataset::{Dataset, replace_pictures, write_pictures};
    for shape in [ImageShape::grey(9, 14), COLOUR] {
        let leaves = |count| Leaves::STANDARD.train(shape, count).unwrap();
        let data = Dataset::new("leaves", "here", leaves(12), leaves(5)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("new/pictures");
        write_pictures(&data, &folder).unwrap();
        let source = Source::Path(folder.clone());
        let read = || load(&source, &LoadOptions::default(), Network::Offline, &mut ()).unwrap();
        assert_eq!((read().train, read().test), (data.train.clone(), data.test.clone()));
        let error = write_pictures(&data, &folder).unwrap_err();
        assert!(matches!(error, DatasetError::Exists { .. }), "{error}");
        let other = Dataset::new("leaves", "here", leaves(12), data.train.clone()).unwrap();
        replace_pictures(&other, &folder).unwrap();
        assert_eq!(read().test, data.train);
    }
    let floats =
        Images::of_shape(GREY, ae_dataset::Pixels::Floats(vec![0.5; GREY.size()])).unwrap();
    let data = Dataset::new("floats", "here", floats.clone(), floats).unwrap();
    let error = replace_pictures(&data, std::path::Path::new("nowhere")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the train images are numbers; pictures are written from values of 8 bits"
    );
}

/// The mean squared response of Haar's diagonal wavelet at a scale, over all pictures.
fn diagonal_energy(images: &Images, scale: usize) -> f64 {
    let [height, width] = [images.height(), images.width()];
    let (mut sum, mut count) = (0.0, 0.0);
    for picture in each(images) {
        let mean = |top: usize, left: usize| -> f64 {
            let rows = (top..top + scale).flat_map(|y| &picture[y * width + left..][..scale]);
            rows.map(|&byte| f64::from(byte)).sum::<f64>() / (scale * scale) as f64
        };
        for y in (0..height - 2 * scale + 1).step_by(2 * scale) {
            for x in (0..width - 2 * scale + 1).step_by(2 * scale) {
                let [left, right] = [x, x + scale];
                let [top, below] = [y, y + scale];
                let response =
                    mean(top, left) - mean(top, right) - mean(below, left) + mean(below, right);
                sum += response * response / 4.0;
                count += 1.0;
            }
        }
    }
    sum / count
}

/// Scale invariance: means over 2 x 2 pixels of a photograph look like a photograph. The wavelet's energy hardly depends on the
/// scale; in white noise it falls to a quarter at each step, in a smooth picture it grows fourfold or more. On 400 photographs of
/// 180 x 180 (BSD's training set) the standard deviation is 7.8, 9.7 and 10.0 steps of 8 bits at the first three scales.
#[test]
fn pictures_are_scale_invariant_as_photographs_are() {
    let images = Leaves::STANDARD.train(ImageShape::grey(180, 180), 60).unwrap();
    let deviations = [1, 2, 4].map(|scale| diagonal_energy(&images, scale).sqrt());
    for (found, photographs) in deviations.into_iter().zip([7.8, 9.7, 10.0]) {
        assert!((0.7..1.4).contains(&(found / photographs)), "{deviations:?}");
    }
}

/// The marks of occlusion: most neighbours are alike, some differ much. The kurtosis of the differences of neighbours is 3
/// for Gaussian noise of any spectrum, and 18 for those 400 photographs.
#[test]
fn differences_of_neighbours_have_heavy_tails() {
    let images = Leaves::STANDARD.train(ImageShape::grey(180, 180), 60).unwrap();
    let rows = images.bytes().unwrap().chunks_exact(180);
    let differences = || {
        rows.clone().flat_map(|row| row.windows(2)).map(|two| f64::from(two[1]) - f64::from(two[0]))
    };
    let count = differences().count() as f64;
    let square = differences().map(|d| d * d).sum::<f64>() / count;
    let kurtosis = differences().map(|d| d.powi(4)).sum::<f64>() / count / (square * square);
    assert!((10.0..30.0).contains(&kurtosis), "{kurtosis}");
}

/// The three channels are one picture: lightness varies more than chroma.
#[test]
fn colours_are_correlated_as_in_photographs() {
    let images =
        Leaves::STANDARD.train(ImageShape { channels: 3, height: 64, width: 64 }, 80).unwrap();
    let (mut chroma, mut lightness) = (0.0, 0.0);
    for picture in each(&images) {
        let plane =
            |channel: usize| picture[channel * 4096..][..4096].iter().map(|&x| f64::from(x));
        let mean: f64 = plane(1).sum::<f64>() / 4096.0;
        for ((red, green), blue) in plane(0).zip(plane(1)).zip(plane(2)) {
            lightness += (green - mean).powi(2);
            chroma += ((red - green).powi(2) + (blue - green).powi(2)) / 2.0;
        }
    }
    let ratio = (chroma / lightness).sqrt();
    assert!((0.1..0.7).contains(&ratio), "{ratio}");
}
