// Settings: flags over environment over kit.config.yaml over defaults, read once.
// Knows every setting's name; does not know commands.

import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { bytesOf } from "../evaluator/manifest/value.ts";
import { Fault } from "../store/model/fault.ts";
import { type PublicKey, parsePublicKey } from "../store/model/key.ts";
import { configurationFiles, storeFolder } from "./places.ts";
import { readSecrets } from "./secrets.ts";

export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly user: { readonly uid: number; readonly gid: number; readonly name: string };
  readonly cores: number;
}

export interface Settings {
  /** Absolute. */
  readonly store: string;
  readonly jobs: number;
  /** Of each build; absent where all may use all. */
  readonly cores?: number;
  /** Bytes that builds may take together; absent for what is available. */
  readonly memory?: number;
  readonly downloads: number;
  readonly mirrors: { readonly environment?: string | undefined; readonly configured: readonly string[] };
  /** Addresses below which files of manifests lie by their SHA-256, asked before the addresses that name them. */
  readonly sourceServers: readonly string[];
  readonly rangeStart?: number;
  readonly checkout: "auto" | "hardlink" | "reflink" | "copy";
  /** Folders (absolute) and addresses, in the order they were named, and what is believed of them. */
  readonly caches: {
    readonly places: readonly CacheSetting[];
    readonly trusted: readonly PublicKey[];
    readonly required: number;
    readonly deadline: number;
  };
  /** The file of the key that pushed results are signed with. */
  readonly signingKey?: string;
  /** Bytes of room: below the first a collection begins, which makes room up to the second. */
  readonly room?: { readonly least: number; readonly wanted: number };
  /** Of builds, by name, in base64. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly proxy: { readonly http?: string; readonly https?: string; readonly none?: string };
}

export interface CacheSetting {
  readonly address: string;
  readonly priority?: number;
  /** Absolute. */
  readonly tokenFile?: string;
}

const size = z.string().regex(/^(0|[1-9]\d{0,6})(B|KiB|MiB|GiB|TiB)$/, "a size like 20GiB");
const cache = z.strictObject({
  at: z.string().min(1).describe("An http or https address, or a folder, relative to this file."),
  priority: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe("Lower is asked first; the cache's own, or 40."),
  tokenFile: z.string().optional().describe("A file with the token that may read it."),
});

const file = z.strictObject({
  store: z.string().optional().describe("The store's folder, relative to this file."),
  mirrors: z.array(z.string()).default([]).describe("Mirrors, written like those of KIT_MIRRORS."),
  sourceServers: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Addresses below which sources lie by their SHA-256: asked before the addresses that name them.",
    ),
  jobs: z.int().min(1).max(1024).optional().describe("Builds at once."),
  cores: z.int().min(1).max(1024).optional().describe("Processors for each build; all of them by default."),
  memory: size
    .optional()
    .describe("Memory that builds take together, by what each took before; what is available by default."),
  downloads: z.int().min(1).max(64).optional().describe("Downloads at once."),
  idRangeStart: z
    .int()
    .min(65_536)
    .max(4_294_836_224)
    .multipleOf(65_536)
    .optional()
    .describe("First host id of the range root maps into sandboxes."),
  caches: z
    .array(z.union([z.string().min(1), cache]))
    .default([])
    .describe("Binary caches that are asked for what the store lacks."),
  trustedKeys: z
    .array(z.string())
    .default([])
    .describe("Public keys, NAME:BASE64, whose signatures are believed."),
  signaturesRequired: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe("How many of the trusted keys must have signed the same statement."),
  cacheDeadline: z.int().min(1).max(3600).default(10).describe("Seconds that a cache has for an answer."),
  signingKey: z
    .string()
    .optional()
    .describe("The file of the key that signs what is pushed, relative to this file."),
  secrets: z
    .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string().min(1))
    .default({})
    .describe("Files of secrets that builds ask for, by name, relative to this file."),
  gc: z
    .strictObject({ minFree: size, maxFree: size })
    .optional()
    .describe("Collect on the way when the disk has less room than minFree, until it has maxFree."),
});

