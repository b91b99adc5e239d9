// Where a file of an archive is looked for: its name stays a name, whatever is in it.

import { expect, test } from "vitest";
import { fetchAddresses, fetchDerivation, fetchParameters } from "../../../builders/fetch/recipe.ts";
import { parseSha512, sha256Of } from "../../../store/model/digest.ts";

const mirrors = () => ["https://near.example.org/debian", "https://far.example.org/debian"];
const addressOf = (path: string) =>
  fetchAddresses({ archive: "https://example.org/debian", path }, mirrors).urls[0];

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
  expect(
    fetchAddresses({ archive: "https://example.org/debian", path: "pool/a_1+b~1_all.deb" }, mirrors),
  ).toEqual({
    urls: [
      "https://near.example.org/debian/pool/a_1+b~1_all.deb",
      "https://far.example.org/debian/pool/a_1+b~1_all.deb",
    ],
  });
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
