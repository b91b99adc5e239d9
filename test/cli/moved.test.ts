import { expect, test } from "vitest";
import { fetchDerivation } from "../../builders/fetch/recipe.ts";
import { movedSources } from "../../cli/moved.ts";
import { sha256Of } from "../../store/model/digest.ts";

const fetched = (content: string, ...urls: string[]) =>
  fetchDerivation("hello.tar.gz", { sha256: sha256Of(content) }, { urls });

test("an address that changed where the digest did not; not another mirror, nor what is new altogether", () => {
  const last = [fetched("a", "https://example.org/1.tar.gz", "https://mirror.example.org/1.tar.gz")];
  const [text = "", ...others] = movedSources([fetched("a", "https://example.org/2.tar.gz")], last);
  expect(others).toEqual([]);
  expect(text).toContain("hello.tar.gz: its address changed and its digest did not");
  expect(text).toContain("https://example.org/1.tar.gz");
  expect(movedSources([fetched("a", "https://mirror.example.org/1.tar.gz")], last)).toEqual([]);
  expect(movedSources([fetched("b", "https://example.org/2.tar.gz")], last)).toEqual([]);
  // `url` decides, whatever mirrors stay, or come and go.
  const mirror = "https://mirror.example.org/1.tar.gz";
  expect(movedSources([fetched("a", "https://example.org/2.tar.gz", mirror)], last)).toHaveLength(1);
  expect(
    movedSources([fetched("a", "https://example.org/1.tar.gz", "https://x.example.org/")], last),
  ).toEqual([]);
  // What a .dsc on the disk lists is at no address, and moves with it.
  expect(movedSources([fetched("a")], [fetched("a")])).toEqual([]);
});
