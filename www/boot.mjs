// How far the page's own program has come, until it draws itself in the place of #boot; and, once it
// stands, what makes the next visit's engine faster.

export default function initializer() {
  const boot = document.getElementById("boot");
  const bar = boot.querySelector("progress");
  const words = boot.querySelector("p");
  const kilobytes = (bytes) => Math.ceil(bytes / 1000).toLocaleString();
  return {
    onProgress: ({ current, total }) => {
      if (!total) return;
      bar.value = current / total;
      words.textContent = `${kilobytes(current)} of ${kilobytes(total)} KB`;
    },
    onSuccess: () => {
      // Without it everything works, on one thread.
      if (!self.crossOriginIsolated) navigator.serviceWorker?.register("./isolation.js").catch(() => {});
    },
    onFailure: (error) => {
      // After the start it is the page that says what went wrong.
      if (!boot.isConnected) return;
      bar.remove();
      words.textContent =
        `Glassformer could not be started (${error?.message ?? error}). ` +
        "Reload the page, and if that does not help, try a newer browser.";
    },
  };
}
