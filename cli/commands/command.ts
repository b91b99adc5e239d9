// What commands share: settings, parts, rendering and interruption.
// Knows how a command begins and ends; does not know what any command does.

import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, Option } from "clipanion";
import type { Event } from "../../builders/event.ts";
import { folderManifest } from "../../builders/load/load.ts";
import { architecture as knownArchitecture } from "../../builders/package/debian.ts";
import { type LineOptions, type Planned, planLine } from "../../builders/realizer/line.ts";
import type { LineMeans } from "../../builders/realizer/linemeans.ts";
import type { RealizeOptions } from "../../builders/realizer/means.ts";
import type { MendMeans } from "../../builders/realizer/mend.ts";
import { availableMemory } from "../../builders/sandbox/memory.ts";
import type { Limits } from "../../builders/sandbox/spec.ts";
import type { Planning, Wish } from "../../evaluator/evaluate.ts";
import type { Lock } from "../../evaluator/lock.ts";
import { bytesOf } from "../../evaluator/manifest/value.ts";
import { Fault } from "../../store/model/fault.ts";
import { composeParts, type PartOptions, type Parts } from "../composition.ts";
import { type KitContext, toldKey } from "../context.ts";
import { type Given, givenHint, withGiven } from "../given.ts";
import { lockPath } from "../lockfile.ts";
import { openRenderer } from "../output.ts";
import type { Renderer } from "../render/renderer.ts";
import { absentOutputs } from "../rootlinks.ts";
import { type Host, readSettings, type Settings } from "../settings.ts";

/** Asks what the package lists are now, and not an hour ago. */
export function refreshOption() {
  return Option.Boolean("--refresh", false, { description: "ask for the newest indexes (once an hour)" });
}

/** For how many milliseconds a package list counts as the present one. */
export function listAge(refresh: boolean): number {
  return refresh ? 0 : 3_600_000;
}

export abstract class KitCommand extends Command<KitContext> {
  json = Option.Boolean("--json", false, {
    description: "progress on standard error as JSON, one object a line; answers too, but for realize",
  });

  get host(): Host {
    return this.context.host;
  }

  /** A path of the command line, absolute. */
  protected absolute(written: string): string {
    return resolve(this.host.directory, written);
  }

  /** A manifest of the command line: the file, or that of a folder of packages. */
  protected manifestFile(written: string): string {
    return this.absolute(this.manifestName(written));
  }

  /** The same as a person would write it. */
  protected manifestName(written: string): string {
    return isFolder(this.absolute(written)) ? join(written, folderManifest) : written;
  }

  protected print(...lines: readonly string[]): void {
    this.context.stdout.write(lines.map((line) => `${line}\n`).join(""));
  }
}

/** What cannot be looked at is told when it is read. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What the command line says of settings. */
interface Words {
  readonly jobs?: string | undefined;
  readonly cores?: string | undefined;
  readonly memory?: string | undefined;
}

/** A command with parts to work with: it shows progress and can be interrupted. */
export abstract class PartsCommand extends KitCommand {
  store = Option.String("--store", { description: "the store's folder (KIT_STORE; /var/lib/kit for root)" });

  protected renderer!: Renderer;
  protected settings!: Settings;
  /** Aborted by the first interrupt. */
  protected signal!: AbortSignal;
  /** What is planned at the moment, for hints. */
  protected given: Given | undefined;
  #finished = false;

  abstract work(parts: Parts): Promise<number>;

  /** What the command's own words make of the settings. */
  protected adjust(settings: Settings): Settings {
    return settings;
  }

  /** What the command's own options make of the parts. */
  protected partOptions(): Partial<PartOptions> & Words {
    return {};
  }

