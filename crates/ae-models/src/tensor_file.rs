//! The safetensors format: a header of JSON, then the tensors' bytes.
//!
//! The safetensors crate's own reader adds up the sizes that a header claims without a check for overflow, so only its
//! header type is used.

use ae_files::hexadecimal;
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::ser::{Serialize, SerializeMap, Serializer};
use sha2::{Digest, Sha256};

/// The largest header that is read or written, in bytes: the limit of the safetensors library too.
pub const MAX_HEADER_BYTES: usize = 100_000_000;

/// Headers are filled up with spaces to a multiple of this, so that tensors are aligned.
const ALIGNMENT: usize = 8;

/// Why bytes are not a safetensors file, or tensors cannot be written as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorFileError {
    /// The header cannot be used.
    #[error("it is not a safetensors file: {reason}")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// The file is cut short, or something follows its tensors.
    #[error("it must have {expected} bytes by its header, but has {found}")]
    Length {
        /// Bytes by its header; `usize::MAX` if there are more than that.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
}

/// A tensor in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTensor<'a> {
    /// Its name.
    pub name: &'a str,
    /// The type of its numbers.
    pub dtype: Dtype,
    /// Lengths of the axes, row-major.
    pub shape: &'a [usize],
    /// Its numbers, little-endian, row-major.
    pub data: &'a [u8],
}

/// A safetensors file in memory whose header was checked: the tensors follow each other without gaps, each as long as
/// its type and shape say, and fill the file. The tensors borrow the bytes.
#[derive(Debug)]
pub struct TensorFile<'a> {
    metadata: Metadata,
    data: &'a [u8],
}

impl<'a> TensorFile<'a> {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// If the bytes are not a whole safetensors file, or its header has more than [`MAX_HEADER_BYTES`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TensorFileError> {
        let Some((length, rest)) = bytes.split_first_chunk() else {
            return Err(header(format!("it has {} bytes, fewer than 8", bytes.len())));
        };
        let length = usize::try_from(u64::from_le_bytes(*length))
            .ok()
            .filter(|&length| length <= MAX_HEADER_BYTES)
            .ok_or_else(|| header(format!("its header would be over {MAX_HEADER_BYTES} bytes")))?;
        let wrong_length = |expected| TensorFileError::Length { expected, found: bytes.len() };
        let Some((text, data)) = rest.split_at_checked(length) else {
            return Err(wrong_length(length.saturating_add(8)));
        };
        let metadata: Metadata =
            serde_json::from_slice(text).map_err(|error| header(error.to_string()))?;
        if metadata.data_len() != data.len() {
            return Err(wrong_length(metadata.data_len().saturating_add(length).saturating_add(8)));
        }
        Ok(Self { metadata, data })
    }

    /// A metadata entry.
    pub fn entry(&self, name: &str) -> Option<&str> {
        let entries = self.metadata.metadata().as_ref()?;
        entries.get(name).map(String::as_str)
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.metadata.offset_keys();
        names.sort_unstable();
        names
    }

    /// The tensor of this name, or `None` if there is none.
    pub fn tensor<'b>(&'b self, name: &'b str) -> Option<FileTensor<'b>> {
        let info = self.metadata.info(name)?;
        let data = self.data.get(info.data_offsets.0..info.data_offsets.1)?;
        Some(FileTensor { name, dtype: info.dtype, shape: &info.shape, data })
    }
}

/// The bytes of a safetensors file. The order of `tensors` does not matter: in the file the widest type comes first,
/// and tensors of a type are sorted by name.
///
/// # Errors
/// If a tensor's data does not have the length that its type and shape say, two tensors share a name, or the header
/// would be larger than [`MAX_HEADER_BYTES`].
pub fn tensor_file(
    entries: &[(&str, &str)],
    mut tensors: Vec<FileTensor<'_>>,
) -> Result<Vec<u8>, TensorFileError> {
    tensors.sort_by(|a, b| b.dtype.cmp(&a.dtype).then_with(|| a.name.cmp(b.name)));
    let mut text = serde_json::to_vec(&Header { entries, tensors: &tensors })
        .map_err(|error| header(error.to_string()))?;
    text.resize(text.len().next_multiple_of(ALIGNMENT), b' ');
    let mut bytes = Vec::new();
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text);
    tensors.iter().for_each(|tensor| bytes.extend(tensor.data));
    TensorFile::parse(&bytes)?;
    Ok(bytes)
}

