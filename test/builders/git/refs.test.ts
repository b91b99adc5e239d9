// What a git server says of its references, and what is no git server.

import fc from "fast-check";
import { expect, test } from "vitest";
import { commitOf, parseRefs } from "../../../builders/git/refs.ts";
import { refusal } from "../../rig/refusal.ts";

const packet = (text: string) => `${(text.length + 4).toString(16).padStart(4, "0")}${text}`;
const [a, b, c] = ["a", "b", "c"].map((digit) => digit.repeat(40)) as [string, string, string];
const answer = (...lines: readonly string[]) =>
  Buffer.from([packet("# service=git-upload-pack\n"), "0000", ...lines.map(packet), "0000"].join(""));

test("a tag before a branch, and what a tag is of; all names in full too", async () => {
  const refs = parseRefs(
    "it",
    answer(
      `${a} HEAD\0multi_ack agent=git/2\n`,
      `${a} refs/heads/main\n`,
      `${a} refs/heads/v1\n`,
      `${b} refs/tags/v1\n`,
      `${c} refs/tags/v1^{}\n`,
    ),
  );
  const commit = (rev: string) => commitOf("it", rev, refs);
  expect(["main", "v1", "heads/v1", "refs/tags/v1", "HEAD"].map(commit)).toEqual([a, c, a, c, a]);
  const fault = await refusal(() => commit("v2"));
  expect([fault.code, fault.hint]).toEqual([
    "unresolved/no-revision",
    "it has main, v1, v1; a commit is named by all of its 40 digits",
  ]);
});

test("anything else is refused, and never more than refused", async () => {
  for (const text of ["", "<html>", "0003", "ffff# service", packet("# service=git-receive-pack\n")])
    expect((await refusal(() => parseRefs("it", Buffer.from(text)))).code).toBe("network/not-git");
  const sound = answer(`${a} refs/heads/main\n`);
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.nat(255), (at, byte) => {
      const broken = Buffer.from(sound);
      broken[at] = byte;
      try {
        for (const commit of parseRefs("it", broken).values()) expect(commit).toMatch(/^[0-9a-f]{40}$/);
      } catch (error) {
        expect((error as { code?: string }).code).toBe("network/not-git");
      }
    }),
  );
});
