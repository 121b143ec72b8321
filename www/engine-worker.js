// Starts an engine inside a module worker.
//
// The page downloads and compiles the engine itself, so that it can show how far the download is,
// and sends { script, module }: the address of the engine's JavaScript and its compiled program.
// This answers { up: true } and from then on the engine listens and speaks for itself (arrays, see
// src/wire.rs). Whatever goes wrong, then or later, is posted as { error }.
//
// { crash: "words" } makes the worker fail as a bug would; see glassformer.debug in
// docs/scripting.md.
//
// An engine that shares its work out starts helpers, which are workers of this file too: with
// { help } in the message the program computes for another one (src/engine/hire.rs) and never listens.

const fail = (error) => self.postMessage({ error: String(error?.message ?? error) });

self.addEventListener("error", (event) => fail(event.error ?? event.message));
self.addEventListener("unhandledrejection", (event) => fail(event.reason));

self.addEventListener("message", async (event) => {
  const { script, module, help, crash } = event.data;
  if (crash) {
    event.stopImmediatePropagation();
    throw new Error(crash);
  }
  if (!script) return;
  event.stopImmediatePropagation();
  program = { script, module };
  if (help) self.help = { ...help, up: () => self.postMessage({ up: true }) };
  try {
    const { default: init } = await import(script);
    await init({ module_or_path: module });
    self.postMessage({ up: true });
  } catch (error) {
    if (help) leave(help);
    fail(error);
  }
});

// What this worker runs, for its helpers.
let program;
// Milliseconds until a helper that does not come up is done without.
const PATIENCE = 20_000;

// Starts a helper for each of the places (what a helper is for, in the engine's own words) with so
// many bytes that all of them share. Resolves when all are ready.
self.hire = async (places, bytes) => {
  const memory = new SharedArrayBuffer(bytes);
  const workers = [];
  const dismiss = () => workers.forEach((worker) => worker.terminate());
  const start = (place, n) =>
    new Promise((resolve, reject) => {
      const helper = new Worker(self.location.href, { type: "module", name: `helper ${n + 1}` });
      workers.push(helper);
      setTimeout(() => reject("it does not answer"), PATIENCE);
      helper.onmessage = ({ data }) => (data.up ? resolve() : reject(data.error));
      helper.onerror = (event) => {
        event.preventDefault();
        reject(event.message || "its files could not be loaded");
      };
      helper.postMessage({ ...program, help: { place, memory, number: n + 1 } });
    });
  try {
    await Promise.all(places.map(start));
    return { memory, dismiss };
  } catch (error) {
    dismiss();
    throw error;
  }
};

// A helper's program has ended by itself: whoever waits for it is to know at once. The word is
// src/engine/fast/threads/board.rs's.
const leave = ({ memory, number }) => {
  const words = new Int32Array(memory);
  Atomics.store(words, number, -1);
  Atomics.notify(words, number);
};

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
