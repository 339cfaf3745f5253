//! What cannot be cut.

use super::*;

#[test]
fn pictures_that_are_smaller_than_a_patch_are_refused_or_left_out() {
    let dir = numbered(30);
    save(&dir, "small.png", GrayImage::new(7, 20));
    save(&dir, "flat.png", GrayImage::new(20, 7));
    let error = refused(&dir, options([8, 8], 9));
    let folder = dir.path().display();
    let expected = format!("2 of 32 pictures in {folder} are smaller than a patch of 8 x 8: ");
    assert!(error.starts_with(&expected), "{error}");
    assert!(error.contains("flat.png (7 x 20)") && error.contains("small.png (20 x 7)"), "{error}");

    let read = ReadOptions { bad: BadItems::Skip, ..ReadOptions::default() };
    let skip = LoadOptions { read, ..LoadOptions::default() };
    let open = |size| open_within(GIBIBYTE, dir.path(), options(size, 9), &skip, &mut ());
    let dataset = open([8, 8]).unwrap();
    let source = dataset.patches.unwrap();
    assert_eq!((dataset.skipped, source.pictures() + source.validation_pictures()), (2, 30));
    fs::write(dir.path().join("00.png"), "no picture").unwrap();
    let whole = fs::read(dir.path().join("01.png")).unwrap();
    fs::write(dir.path().join("01.png"), &whole[..whole.len() - 20]).unwrap();
    assert_eq!(open([8, 8]).unwrap().skipped, 4);
    let error = open([100, 100]).unwrap_err().to_string();
    assert!(error.ends_with(": nothing could be read, 28 left out"), "{error}");
}

#[test]
fn options_outside_their_range_are_refused() {
    let dir = numbered(5);
    for (patches, expected) in [
        (options([8, 8], 0), "the number of patches is 0, expected 1 to 33554432, "),
        (
            options([8, 8], usize::MAX),
            "the number of patches is 18446744073709551615, expected 1 to",
        ),
        (options([0, 8], 9), "the size of patches is 0 x 8, expected sides from 1 to 8192"),
        (options([8, usize::MAX], 9), "the size of patches is 8 x 18446744073709551615, expected"),
        (
            PatchOptions { rotations: true, ..options([8, 9], 9) },
            "the size of patches is 8 x 9, expected equal sides, because they are turned",
        ),
    ] {
        let error = refused(&dir, patches);
        assert!(error.starts_with(expected), "{error}");
        // Before anything is read.
        assert_eq!(patches.check().unwrap_err().to_string(), error);
    }
    let resized = ReadOptions { resize: Resize::Fit, ..ReadOptions::default() };
    for load in [
        LoadOptions { read: resized, ..LoadOptions::default() },
        LoadOptions { size: Some([8, 8]), ..LoadOptions::default() },
    ] {
        let error = open_within(GIBIBYTE, dir.path(), options([8, 8], 9), &load, &mut ());
        let error = error.unwrap_err().to_string();
        assert!(error.ends_with("expected none: patches are cut from pictures in their own sizes"));
    }
    let error = refused(&numbered(1), options([8, 8], 9));
    assert!(error.contains(": 1 item, but two or more are needed"), "{error}");
    let colour = ImageShape { channels: 3, height: 9, width: 9 };
    let colour = Images::of_shape(colour, Pixels::Bytes(vec![0; 243])).unwrap();
    let grey = || Images::new(9, 9, vec![0; 81]).unwrap();
    for pictures in [vec![], vec![grey(), colour], vec![Images::new(7, 9, vec![0; 63]).unwrap()]] {
        assert!(PatchSource::of_pictures(pictures, options([8, 8], 9), Seed::new(1)).is_err());
    }
    assert!(PatchSource::of_pictures(vec![grey()], options([9, 9], 9), Seed::new(1)).is_ok());
}

#[test]
fn patches_of_other_data_are_refused() {
    let load = |source: &str| {
        let Ok(source) = source.parse();
        let options = LoadOptions { patches: Some(options([8, 8], 9)), ..LoadOptions::default() };
        crate::load(&source, &options, crate::Network::Offline, &mut ()).unwrap_err().to_string()
    };
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    fs::write(Path::new(&path("t.csv")), "1,2\n3,4\n").unwrap();
    let expected = format!(
        "patches are cut from a folder of pictures, a TIFF with several pages or `leaves`, and {} is a table",
        path("t.csv")
    );
    assert_eq!(load(&path("t.csv")), expected);
    assert!(load("digits").ends_with("and digits is a data set of whole images"));
    save(&dir, "a.png", GrayImage::new(9, 9));
    assert!(load(&path("a.png")).ends_with("a.png is a file"));
    let images = Images::new(9, 9, vec![0; 81]).unwrap().with_labels(vec![0]).unwrap();
    let idx = Dataset::new("x", "y", images.clone(), images).unwrap();
    crate::write_folder(&idx, Path::new(&path("idx"))).unwrap();
    assert!(load(&path("idx")).ends_with("idx is a folder of IDX files"));
}
