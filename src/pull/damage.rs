//! For tests: bytes as no supplier should send them, and how many of them are tried.
//!
//! Tests over such bytes have `any_bytes` in their names, by which `.ci/fuzz` finds them.

use proptest::prelude::*;
use proptest::sample::Index;

/// `usual` cases of a test that is slow; as many as `PROPTEST_CASES` says where it is set.
pub(in crate::pull) fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").is_ok();
    let default = ProptestConfig::default();
    ProptestConfig { cases: if asked { default.cases } else { usual }, ..default }
}

/// Changes to make to a file.
#[derive(Debug, Clone)]
pub(in crate::pull) struct Damage {
    written_over: Vec<(Index, u8)>,
    taken_out: Option<Index>,
    put_in: (Index, Vec<u8>),
    cut_off: Option<Index>,
}

impl Damage {
    /// `bytes` with these changes.
    pub(in crate::pull) fn of(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for (at, byte) in &self.written_over {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some(at) = &self.taken_out {
            bytes.remove(at.index(bytes.len()));
        }
        let (at, more) = &self.put_in;
        let at = at.index(bytes.len() + 1);
        bytes.splice(at..at, more.iter().copied());
        if let Some(end) = &self.cut_off {
            bytes.truncate(end.index(bytes.len() + 1));
        }
        bytes
    }
}

/// Any damage, small as a rule.
pub(in crate::pull) fn damage() -> impl Strategy<Value = Damage> {
    let rarely = |strategy| proptest::option::weighted(0.2, strategy);
    let written_over = proptest::collection::vec((any::<Index>(), any::<u8>()), 0..6);
    let put_in = (any::<Index>(), proptest::collection::vec(any::<u8>(), 0..4));
    (written_over, rarely(any::<Index>()), put_in, rarely(any::<Index>())).prop_map(
        |(written_over, taken_out, put_in, cut_off)| Damage {
            written_over,
            taken_out,
            put_in,
            cut_off,
        },
    )
}
