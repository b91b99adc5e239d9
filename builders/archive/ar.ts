// The outer shell of a .deb: an ar archive, read as its bytes come in.
// Knows ar(5) as deb(5) narrows it; does not know what the members hold or mean.

import { Fault } from "../../store/model/fault.ts";

/** What {@link ArParser.push} finds: a member's head, then its bytes in order, then its end. */
export type ArEvent =
  | { readonly kind: "member"; readonly name: string; readonly size: number }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

export interface ArParser {
  /** Takes the next bytes; the events must be drawn to their end before the next call. */
  push(chunk: Uint8Array): Generator<ArEvent>;
  /** Says that no more bytes come. @throws {Fault} `digest/bad-deb` where the archive stops inside a member */
  end(): void;
}

/**
 * A parser for one archive: the magic line, then members of a 60-byte header, their bytes, and a newline where
 * the size is odd (ar(5)). Long names of GNU or BSD are refused, as deb(5) says. Data is handed on in views of
 * the chunks it came in.
 *
 * @throws {Fault} `digest/bad-deb`, from its methods
 */
export function arParser(): ArParser {
  return new Parser();
}

const magic = "!<arch>\n";
const headerSize = 60;

type State = "magic" | "header" | "data" | "padding";

class Parser implements ArParser {
  #state: State = "magic";
  #head = Buffer.alloc(headerSize);
  #filled = 0;
  #left = 0;
  #odd = false;

  *push(chunk: Uint8Array): Generator<ArEvent> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === "data") {
        const bytes = chunk.subarray(at, at + this.#left);
        at += bytes.length;
        this.#left -= bytes.length;
        yield { kind: "data", bytes };
        if (this.#left === 0) yield this.#endMember();
      } else if (this.#state === "padding") {
        if (chunk[at] !== 10) throw bad("a member of odd size is not followed by a newline");
        at++;
        this.#state = "header";
      } else {
        at += this.#collect(chunk, at);
        if (this.#state === "header" && this.#filled === headerSize) yield* this.#member();
      }
    }
  }

  end(): void {
    if (this.#state === "header" && this.#filled === 0) return;
    throw bad(`the archive stops inside ${places[this.#state]}`);
  }

  #collect(chunk: Uint8Array, at: number): number {
    const wanted = this.#state === "magic" ? magic.length : headerSize;
    const bytes = chunk.subarray(at, at + wanted - this.#filled);
    this.#head.set(bytes, this.#filled);
    this.#filled += bytes.length;
    if (this.#state === "magic" && this.#filled === wanted) {
      if (this.#head.toString("latin1", 0, wanted) !== magic) throw bad("it does not start with `!<arch>`");
      this.#state = "header";
      this.#filled = 0;
    }
    return bytes.length;
  }

  *#member(): Generator<ArEvent> {
    const { name, size } = parseHeader(this.#head.toString("latin1", 0, headerSize));
    this.#filled = 0;
    this.#left = size;
    this.#odd = size % 2 === 1;
    this.#state = "data";
    yield { kind: "member", name, size };
    if (size === 0) yield this.#endMember();
  }

  #endMember(): ArEvent {
    this.#state = this.#odd ? "padding" : "header";
    return { kind: "end" };
  }
}

const places: Record<State, string> = {
  magic: "its first line",
  header: "a member's header",
  data: "a member",
  padding: "the padding of a member",
};

// Name, time, owner, group, mode (octal), size, each filled up with spaces; then a backquote and a newline.
const fields = [
  { at: 0, end: 16, form: /^[!-~]+ *$/ },
  { at: 16, end: 28, form: /^\d* *$/ },
  { at: 28, end: 34, form: /^\d* *$/ },
  { at: 34, end: 40, form: /^\d* *$/ },
  { at: 40, end: 48, form: /^[0-7]* *$/ },
  { at: 48, end: 58, form: /^\d+ *$/ },
  { at: 58, end: 60, form: /^`\n$/ },
] as const;

function parseHeader(text: string): { name: string; size: number } {
  if (!fields.every(({ at, end, form }) => form.test(text.slice(at, end)))) {
    throw bad(`not a member header: ${JSON.stringify(text)}`);
  }
  const name = text.slice(0, 16).trimEnd().replace(/\/$/, "");
  if (name === "" || name.includes("/") || name.startsWith("#1")) {
    throw bad(`a member has the name ${JSON.stringify(text.slice(0, 16))}, which deb(5) does not allow`);
  }
  return { name, size: Number(text.slice(48, 58)) };
}

function bad(why: string): Fault {
  return new Fault("digest/bad-deb", `not a sound ar archive: ${why}`);
}
