//! In which browser and from which server a test's page is opened.

use std::{path::PathBuf, time::Duration};

/// What the browser has to offer of WebGPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// A real adapter: SwiftShader, Vulkan's reference in software.
    Webgpu,
    /// No `navigator.gpu`, as in a browser without it.
    NoWebgpu,
    /// `requestAdapter` gives null, as on a machine whose GPU is on the browser's block list.
    NoAdapter,
    /// The adapter lacks `timestamp-query`, without which burn does not start on it.
    NoTimestamps,
}

impl Stand {
    /// What is run before the page's and each worker's own scripts.
    pub fn script(self) -> &'static str {
        match self {
            Stand::Webgpu => "",
            Stand::NoWebgpu => {
                "for (const n of [self.Navigator, self.WorkerNavigator]) if (n) delete n.prototype.gpu;"
            }
            Stand::NoAdapter => "if (self.GPU) GPU.prototype.requestAdapter = async () => null;",
            Stand::NoTimestamps => {
                "if (self.GPUSupportedFeatures) {
                    const has = GPUSupportedFeatures.prototype.has;
                    GPUSupportedFeatures.prototype.has = function (name) {
                        return name !== 'timestamp-query' && has.call(this, name);
                    };
                    const request = GPUAdapter.prototype.requestDevice;
                    GPUAdapter.prototype.requestDevice = function (what) {
                        if ([...(what?.requiredFeatures ?? [])].includes('timestamp-query'))
                            return Promise.reject(new TypeError('timestamp-query is not supported'));
                        return request.call(this, what);
                    };
                }"
            }
        }
    }
}

/// How a request to another host is answered in place of the network, which a test never reaches.
#[derive(Clone, Debug)]
pub enum Reply {
    Offline,
    Text(String),
}

/// The page, the browser around it and the server behind it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Another folder that is served in the site's place; for the benchmark's other trainers.
    pub root: Option<PathBuf>,
    /// What stands in `window` once the page has started.
    pub scripting: &'static str,
    /// Whether the server sends the headers with which a page may share memory between threads.
    pub isolated: bool,
    /// The folder of the address under which the site lies, as on a school's web space.
    pub folder: &'static str,
    /// What follows it, such as `?backend=cpu`.
    pub query: &'static str,
    /// Which of the site's pages is opened; most tests are of what trains.
    pub hash: &'static str,
    pub stand: Stand,
    /// Run in the page before its own scripts.
    pub page_script: String,
    /// Run in each worker before its own scripts.
    pub worker_script: String,
    /// Addresses elsewhere that the page may ask for, by their beginning, and the answer.
    pub elsewhere: Vec<(&'static str, Reply)>,
    /// Files of the site, by their path in its folder, that are served otherwise: with these bytes,
    /// or not at all.
    pub files: Vec<(&'static str, Option<Vec<u8>>)>,
    /// How long the server takes over each 64 KB of an engine.
    pub delay: Duration,
    pub window: (u32, u32),
    /// Whether other hosts can be reached at all; for the benchmark's text, never for a test.
    pub network: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            root: None,
            scripting: "glassformer",
            folder: "/some/school/glassformer/",
            query: "",
            hash: "#/train",
            stand: Stand::Webgpu,
            page_script: String::new(),
            worker_script: String::new(),
            elsewhere: Vec::new(),
            files: Vec::new(),
            isolated: true,
            delay: Duration::ZERO,
            window: (1440, 1000),
            network: false,
        }
    }
}

impl Setup {
    /// The page on the CPU's engine, by its address.
    pub fn cpu() -> Self {
        Setup {
            query: "?backend=cpu",
            ..Setup::default()
        }
    }

    /// The page on WebGPU, which the address does not decide.
    pub fn webgpu() -> Self {
        Setup::default()
    }
}
