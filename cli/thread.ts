// A worker thread's entry.
// Knows its port; does not know the tasks.

import { parentPort } from "node:worker_threads";
import { serveThread } from "../builders/crew/thread.ts";
import { loadSaxes } from "../builders/late.ts";
import { isBundle } from "./entry.ts";

// As the keeper does: what is loaded late is out of reach later, but for the bundle, which has it in memory.
if (!isBundle) await loadSaxes();
if (parentPort) serveThread(parentPort);
