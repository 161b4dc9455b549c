// Where the worker finds its engine. A page of file:// cannot fetch anything, so the engine arrives as the first
// message, and the one request that DuckDB makes, for its own WebAssembly, is answered with it.
const engine = new Promise<ArrayBuffer>((resolve) => {
  const receive = (event: MessageEvent): void => {
    event.stopImmediatePropagation();
    self.removeEventListener("message", receive);
    resolve(event.data as ArrayBuffer);
  };
  self.addEventListener("message", receive);
});

self.fetch = async (): Promise<Response> =>
  new Response(await engine, { headers: { "content-type": "application/wasm" } });

// DuckDB also logs each error that it returns; the page shows them.
console.log = () => undefined;

export {};
