import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { besideIn } from "../../../builders/fetch/recipe.ts";
import { rpmPackage } from "../../../builders/package/rpm.ts";
import { type Named, planSources } from "../../../builders/rpm/sources.ts";
import type { Planning } from "../../../evaluator/evaluate.ts";
import { contentOf, derivation } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";

/** None of these sources asks anything. */
const planning = {} as Planning;

/** What a manifest with these sources is packed of. */
function packedOf(sources: readonly object[]): readonly Named[] {
  const manifest = rpmPackage.parse({
    ...{ kind: "package", name: "hello", builder: "rpm", rpm: { spec: "./hello.spec" } },
    sources,
  });
  let packed: readonly Named[] = [];
  planSources(
    {
      ...{
        manifest,
        planning,
        distro: "debian/trixie",
        launcher: { content: contentOf("tree", digestOf("")) },
      },
      local: (written) => contentOf(written.endsWith("/") ? "tree" : "blob", digestOf(written)),
      place: (path) => ({ file: "hello.yaml", line: path.length, column: 1 }),
    },
    (_, sources) => {
      packed = sources;
      return derivation({ builder: "srpm", label: "hello", parameters: {}, inputs: {}, outputs: ["srpm"] });
    },
  );
  return packed;
}

const namesOf = (sources: readonly object[]) => packedOf(sources).map(({ name }) => name);

const sha256 = "0".repeat(64);
const address = (end: string) => ({ url: `https://example.org/${end}`, sha256 });

describe("the sources of a spec", () => {
  test("are called as files are, and as addresses end", () => {
    expect(namesOf([address("a/hello%201.tar.gz?x=/y"), { file: "./patches/50%.patch" }])).toEqual([
      "hello 1.tar.gz",
      "50%.patch",
    ]);
  });

  test("at addresses are taken from beside the manifest where they are there", () => {
    const [{ input } = { input: undefined }] = packedOf([address("a/hello%201.tar.gz?x=/y")]);
    const hints = input && "derivation" in input ? input.derivation.hints : undefined;
    expect(besideIn(hints)).toEqual({
      path: "hello 1.tar.gz",
      by: { file: "hello.yaml", line: 3, column: 1 },
    });
  });

  test.each(["", "a/", "%2f..%2fx", "..%2fx", "%2e%2e", "%zz", "x%00", "x%0a", "x".repeat(256)])(
    "an address that ends in %j names none",
    (end) => {
      expect(() => namesOf([address(end)])).toThrow(
        expect.objectContaining({ code: "manifest/unnamed-source" }),
      );
    },
  );

  test("whatever an address is, what is bound is one name in one folder", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, validSchemes: ["https"] }), (url) => {
        try {
          expect(namesOf([{ url, sha256 }])[0]).toMatch(/^(?!\.{1,2}$)[^/\0]+$/);
        } catch (error) {
          expect(error).toMatchObject({ code: "manifest/unnamed-source" });
        }
      }),
    );
  });

  test("two of one name are refused with both places", () => {
    expect(() => namesOf([address("a/x.tar"), { file: "./b/x.tar" }])).toThrow(
      expect.objectContaining({ code: "manifest/same-source", related: [expect.anything()] }),
    );
  });
});
