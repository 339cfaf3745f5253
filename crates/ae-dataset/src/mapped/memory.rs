//! How much memory may be filled with files.

use std::fs;
use std::path::Path;

/// The bytes that are free, and that the control groups of this process allow in all; `None` where the system does not
/// say.
pub(super) fn available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let free = 1024 * line.split_whitespace().next()?.parse::<u64>().ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limit = limit_of(&groups, |path| fs::read_to_string(path).ok());
    Some(limit.map_or(free, |limit| limit.min(free)))
}

/// The smallest limit of these control groups and those around them, of version 1 or 2. A container or a batch job has
/// one, and `/proc/meminfo` does not know of it.
fn limit_of(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let (base, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|it| it == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let around = Path::new(path.trim_start_matches('/')).ancestors();
        let limit = |group: &Path| {
            // Without a limit the file says `max`.
            read(&Path::new(base).join(group).join(file))?.trim().parse::<u64>().ok()
        };
        around.filter_map(limit).min()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_around_a_process_counts() {
        let files = |path: &Path| {
            let text = match path.to_str()? {
                "/sys/fs/cgroup/job/step/memory.max" => "max\n",
                "/sys/fs/cgroup/job/memory.max" => "5000\n",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes" => "7000\n",
                _ => return None,
            };
            Some(text.to_owned())
        };
        assert_eq!(limit_of("0::/job/step\n", files), Some(5000));
        assert_eq!(limit_of("4:cpu:/job\n3:memory,hugetlb:/docker/1f\n", files), Some(7000));
        assert_eq!(limit_of("4:cpu:/job\n0::/other\nnonsense\n", files), None);
    }
}
