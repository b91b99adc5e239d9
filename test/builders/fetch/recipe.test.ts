// Where a file of an archive is looked for: its name stays a name, whatever is in it.

import { expect, test } from "vitest";
import { besideFile, fileInAddress, pinnedFile } from "../../../builders/fetch/pinned.ts";
import {
  archiveIn,
  besideIn,
  fetchAddresses,
  fetchDerivation,
  fetchParameters,
  leftOutBy,
  recordedPlace,
} from "../../../builders/fetch/recipe.ts";
import type { Canonical } from "../../../store/model/canonical.ts";
import { parseSha512, sha256Of } from "../../../store/model/digest.ts";

const mirrors = () => ["https://near.example.org/debian", "https://far.example.org/debian"];
const parameters = { sha256: sha256Of("x") };
const addresses = (hints: Canonical) =>
  fetchAddresses({ hints, parameters }, { mirrors, sourceServers: ["https://sources.example.org/by"] });
const addressOf = (path: string) => addresses({ archive: "https://example.org/debian", path }).urls[0];

test("what a file is known by is all there is in its key", () => {
  const sha256 = sha256Of("x");
  const sha512 = parseSha512("0f".repeat(64));
  const place = { urls: [] };
  const parameters = [{ sha256 }, { sha256, size: 1 }, { sha512, size: 1 }];
  for (const wanted of parameters) {
    const derivation = fetchDerivation("x", wanted, place);
    expect(fetchParameters(derivation.parameters)).toEqual(wanted);
  }
  expect(new Set(parameters.map((wanted) => fetchDerivation("x", wanted, place).digest)).size).toBe(3);
});

test("below every mirror of its archive, nearest first", () => {
  expect(addresses({ archive: "https://example.org/debian", path: "pool/a_1+b~1_all.deb" })).toEqual({
    urls: [
      "https://near.example.org/debian/pool/a_1+b~1_all.deb",
      "https://far.example.org/debian/pool/a_1+b~1_all.deb",
    ],
  });
});

test("of a manifest's own addresses: servers of sources before them, by the digest", () => {
  expect(addresses({ urls: ["https://example.org/x.tar.gz"] })).toEqual({
    urls: [`https://sources.example.org/by/${sha256Of("x")}`, "https://example.org/x.tar.gz"],
  });
});

test("beside a manifest: no part of the key, nor of what is recorded", () => {
  const sha256 = sha256Of("x");
  const urls = ["https://example.org/x.tar.gz"];
  const beside = besideFile("/here/x.tar.gz", { file: "/here/x.yaml", line: 3, column: 5, excerpt: "x" });
  const { hints = null, digest } = fetchDerivation("x", { sha256 }, { urls, beside });
  expect(digest).toBe(fetchDerivation("x", { sha256 }, { urls }).digest);
  expect(besideIn(hints)).toEqual({
    path: "/here/x.tar.gz",
    by: { file: "/here/x.yaml", line: 3, column: 5 },
  });
  expect([{ urls }, { archive: "a", path: "b" }, undefined].map(besideIn)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(recordedPlace(hints)).toEqual({ urls });
  expect(addresses(hints).urls.at(-1)).toBe(urls[0]);
});

test.each([
  ["https://example.org/a/x-1.0.tar.gz?raw=1#top", "x-1.0.tar.gz"],
  ["https://example.org/a/x%2B1.deb", "x+1.deb"],
  ["https://example.org/a/", undefined],
  ["https://example.org", undefined],
  ["https://example.org/a/..%2Fx", undefined],
  ["https://example.org/a/%2e%2e", undefined],
  ["https://example.org/a/%ff", undefined],
  ["https://example.org/a/x%00", undefined],
  [`https://example.org/${"x".repeat(256)}`, undefined],
])("%j ends in the name of a file, or in none", (url, name) => {
  expect(fileInAddress(url)).toBe(name);
  const place = { file: "/here/x.yaml", line: 1, column: 1 };
  const input = pinnedFile(
    "x",
    { url, sha256: sha256Of("x"), mirrors: ["https://far.example.org/y"] },
    () => place,
  );
  const hints = "derivation" in input ? input.derivation.hints : undefined;
  expect(besideIn(hints)?.path).toBe(name && `/here/${name}`);
  expect(recordedPlace(hints)).toEqual({ urls: [url, "https://far.example.org/y"] });
});

test("of a distribution that leaves its repositories out there are none; what is recorded does not tell that", () => {
  const place = { archive: "https://example.org/debian", path: "pool/a_1_all.deb" };
  const left = { ...place, leftOutBy: "mine" };
  const refused = expect.objectContaining({ code: "network/left-out", exit: 6, details: ["a_1_all.deb"] });
  expect(() => addresses(left)).toThrow(refused);
  expect([leftOutBy(left), leftOutBy(place), leftOutBy({ urls: [] }), leftOutBy(undefined)]).toEqual([
    "mine",
    undefined,
    undefined,
    undefined,
  ]);
  expect([left, place, { urls: ["u"] }, undefined].map(recordedPlace)).toEqual([
    place,
    place,
    { urls: ["u"] },
    undefined,
  ]);
  expect([left, { urls: [] }, undefined].map(archiveIn)).toEqual([place.archive, undefined, undefined]);
  const sha256 = sha256Of("x");
  expect(fetchDerivation("x", { sha256 }, left).digest).toBe(fetchDerivation("x", { sha256 }, place).digest);
});

test.each([
  ["pool/%2e%2e/%2e%2e/etc/x", "pool/%252e%252e/%252e%252e/etc/x"],
  ["pool/a?b#c", "pool/a%3Fb%23c"],
  ["pool/a b\\c", "pool/a%20b%5Cc"],
  ["pool/ä\ud800", "pool/%C3%A4%EF%BF%BD"],
])("%j cannot leave the archive, nor end there", (path, encoded) => {
  expect(addressOf(path)).toBe(`https://near.example.org/debian/${encoded}`);
  expect(new URL(addressOf(path) ?? "").pathname).toBe(`/debian/${encoded}`);
});
