// Digests: both implementations of BLAKE3 say the same, and only what is a digest passes for one.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  digestFromHex,
  digestOf,
  hexOf,
  nativeBackend,
  parseDigest,
  parseSha256,
  sha256Of,
  wasmBackend,
} from "../../../store/model/digest.ts";
import { Fault } from "../../../store/model/fault.ts";

const backends = { native: nativeBackend(), wasm: wasmBackend() };

describe("BLAKE3", () => {
  // The official test vectors of BLAKE3: inputs of the bytes 0, 1, … 250, 0, 1, …
  const vectors: readonly (readonly [number, string])[] = [
    [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
    [1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"],
    [1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"],
    [1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"],
    [102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"],
  ];
  const pattern = (size: number) => Uint8Array.from({ length: size }, (_, index) => index % 251);

  for (const [name, backend] of Object.entries(backends)) {
    it(`${name}: gives the official vectors`, () => {
      for (const [size, hex] of vectors) {
        expect(backend.hasher().update(pattern(size)).digest()).toBe(`blake3-${hex}`);
        expect(backend.digestOf(pattern(size))).toBe(`blake3-${hex}`);
      }
    });
  }

  it("is the same from both implementations, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 5000, size: "max" }), { maxLength: 6 }), (pieces) => {
        const [native, wasm] = Object.values(backends).map((backend) => {
          const hasher = backend.hasher();
          for (const piece of pieces) hasher.update(piece);
          return hasher.digest();
        });
        expect(native).toBe(wasm);
        expect(native).toBe(digestOf(Buffer.concat(pieces)));
      }),
    );
  });

  it("takes text as its UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        for (const backend of Object.values(backends))
          for (const digest of [backend.hasher().update(text).digest(), backend.digestOf(text)])
            expect(digest).toBe(digestOf(Buffer.from(text)));
      }),
    );
  });
});

describe("parsing", () => {
  const refused = (parse: () => unknown) => {
    expect(parse).toThrow(Fault);
    expect(parse).toThrow(expect.objectContaining({ code: "digest/malformed" }));
  };

  it("takes a digest back", () => {
    const digest = digestOf("kit");
    expect(parseDigest(digest)).toBe(digest);
    expect(digestFromHex(hexOf(digest))).toBe(digest);
  });

  it("refuses everything else", () => {
    const hex = hexOf(digestOf("kit"));
    for (const text of [
      "",
      hex,
      `sha256-${hex}`,
      `blake3-${hex}\n`,
      `blake3-${hex.toUpperCase()}`,
      `blake3-${hex.slice(1)}`,
      `blake3-../${hex.slice(3)}`,
    ]) {
      refused(() => parseDigest(text));
    }
    fc.assert(fc.property(fc.string(), (text) => refused(() => parseDigest(text))));
  });

  it("knows SHA-256 beside it", () => {
    expect(sha256Of("kit")).toBe(createHash("sha256").update("kit").digest("hex"));
    expect(parseSha256(sha256Of("kit"))).toBe(sha256Of("kit"));
    for (const text of ["", `${sha256Of("kit")} `, sha256Of("kit").toUpperCase(), digestOf("kit")])
      refused(() => parseSha256(text));
  });
});
