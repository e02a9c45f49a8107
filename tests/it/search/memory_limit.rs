//! How much memory a search may take, read from the files of a machine.

use raft_in_practice::search::exhaustive::memory_limit::{addresses, spare};

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
    let second = [MEMINFO, ("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "max\n")];
    assert_eq!(spare_of(&second), FREE / 2);
    let first = [
        MEMINFO,
        ("/proc/self/cgroup", "4:memory:/\n"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
    ];
    assert_eq!(spare_of(&first), FREE / 2);
    assert_eq!(spare_of(&[]), 4 << 30);
}

#[test]
fn what_is_left_of_the_addresses_is_known_where_they_are_limited() {
    let of = |limit: &str| {
        addresses(|path| match path {
            "/proc/self/limits" => Some(format!("Max address space  {limit}  unlimited  bytes\n")),
            _ => Some("Name:\tlab\nVmSize:\t   20000 kB\n".to_owned()),
        })
    };
    assert_eq!(of("102400000"), Some(102_400_000 - 20_480_000));
    assert_eq!(of("1000"), Some(0));
    assert_eq!(of("unlimited"), None);
}

#[test]
fn the_limit_of_a_container_counts_in_either_version() {
    let second =
        [MEMINFO, ("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "536870912\n")];
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
