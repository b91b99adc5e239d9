// A report's files: the same for the same view, whole, and with nothing in them that a text of the view could run.

import { describe, expect, it } from "vitest";
import { sourcesData } from "../../../builders/report/columns.ts";
import { type ReportFiles, reportFiles } from "../../../builders/report/files.ts";
import { namesOf } from "../../../builders/report/names.ts";
import { sourceItems } from "../../../builders/report/page/sources.ts";
import type { ViewResult } from "../../../evaluator/view/result.ts";
import { aHistory, aPackage, hostileView, smallView } from "./view.ts";

const code = { script: "/* script */", style: "/* style */" };

function textsOf(files: ReportFiles): Map<string, string> {
  return new Map([...files].map(([path, pieces]) => [path, [...pieces].join("")]));
}

function filesOf(result: ViewResult, moments = 3): Map<string, string> {
  return textsOf(reportFiles(result, aHistory(moments, result.architectures), code));
}

describe("the files of a report", () => {
  it("are the same bytes for the same view, and can be read twice", () => {
    const files = reportFiles(smallView(), aHistory(3, ["amd64", "arm64"]), code);
    expect(textsOf(files)).toEqual(textsOf(files));
    expect(textsOf(files)).toEqual(filesOf(smallView()));
  });

  it("hold the result itself, and the history", () => {
    const files = filesOf(smallView());
    expect(JSON.parse(files.get("view.json") ?? "")).toEqual(smallView());
    expect(JSON.parse(files.get("history.json") ?? "")).toEqual(aHistory(3, ["amd64", "arm64"]));
    expect(filesOf(smallView(), 0).has("history.json")).toBe(false);
  });

  it("give each package of view.json a line of its own", () => {
    const lines = (filesOf(smallView()).get("view.json") ?? "").split("\n");
    expect(lines.filter((line) => line.includes('"name":"nginx","version":"1.22-1+b1"'))).toHaveLength(1);
    const empty = { ...smallView(), packages: {}, workloads: [], sources: [], unwanted: [] };
    expect(JSON.parse(filesOf(empty).get("view.json") ?? "")).toEqual(empty);
  });

  it("list names a line each, by architecture and level", () => {
    const files = filesOf(smallView());
    expect(files.get("packages-amd64.txt")).toBe("libc6\nlibssl3\nnginx\nu-boot-tools\n");
    expect(files.get("packages-arm64.txt")).toBe("libc6\nlibssl3\nnginx\n");
    expect(files.get("buildroot-packages-arm64.txt")).toBe("gcc\nmake\n");
    expect(files.get("sources.txt")).toBe("glibc\nnginx\nopenssl\nu-boot-tools\n");
    expect(files.get("buildroot-sources.txt")).toBe("gcc\nmake\n");
    expect(files.get("archful-sources.txt")).toBe("nginx\n");
    expect(files.get("workloads.txt")).toBe("mail\nweb\n");
    expect(files.get("unwanted.txt")).toBe(
      "amd64\tpackage\tlibssl3\tweb\tnginx > libssl3\narm64\tpackage\tlibssl3\tweb\tnginx > libssl3\n",
    );
    expect(files.get("missing.txt")).toBe("amd64\tmail\texim9\narm64\tweb\tnginx-extra\n");
    expect(
      files
        .get("failures.txt")
        ?.split("\n")
        .map((line) => line.split("\t").slice(0, 3)),
    ).toEqual([["amd64", "workload", "mail"], ["arm64", "source", "nginx"], [""]]);
    expect(files.get("packages-amd64.tsv")?.split("\n").slice(0, 2)).toEqual([
      "name\tversion\tarchitecture\tsource\tlevel\tsize\tdownload\tworkloads",
      "gcc\t1.0-1\tamd64\tgcc\t1\t90000000\t400\t0",
    ]);
  });

  it("list what manifests make", () => {
    const view = smallView();
    const sources = view.sources.map((one) =>
      one.name === "openssl" ? { ...one, local: true as const } : one,
    );
    expect(filesOf({ ...view, sources }).get("local-sources.txt")).toBe("openssl\n");
    const names = namesOf({ ...view, sources });
    const items = sourceItems(names.data, sourcesData({ ...view, sources }, names));
    expect(items.filter(({ local }) => local).map(({ name }) => name)).toEqual(["openssl"]);
  });

  it("keep each text of a list in its line and column", () => {
    const files = filesOf({
      ...smallView(),
      packages: { amd64: [aPackage("a\nb\tc\u2028d", { workloads: [] })], arm64: [] },
    });
    expect(files.get("packages-amd64.txt")).toBe("a\ufffdb\ufffdc\ufffdd\n");
  });

  it("have no name that leads elsewhere", () => {
    const architectures = ["../../etc", "a/b"];
    const paths = [...filesOf({ ...smallView(), architectures, packages: {} }).keys()];
    expect(
      paths.filter((path) => !/^(?:data\/)?[A-Za-z0-9.%-]+$/.test(path) || path.includes("../")),
    ).toEqual([]);
  });

  it("tell the same figures on the first page as in the lists", () => {
    const overview = filesOf(smallView()).get("index.html") ?? "";
    const row = (label: string) =>
      new RegExp(`<th scope="row">(?:<a[^>]*>)?${label}(?:</a>)?</th>(.*)</tr>`)
        .exec(overview)?.[1]
        ?.replace(/<[^>]+>/g, " ")
        .trim()
        .split(/\s+/);
    expect(row("Packages")).toEqual(["4", "3"]);
    expect(row("Sources")).toEqual(["4", "3"]);
    expect(row("Placeholders")).toEqual(["1", "0"]);
    expect(row("Failed")).toEqual(["1", "0"]);
    expect(row("Sources that fail")).toEqual(["0", "1"]);
  });

  it("draw a history whatever is in it", () => {
    const on = { amd64: { packages: 5, size: 1000 } };
    const moments = [
      { commit: "a", date: "not a day", on: {} },
      { commit: "b", date: "2026-01-01T00:00:00Z", on },
      { commit: "c", date: "2026-01-01T00:00:00Z", on: { ...on, riscv64: { packages: 0, size: 0 } } },
    ];
    const page = textsOf(reportFiles(smallView(), moments, code)).get("history.html") ?? "";
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page.match(/<g class="series/g)).toHaveLength(4);
    expect(textsOf(reportFiles(smallView(), [], code)).get("history.html")).toContain("No commit");
  });

  it("tell the same argument on several architectures once", () => {
    const view = smallView();
    const on = view.workloads[0]?.on["amd64"];
    if (on === undefined) throw new Error("the view has another workload first");
    const twice = [{ ...view.workloads[0], on: { amd64: on, arm64: on } }] as ViewResult["workloads"];
    const failures = filesOf({ ...view, workloads: twice, sources: [] }).get("failures.html") ?? "";
    expect(failures.match(/<article/g)).toHaveLength(1);
    expect(failures).toMatch(/mail<\/a> <span class="tag">amd64<\/span> <span class="tag">arm64<\/span>/);
  });
});

describe("texts of the view", () => {
  const files = filesOf(hostileView());
  const pages = [...files].filter(([path]) => path.endsWith(".html"));

  it("are never markup", () => {
    expect(pages.length).toBeGreaterThan(10);
    for (const [path, text] of pages) {
      expect(text, path).not.toMatch(/<img|onerror="|<script>/);
      // Each tag is one that the page itself has.
      expect(text.match(/<script[^>]*>/g), path).toEqual(['<script src="report.js" defer>']);
    }
  });

  it("are allowed nothing on any page, and no page has code or style in it", () => {
    for (const [path, text] of pages) {
      expect(text, path).toContain(
        "default-src &#39;none&#39;; script-src &#39;self&#39;; style-src &#39;self&#39;",
      );
      expect(text, path).not.toMatch(/\sstyle="|\son[a-z]+="|<style|https?:/);
    }
  });

  it("are values in data files, whatever they say", () => {
    const data = [...files].filter(([path]) => path.startsWith("data/"));
    expect(data).toHaveLength(7);
    const target: { kitReport?: Map<string, unknown> } = {};
    for (const [, text] of data) new Function("globalThis", text)(target);
    const names = target.kitReport?.get("names") as { packages: string[]; workloads: string[] };
    expect(names.packages).toEqual(["__proto__", "constructor", hostileView().name].sort());
    expect(names.workloads).toEqual([hostileView().name]);
  });
});
