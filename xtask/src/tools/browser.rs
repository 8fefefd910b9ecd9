//! Chromium and ChromeDriver. `CHROMIUM` and `CHROMEDRIVER` name others than those on the search path.

use std::env;
use std::path::PathBuf;

use crate::{Failure, Result, process};

use super::apt;

const ADVICE: &str = "Chromium and ChromeDriver are needed: install them (Debian: apt-get install chromium \
                      chromium-driver), or name them in CHROMIUM and CHROMEDRIVER, and run this again";

/// What keeps a browser to the page that it is to test: nothing drawn by a graphics card, nothing fetched for itself.
pub const ARGUMENTS: [&str; 6] = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A browser and the driver that belongs to it.
pub struct Browser {
    pub chromium: PathBuf,
    pub chromedriver: PathBuf,
}

/// The browser of this machine, installed where it is missing.
///
/// # Errors
/// It is missing and cannot be installed.
pub fn ensure() -> Result<Browser> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    apt::install(&["chromium", "chromium-driver", "fonts-dejavu-core"], "about 1 min, once", ADVICE)?;
    find().ok_or_else(|| Failure::new(ADVICE))
}

fn find() -> Option<Browser> {
    let find = |variable: &str, names: &[&str]| {
        env::var_os(variable).map(PathBuf::from).or_else(|| names.iter().find_map(|name| process::which(name)))
    };
    Some(Browser {
        chromium: find("CHROMIUM", &["chromium", "chromium-browser", "google-chrome"])?,
        chromedriver: find("CHROMEDRIVER", &["chromedriver"])?,
    })
}
