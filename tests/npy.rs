//! `.npy` files, written and read by hand.

/// The shape and the numbers of an array of `<f4` in C order.
pub(crate) fn read(bytes: &[u8]) -> (Vec<usize>, Vec<f32>) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..start]).unwrap();
    assert!(start % 64 == 0 && header.ends_with('\n'), "{header}");
    assert!(header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': ("), "{header}");
    let (_, sizes) = header.split_once("'shape': (").unwrap();
    let sizes = sizes.split_once(')').unwrap().0.split(',').map(str::trim);
    let shape = sizes.filter(|size| !size.is_empty()).map(|size| size.parse().unwrap()).collect();
    let numbers: Vec<f32> = bytes[start..]
        .chunks(4)
        .map(|chunk| f32::from_le_bytes(chunk.try_into().unwrap()))
        .collect();
    let shape: Vec<usize> = shape;
    assert_eq!(numbers.len(), shape.iter().product::<usize>());
    (shape, numbers)
}

/// A file of this type (`<f4`, `|u1`, ..), shape (as Python writes it) and contents.
pub(crate) fn write(kind: &str, shape: &str, contents: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), contents].concat()
}

/// The bytes of numbers of `<f4`.
pub(crate) fn f4(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}
