//! Candle's own loader is the oracle: the same tensors from the same files.

use ae_dataset::{Dataset, Digits, from_candle, open_folder, to_candle, write_folder};
use candle_core::{Device, Tensor};
use candle_datasets::vision;

fn digits() -> Dataset {
    let (train, test) = (Digits::STANDARD.train(300).unwrap(), Digits::STANDARD.test(200).unwrap());
    Dataset::new("digits", "here", train, test).unwrap()
}

fn floats(tensor: &Tensor) -> Vec<Vec<u32>> {
    let rows = tensor.to_vec2::<f32>().unwrap();
    rows.into_iter().map(|row| row.into_iter().map(f32::to_bits).collect()).collect()
}

#[test]
fn candle_reads_the_same_tensors_from_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    write_folder(&digits(), dir.path()).unwrap();
    let theirs = vision::mnist::load_dir(dir.path()).unwrap();
    let ours = to_candle(&open_folder(dir.path()).unwrap()).unwrap();

    // Bit for bit.
    assert_eq!(floats(&ours.train_images), floats(&theirs.train_images));
    assert_eq!(floats(&ours.test_images), floats(&theirs.test_images));
    for (ours, theirs) in
        [(&ours.train_labels, &theirs.train_labels), (&ours.test_labels, &theirs.test_labels)]
    {
        assert_eq!(ours.to_vec1::<u8>().unwrap(), theirs.to_vec1::<u8>().unwrap());
    }
    assert_eq!(ours.labels, theirs.labels);
}

#[test]
fn there_and_back_is_the_same() {
    let back = from_candle(&to_candle(&digits()).unwrap(), 28, 28).unwrap();
    assert_eq!((&back.train, &back.test), (&digits().train, &digits().test));
    assert_eq!(back.origin.files, digits().origin.files);
    assert_eq!(back.origin.name, "candle");
}

#[test]
fn tensors_that_are_no_grey_images_are_refused() {
    let error = |change: fn(&mut vision::Dataset)| {
        let mut dataset = to_candle(&digits()).unwrap();
        change(&mut dataset);
        from_candle(&dataset, 28, 28).unwrap_err().to_string()
    };
    assert_eq!(
        error(|data| data.train_images = data.train_images.reshape((300, 1, 28, 28)).unwrap()),
        "the tensor train_images has the shape [300, 1, 28, 28], expected the shape [n, 784]"
    );
    assert_eq!(
        error(|data| data.test_images = (&data.test_images - 2.0).unwrap()),
        "the tensor test_images has the value -2, expected values in [0, 1]"
    );
    assert_eq!(
        error(|data| data.test_labels = Tensor::new(&[256_u32; 200], &Device::Cpu).unwrap()),
        "the tensor test_labels has the label 256, expected whole numbers from 0 to 255"
    );
}
