//! How much of a long stack is read.

use std::io::{Cursor, Read, Result, Seek, SeekFrom};

use ::tiff::encoder::TiffEncoder;
use ::tiff::encoder::colortype::Gray8;

/// A file that counts the bytes that are read.
struct Counted {
    file: Cursor<Vec<u8>>,
    read: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.file.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, place: SeekFrom) -> Result<u64> {
        self.file.seek(place)
    }
}

#[test]
fn a_page_is_read_without_those_before_it() {
    let mut file = Cursor::new(Vec::new());
    let mut tiff = TiffEncoder::new(&mut file).unwrap();
    for number in 0..1000_u32 {
        tiff.write_image::<Gray8>(8, 8, &[(number % 251) as u8; 64]).unwrap();
    }
    let length = file.get_ref().len() as u64;
    let mut file = Counted { file, read: 0 };
    let pages = super::pages::pages(&mut file).unwrap();
    assert_eq!(pages.len(), 1000);
    assert!(file.read <= length, "{} of {length} bytes", file.read);
    for number in [0, 500, 999] {
        file.read = 0;
        let decoder = super::open(&mut file, Some(pages[number])).unwrap();
        let page = super::decode(decoder, length).unwrap();
        assert_eq!(page.picture.as_bytes(), [(number % 251) as u8; 64]);
        // As many as some pages have.
        assert!(file.read < 5 * length / 1000, "page {number}: {} bytes", file.read);
    }
}
