//! How much memory a search may take if nobody says it.

use std::sync::OnceLock;
use std::{fs, iter};

/// The spare memory where nothing is known of the machine, in bytes.
const UNKNOWN: u64 = 4 << 30;

/// Half of what this process may still take, in bytes: of the memory that is free, or of the limit
/// that a container sets, whichever is less. It is read once; 4 GB where it cannot be known.
///
/// Half, because the tables of a search grow by doubling, and others run on the machine too.
pub fn spare_memory() -> u64 {
    static SPARE: OnceLock<u64> = OnceLock::new();
    *SPARE.get_or_init(|| spare(|path| fs::read_to_string(path).ok()))
}

/// The same of a machine whose files are read so.
pub fn spare(read: impl Fn(&str) -> Option<String>) -> u64 {
    let known = group_limit(&read).into_iter().chain(available(&read));
    known.min().map_or(UNKNOWN, |bytes| bytes / 2)
}

/// How many bytes of addresses this process may still take, if that is limited (`ulimit -v`).
pub fn spare_addresses() -> Option<u64> {
    addresses(|path| fs::read_to_string(path).ok())
}

/// The same of a machine whose files are read so.
pub fn addresses(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let number = |path: &str, name: &str| {
        let text = read(path)?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    // Without a limit there stands "unlimited".
    let limit = number("/proc/self/limits", "Max address space")?;
    let taken = number("/proc/self/status", "VmSize:")?.saturating_mul(1024);
    Some(limit.saturating_sub(taken))
}

/// The memory that the whole machine has free.
fn available(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let text = read("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The limit of the control group of this process, of version 2 if that has one, else of version 1.
fn group_limit(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let groups = read("/proc/self/cgroup")?;
    // A line is a number, the controllers (version 2 names none), and the group.
    let group = |wanted: fn(&str) -> bool| {
        groups.lines().find_map(|line| {
            let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
            wanted(controllers).then_some(group)
        })
    };
    let second =
        group(str::is_empty).and_then(|group| least(&read, "/sys/fs/cgroup", group, "memory.max"));
    second.or_else(|| {
        let group = group(|controllers| controllers.split(',').any(|name| name == "memory"))?;
        least(&read, "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes")
    })
}

/// The least limit of a group and of all that it is part of. In a container the group may be named
/// as it is outside, where no file of that name is seen: then the root's is the container's own.
fn least(
    read: impl Fn(&str) -> Option<String>,
    root: &str,
    group: &str,
    file: &str,
) -> Option<u64> {
    let groups = iter::successors(Some(group.trim_end_matches('/')), |group| {
        group.rsplit_once('/').map(|(above, _)| above)
    });
    // A group without a limit says "max", or a number beyond all memory.
    let limit = |group: &str| read(&format!("{root}{group}/{file}"))?.trim().parse().ok();
    groups.filter_map(limit).min()
}
