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

fn spare(read: impl Fn(&str) -> Option<String>) -> u64 {
    let known = group_limit(&read).into_iter().chain(available(&read));
    known.min().map_or(UNKNOWN, |bytes| bytes / 2)
}

/// How many bytes of addresses this process may still take, if that is limited (`ulimit -v`).
pub fn spare_addresses() -> Option<u64> {
    addresses(|path| fs::read_to_string(path).ok())
}

fn addresses(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: (&str, &str) =
        ("/proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable:    8000000 kB\n");
    const FREE: u64 = 8_000_000 * 1024;

    fn spare_of(files: &[(&str, &str)]) -> u64 {
        spare(|path| {
            let file = files.iter().find(|(name, _)| *name == path);
            file.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn without_a_limit_it_is_half_of_what_is_free() {
        assert_eq!(spare_of(&[MEMINFO]), FREE / 2);
        let second =
            [MEMINFO, ("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "max\n")];
        assert_eq!(spare_of(&second), FREE / 2);
        let first = [
            MEMINFO,
            ("/proc/self/cgroup", "4:memory:/\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ];
        assert_eq!(spare_of(&first), FREE / 2);
        assert_eq!(spare_of(&[]), UNKNOWN);
    }

    #[test]
    fn what_is_left_of_the_addresses_is_known_where_they_are_limited() {
        let of = |limit: &str| {
            addresses(|path| match path {
                "/proc/self/limits" => {
                    Some(format!("Max address space  {limit}  unlimited  bytes\n"))
                }
                _ => Some("Name:\tlab\nVmSize:\t   20000 kB\n".to_owned()),
            })
        };
        assert_eq!(of("102400000"), Some(102_400_000 - 20_480_000));
        assert_eq!(of("1000"), Some(0));
        assert_eq!(of("unlimited"), None);
    }

    #[test]
    fn the_limit_of_a_container_counts_in_either_version() {
        let second = [
            MEMINFO,
            ("/proc/self/cgroup", "0::/\n"),
            ("/sys/fs/cgroup/memory.max", "536870912\n"),
        ];
        assert_eq!(spare_of(&second), 256 << 20);
        let first = [
            MEMINFO,
            ("/proc/self/cgroup", "8:cpu,cpuacct:/\n4:memory:/named/outside\n0::/\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n"),
        ];
        assert_eq!(spare_of(&first), 256 << 20);
    }

    #[test]
    fn the_limit_of_a_group_above_counts_and_so_does_a_machine_with_less_than_the_limit() {
        let groups = [
            MEMINFO,
            ("/proc/self/cgroup", "0::/all/mine\n"),
            ("/sys/fs/cgroup/all/mine/memory.max", "max\n"),
            ("/sys/fs/cgroup/all/memory.max", "536870912\n"),
        ];
        assert_eq!(spare_of(&groups), 256 << 20);
        let generous = [
            MEMINFO,
            ("/proc/self/cgroup", "0::/\n"),
            ("/sys/fs/cgroup/memory.max", "1099511627776\n"),
        ];
        assert_eq!(spare_of(&generous), FREE / 2);
    }
}
