// What commands share: settings, parts, rendering and exit statuses.
// Knows how a command begins and ends; does not know what any command does.

import { Command, Option } from "clipanion";
import type { Limits } from "../../builders/sandbox/spec.ts";
import type { RealizeOptions } from "../../builders/realizer/realize.ts";
import type { Wish } from "../../evaluator/evaluate.ts";
import { Fault } from "../../store/model/fault.ts";
import { bytesOf } from "../../evaluator/manifest/value.ts";
import { composeParts, type Parts } from "../composition.ts";
import { openRenderer } from "../output.ts";
import type { Renderer } from "../render/renderer.ts";
import { type Host, readSettings, type Settings } from "../settings.ts";
import type { KitContext } from "../context.ts";

export abstract class KitCommand extends Command<KitContext> {
  store = Option.String("--store", { description: "the store's folder (KIT_STORE; /var/lib/kit for root)" });
  json = Option.Boolean("--json", false, { description: "events and answers as JSON, one object a line" });

  get host(): Host {
    return this.context.host;
  }

  protected async settings(jobs?: string): Promise<Settings> {
    return await readSettings(this.host, { store: this.store, jobs });
  }
}

/** A command that may build: it has parts, shows progress and can be interrupted. */
export abstract class BuildCommand extends KitCommand {
  architecture = Option.String("--arch", { description: "an architecture, as Debian calls it: amd64, arm64" });
  buildType = Option.String("--build-type", { description: "debug or release" });
  offline = Option.Boolean("--offline", false, { description: "never use the network" });
  jobs = Option.String("--jobs", { description: "builds at once (the number of processors)" });
  keepFailed = Option.Boolean("--keep-failed", false, { description: "keep a failed build's files for `kit shell`" });
  timeLimit = Option.String("--time-limit", { description: "seconds a single command may take (28800)" });
  memoryLimit = Option.String("--memory-limit", { description: "memory a single build may take, like 4GiB (16GiB)" });

  renderer!: Renderer;
  #settings!: Settings;
  #finished = false;

  abstract work(parts: Parts): Promise<number>;

  override async execute(): Promise<number> {
    this.#settings = await this.settings(this.jobs);
    this.renderer = openRenderer(this.context, this.json);
    const parts = composeParts({
      host: this.host,
      settings: this.#settings,
      offline: this.offline,
      keepFailed: this.keepFailed,
      limits: this.limits(),
      emit: (event) => this.renderer.event(event),
      now: this.context.now,
    });
    const release = this.context.onInterrupt(async () => (await parts.keeper()).interrupt());
    try {
      return await this.work(parts);
    } finally {
      release();
      if (!this.#finished) this.renderer.done({});
      this.renderer[Symbol.dispose]();
      await parts.close();
    }
  }

  /** Ends the progress, so that what follows stands below it. */
  protected done(): void {
    this.#finished = true;
    this.renderer.done({});
  }

  protected wish(outputs: readonly string[] = []): Wish {
    const { buildType, architecture } = this;
    if (buildType !== undefined && buildType !== "debug" && buildType !== "release") {
      throw new Fault("usage/bad-option", `--build-type is debug or release, not ${JSON.stringify(buildType)}`);
    }
    return {
      ...(architecture !== undefined && { architecture }),
      ...(buildType !== undefined && { buildType }),
      ...(outputs.length > 0 && { outputs }),
    };
  }

  protected buildOptions(): RealizeOptions {
    return { jobs: this.#settings.jobs, downloads: this.#settings.downloads, rebuild: () => false };
  }

  private limits(): Partial<Limits> {
    const time = this.timeLimit === undefined ? undefined : Number(this.timeLimit);
    if (time !== undefined && !(time > 0)) throw new Fault("usage/bad-option", "--time-limit is a number of seconds");
    if (this.memoryLimit !== undefined && !/^[1-9]\d*(B|KiB|MiB|GiB|TiB)$/.test(this.memoryLimit)) {
      throw new Fault("usage/bad-option", "--memory-limit is a size like 512MiB");
    }
    return { ...(time !== undefined && { time }), ...(this.memoryLimit !== undefined && { memory: bytesOf(this.memoryLimit) }) };
  }
}