  override async execute(): Promise<number> {
    const { jobs, cores, memory } = this.partOptions();
    const words = { store: this.store, jobs, cores, memory };
    this.settings = this.adjust(await readSettings(this.host, words));
    const interruption = new AbortController();
    this.signal = interruption.signal;
    this.renderer = openRenderer(this.context, this.json);
    const parts = this.partsAt(this.settings.store);
    const release = this.context.onInterrupt(async () => interruption.abort());
    try {
      return await this.work(parts);
    } catch (error) {
      throw withGiven(error, this.given);
    } finally {
      release();
      if (!this.#finished) this.renderer.done({});
      this.renderer[Symbol.dispose]();
      await parts.close();
    }
  }

  /** What happens while parts work, beside what is shown of it. */
  protected heard(_: Event): void {}

  /** Parts over a store, which may be another than the settings'. */
  protected partsAt(store: string): Parts {
    const { jobs: _, cores: __, memory: ___, ...own } = this.partOptions();
    return composeParts({
      host: this.host,
      settings: { ...this.settings, store },
      offline: false,
      keepFailed: false,
      ...own,
      signal: this.signal,
      emit: (emitted) => {
        const event = this.#completed(emitted);
        if (event.type === "end" && event.fault) this.context.told.add(toldKey(event.fault));
        this.renderer.event(event);
        this.heard(event);
      },
      now: this.context.now,
    });
  }

  #completed(event: Event): Event {
    if (event.type !== "end" || event.fault === undefined) return event;
    const hint = givenHint(event.fault.hint, this.given);
    return { ...event, fault: { ...event.fault, ...(hint !== undefined && { hint }) } };
  }

  protected buildOptions(): RealizeOptions {
    const { jobs, downloads, memory = availableMemory() } = this.settings;
    return { jobs, downloads, memory, rebuild: () => false, signal: this.signal };
  }

  protected warn(text: string): void {
    this.renderer.event({ type: "warning", text });
  }

  protected mendMeans({ keeper, mirrors, caches, layout }: Parts): MendMeans {
    return {
      keeper,
      mirrors: (archive) => mirrors(archive),
      sourceServers: this.settings.sourceServers,
      caches,
      absentOutputs: () => absentOutputs(layout),
      emit: (event) => this.renderer.event(event),
    };
  }

  /** Ends the progress, so that what follows stands below it. */
  protected done(): void {
    this.#finished = true;
    this.renderer.done({});
  }

  /** @throws {Fault} `store/no-store` */
  protected requireStore(parts: Parts): void {
    if (existsSync(parts.layout.format)) return;
    throw new Fault("store/no-store", `there is no store at ${parts.layout.root} yet`, {
      hint: "the first `kit realize` makes it; another place: --store DIR or KIT_STORE",
    });
  }
}

/** A command that looks at what a manifest asks for. It may build where a fact of the plan needs it. */
export abstract class PlanCommand extends PartsCommand {
  architecture = Option.String("--arch", {
    description: "an architecture, as Debian calls it: amd64, arm64",
  });
  buildType = Option.String("--build-type", { description: "debug or release" });
  offline = Option.Boolean("--offline", false, { description: "never use the network" });
  noCache = Option.Boolean("--no-cache", false, { description: "ask no binary cache" });
  cacheOnly = Option.Boolean("--cache-only", false, {
    description: "build nothing: what is not in the store comes out of a cache",
  });
  jobs = Option.String("--jobs", { description: "builds at once (KIT_JOBS; the number of processors)" });
  cores = Option.String("--cores", {
    description: "processors for each build, what one leaves for the others (KIT_CORES; all of them)",
  });
  memory = Option.String("--memory", {
    description:
      "memory for all builds together, like 12GiB: more of them wait (KIT_MEMORY; what is available)",
  });

  protected override partOptions(): ReturnType<PartsCommand["partOptions"]> {
    const { jobs, cores, memory } = this;
    return { jobs, cores, memory, offline: this.offline, caches: !this.noCache };
  }

  protected override buildOptions(): RealizeOptions {
    if (this.noCache && this.cacheOnly)
      throw new Fault("usage/bad-option", "--no-cache and --cache-only leave nothing to do it with");
    const caches = this.noCache ? "none" : this.cacheOnly ? "only" : "use";
    return { ...super.buildOptions(), offline: this.offline, caches };
  }

  /** Whether something comes of what does not need what failed. */
  protected keepsGoing(): boolean {
    return false;
  }

