// A service worker that has the page isolated from other sites, which browsers ask for before threads
// may share memory (docs/architecture.md). Servers do it with two headers; where a host cannot be
// told to send them, this adds them on their way. It keeps nothing and asks nobody but the server.
//
// boot.mjs registers it. Pages that are open go on as they are: it begins with the next visit.

const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

self.addEventListener("fetch", (event) => {
  // Pages and workers are what is isolated. Nothing else passes through here.
  const { destination } = event.request;
  if (destination === "document" || destination === "worker") event.respondWith(isolated(event.request));
});

const isolated = async (request) => {
  const answer = await fetch(request);
  // A redirection, which the browser follows itself, may not be copied.
  if (answer.type !== "basic") return answer;
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = answer;
  return new Response(answer.body, { status, statusText, headers });
};
