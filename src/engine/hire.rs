//! Helpers in the browser: workers of the engine's own worker, with the same program, and the memory
//! that they share with it. `www/engine-worker.js` starts them.

#[cfg(target_arch = "wasm32")]
pub(super) use browser::serve;
#[cfg(target_arch = "wasm32")]
pub use browser::{crew, surroundings};
#[cfg(not(target_arch = "wasm32"))]
pub use native::{crew, surroundings};

#[cfg(target_arch = "wasm32")]
mod browser {
    use crate::engine::fast::plan::Job;
    use crate::engine::fast::threads::alone::{Alone, Surroundings};
    use crate::engine::fast::threads::board::{Memory, Places};
    use crate::engine::fast::threads::crew::Crew;
    use crate::engine::fast::threads::helper::{Helper, Place};
    use crate::json;
    use js_sys::{
        Array, Atomics, Float32Array, Function, Int32Array, Promise, Reflect, Uint32Array,
    };
    use std::time::Duration;
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::JsFuture;

    fn get(object: &JsValue, name: &str) -> JsValue {
        Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }

    pub fn surroundings() -> Surroundings {
        let scope = js_sys::global();
        let cores = get(&get(&scope, "navigator"), "hardwareConcurrency");
        Surroundings {
            cores: cores.as_f64().map_or(1, |cores| cores as usize),
            isolated: get(&scope, "crossOriginIsolated").is_truthy(),
        }
    }

    /// Helpers for the job, one fewer than `threads`, all of them ready.
    ///
    /// # Errors
    /// [`Alone::NotHired`], in the browser's words.
    pub async fn crew(job: Job, threads: usize) -> Result<Crew, Alone> {
        let hired = hire(&job, threads).await;
        let memory = hired.map_err(|error| Alone::NotHired(words(&error)))?;
        Ok(Crew::new(Box::new(memory), job, threads))
    }

    async fn hire(job: &Job, threads: usize) -> Result<Shared, JsValue> {
        let places = Array::new();
        for helper in 1..threads {
            let place = Place {
                job: job.clone(),
                threads,
                helper,
            };
            let place = serde_json::to_string(&place).map_err(|e| e.to_string())?;
            places.push(&place.into());
        }
        let bytes = 4 * Places::new(job).words(threads);
        let hire: Function = get(&js_sys::global(), "hire").dyn_into()?;
        let hired: Promise = hire
            .call2(&JsValue::UNDEFINED, &places, &(bytes as f64).into())?
            .dyn_into()?;
        let hired = JsFuture::from(hired).await?;
        let dismiss = get(&hired, "dismiss").dyn_into()?;
        Ok(Shared::new(&get(&hired, "memory"), Some(dismiss)))
    }

    /// Works as the helper that this worker was started as; false where it is an engine.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn serve() -> Result<bool, JsValue> {
        let help = get(&js_sys::global(), "help");
        if help.is_undefined() {
            return Ok(false);
        }
        let place = get(&help, "place").as_string().unwrap_or_default();
        let place: Place = json::read(&place).map_err(|e| e.to_string())?;
        let mut helper = Helper::new(&place).map_err(|e| e.to_string())?;
        let up: Function = get(&help, "up").dyn_into()?;
        up.call0(&JsValue::UNDEFINED)?;
        helper.serve(&Shared::new(&get(&help, "memory"), None));
        Ok(true)
    }

    fn words(error: &JsValue) -> String {
        let message = get(error, "message").as_string();
        let message = message.or_else(|| error.as_string());
        message.unwrap_or_else(|| "the browser does not say why".into())
    }

    /// A `SharedArrayBuffer`, as words, numbers and tokens.
    #[derive(Debug)]
    struct Shared {
        words: Int32Array,
        numbers: Float32Array,
        tokens: Uint32Array,
        /// Ends the helpers.
        dismiss: Option<Function>,
    }

    impl Shared {
        fn new(memory: &JsValue, dismiss: Option<Function>) -> Self {
            Shared {
                words: Int32Array::new(memory),
                numbers: Float32Array::new(memory),
                tokens: Uint32Array::new(memory),
                dismiss,
            }
        }

        fn stretch(&self, from: usize, len: usize) -> (u32, u32) {
            (from as u32, (from + len) as u32)
        }
    }

    // What is called here fails only outside of the memory, where no place lies.
    impl Memory for Shared {
        fn load(&self, word: usize) -> i32 {
            Atomics::load(&self.words, word as u32).unwrap_throw()
        }

        fn store(&self, word: usize, value: i32) {
            Atomics::store(&self.words, word as u32, value).unwrap_throw();
            Atomics::notify(&self.words, word as u32).unwrap_throw();
        }

        fn wait(&self, word: usize, value: i32, most: Duration) {
            let most = most.as_secs_f64() * 1000.0;
            Atomics::wait_with_timeout(&self.words, word as u32, value, most).unwrap_throw();
        }

        fn read(&self, from: usize, to: &mut [f32]) {
            let (from, end) = self.stretch(from, to.len());
            self.numbers.subarray(from, end).copy_to(to);
        }

        fn write(&self, to: usize, from: &[f32]) {
            let (to, end) = self.stretch(to, from.len());
            self.numbers.subarray(to, end).copy_from(from);
        }

        fn read_tokens(&self, from: usize, to: &mut [u32]) {
            let (from, end) = self.stretch(from, to.len());
            self.tokens.subarray(from, end).copy_to(to);
        }

        fn write_tokens(&self, to: usize, from: &[u32]) {
            let (to, end) = self.stretch(to, from.len());
            self.tokens.subarray(to, end).copy_from(from);
        }
    }

    impl Drop for Shared {
        fn drop(&mut self) {
            if let Some(dismiss) = &self.dismiss {
                // It ends workers, which cannot fail.
                let _ = dismiss.call0(&JsValue::UNDEFINED);
            }
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use crate::engine::fast::plan::Job;
    use crate::engine::fast::threads::alone::{Alone, Surroundings};
    use crate::engine::fast::threads::crew::Crew;

    pub fn surroundings() -> Surroundings {
        Surroundings {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            isolated: true,
        }
    }

    /// Never any.
    ///
    /// # Errors
    /// Always.
    pub async fn crew(_: Job, _: usize) -> Result<Crew, Alone> {
        Err(Alone::Native)
    }
}
