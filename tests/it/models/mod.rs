//! The core, compared with plain models of itself over random cases.
//!
//! Each model follows the words of the paper as literally as possible, without regard to speed, and shares
//! no code with the core. The random cases are the same in every run; `PROPTEST_CASES` asks for
//! more of them, and `PROPTEST_RNG_SEED` for others.
//!
//! The idea to compare the commit rule with a simple counter comes from etcd's `quorum/quick_test.go`
//! (Apache-2.0).

mod commit;
mod follower;
mod histories;
mod junk;
mod repair;
mod storage;
mod verdicts;

use proptest::test_runner::{Config, RngSeed};

/// `cases` random cases, unless the environment asks for another number. A failure is shrunk and
/// printed. To keep it, write it as a test with a name; no file of seeds is kept.
fn cases(cases: u32) -> Config {
    let asked = Config::default();
    let from_environment = std::env::var_os("PROPTEST_CASES").is_some();
    Config {
        cases: if from_environment { asked.cases } else { cases },
        rng_seed: match asked.rng_seed {
            RngSeed::Random => RngSeed::Fixed(0x5eed),
            fixed @ RngSeed::Fixed(_) => fixed,
        },
        failure_persistence: None,
        ..asked
    }
}
