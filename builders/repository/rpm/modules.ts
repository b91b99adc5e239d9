// Modules: which packages belong to which stream of which module, and which streams are the default.
// Knows modulemd documents; does not know which streams anybody has enabled.

import { readDocument } from "../../../evaluator/manifest/document.ts";
import { Fault, faultsOf } from "../../../store/model/fault.ts";
import { isWord } from "./field.ts";
import { openWarnings, type Warnings } from "./warnings.ts";

export interface Modules {
  readonly streams: readonly ModuleStream[];
  /** The default stream of each module that has one. */
  readonly defaults: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** One build of a stream: modulemd(5), `document: modulemd`. */
export interface ModuleStream {
  readonly name: string;
  readonly stream: string;
  readonly version: string;
  readonly context: string;
  readonly arch: string;
  /** `NAME-E:V-R.ARCH` of each package. */
  readonly artifacts: readonly string[];
}

/**
 * Reads modules.yaml, several documents one after another. Those of other kinds (translations, obsoletes) are passed
 * over; a broken one is skipped with a warning.
 *
 * @throws {Fault} `digest/too-large`, `digest/bad-modules` where it is not UTF-8
 */
export function readModules(label: string, bytes: Uint8Array): Modules {
  const warnings = openWarnings(label);
  const streams: ModuleStream[] = [];
  const defaults = new Map<string, string>();
  for (const { text, line } of documents(label, bytes)) {
    const document = read(label, text, line, warnings);
    const data = mapOf(document?.["data"]);
    if (document?.["document"] === "modulemd") {
      const stream = streamOf(data);
      if (stream === undefined) warnings.tell(`skipped a module without a name, from line ${line} on`);
      else streams.push(stream);
    } else if (document?.["document"] === "modulemd-defaults") {
      const { module, stream } = data;
      // There are defaults of profiles alone.
      if (isName(module) && isName(stream)) defaults.set(module, stream);
    }
  }
  return { streams, defaults, warnings: warnings.all() };
}

/**
 * What a stanza's `Modular` says of a package, by its `NAME-E:V-R.ARCH`: the module builds that claim it, each
 * `name:stream:version:context:arch`, sorted, with spaces between; mostly it is one.
 */
export function modularField({ streams }: Pick<Modules, "streams">): (nevra: string) => string | undefined {
  const claims = new Map<string, Set<string>>();
  for (const { name, stream, version, context, arch, artifacts } of streams) {
    const id = [name, stream, version, context, arch].join(":");
    for (const nevra of artifacts) claims.set(nevra, (claims.get(nevra) ?? new Set()).add(id));
  }
  const fields = new Map([...claims].map(([nevra, ids]) => [nevra, [...ids].sort().join(" ")]));
  return (nevra) => fields.get(nevra);
}

const limits = { bytes: 64 << 20, documents: 20_000 } as const;

interface Document {
  readonly text: string;
  /** Its first line, from 1. */
  readonly line: number;
}

/** `---` at a line's beginning parts documents wherever it stands (YAML 1.2, 9.1.2). */
function documents(label: string, bytes: Uint8Array): readonly Document[] {
  if (bytes.length > limits.bytes) throw tooLarge(label, `larger than ${limits.bytes} bytes`);
  const found: Document[] = [];
  let line = 1;
  for (const text of decode(label, bytes).split(/^---(?=[ \t\r\n]|$)/m)) {
    if (text.split("\n").some((each) => !/^(\s*$|[#%]|\.\.\.\s*$)/.test(each))) found.push({ text, line });
    if (found.length > limits.documents) throw tooLarge(label, `more than ${limits.documents} documents`);
    line += text.split("\n").length - 1;
  }
  return found;
}

function decode(label: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Fault("digest/bad-modules", `${label}: not a list of modules: it is not UTF-8`, {
      cause,
      hint: "the repository's metadata is damaged: try another mirror",
    });
  }
}

type Members = Readonly<Record<string, unknown>>;

/** Every scalar as it is written: a stream 1.10 is not 1.1, and a version has more digits than a number holds. */
function read(label: string, text: string, line: number, warnings: Warnings): Members | undefined {
  try {
    return mapOf(readDocument(label, text, "failsafe").value);
  } catch (error) {
    const [fault] = faultsOf(error);
    if (fault === undefined) throw error;
    const at = line + (fault.place?.line ?? 1) - 1;
    warnings.tell(`skipped a document: line ${at}: ${fault.message}`);
    return undefined;
  }
}

function mapOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function streamOf(data: Members): ModuleStream | undefined {
  const { name, stream, version = "0", context = "", arch = "" } = data;
  if (!isName(name) || !isName(stream)) return undefined;
  if (![version, context, arch].every((part) => part === "" || isName(part))) return undefined;
  const { rpms } = mapOf(data["artifacts"]);
  return {
    name,
    stream,
    version: String(version),
    context: String(context),
    arch: String(arch),
    artifacts: Array.isArray(rpms) ? rpms.filter(isArtifact) : [],
  };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && isWord(value) && !value.includes(":") && value.length <= 200;
}

function isArtifact(value: unknown): value is string {
  return typeof value === "string" && isWord(value);
}

function tooLarge(label: string, why: string): Fault {
  return new Fault("digest/too-large", `${label}: ${why}`, {
    hint: "no repository has so many modules: ask where it comes from",
  });
}
