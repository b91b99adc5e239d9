// A worker thread's entry.
// Knows its port; does not know the tasks.

import { parentPort } from "node:worker_threads";
import { serveThread } from "../builders/crew/thread.ts";

if (parentPort) serveThread(parentPort);
