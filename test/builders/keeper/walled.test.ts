// What a sandbox keeps from a build, told by the words of who reached for it.

import { expect, test } from "vitest";
import { walledIn } from "../../../builders/keeper/walled.ts";

test.each([
  "curl: (6) Could not resolve host: example.org",
  "wget: unable to resolve host address 'example.org'",
  "fatal: unable to access 'https://example.org/': Could not resolve host: example.org",
  "Temporary failure in name resolution",
  "connect: Network is unreachable",
  "Bad hostname 'example.org:80' at x.pl line 1.",
  "npm error errno getaddrinfo EAI_AGAIN example.org",
  "dial tcp: lookup example.org: no such host",
])("%j", (line) => {
  expect(walledIn(["before", line, "make: *** [all] Error 1"])).toContain("no network");
});

test("what is of no network is not told as that", () => {
  expect(walledIn(["x.c:1:1: error: unknown type name 'hostname'", "could resolve it"])).toBeUndefined();
});
