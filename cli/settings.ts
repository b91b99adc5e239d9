// Settings: flags over environment over kit.config.yaml over defaults, read once.
// Knows every setting's name; does not know commands.

import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { Fault } from "../store/model/fault.ts";
import { configurationFiles, storeFolder } from "./places.ts";

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
  readonly downloads: number;
  readonly mirrors: { readonly environment?: string | undefined; readonly configured: readonly string[] };
  readonly rangeStart?: number;
  readonly checkout: "auto" | "hardlink" | "reflink" | "copy";
  readonly proxy: { readonly http?: string; readonly https?: string; readonly none?: string };
}

const file = z.strictObject({
  store: z.string().optional().describe("The store's folder, relative to this file."),
  mirrors: z.array(z.string()).default([]).describe("Mirrors, written like those of KIT_MIRRORS."),
  jobs: z.int().min(1).max(1024).optional().describe("Builds at once."),
  downloads: z.int().min(1).max(64).optional().describe("Downloads at once."),
  idRangeStart: z
    .int()
    .min(65_536)
    .max(4_294_836_224)
    .multipleOf(65_536)
    .optional()
    .describe("First host id of the range root maps into sandboxes."),
});

/** @throws {Fault} `usage/bad-setting`, `usage/bad-configuration` */
export async function readSettings(
  host: Host,
  flags: { store?: string | undefined; jobs?: string | undefined },
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
  return {
    store: storeFolder(host, flags.store, configured),
    jobs:
      wholeNumber(flags.jobs, "--jobs") ??
      wholeNumber(environment["KIT_JOBS"], "KIT_JOBS") ??
      configuration.value.jobs ??
      host.cores,
    downloads: configuration.value.downloads ?? 16,
    mirrors: { environment: environment["KIT_MIRRORS"], configured: configuration.value.mirrors },
    ...(configuration.value.idRangeStart !== undefined && { rangeStart: configuration.value.idRangeStart }),
    checkout: checkoutMethod(environment["KIT_CHECKOUT"]),
    proxy: Object.fromEntries(Object.entries(proxy).filter(([, value]) => value)),
  };
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Fault(
    "usage/bad-setting",
    `${name} is a whole number from 1 to 9999, not ${JSON.stringify(text)}`,
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
