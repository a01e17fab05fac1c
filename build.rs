//! The project under `pipelines/` and `sql/` is part of the binary: rebuild when it changes.

fn main() {
    println!("cargo:rerun-if-changed=pipelines");
    println!("cargo:rerun-if-changed=sql");
    println!("cargo:rerun-if-changed=build.rs");
}
