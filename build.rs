//! Writes the page's formulas as MathML, and leaves the names of functions out of what visitors
//! download: a third of the engine's size.
//!
//! A profile's `strip = true` would also drop the list of the features that the code uses, which
//! wasm-bindgen reads.

#[cfg(feature = "page")]
#[path = "build/formulas.rs"]
mod formulas;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    #[cfg(feature = "page")]
    write_formulas();
    let set = |name, value| std::env::var(name).is_ok_and(|found| found == value);
    if set("CARGO_CFG_TARGET_ARCH", "wasm32") && set("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=--strip-all");
        println!("cargo::rustc-link-arg-bins=--keep-section=target_features");
    }
}

#[cfg(feature = "page")]
fn write_formulas() {
    let folder = std::env::var_os("OUT_DIR").expect("Cargo names one");
    let file = std::path::Path::new(&folder).join("formulas.rs");
    std::fs::write(file, formulas::constants()).expect("Cargo's folder can be written");
}
