//! How much memory a search may take if the user does not say.

use std::sync::OnceLock;
use std::{fs, iter};

/// The spare memory to assume if the machine's cannot be read, in bytes.
const UNKNOWN: u64 = 4 << 30;

/// Returns half of the memory that is free, or half of the limit that a container sets, whichever is
/// less, in bytes; 4 GiB if neither is known. It is read once.
///
/// Half, because the tables of a search grow by doubling, and other programs run on the machine too.
pub fn spare_memory() -> u64 {
    static SPARE: OnceLock<u64> = OnceLock::new();
    *SPARE.get_or_init(|| spare(|path| fs::read_to_string(path).ok()))
}

/// Returns the same for a machine whose files `read` reads.
pub fn spare(read: impl Fn(&str) -> Option<String>) -> u64 {
    let known = group_limit(&read).into_iter().chain(available(&read));
    known.min().map_or(UNKNOWN, |bytes| bytes / 2)
}

/// Returns how many bytes of address space this process may still take, if that is limited (`ulimit -v`).
pub fn spare_addresses() -> Option<u64> {
    addresses(|path| fs::read_to_string(path).ok())
}

/// Returns the same for a machine whose files `read` reads.
pub fn addresses(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    // Without a limit the file says "unlimited", which is not a number.
    let limit = number(&read, "/proc/self/limits", "Max address space")?;
    let taken = number(&read, "/proc/self/status", "VmSize:")?.saturating_mul(1024);
    Some(limit.saturating_sub(taken))
}

/// Returns the number after a name at the beginning of a line.
fn number(read: impl Fn(&str) -> Option<String>, path: &str, name: &str) -> Option<u64> {
    let text = read(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Returns the free memory of the whole machine, in bytes.
fn available(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    number(read, "/proc/meminfo", "MemAvailable:")?.checked_mul(1024)
}

/// Returns the limit of this process's control group: of version 2 if that has one, else of version 1.
fn group_limit(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let groups = read("/proc/self/cgroup")?;
    // Each line holds a number, the controllers (version 2 names none), and the group.
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

/// Returns the least limit of a group and of the groups that it is part of. In a container the group may
/// have its name from outside, and no file under that name: then the limit of the root is the container's.
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
