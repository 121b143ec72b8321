// Starts an engine inside a module worker.
//
// The page downloads and compiles the engine itself, so that it can show how far the download is,
// and sends { script, module }: the address of the engine's JavaScript and its compiled program.
// This answers { up: true } and from then on the engine listens and speaks for itself (arrays, see
// src/wire.rs). Whatever goes wrong, then or later, is posted as { error }.
//
// { crash: "words" } makes the worker fail as a bug would; see glassformer.debug in
// docs/scripting.md.

const fail = (error) => self.postMessage({ error: String(error?.message ?? error) });

self.addEventListener("error", (event) => fail(event.error ?? event.message));
self.addEventListener("unhandledrejection", (event) => fail(event.reason));

self.addEventListener("message", async (event) => {
  const { script, module, crash } = event.data;
  if (crash) {
    event.stopImmediatePropagation();
    throw new Error(crash);
  }
  if (!script) return;
  event.stopImmediatePropagation();
  try {
    const { default: init } = await import(script);
    await init({ module_or_path: module });
    self.postMessage({ up: true });
  } catch (error) {
    fail(error);
  }
});

// Shaders compile while the engine waits for its first numbers. Meanwhile this tells the page which
// share of what the GPU was given is done, in the engine's own words (Event::Warming).
let given = 0;
let done = 0;
let watching = false;
self.watchGpu = (on) => {
  watching = on;
};
if (self.GPUQueue) {
  const submit = GPUQueue.prototype.submit;
  GPUQueue.prototype.submit = function (commands) {
    submit.call(this, commands);
    if (!watching) return;
    given += 1;
    this.onSubmittedWorkDone().then(() => {
      done += 1;
      if (watching) self.postMessage([JSON.stringify({ Warming: { done: (0.99 * done) / given } })]);
    }, () => {});
  };
}