/** @throws {Fault} `usage/bad-setting`, `usage/bad-configuration` */
export async function readSettings(
  host: Host,
  flags: { readonly [name in "store" | "jobs" | "cores" | "memory"]?: string | undefined },
): Promise<Settings> {
  const { environment, directory } = host;
  if (flags.store === "")
    throw new Fault("usage/bad-setting", "--store names no folder", { hint: "write --store DIR" });
  const configuration = await readConfiguration(directory);
  const configured =
    configuration.value.store && resolve(dirname(configuration.path), configuration.value.store);
  const proxy = {
    http: environment["http_proxy"] ?? environment["HTTP_PROXY"],
    https: environment["https_proxy"] ?? environment["HTTPS_PROXY"],
    none: environment["no_proxy"] ?? environment["NO_PROXY"],
  };
  const base = dirname(configuration.path);
  return {
    store: storeFolder(host, flags.store, configured),
    caches: cacheSettings(configuration.value, base, host),
    ...signingKeyOf(configuration.value.signingKey, base, host),
    ...roomOf(configuration.value.gc),
    jobs:
      wholeNumber(flags.jobs, "--jobs") ??
      wholeNumber(environment["KIT_JOBS"], "KIT_JOBS") ??
      configuration.value.jobs ??
      host.cores,
    ...optional("cores", [
      wholeNumber(flags.cores, "--cores"),
      wholeNumber(environment["KIT_CORES"], "KIT_CORES"),
      configuration.value.cores,
    ]),
    ...optional("memory", [
      sizeOf(flags.memory, "--memory"),
      sizeOf(environment["KIT_MEMORY"], "KIT_MEMORY"),
      sizeOf(configuration.value.memory, "memory"),
    ]),
    downloads: configuration.value.downloads ?? 16,
    mirrors: { environment: environment["KIT_MIRRORS"], configured: configuration.value.mirrors },
    sourceServers: (environment["KIT_SOURCE_SERVERS"] === undefined
      ? configuration.value.sourceServers
      : wordsOf(environment["KIT_SOURCE_SERVERS"])
    ).map(serverAddress),
    ...(configuration.value.idRangeStart !== undefined && { rangeStart: configuration.value.idRangeStart }),
    checkout: checkoutMethod(environment["KIT_CHECKOUT"]),
    secrets: readSecrets(configuration.value.secrets, base, environment),
    proxy: Object.fromEntries(Object.entries(proxy).filter(([, value]) => value)),
  };
}

type Configuration = z.infer<typeof file>;

/** @throws {Fault} `digest/bad-key`, `usage/bad-setting` */
function cacheSettings(
  value: Configuration,
  base: string,
  { environment, directory }: Host,
): Settings["caches"] {
  const { KIT_CACHES: named, KIT_TRUSTED_KEYS: keys } = environment;
  const configured = value.caches.map((one): CacheSetting => {
    const { at, priority, tokenFile } = typeof one === "string" ? { at: one } : one;
    return {
      address: placeOf(at, base),
      ...(priority !== undefined && { priority }),
      ...(tokenFile !== undefined && { tokenFile: resolve(base, tokenFile) }),
    };
  });
  // In the place of what is configured, and not beside it: else nobody could trust fewer.
  return {
    places:
      named === undefined ? configured : wordsOf(named).map((at) => ({ address: placeOf(at, directory) })),
    trusted:
      keys === undefined
        ? value.trustedKeys.map((text) => trustedKey(text, "trustedKeys"))
        : wordsOf(keys).map((text) => trustedKey(text, "KIT_TRUSTED_KEYS")),
    required: value.signaturesRequired,
    deadline: 1000 * value.cacheDeadline,
  };
}

/** @throws {Fault} `digest/bad-key` */
function trustedKey(text: string, where: string): PublicKey {
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message, hint } = error;
    throw new Fault(code, `${where}: ${message}`, { cause: error, ...(hint !== undefined && { hint }) });
  }
}