  /** Commands that only look build nothing to find out more. */
  protected readonly facts: LineOptions["facts"] = undefined;

  /** The plan of a manifest, locked first where there is no lock; `planned` is told of each planning on the way. */
  protected async plan(
    manifest: string,
    parts: Parts,
    outputs: readonly string[] = [],
    planned: (planning: Planning) => void = () => {},
  ): Promise<Planned> {
    this.given = { manifest, architecture: this.architecture, buildType: this.buildType };
    const options = {
      manifest: this.manifestFile(manifest),
      wish: this.wish(outputs),
      locking: { mode: "first" as const },
      facts: this.facts,
      keepGoing: this.keepsGoing(),
    };
    const means = parts.line(options.manifest);
    const plan: LineMeans["plan"] = (planning) => {
      const outputs = means.plan(planning);
      planned(planning);
      return outputs;
    };
    const made = await planLine(options, { ...means, plan }, this.buildOptions());
    if (made.changedLock)
      this.renderer.event({
        type: "step",
        text: lockedText(lockPath(this.manifestName(manifest)), made.changedLock),
      });
    return made;
  }

  protected wish(outputs: readonly string[]): Wish {
    return { ...wishedTarget(this), ...(outputs.length > 0 && { outputs }) };
  }
}

/** What --arch and --build-type say. @throws {Fault} `usage/bad-option` */
export function wishedTarget({
  buildType,
  architecture,
}: {
  readonly buildType: string | undefined;
  readonly architecture: string | undefined;
}): Pick<Wish, "architecture" | "buildType"> {
  if (buildType !== undefined && buildType !== "debug" && buildType !== "release") {
    throw new Fault("usage/bad-option", `--build-type is debug or release, not ${JSON.stringify(buildType)}`);
  }
  if (architecture !== undefined && !knownArchitecture.safeParse(architecture).success) {
    throw new Fault("usage/bad-option", `--arch is an architecture, not ${JSON.stringify(architecture)}`, {
      hint: `one of ${knownArchitecture.options.join(", ")}`,
    });
  }
  return {
    ...(architecture !== undefined && { architecture }),
    ...(buildType !== undefined && { buildType }),
  };
}

function lockedText(path: string, { partial }: Lock): string {
  return partial
    ? `locked: ${path} pins what was chosen so far; what is left to choose follows`
    : `locked: ${path} pins every package; keep it in version control`;
}

/** A command that builds. */
export abstract class BuildCommand extends PlanCommand {
  keepFailed = Option.Boolean("--keep-failed", false, {
    description: "keep a failed build's files for `kit shell`",
  });
  retry = Option.Boolean("--retry", false, {
    description:
      "build also what failed before, and run checks that found something, though nothing has changed",
  });
  timeLimit = Option.String("--time-limit", { description: "seconds a single command may take (28800)" });
  memoryLimit = Option.String("--memory-limit", {
    description: "memory a single build may take, like 4GiB (16GiB)",
  });

  protected override partOptions(): ReturnType<PartsCommand["partOptions"]> {
    return {
      ...super.partOptions(),
      keepFailed: this.keepFailed,
      retry: this.retry || this.keepFailed,
      limits: this.limits(),
    };
  }

  protected override buildOptions(): RealizeOptions {
    return { ...super.buildOptions(), retry: this.retry || this.keepFailed };
  }

  private limits(): Partial<Limits> {
    const time = this.timeLimit === undefined ? undefined : Number(this.timeLimit);
    if (time !== undefined && !(time > 0))
      throw new Fault("usage/bad-option", "--time-limit is a number of seconds");
    if (this.memoryLimit !== undefined && !/^[1-9]\d*(B|KiB|MiB|GiB|TiB)$/.test(this.memoryLimit)) {
      throw new Fault("usage/bad-option", "--memory-limit is a size like 512MiB");
    }
    return {
      ...(time !== undefined && { time }),
      ...(this.memoryLimit !== undefined && { memory: bytesOf(this.memoryLimit) }),
    };
  }
}
