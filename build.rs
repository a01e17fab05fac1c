//! The project under `pipelines/` and `sql/` is part of the binary: rebuild when it changes. A digest of
//! all sources tells two programs of one version apart.

use std::path::{Path, PathBuf};

/// What the binary is made of.
const SOURCES: [&str; 6] = ["Cargo.toml", "Cargo.lock", "build.rs", "pipelines", "sql", "src"];

fn main() {
    // FNV-1a over names and contents, in order.
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().chain(&[0xff]) {
            digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        for file in files(Path::new(source)) {
            add(file.to_string_lossy().as_bytes());
            add(&std::fs::read(&file).unwrap_or_default());
        }
    }
    println!("cargo:rustc-env=POBUDKA_SOURCES={digest:016x}");
}

/// The file at `path`, or all below it, by name.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut below: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    below.sort();
    below.iter().flat_map(|path| files(path)).collect()
}