/** An address as it is, a folder's path absolute. @throws {Fault} `usage/bad-setting` */
export function placeOf(written: string, base: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) return resolve(base, written);
  const url = URL.canParse(written) ? new URL(written) : undefined;
  // As it is told apart from a folder everywhere: in lower case.
  if (url?.protocol === "http:" || url?.protocol === "https:")
    return `${url.protocol}${written.slice(url.protocol.length)}`.replace(/\/+$/, "");
  throw new Fault("usage/bad-setting", `not a place for a cache: ${JSON.stringify(written.slice(0, 200))}`, {
    hint: "a folder, or an address that begins with https:// or http://",
  });
}

/** @throws {Fault} `usage/bad-setting` */
function serverAddress(written: string): string {
  if (/^https?:\/\/[^\s/?#]+[^\s?#]*$/.test(written)) return written.replace(/\/+$/, "");
  throw new Fault("usage/bad-setting", `not a server of sources: ${JSON.stringify(written.slice(0, 200))}`, {
    hint: "an address that begins with https:// or http://",
  });
}

function wordsOf(text = ""): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

function signingKeyOf(configured: string | undefined, base: string, { environment, directory }: Host) {
  const named = environment["KIT_SIGNING_KEY"];
  if (named) return { signingKey: resolve(directory, named) };
  return configured === undefined ? {} : { signingKey: resolve(base, configured) };
}

/** @throws {Fault} `usage/bad-setting` */
function roomOf(gc: Configuration["gc"]): Pick<Settings, "room"> {
  if (gc === undefined) return {};
  const [least, wanted] = [bytesOf(gc.minFree), bytesOf(gc.maxFree)];
  if (least < wanted) return { room: { least, wanted } };
  throw new Fault(
    "usage/bad-setting",
    `gc.maxFree (${gc.maxFree}) is not more than gc.minFree (${gc.minFree})`,
  );
}

/** The first that somebody said. */
function optional<K extends string, T>(name: K, said: readonly (T | undefined | "")[]): { [name in K]?: T } {
  const value = said.find((one) => one !== undefined && one !== "");
  return (value === undefined ? {} : { [name]: value }) as { [name in K]?: T };
}

/** Bytes. @throws {Fault} `usage/bad-setting` */
function sizeOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (size.safeParse(text).success && bytesOf(text) > 0) return bytesOf(text);
  throw new Fault("usage/bad-setting", `${name} is a size like 20GiB, not ${JSON.stringify(text)}`);
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= 1024) return Number(text);
  throw new Fault(
    "usage/bad-setting",
    `${name} is a whole number from 1 to 1024, not ${JSON.stringify(text)}`,
  );
}

function checkoutMethod(text: string | undefined): Settings["checkout"] {
  if (text === undefined || text === "") return "auto";
  if (text === "auto" || text === "hardlink" || text === "reflink" || text === "copy") return text;
  throw new Fault(
    "usage/bad-setting",
    `KIT_CHECKOUT is auto, hardlink, reflink or copy, not ${JSON.stringify(text)}`,
  );
}

async function readConfiguration(directory: string): Promise<{ path: string; value: z.infer<typeof file> }> {
  const path = configurationFiles(directory).find((candidate) => existsSync(candidate));
  return path === undefined
    ? { path: directory, value: file.parse({}) }
    : { path, value: await parseConfiguration(path) };
}

async function parseConfiguration(path: string): Promise<z.infer<typeof file>> {
  const { readDocument } = await import("../evaluator/manifest/document.ts");
  const { checkManifest } = await import("../evaluator/manifest/check.ts");
  const document = readDocument(path, readFileSync(path, "utf8"));
  const { manifest, faults } = checkManifest(file, document.value, document);
  if (manifest !== undefined) return manifest;
  const [first] = faults ?? [];
  throw new Fault("usage/bad-configuration", first?.message ?? "it cannot be read", {
    ...(first?.place && { place: first.place }),
    ...(first?.hint && { hint: first.hint }),
  });
}
