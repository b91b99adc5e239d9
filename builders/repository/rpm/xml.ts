// XML: a repository's documents, as elements, in bounded memory.
// Knows well-formedness, entities and limits; does not know what any element means.

import type { SaxesParser } from "saxes";
import { Fault } from "../../../store/model/fault.ts";
import { loadSaxes } from "../../late.ts";

export interface XmlElement {
  /** As written, prefix and all: repositories write `rpm:entry`, and libsolv too knows it by that alone. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** What stands before its first child: in these formats an element has text or children. */
  readonly text: string;
}

/** One document being read. An error of the sink is thrown from the call under way. */
export interface XmlReader {
  /** @throws {Fault} `digest/bad-xml`, `digest/too-large`, each with line and column */
  push(chunk: Uint8Array): void;
  /** @throws {Fault} `digest/bad-xml` where the document is not complete */
  end(): void;
}

export interface XmlSink {
  /** The document's outermost element, when it begins. */
  readonly root?: (name: string, attributes: XmlElement["attributes"]) => void;
  /** Each element inside the outermost one, when it is complete; it is not kept. */
  readonly record: (element: XmlElement) => void;
}

/**
 * How many records; `depth` of elements in each other; elements and characters in one record; characters of one tag,
 * text or comment. Fedora has 75,000 packages, and the largest record known is the filelists' of a package of 300,000
 * files, 30 MB.
 */
export const xmlLimits = {
  records: 300_000,
  depth: 32,
  elements: 1_000_000,
  record: 1 << 26,
  piece: 1 << 22,
} as const;
export type XmlLimits = { readonly [name in keyof typeof xmlLimits]: number };

/**
 * Reads UTF-8 XML 1.0 record by record. Entities are the five predefined ones and character references: a document
 * type may be named (comps files do), but one that declares anything is refused.
 *
 * saxes reads 50 MB/s (0.87 s of processor time for 43 MB of primary.xml, 15,000 packages; sax needs 1.8 s,
 * htmlparser2 1.1, sax-wasm 3.0). A scanner of kit's own that checked nothing needed 0.35: not enough to forgo a
 * parser that is held to the W3C's conformance suite.
 */
export async function readXml(
  label: string,
  sink: XmlSink,
  limits: XmlLimits = xmlLimits,
): Promise<XmlReader> {
  return openReader(label, limits, { level: 1, root: sink.root ?? (() => {}), take: sink.record });
}

/**
 * A whole document, for what is small: it is one record.
 *
 * @throws {Fault} `digest/bad-xml`, `digest/too-large`
 */
export async function parseXml(
  label: string,
  document: Uint8Array,
  limits: XmlLimits = xmlLimits,
): Promise<XmlElement> {
  let whole: XmlElement | undefined;
  const take = (element: XmlElement) => {
    whole = element;
  };
  const reader = await openReader(label, limits, { level: 0, root: () => {}, take });
  reader.push(document);
  reader.end();
  if (whole === undefined) throw new Error("a complete document has an element");
  return whole;
}

/** The text of the only child of this name, without the white space around it; undefined where there is none. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text.trim();
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

interface Growing extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

interface Harvest {
  /** How deep the elements lie that are taken: 0 is the document's own. */
  readonly level: number;
  readonly root: (name: string, attributes: XmlElement["attributes"]) => void;
  readonly take: (element: XmlElement) => void;
}

async function openReader(label: string, limits: XmlLimits, harvest: Harvest): Promise<XmlReader> {
  const parser = new (await loadSaxes()).SaxesParser({ position: false });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const fail = (code: Fault["code"], why: string, cause?: unknown): never => {
    const place = { file: label, line: parser.line, column: parser.columnIndex + 1 };
    throw new Fault(code, why, { place, cause, hint });
  };
  const notSound = (why: string, cause?: unknown) => fail("digest/bad-xml", `not sound XML: ${why}`, cause);
  const root: Harvest["root"] = (name, attributes) => {
    refuseOtherEncodings(parser, notSound);
    harvest.root(name, attributes);
  };
  const growth = grow(parser, limits, { ...harvest, root }, (why) => fail("digest/too-large", why));
  refuseWhatIsNotPlain(parser, notSound);
  const write = (text: string) => {
    parser.write(text);
    growth.check();
  };
  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      return notSound("it is not UTF-8", cause);
    }
  };
  return {
    push(chunk) {
      for (let at = 0; at < chunk.length; at += stride) write(decode(chunk.subarray(at, at + stride)));
    },
    end() {
      write(decode());
      parser.close();
    },
  };
}

const hint = "the mirror's copy is damaged, or no repository: try another mirror";

// The parser tells of nothing while it gathers one tag or text, so what it gathers is measured between strides.
const stride = 1 << 16;

// As text: the parser looks names up in an object that knows `toString` too.
const entities = { amp: "&", gt: ">", lt: "<", quot: '"', apos: "'" } as const;

// No more than six listeners: with the eighth, V8 keeps the parser as a dictionary, and it is five times slower. So the
// declaration is looked at when it has been read, and comments are measured with what stands beside them.
function refuseWhatIsNotPlain(parser: SaxesParser, fail: (why: string) => never): void {
  parser.ENTITIES = Object.assign(Object.create(null), entities);
  parser.on("error", ({ message }) => fail(message.replace(/\.$/, "")));
  parser.on("doctype", (type) => {
    if (type.includes("[")) fail("it declares entities or elements of its own");
  });
}

function refuseOtherEncodings({ xmlDecl }: SaxesParser, fail: (why: string) => never): void {
  const { version = "1.0", encoding = "UTF-8" } = xmlDecl;
  if (version !== "1.0") fail("it is not XML 1.0");
  if (!/^(utf-?8|us-ascii)$/i.test(encoding)) fail("it says it is not UTF-8");
}

/** Builds elements from the parser's events; `check` is called between strides. */
function grow(
  parser: SaxesParser,
  limits: XmlLimits,
  { level, root, take }: Harvest,
  fail: (why: string) => never,
): { check(): void } {
  const open: Growing[] = [];
  let records = 0;
  let elements = 0;
  let recordAt = 0;
  let quietSince = 0;
  const quiet = () => {
    quietSince = parser.position;
  };
  parser.on("opentag", ({ name, attributes }) => {
    quiet();
    const depth = open.length;
    if (depth >= limits.depth) fail(`elements lie more than ${limits.depth} deep in each other`);
    if (depth === 0) root(name, attributes);
    if (depth === level) {
      if (++records > limits.records) fail(`there are more than ${limits.records} records`);
      [elements, recordAt] = [0, parser.position];
    }
    if (++elements > limits.elements) fail(`one record has more than ${limits.elements} elements`);
    const element: Growing = { name, attributes, children: [], text: "" };
    if (depth > level) open[depth - 1]?.children.push(element);
    open.push(element);
  });
  const onText = (text: string) => {
    quiet();
    const element = open.at(-1);
    if (element !== undefined && open.length > level && element.children.length === 0) element.text += text;
  };
  parser.on("text", onText);
  parser.on("cdata", onText);
  parser.on("closetag", () => {
    quiet();
    const element = open.pop();
    if (element !== undefined && open.length === level) take(element);
  });
  return {
    check() {
      if (parser.position - quietSince > limits.piece) fail(`one tag or text is longer than ${limits.piece}`);
      if (open.length > level && parser.position - recordAt > limits.record)
        fail(`one record is longer than ${limits.record} characters`);
    },
  };
}
