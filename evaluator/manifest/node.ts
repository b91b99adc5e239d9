// Nodes: YAML's nodes as plain values, with the dangers counted.
// Knows anchors, aliases, duplicate keys and limits; does not know syntax, nor what the values are for.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { Fault } from "../../store/model/fault.ts";
import type { Source } from "./source.ts";

/** Above these a document is refused: bytes, lexemes, nesting, values (aliases written out), faults told. */
export const limits = {
  bytes: 1024 * 1024,
  lexemes: 300_000,
  depth: 64,
  values: 50_000,
  faults: 100,
} as const;

export interface Reading {
  /** Strings, numbers, booleans, null, arrays, plain objects; what aliases name is shared. */
  readonly value: unknown;
  readonly faults: readonly Fault[];
  /** What each alias stands for. */
  readonly aliases: ReadonlyMap<Node, Node>;
}

export function readNodes(root: Node | null, source: Source): Reading {
  const reader = new Reader(source);
  const { value } = reader.read(root, 0);
  return { value, faults: reader.faults, aliases: reader.aliases };
}

export function tooLarge(message: string, place: Fault["place"]): Fault {
  return new Fault("manifest/too-large", message, {
    ...(place && { place }),
    hint: "keep data of this size in files of its own, and name them with `from`",
  });
}

export function tooDeep(place: Fault["place"]): Fault {
  const message = `lists and mappings are nested more than ${limits.depth} deep`;
  return new Fault("manifest/too-large", message, place && { place });
}

interface Read {
  readonly value: unknown;
  /** How many values it is with aliases written out. */
  readonly count: number;
}

class Reader {
  readonly faults: Fault[] = [];
  readonly aliases = new Map<Node, Node>();
  private readonly anchors = new Map<string, { node: Node; read?: Read }>();
  private readonly source: Source;
  private total = 0;

  constructor(source: Source) {
    this.source = source;
  }

  read(node: Node | null, depth: number): Read {
    if (node === null) return this.counted({ value: null, count: 1 }, 1, node);
    if (isAlias(node)) return this.readAlias(node, node.source);
    const anchor = this.anchorOf(node);
    const read = this.readContent(node, depth);
    if (anchor !== undefined) anchor.read = read;
    return read;
  }

  private readContent(node: Node, depth: number): Read {
    const collection = isMap(node) || isSeq(node);
    if (collection && depth >= limits.depth) return this.refuse(tooDeep(this.source.placeOfNode(node)));
    if (isMap(node)) return this.readMap(node, depth);
    if (isSeq(node)) return this.readSeq(node, depth);
    return this.counted({ value: isScalar(node) ? node.value : null, count: 1 }, 1, node);
  }

  private anchorOf(node: Node): { node: Node; read?: Read } | undefined {
    if (!("anchor" in node) || typeof node.anchor !== "string") return undefined;
    const anchor = { node };
    this.anchors.set(node.anchor, anchor);
    return anchor;
  }

  private readAlias(node: Node, name: string): Read {
    const anchor = this.anchors.get(name);
    if (anchor?.read === undefined) {
      const message = anchor
        ? `the alias *${name} stands inside what it names`
        : `nothing above is named &${name}`;
      return this.refuse(new Fault("manifest/syntax", message, { place: this.source.placeOfNode(node) }));
    }
    this.aliases.set(node, anchor.node);
    return this.counted(anchor.read, anchor.read.count, node);
  }

  private readMap(map: YAMLMap, depth: number): Read {
    const first = new Map<string, Node>();
    const members: [string, unknown][] = [];
    let count = 1;
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (this.stopped()) break;
      const key = this.readKey(pair.key, first);
      const read = this.read(pair.value ?? null, depth + 1);
      count += read.count;
      if (key !== undefined) members.push([key, read.value]);
    }
    return this.counted({ value: Object.fromEntries(members), count }, 1, map);
  }

  private readKey(node: Node, first: Map<string, Node>): string | undefined {
    const key = isScalar(node) ? String(node.value) : undefined;
    // As a member of a plain object the name `__proto__` is a trap for whoever copies it.
    if (key === undefined || key === "__proto__") {
      this.refuse(
        new Fault("manifest/syntax", "this cannot be a key", { place: this.source.placeOfNode(node) }),
      );
      return undefined;
    }
    const anchor = this.anchorOf(node);
    if (anchor !== undefined) anchor.read = { value: key, count: 1 };
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, node);
    else this.refuse(this.duplicate(key, node, earlier));
    return key;
  }

  private readSeq(seq: YAMLSeq, depth: number): Read {
    const values: unknown[] = [];
    let count = 1;
    for (const item of seq.items as (Node | null)[]) {
      if (this.stopped()) break;
      const read = this.read(item, depth + 1);
      count += read.count;
      values.push(read.value);
    }
    return this.counted({ value: values, count }, 1, seq);
  }

  /** `own`: how much of what was read is not in the total yet. */
  private counted(read: Read, own: number, node: Node | null): Read {
    const before = this.total;
    this.total += own;
    if (before <= limits.values && this.total > limits.values) {
      const message = `the document holds more than ${limits.values} values, aliases written out`;
      this.faults.push(tooLarge(message, this.source.placeOfNode(node)));
    }
    return this.total > limits.values ? { value: null, count: 1 } : read;
  }

  private refuse(fault: Fault): Read {
    if (!this.stopped()) this.faults.push(fault);
    return { value: null, count: 1 };
  }

  private stopped(): boolean {
    return this.faults.length >= limits.faults || this.total > limits.values;
  }

  private duplicate(key: string, node: Node, earlier: Node): Fault {
    return new Fault("manifest/duplicate-key", `the key ${JSON.stringify(key)} stands here twice`, {
      place: this.source.placeOfNode(node),
      hint: "keep one of them",
      related: [{ place: this.source.placeOfNode(earlier), message: "the first one" }],
    });
  }
}
