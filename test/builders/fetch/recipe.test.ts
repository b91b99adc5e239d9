// Where a file of an archive is looked for: its name stays a name, whatever is in it.

import { expect, test } from "vitest";
import {
  archiveIn,
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
