// A worker thread's entry.

import { parentPort } from "node:worker_threads";
import { serveThread } from "../builders/crew/thread.ts";

if (parentPort) serveThread(parentPort);
