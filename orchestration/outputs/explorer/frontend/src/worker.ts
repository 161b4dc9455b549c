// The worker: DuckDB's own, which finds the engine in the first message.
import "./engine";
import "@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js";
