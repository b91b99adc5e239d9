// The text of a question, and what can be read out of it again.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  closureQuestion,
  isSearched,
  questionDigest,
  questionFrame,
  questionText,
  type Source,
  sourceText,
} from "../../evaluator/question.ts";

const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/);
const names = fc.uniqueArray(name, { maxLength: 4 });

test("a question's text tells its source, its base and what is left out", () => {
  const question = fc.record({
    requests: names,
    base: names,
    exclude: names,
    local: fc.option(name, { nil: undefined }),
    foreign: fc.constantFrom(undefined, ["arm64"]),
    recommends: fc.boolean(),
    root: fc.boolean(),
    build: fc.boolean(),
    groups: names,
    optional: fc.uniqueArray(
      fc.tuple(name, fc.constantFrom("", " (>= 1.0)", " (<< 2:3)")).map((parts) => parts.join("")),
      { maxLength: 3 },
    ),
    search: fc.constantFrom(undefined, ["local", "store"] as const),
  });
  fc.assert(
    fc.property(
      question,
      ({ requests, base, exclude, local, foreign, recommends, root, build, groups, optional, search }) => {
        const source = {
          distro: "debian/trixie",
          architecture: "amd64",
          ...(foreign && { foreign }),
          repositories: [],
          pins: [],
          ...(search && { search }),
        };
        const locals = local === undefined ? [] : [{ Package: local, Version: "1:2.0-1" }];
        const more = {
          groups,
          optional,
          ...(recommends && { recommends }),
          ...(root && { root }),
          ...(build && { build }),
        };
        const asked = closureQuestion({ source, requests, base, exclude, locals, ...more });
        expect(questionText(asked).includes(", with what is recommended")).toBe(recommends);
        expect(questionText(asked).endsWith(", out of local then store")).toBe(search !== undefined);
        expect(questionFrame(questionText(asked))).toEqual({
          source: sourceText(source),
          architectures: ["amd64", ...(foreign ?? [])],
          isBuild: build,
          base: asked.base,
          exclude: asked.exclude,
          groups: asked.groups ?? [],
          optional: asked.optional ?? [],
          isRoot: !build && (root || base.length > 0),
        });
      },
    ),
  );
});

test("groups and optional requests that there are none of are no part of a question", () => {
  const source = { distro: "debian/trixie", architecture: "amd64", repositories: [], pins: [] };
  const plain = closureQuestion({ source, requests: ["a"], base: [], exclude: [], locals: [] });
  expect(Object.keys(plain)).toEqual(["source", "requests", "base", "exclude", "locals"]);
  // What is asked for anyway is not optional.
  expect(closureQuestion({ ...plain, groups: [], optional: ["a"] })).toEqual(plain);
});

test("tiers are part of a question only where the distribution names them", () => {
  const source = { distro: "x", architecture: "amd64", repositories: [], pins: [] };
  const digest = (more: Pick<Source, "search">) =>
    questionDigest(
      closureQuestion({ source: { ...source, ...more }, requests: ["a"], base: [], exclude: [], locals: [] }),
    );
  const digests = [
    {},
    { search: ["local", "store", "repositories"] },
    { search: ["repositories", "store"] },
    { search: ["store", "repositories"] },
  ] as const;
  expect(new Set(digests.map(digest)).size).toBe(4);
  // That of kit before there were tiers: locks of such distributions stay valid.
  expect(digest({})).toBe("blake3-ec6303e3a7d5b7a9f34087e5f937d3b19bb3afd7cce76d091a8fdd8ff07580d6");
  expect([isSearched({}, "repositories"), isSearched({}, "local"), isSearched({}, "store")]).toEqual([
    true,
    true,
    false,
  ]);
});
