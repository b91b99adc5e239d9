// Documents: one YAML file as a plain value that remembers where everything stood.
// Knows YAML 1.2; does not know what a manifest is, nor where the text came from.

import {
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  parseDocument,
  type Document as Yaml,
} from "yaml";
import { Fault, Faults, type Place } from "../../store/model/fault.ts";
import type { Path } from "../kind.ts";
import { limits, readNodes, tooDeep, tooLarge } from "./node.ts";
import { Source } from "./source.ts";

export interface Document {
  readonly file: string;
  /** Strings, numbers, booleans, null, arrays and plain objects; where the text has aliases, values are shared. */
  readonly value: unknown;
  /**
   * Where the value at `path` stands; its key with `part: "key"`; the `nth` occurrence (from 0) of the text `within`
   * in it, where given. A path that leads nowhere gives the place of the nearest value above that is there.
   */
  place(path: Path, options?: PlaceOptions): Place;
}

export interface PlaceOptions {
  readonly part?: "key" | "value";
  readonly within?: string;
  readonly nth?: number;
}

/**
 * Reads one YAML 1.2 document (no tags, keys are text) within {@link limits}; with the failsafe schema every scalar is
 * the text that stands there. The costliest text these
 * let through took 4.9 s on a busy machine of 2 cores (150,000 broken directives); a shipped manifest takes 2 ms.
 *
 * @throws {Faults} `manifest/syntax`, `manifest/duplicate-key`, `manifest/too-large`
 */
export function readDocument(file: string, text: string, schema: "core" | "failsafe" = "core"): Document {
  const source = new Source(file, text);
  refuseLarge(source);
  const yaml = parse(source, schema);
  const syntax = syntaxFaults(yaml, source);
  if (syntax.length > 0) throw new Faults(syntax);
  const { value, faults, aliases } = readNodes(yaml.contents, source);
  if (faults.length > 0) throw new Faults(faults);
  return {
    file,
    value,
    place(path, options = {}) {
      const { node, key } = find(yaml.contents, path, aliases);
      if (options.within !== undefined && node)
        return source.placeWithin(node, options.within, options.nth ?? 0);
      return source.placeOfNode((options.part === "key" ? key : node) ?? node, key);
    },
  };
}

function refuseLarge(source: Source): void {
  if (Buffer.byteLength(source.text) > limits.bytes) {
    throw new Faults([tooLarge(`the file is larger than ${limits.bytes / 1024} KiB`, source.place(0, 0))]);
  }
  // Lexing is cheap beside what the parser does for each lexeme: 1 MiB of commas took 11 s to parse.
  let lexemes = 0;
  for (const _ of new Lexer().lex(source.text)) {
    if (++lexemes > limits.lexemes)
      throw new Faults([tooLarge("the file holds too much YAML", source.place(0, 0))]);
  }
}

function parse(source: Source, schema: "core" | "failsafe"): Yaml.Parsed {
  try {
    return parseDocument(source.text, {
      version: "1.2",
      schema,
      merge: false,
      stringKeys: true,
      resolveKnownTags: false,
      // The library compares each key with each other one; the reader of nodes finds duplicates in linear time.
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: source.lines,
      logLevel: "error",
    });
  } catch (cause) {
    // The parser recurses: nested thousands deep, the stack ends before the reader of nodes can count.
    if (cause instanceof RangeError) throw new Faults([tooDeep(source.place(0, 0))]);
    throw cause;
  }
}

function syntaxFaults(yaml: Yaml.Parsed, source: Source): Fault[] {
  const errors = [...yaml.errors, ...yaml.warnings];
  const exhausted = errors.find((error) => error.code === "RESOURCE_EXHAUSTION");
  if (exhausted) return [tooDeep(source.place(...exhausted.pos))];
  // Of what is told of one character, the first is the cause.
  const causes = [
    ...new Map(errors.toReversed().map((error) => [error.pos[0], error])).values(),
  ].toReversed();
  const faults = causes.slice(0, limits.faults).map((error) => {
    const words = afterVariable(source.text, error.pos[0]) ? flowVariable : wording[error.code];
    const message = words?.message ?? error.message.charAt(0).toLowerCase() + error.message.slice(1, 200);
    return new Fault("manifest/syntax", message, {
      place: source.place(...error.pos),
      ...(words && { hint: words.hint }),
    });
  });
  const { explicit, version } = yaml.directives.yaml;
  if (explicit && version !== "1.2") {
    const message = `a manifest is YAML 1.2, and this one says it is YAML ${version}`;
    faults.push(
      new Fault("manifest/syntax", message, { place: source.place(0, 9), hint: "leave out the %YAML line" }),
    );
  }
  return faults;
}

/** In a flow collection `{` is YAML's own, also inside a plain text. */
function afterVariable(text: string, at: number): boolean {
  return (
    text.slice(Math.max(0, at - 1), at + 1).includes("{") &&
    text.slice(Math.max(0, at - 2), at + 1).includes("${")
  );
}

const flowVariable = {
  message: "a variable stands here in a text without quotes",
  hint: "inside [ ] and { }, a text with ${…} needs quotes",
};

/** What is better said than the library does, by its error's code. */
const wording: Readonly<Record<string, { message?: string; hint: string }>> = {
  TAB_AS_INDENT: { hint: "indent with spaces" },
  MULTIPLE_DOCS: {
    message: "a second document begins here",
    hint: "a file holds one manifest: put what follows into a file of its own",
  },
  NON_STRING_KEY: { message: "a key must be text", hint: "a text that begins with { [ * or & needs quotes" },
  TAG_RESOLVE_FAILED: { hint: "manifests have no tags: a text that begins with ! needs quotes" },
  BAD_INDENT: { hint: "the keys of one mapping stand in one column" },
  MULTILINE_IMPLICIT_KEY: { hint: "is a colon missing, or a quotation mark not closed?" },
  BLOCK_AS_IMPLICIT_KEY: { hint: "a text that holds `: ` needs quotes" },
};

function find(
  root: Node | null,
  path: Path,
  aliases: ReadonlyMap<Node, Node>,
): { node: Node | null; key?: Node } {
  let found: { node: Node | null; key?: Node } = { node: root };
  for (const step of path) {
    const within: Node | null = (found.node && aliases.get(found.node)) ?? found.node;
    const next = isMap(within) ? member(within.items as Pair<Node, Node | null>[], String(step)) : undefined;
    const item = isSeq(within) ? (within.items[Number(step)] as Node | null | undefined) : undefined;
    if (next) found = { node: next.value ?? null, key: next.key };
    else if (item !== undefined) found = { node: item };
    else break;
  }
  return found;
}

function member(
  pairs: readonly Pair<Node, Node | null>[],
  name: string,
): Pair<Node, Node | null> | undefined {
  return pairs.find((pair) => isScalar(pair.key) && String(pair.key.value) === name);
}