/// The SHA-256, in lower-case hexadecimal, of a text and of the names, types, shapes and numbers of tensors. The order
/// of the tensors does not matter.
pub(crate) fn checksum(text: &str, mut tensors: Vec<FileTensor<'_>>) -> String {
    tensors.sort_by(|a, b| a.name.cmp(b.name));
    let mut hash = Sha256::new_with_prefix(text);
    for tensor in tensors {
        hash.update(format!("\n{} {} {:?}\n", tensor.name, tensor.dtype, tensor.shape));
        hash.update(tensor.data);
    }
    hexadecimal(&hash.finalize())
}

fn header(reason: String) -> TensorFileError {
    TensorFileError::Header { reason }
}

/// The header's JSON, in the order of the file.
struct Header<'a> {
    entries: &'a [(&'a str, &'a str)],
    tensors: &'a [FileTensor<'a>],
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.entries.is_empty() {
            map.serialize_entry("__metadata__", &Entries(self.entries))?;
        }
        let mut start = 0_usize;
        for FileTensor { name, dtype, shape, data } in self.tensors {
            let end = start.saturating_add(data.len());
            let info = Info { dtype: *dtype, shape, data_offsets: [start, end] };
            map.serialize_entry(name, &info)?;
            start = end;
        }
        map.end()
    }
}

struct Entries<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

#[derive(serde::Serialize)]
struct Info<'a> {
    dtype: Dtype,
    shape: &'a [usize],
    data_offsets: [usize; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor<'a>(
        name: &'a str,
        dtype: Dtype,
        shape: &'a [usize],
        data: &'a [u8],
    ) -> FileTensor<'a> {
        FileTensor { name, dtype, shape, data }
    }

    #[test]
    fn a_file_is_that_of_the_safetensors_library() {
        let tensors = [
            tensor("b", Dtype::F32, &[2], &[1, 2, 3, 4, 5, 6, 7, 8]),
            tensor("a", Dtype::U8, &[3], &[9, 10, 11]),
            tensor("c", Dtype::F64, &[1, 1], &[12; 8]),
            tensor("empty", Dtype::F32, &[0], &[]),
        ];
        let views = tensors.iter().map(|t| {
            let shape = t.shape.to_vec();
            (t.name, safetensors::tensor::TensorView::new(t.dtype, shape, t.data).unwrap())
        });
        let entries = [("format".to_owned(), "a \"quoted\" text".to_owned())].into();
        let expected = safetensors::serialize(views, Some(entries)).unwrap();
        let ours = tensor_file(&[("format", "a \"quoted\" text")], tensors.to_vec()).unwrap();
        assert_eq!(ours, expected);

        let file = TensorFile::parse(&ours).unwrap();
        assert_eq!(file.names(), ["a", "b", "c", "empty"]);
        assert_eq!(file.entry("format"), Some("a \"quoted\" text"));
        for tensor in tensors {
            assert_eq!(file.tensor(tensor.name), Some(tensor.clone()));
        }
        assert_eq!((file.tensor("d"), file.entry("d")), (None, None));
    }

    #[test]
    fn a_file_that_could_not_be_read_is_not_made() {
        let two = tensor("a", Dtype::F32, &[2], &[0; 8]);
        assert!(tensor_file(&[], vec![two.clone(), two]).is_err());
        assert!(tensor_file(&[], vec![tensor("a", Dtype::F32, &[3], &[0; 8])]).is_err());
        let long = "x".repeat(MAX_HEADER_BYTES);
        let error = tensor_file(&[("entry", &long)], Vec::new()).unwrap_err().to_string();
        assert!(error.ends_with("its header would be over 100000000 bytes"), "{error}");
    }

    #[test]
    fn the_checksum_is_that_of_python() {
        // h = hashlib.sha256(b"{}")
        // h.update(b"\na U8 [3]\n" + bytes([1, 2, 3])); h.update(b"\nb F32 [1, 1]\n" + bytes(4))
        let tensors = vec![
            tensor("b", Dtype::F32, &[1, 1], &[0; 4]),
            tensor("a", Dtype::U8, &[3], &[1, 2, 3]),
        ];
        assert_eq!(
            checksum("{}", tensors),
            "a8af58ff4f19c4f6817da24cd04a0c4fb18d76a86405e4c65d93e20f73fd4ad0"
        );
    }
}
