//! What a visitor downloads, and from where.

use crate::runs;
use harness::{Outcome, Setup, in_browser};

/// Each test already fails when another host is asked; here the paths are looked at too.
#[test]
fn a_site_in_a_sub_folder_stays_in_it() -> Outcome<()> {
    for folder in ["/", "/some/school/glassformer/"] {
        let setup = Setup {
            folder,
            ..Setup::cpu()
        };
        in_browser(&setup, |page| {
            runs::new_run(page, &runs::small())?;
            runs::losses(page, 2)?;
            let requests = page.site.requests();
            let outside = requests.iter().find(|path| !path.starts_with(folder));
            assert_eq!(outside, None, "all requests: {requests:#?}");
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn the_cpu_engine_is_all_that_the_cpu_needs() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        let requests = page.site.requests();
        assert!(
            requests.iter().any(|path| path.contains("engine_cpu")),
            "{requests:?}"
        );
        assert!(
            !requests.iter().any(|path| path.contains("webgpu")),
            "{requests:?}"
        );
        Ok(())
    })
}
