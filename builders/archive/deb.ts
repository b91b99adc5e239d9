// Reading .debs: the shell, the control member, the data member, each checked to its last byte.
// Knows deb(5); does not know what becomes of files, nor what control fields mean.

import { Fault, unreachable } from "../../store/model/fault.ts";
import { type ArEvent, arParser } from "./ar.ts";
import { decompressor, parseCompression } from "./decompress.ts";
import { type TarLimits, type TarSink, tarLimits, untar } from "./untar.ts";
import type { XzOpener } from "./xz.ts";

export interface DebLimits extends TarLimits {
  /** Bytes to which a member may unpack. */
  readonly unpacked: number;
}

export const debLimits: DebLimits = { ...tarLimits, unpacked: 16 * 2 ** 30 };

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

interface DebSinks {
  readonly control: TarSink;
  readonly data: TarSink;
}

/**
 * Reads a whole .deb: the entries of `control.tar` go to one sink, then those of `data.tar` to the other, in
 * the archive's order. Only when the promise is fulfilled was the archive complete: until then, what the sinks
 * received is not to be shown to anyone. Errors of the sinks and of `chunks` come through.
 *
 * Source: deb(5), format 2.x. Members whose names start with `_` are skipped; any other addition is refused.
 *
 * @throws {Fault} `digest/bad-deb` where it is malformed or cut off; `digest/unsafe-path` where an entry would
 * leave the root; `digest/bomb` beyond the limits
 */
export async function readDeb(
  chunks: Chunks,
  { control, data, limits = debLimits, openXz }: DebSinks & { limits?: DebLimits; openXz?: XzOpener },
): Promise<void> {
  const deb = new Deb({ control, data }, limits, openXz);
  try {
    const ar = arParser();
    for await (const chunk of chunks) for (const event of ar.push(chunk)) await deb.take(event);
    ar.end();
    deb.end();
  } finally {
    deb.close();
  }
}

/** The part of the archive that has to come next, underscore members aside. */
type Part = "debian-binary" | "control" | "data" | "nothing";

/** A member being read. */
interface Member {
  push(bytes: Uint8Array): void | Promise<void>;
  end(): void | Promise<void>;
  close?(): void;
}

class Deb {
  readonly #sinks: DebSinks;
  readonly #limits: DebLimits;
  readonly #openXz: XzOpener | undefined;
  next: Part = "debian-binary";
  #member: Member | undefined;
  #name = "";

  constructor(sinks: DebSinks, limits: DebLimits, openXz?: XzOpener) {
    this.#sinks = sinks;
    this.#limits = limits;
    this.#openXz = openXz;
  }

  async take(event: ArEvent): Promise<void> {
    if (event.kind === "member") {
      this.#name = event.name;
      this.#member = await this.#open(event.name, event.size);
    } else if (event.kind === "data") {
      await this.#member?.push(event.bytes);
    } else {
      await this.#member?.end();
      this.close();
      this.next = this.#name.startsWith("_") ? this.next : following[this.next];
    }
  }

  end(): void {
    if (this.next !== "nothing")
      throw bad(`it has no ${this.next === "debian-binary" ? this.next : `${this.next}.tar`}`);
  }

  close(): void {
    this.#member?.close?.();
    this.#member = undefined;
  }

  async #open(name: string, size: number): Promise<Member> {
    if (name.startsWith("_") && this.next !== "debian-binary") return skipped;
    switch (this.next) {
      case "debian-binary":
        if (name !== "debian-binary") throw bad(`its first member is ${name}, not debian-binary`);
        return formatMember(size);
      case "control":
      case "data": {
        if (name !== `${this.next}.tar` && !name.startsWith(`${this.next}.tar.`)) {
          throw bad(`the member ${name} stands where ${this.next}.tar has to`);
        }
        const unpacked = Math.min(this.#limits.unpacked, mostOf(this.next, size));
        return await tarMember(name, this.#sinks[this.next], { ...this.#limits, unpacked }, this.#openXz);
      }
      case "nothing":
        throw bad(`the member ${name} follows data.tar`);
      default:
        return unreachable(this.next);
    }
  }
}

/**
 * Bytes a member may unpack to: a control member 64 MiB, a data member 1 GiB or, where that is more, 200 times its
 * own size. Zeros pack to less, but no package is made of them.
 */
function mostOf(part: "control" | "data", size: number): number {
  return part === "control" ? 64 << 20 : Math.max(2 ** 30, 200 * size);
}

const following: Record<Part, Part> = {
  "debian-binary": "control",
  control: "data",
  data: "nothing",
  nothing: "nothing",
};

const skipped: Member = { push: () => {}, end: () => {} };

function formatMember(size: number): Member {
  if (size > 1024) throw bad("its debian-binary is no version number");
  let text = "";
  return {
    push(bytes) {
      text += Buffer.from(bytes).toString("latin1");
    },
    end() {
      const version = /^(\d+)\.\d+\n/.exec(text);
      if (version === null)
        throw bad(`its debian-binary is no version number: ${JSON.stringify(text.slice(0, 40))}`);
      if (version[1] !== "2") throw bad(`it is of format ${text.trimEnd().slice(0, 40)}; kit reads format 2`);
    },
  };
}

async function tarMember(
  name: string,
  sink: TarSink,
  limits: DebLimits,
  openXz: XzOpener | undefined,
): Promise<Member> {
  const tar = untar(sink, limits);
  const stream = await naming(name, () =>
    decompressor(
      parseCompression(name.slice(name.indexOf(".tar") + 4)),
      limits.unpacked,
      (chunk) => tar.push(chunk),
      openXz,
    ),
  );
  return {
    push: (bytes) => naming(name, () => stream.push(bytes)),
    end: () =>
      naming(name, async () => {
        await stream.end();
        tar.end();
      }),
    close: () => stream.close(),
  };
}

// Faults of the layers beneath say what is wrong with a stream or a tar; here they learn which member it was.
async function naming<T>(name: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const code = error instanceof Fault ? renamed[error.code] : undefined;
    if (!(error instanceof Fault) || code === undefined) throw error;
    const hint = error.hint ?? (code === "digest/bad-deb" ? damaged : foreign);
    throw new Fault(code, `${name}: ${error.message}`, { hint, cause: error });
  }
}

const renamed: Readonly<Record<string, Fault["code"]>> = {
  "digest/bad-tar": "digest/bad-deb",
  "digest/bad-stream": "digest/bad-deb",
  "digest/unsafe-path": "digest/unsafe-path",
  "digest/bomb": "digest/bomb",
};

const damaged =
  "it was cut off or damaged on the way, or is no .deb: fetch it again, and check it with `dpkg-deb --info`";
const foreign =
  "no package of a distribution looks like this: do not install it, and ask where it comes from";

function bad(why: string): Fault {
  return new Fault("digest/bad-deb", `not a sound .deb: ${why}`, { hint: damaged });
}
