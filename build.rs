//! Leaves the names of functions out of what visitors download: a third of the engine's size.
//!
//! A profile's `strip = true` would also drop the list of the features that the code uses, which
//! wasm-bindgen reads.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let set = |name, value| std::env::var(name).is_ok_and(|found| found == value);
    if set("CARGO_CFG_TARGET_ARCH", "wasm32") && set("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=--strip-all");
        println!("cargo::rustc-link-arg-bins=--keep-section=target_features");
    }
}
