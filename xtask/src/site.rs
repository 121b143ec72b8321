//! The static site: built, checked, weighed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{machine::Machine, programs};

/// Where Trunk leaves it.
pub const FOLDER: &str = "dist";

/// Builds it as visitors get it, and checks what no compiler sees.
pub fn build(machine: &Machine) -> Result<()> {
    let mut trunk = machine.trunk();
    let heard = programs::run_and_listen(trunk.args(["build", "--release"]))?;
    // Cargo's own summary: "warning: `glassformer` (lib) generated 2 warnings".
    let warned = |line: &str| line.contains("`glassformer` (") && line.contains(" generated ");
    if heard.lines().any(warned) {
        bail!("the compiler warned while it built the site, and warnings are errors here");
    }
    let folder = machine.root.join(FOLDER);
    for file in files(&folder)? {
        let name = file.to_string_lossy();
        if name.ends_with(".html") || name.ends_with("_loader.js") || name.ends_with(".css") {
            let text = fs::read_to_string(&file).with_context(|| name.clone().into_owned())?;
            if let Some(address) = fixed_address(&text) {
                bail!(
                    "{name} asks for `{address}`, which is not within the site's own folder; \
                     addresses start with `./`, and Trunk.toml has public_url = \"./\""
                );
            }
        }
    }
    Ok(())
}

/// Prints the size of each file, the largest first.
pub fn print_sizes(machine: &Machine) -> Result<()> {
    let folder = machine.root.join(FOLDER);
    let mut sizes = Vec::new();
    for file in files(&folder)? {
        let size = fs::metadata(&file)
            .with_context(|| file.display().to_string())?
            .len();
        let name = file
            .strip_prefix(&folder)
            .unwrap_or(&file)
            .display()
            .to_string();
        sizes.push((size, name));
    }
    sizes.sort_by(|a, b| b.cmp(a));
    println!(
        "\n{:>10}  file (uncompressed; `cargo xtask bench` weighs them compressed)",
        "KB"
    );
    for (size, name) in &sizes {
        println!("{:>10.1}  {name}", *size as f64 / 1000.0);
    }
    let total: u64 = sizes.iter().map(|(size, _)| size).sum();
    println!("{:>10.1}  in all", total as f64 / 1000.0);
    Ok(())
}

/// An address that holds only at the root of a host, or only on one host, where a file loads it.
fn fixed_address(text: &str) -> Option<&str> {
    // What comes before an address that is loaded; links to follow (`<a href>`) may go anywhere.
    let loads = [
        "src=",
        "from ",
        "import(",
        "importScripts(",
        "url(",
        "module_or_path:",
        "<link",
    ];
    for load in loads {
        for (at, _) in text.match_indices(load) {
            let mut rest = &text[at + load.len()..];
            if load == "<link" {
                let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
                let Some(href) = tag.find("href=") else {
                    continue;
                };
                rest = &tag[href + "href=".len()..];
            }
            let rest = rest.trim_start().trim_start_matches(['"', '\'', '`']);
            let end = rest
                .find(['"', '\'', '`', ')', '>', ' ', ';'])
                .unwrap_or(rest.len());
            let address = &rest[..end];
            if address.starts_with('/')
                || address.starts_with("http:")
                || address.starts_with("https:")
            {
                return Some(address);
            }
        }
    }
    None
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read: was the site built?", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::fixed_address;

    #[test]
    fn addresses_stay_within_the_site() {
        for good in [
            r#"<link rel="stylesheet" href="./a.css"><a href="https://example.org/">words</a>"#,
            r#"import init from './page.js'; init({ module_or_path: './page_bg.wasm' });"#,
            "background: url(data:image/svg+xml;utf8,x)",
        ] {
            assert_eq!(fixed_address(good), None, "{good}");
        }
        for (bad, address) in [
            (r#"<link rel="modulepreload" href="/page.js">"#, "/page.js"),
            (
                r#"<script src='https://example.org/x.js'></script>"#,
                "https://example.org/x.js",
            ),
            (r#"import init from "/page.js""#, "/page.js"),
            (r#"@font-face { src: url("/font.woff2") }"#, "/font.woff2"),
        ] {
            assert_eq!(fixed_address(bad), Some(address), "{bad}");
        }
    }
}
