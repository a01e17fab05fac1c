//! Long tests run a sample, another one for each commit; `.ci/long` runs them whole.

use std::process::Command;

use crate::project::repository;

/// The part of a long test that is run.
pub(crate) struct Sample {
    chance: u64,
    whole: bool,
}

impl Sample {
    /// Everything if `POBUDKA_LONG` is set, else a sample drawn by `POBUDKA_SEED`, else by the commit.
    /// Prints the seed.
    pub(crate) fn new() -> Self {
        let whole = std::env::var_os("POBUDKA_LONG").is_some();
        let seed = std::env::var("POBUDKA_SEED").unwrap_or_else(|_| commit());
        let what = if whole { "whole" } else { "a sample, whole by .ci/long" };
        println!("{what}; seed {seed}, again by POBUDKA_SEED={seed}");
        // FNV-1a: any text is a seed.
        let chance = seed.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { chance, whole }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// `all` where the test runs whole, else `some`.
    pub(crate) fn of(&self, all: u64, some: u64) -> u64 {
        if self.whole { all } else { some.min(all) }
    }

    /// A number below `bound` (Knuth's MMIX generator).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.chance = self
            .chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % bound.max(1)
    }

    /// All of 1 to `last` where the test runs whole, else `some` of them, in order.
    pub(crate) fn numbers(&mut self, last: u64, some: u64) -> Vec<u64> {
        let mut left: Vec<u64> = (1..=last).collect();
        while !self.whole && left.len() as u64 > some {
            let drawn = self.below(left.len() as u64);
            left.remove(usize::try_from(drawn).unwrap());
        }
        left
    }
}

/// The commit that is checked out; without git, always the same word.
fn commit() -> String {
    let asked = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(repository()).output();
    let commit = asked.ok().filter(|output| output.status.success());
    commit.map_or_else(
        || "pobudka".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().chars().take(12).collect(),
    )
}
