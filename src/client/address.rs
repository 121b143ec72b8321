//! What the page's address asks for: `?backend=cpu`, for a test `?shakespeare=PATH`.
//!
//! Both may stand before the `#` or, as links between views of the page do, after it.

use crate::protocol::{Backend, Fault, FaultKind};
use web_sys::UrlSearchParams;

/// The backend that the address names, if it names one.
///
/// # Errors
/// A name that is no backend.
pub(super) fn backend() -> Result<Option<Backend>, Fault> {
    match parameter("backend") {
        Some(name) => named(&name).map(Some),
        None => Ok(None),
    }
}

/// Where Tiny Shakespeare is to be taken from instead of its public address. Only an address of
/// the page's own host, so that a link to this page cannot make it fetch from elsewhere.
///
/// # Errors
/// An address of another host, or none at all.
pub(super) fn shakespeare() -> Result<Option<String>, Fault> {
    let Some(wish) = parameter("shakespeare") else {
        return Ok(None);
    };
    let url = web_sys::Url::new_with_base(&wish, &base());
    let own = gloo::utils::window().location().origin();
    match (url, own) {
        (Ok(url), Ok(own)) if url.origin() == own => Ok(Some(url.href())),
        _ => Err(Fault::new(
            FaultKind::Input,
            format!(
                "shakespeare={wish} in the address leads to another host; name a file that lies \
                 beside this page"
            ),
        )),
    }
}

/// A file that lies beside the page, wherever the page itself is served from.
///
/// # Errors
/// When the page has no address that files could lie beside.
pub(super) fn beside(file: &str) -> Result<String, Fault> {
    web_sys::Url::new_with_base(file, &base())
        .map(|url| url.href())
        .map_err(|_| {
            Fault::new(
                FaultKind::Internal,
                format!("this page has no address that {file} could lie beside"),
            )
        })
}

fn named(name: &str) -> Result<Backend, Fault> {
    [Backend::Webgpu, Backend::Cpu]
        .into_iter()
        .find(|backend| backend.name() == name)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Input,
                format!("backend={name} in the address is no backend; use webgpu or cpu"),
            )
        })
}

fn base() -> String {
    let document = gloo::utils::document();
    document.base_uri().ok().flatten().unwrap_or_default()
}

fn parameter(name: &str) -> Option<String> {
    let location = gloo::utils::window().location();
    let search = location.search().unwrap_or_default();
    let hash = location.hash().unwrap_or_default();
    let in_hash = hash.split_once('?').map(|(_, query)| query);
    [Some(search.as_str()), in_hash]
        .into_iter()
        .flatten()
        .filter_map(|query| UrlSearchParams::new_with_str(query).ok())
        .find_map(|query| query.get(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_named_or_refused() {
        assert_eq!(named("cpu"), Ok(Backend::Cpu));
        assert_eq!(named("webgpu"), Ok(Backend::Webgpu));
        let fault = named("gpu").expect_err("no backend");
        assert!(fault.message.contains("backend=gpu"));
    }
}
