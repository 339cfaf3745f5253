//! MNIST's checksums: how the data set is recognised, wherever its files come from.

use crate::FileDigest;
use crate::idx::file_names::FILE_NAMES;

/// SHA-256 of the four uncompressed files, in the order of [`FILE_NAMES`].
///
/// The MD5 digests of the same files are those that are widely published for the original ones
/// (training images: `6bbc9ace898e44ae57da46a324031adb`).
const SHA256: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// The name of the first file that differs from MNIST's; `None` if all four are MNIST's.
pub(crate) fn first_difference(files: &[FileDigest]) -> Option<&'static str> {
    let mut digests = files.iter().map(|file| file.sha256.as_str());
    FILE_NAMES.into_iter().zip(SHA256).find_map(|(name, expected)| {
        let is_genuine = digests.next() == Some(expected);
        (!is_genuine).then_some(name)
    })
}
