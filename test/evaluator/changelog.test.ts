// Changelogs of both formats: what was said since a version.

import { expect, test } from "vitest";
import {
  changesField,
  debChangesSince,
  parseChangesField,
  rpmChangesSince,
} from "../../evaluator/changelog.ts";
import { formatStanza, parseStanza } from "../../evaluator/deb/stanza.ts";

const entry = (date: number, author: string, ...lines: readonly string[]) => ({ date, author, lines });

test("entries go through a stanza, newest first, as many as there is room for", () => {
  const changes = [
    entry(1, "A <a@b.example> - 1-1", "- first"),
    entry(3, "* odd", "- third", "* no entry"),
    entry(2, "C"),
  ];
  const stanza = parseStanza(formatStanza({ Package: "a", Changes: changesField(changes) }));
  expect(parseChangesField(stanza["Changes"] ?? "")).toEqual([changes[1], changes[2], changes[0]]);
  expect(parseChangesField(changesField([]))).toEqual([]);
  const many = Array.from({ length: 9000 }, (_, i) => entry(i, "A", "x".repeat(90)));
  const kept = parseChangesField(changesField(many));
  expect(kept.length).toBeGreaterThan(2000);
  expect(kept.length).toBeLessThan(3000);
  expect(kept[0]?.date).toBe(8999);
});

test("of an rpm: up to the first that names the version or an older one, whatever tag and epoch it leaves out", () => {
  const changes = [
    entry(5, "A B <a@b.example> - 2.0-1", "- new"),
    entry(4, "nobody says which"),
    entry(3, "A B <a@b.example> 1.9-1", "- without a hyphen"),
    entry(2, "A B <a-c@b-d.example> - 1.8-2", "- known"),
    entry(1, "A B <a@b.example> - 1.8-1"),
  ];
  const since = (version: string) => rpmChangesSince(changes, version).map(({ version }) => version ?? "");
  expect(since("1.8-2.fc40")).toEqual(["2.0-1", "", "1.9-1"]);
  expect(since("3:1.8-2.fc40")).toEqual(["2.0-1", "", "1.9-1"]);
  expect(rpmChangesSince(changes, "1.8-2").map(({ author }) => author)).toEqual([
    "A B <a@b.example>",
    "nobody says which",
    "A B <a@b.example>",
  ]);
  expect(since("2.0-1")).toEqual([]);
  expect(since("1.0-1")).toHaveLength(5);
});

test("of a deb: up to that version, with who said it and when", () => {
  const block = (version: string, line: string) =>
    `hello (${version}) unstable; urgency=medium\n\n  * ${line}\n\n -- A B <a@b.example>  Thu, 01 Jan 2026 00:00:00 +0000\n\n`;
  const text = ["1:2.0-1", "1:1.0-2", "1:1.0-1"].map((version) => block(version, `made ${version}`)).join("");
  expect(debChangesSince(text, "1:1.0-1")).toEqual([
    {
      ...{ version: "1:2.0-1", date: Date.parse("2026-01-01") / 1000, author: "A B <a@b.example>" },
      lines: ["* made 1:2.0-1"],
    },
    expect.objectContaining({ version: "1:1.0-2" }),
  ]);
  expect(debChangesSince(text, "1:2.0-1")).toEqual([]);
  expect(debChangesSince("no changelog at all\n -- x  y\n", "1")).toEqual([]);
});
