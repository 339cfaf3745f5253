//! The machine that a run was made on, in words. It is told and never part of a result.

use std::env::consts::{ARCH, OS};
use std::path::Path;

/// The file in which Linux describes processors.
const PROCESSORS: &str = "/proc/cpuinfo";
/// The most that is read of it: some 1.5 KB a core.
const LARGEST: u64 = 1 << 24;

/// The processor, its cores and the system: `AMD EPYC 7763, 2 cores, linux x86_64`. What is not known is left out.
pub fn machine_in_words() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let known = ae_files::read_bounded(Path::new(PROCESSORS), LARGEST).ok();
    let processor = known.and_then(|bytes| processor(&String::from_utf8_lossy(&bytes)));
    let rest = [ae_files::counted_as(cores, "core"), format!("{OS} {ARCH}")];
    processor.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
}

/// The first processor's name.
fn processor(description: &str) -> Option<String> {
    let names = description.lines().filter_map(|line| line.split_once(':'));
    let mut names = names.filter(|(key, _)| key.trim() == "model name");
    let words: Vec<&str> = names.next()?.1.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named_where_the_system_tells_it() {
        let told =
            "processor\t: 0\nmodel name\t: AMD  EPYC 7763 \nprocessor\t: 1\nmodel name\t: other\n";
        assert_eq!(processor(told).as_deref(), Some("AMD EPYC 7763"));
        assert_eq!([processor("CPU part\t: 0xd0c\n"), processor("model name :")], [None, None]);
        assert!(machine_in_words().ends_with(&format!("{OS} {ARCH}")));
    }
}
