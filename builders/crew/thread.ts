// A worker thread of the crew: unpacks, checks out and scans, one task after another.
// Knows how each task is done; does not know in which order they come.

import { mkdirSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import { packLimits } from "../../store/cache/pack.ts";
import { openZstd } from "../../store/cache/zstd.ts";
import { placeFiles } from "../../store/checkout.ts";
import { noHolds, openHolds } from "../../store/holds.ts";
import { blobAttributes, layoutOf } from "../../store/layout.ts";
import { verifyFan } from "../../store/members.ts";
import { hasher } from "../../store/model/digest.ts";
import { faultRecord, faultsOf, unreachable } from "../../store/model/fault.ts";
import { openPool } from "../../store/pool.ts";
import { walkFolder } from "../../store/scan.ts";
import { flawOfShown } from "../../store/shown.ts";
import { openSystem, type System } from "../../store/system.ts";
import { openTrees } from "../../store/trees.ts";
import { asFault } from "../../store/trouble.ts";
import { loadLiblzma } from "../archive/liblzma.ts";
import { type XzOpener, xzDecompressor } from "../archive/xz.ts";
import { takeFrames } from "../cache/frames.ts";
import { packBlobs } from "../cache/packing.ts";
import { compactList } from "../index/intake.ts";
import { findOwners } from "../repository/owners.ts";
import { storeTar, writeStretch } from "../tar/store.ts";
import { unpackDeb } from "../unpack/intake.ts";
import { mostAtOnce } from "./shares.ts";
import type { Task, TaskResults, ThreadMessage, ThreadReply, ThreadSetup } from "./task.ts";

/** Serves tasks that arrive at the port. Everything is loaded before the process changes its identity. */
export function serveThread(port: MessagePort): void {
  const system = openSystem();
  let perform: ((task: Task) => Promise<unknown>) | undefined;
  const reply = (message: ThreadReply) => port.postMessage(message);
  // Loads native code, which is out of reach later.
  hasher();
  const openXz = loadLiblzma(system) ?? xzDecompressor;
  reply({ loaded: true });
  port.on("message", async (message: ThreadMessage) => {
    if ("setup" in message) {
      perform = performer(message.setup, system, openXz);
      return reply({ ready: true });
    }
    try {
      if (!perform) throw new Error("the thread has no store");
      reply({ id: message.id, value: await perform(message.work) });
    } catch (error) {
      const [fault] = faultsOf(asFault(error));
      if (fault) reply({ id: message.id, fault: faultRecord(fault) });
      else reply({ id: message.id, defect: (error as Error).stack ?? String(error) });
    }
  });
}

function performer(setup: ThreadSetup, system: System, openXz: XzOpener) {
  const layout = layoutOf(setup.root);
  mkdirSync(setup.staging, { recursive: true });
  system.umask(0o022);
  const holds = setup.session === undefined ? noHolds : openHolds(layout, system, setup.session);
  const pool = openPool(layout, system, setup.staging, holds);
  const trees = openTrees(layout, holds, 4);
  const zstd = openZstd(system, packLimits.content);
  const tools = { layout, pool, system, zstd, method: setup.method, staging: setup.staging };
  return async (task: Task): Promise<TaskResults[Task["task"]]> => {
    switch (task.task) {
      case "unpack": {
        const { control, data, list } = await unpackDeb(task.deb, pool, openXz);
        return { control: trees.writeTree(control), data: trees.writeTree(data), list };
      }
      case "index":
        return await compactList(task.lists, task.form, pool, openXz);
      case "owners":
        return await findOwners(task.list, task.ends, pool, openXz);
      case "place":
        placeFiles(task.files, task.folder, tools);
        return undefined;
      case "verify-fan":
        return verifyFan(layout, system, task.fan);
      case "flaw-of-shown":
        return flawOfShown(layout, task.place);
      case "tar":
        return storeTar(trees.tree(task.tree), task.options, pool);
      case "tar-stretch":
        await writeStretch(task.stretch, task.target, tools);
        return undefined;
      case "adopt":
        if (task.attributes !== undefined) pool.dress(task.file, task.attributes);
        return pool.adopt(task.file, task.attributes ?? blobAttributes);
      case "take-frames":
        takeFrames(task.batch, tools);
        return undefined;
      case "pack-blobs":
        return packBlobs(task.parts, tools);
      case "walk": {
        const walk = walkFolder(task.folder, system);
        return walk.files.length > mostAtOnce ? { walk } : { walk, adopted: pool.adoptAll(walk.files) };
      }
      case "adopt-all":
        return pool.adoptAll(task.files);
      default:
        return unreachable(task);
    }
  };
}
