// A report as people read it: opened from files in a real browser, by mouse and by keyboard.

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { writeReport } from "../../builders/report/write.ts";
import { readPageCode } from "../../cli/pagecode.ts";
import type { ViewResult } from "../../evaluator/view/result.ts";
import { aHistory, hostileView, largeView, smallView } from "../builders/report/view.ts";
import { type Browser, type BrowserPage, openBrowser } from "../rig/browser.ts";
import { tellSeed } from "../rig/seed.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const top = join(inject("scratch"), "report-pages");
let browser: Browser;
let page: BrowserPage;

beforeAll(async () => {
  browser = await openBrowser();
  page = await browser.newPage();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  rmSync(top, { recursive: true, force: true });
});
afterEach(() => {
  expect(page.complaints).toEqual([]);
  // Nothing is asked of any network, nor of any other folder.
  const elsewhere = page.requested.filter(
    (url) => url !== "about:blank" && !url.startsWith(pathToFileURL(top).href),
  );
  expect(elsewhere).toEqual([]);
});

/** The address of a page of a report of the view. */
function report(name: string, result: ViewResult, moments = 0): (path: string) => string {
  const folder = join(top, name);
  mkdirSync(top, { recursive: true });
  writeReport({ result, history: aHistory(moments, result.architectures), code: readPageCode() }, folder);
  return (path) => `${pathToFileURL(folder).href}/${path}`;
}

const text = (selector: string) =>
  page.evaluate<string>(
    `document.querySelector(${JSON.stringify(selector)}).innerText.replace(/\\s+/g, " ").trim()`,
  );
const texts = (selector: string) =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.innerText.replace(/\\s+/g, " ").trim())`,
  );

describe("a small report", () => {
  let at: (path: string) => string;
  beforeAll(() => {
    at = report("small", smallView(), 12);
  });

  test("has no link that leads nowhere", async () => {
    const waiting = ["index.html"];
    const seen = new Set(waiting);
    const files = new Set(readdirSync(join(top, "small"), { recursive: true, encoding: "utf8" }));
    for (const path of waiting) {
      await page.open(at(path));
      // Whatever a link names has something to show.
      expect(await texts("h1"), path).toHaveLength(1);
      expect(
        await page.evaluate("document.querySelector('main').innerText.includes('has no such')"),
        path,
      ).toBe(false);
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))",
      );
      for (const link of links) {
        const [file = "", hash] = link.split("#");
        if (file !== "") expect(files, `${path}: ${link}`).toContain(decodeURIComponent(file));
        else
          expect(await page.evaluate(`document.getElementById(${JSON.stringify(hash)}) !== null`), link).toBe(
            true,
          );
        if (!file.endsWith(".html") || seen.has(link)) continue;
        seen.add(link);
        waiting.push(link);
      }
    }
    expect(waiting).toContain("package.html#libssl3");
    expect(waiting).toContain("source.html#nginx");
    expect(waiting).toContain("workload.html#mail");
    expect(waiting).toContain("graph.html#arm64/nginx");
    const reached = new Set(waiting.map((link) => link.split("#")[0]));
    expect([...reached].sort()).toEqual([...files].filter((file) => file.endsWith(".html")).sort());
  });

  test("tells of a package what it needs, who needs it, and who has it", async () => {
    await page.open(at("package.html#libssl3"));
    expect(await text("main")).toContain("Needed by 1 nginx Needs 1 libc6");
    expect(await text("main")).toContain("Workloads 1 web dependency");
    await page.open(at("package.html#nginx"));
    expect(await texts("tbody tr:first-child td")).toEqual(["1.22-1", "1.22-1+b1"]);
    await page.open(at("package.html#gcc"));
    expect(await text("main")).toContain("Builds 12 nginx and 11 more");
    await page.open(at("package.html#nothing"));
    expect(await text("main")).toContain("The view has no such package");
  });

  test("tells of a workload and a source what they ask for, by architecture", async () => {
    await page.open(at("workload.html#web"));
    expect(await text("main")).toMatch(/Asked for and nowhere 1 nginx-extra arm64 Packages 4/);
    expect(await texts(".list tbody tr")).toEqual([
      "nginx asked for 1.22-1 amd64 1.22-1+b1 arm64 1000 B all",
      "u-boot-tools asked for 1.0-1 1000 B amd64",
      "libssl3 dependency 1.0-1 5.7 MiB all",
      "libc6 base 1.0-1 12.4 MiB all",
    ]);
    await page.open(at("workload.html#mail"));
    expect(await text(".failure")).toMatch(
      /^No solution amd64 web-server asks for nginx .* ask for nginx 1.24$/,
    );
    await page.open(at("source.html#nginx"));
    expect(await text("main")).toMatch(
      /^nginx archful .*Cannot be built arm64 .*build it 2 gcc libpcre-dev \(>= 8\) amd64$/,
    );
  });

  test("tells what differs, and nothing else", async () => {
    await page.open(at("differences.html"));
    expect(await texts("[data-list=differing-packages] tbody th")).toEqual(["nginx", "u-boot-tools"]);
    expect(await texts("[data-list=differing-sources] tbody th")).toEqual(["nginx", "u-boot-tools"]);
    await page.open(at("buildroot.html"));
    expect(await texts("[data-list=buildroot-packages] tbody th")).toEqual(["gcc", "make"]);
    expect(await texts("[data-list=buildroot-sources] tbody th")).toEqual(["gcc", "make"]);
  });

  test("is found by search, from any page, by keyboard alone", async () => {
    await page.open(at("history.html"));
    await page.press("/");
    await page.type("ssl");
    await page.until("!document.querySelector('#found').hidden");
    expect(await texts("#found [role=option]")).toEqual(["libssl3", "openssl"]);
    expect(await page.evaluate("document.activeElement.getAttribute('aria-activedescendant')")).toBe(
      "found-0",
    );
    await page.press("ArrowDown");
    expect(await text("#found [aria-selected=true]")).toBe("openssl");
    await page.press("ArrowUp", "Enter");
    await page.until(
      "location.href.endsWith('package.html#libssl3') && document.querySelector('h1').innerText === 'libssl3'",
    );
    // On the page itself the search goes on.
    await page.press("/");
    await page.type("web");
    await page.until("document.querySelector('#found [role=option]')");
    await page.press("Escape");
    expect(
      await page.evaluate(
        "document.querySelector('#found').hidden && document.querySelector('#search').value",
      ),
    ).toBe("");
  });

  test("is walked as a graph by mouse and by keyboard", async () => {
    await page.open(at("graph.html#amd64/libssl3"));
    expect(await texts(".graph .left li")).toEqual(["nginx"]);
    expect(await texts(".graph .right li")).toEqual(["libc6"]);
    expect(await texts(".chain li")).toEqual(["workload web", "asks for nginx", "needs libssl3"]);
    expect(await page.evaluate("document.querySelectorAll('.lines path').length")).toBe(2);
    await page.click(".graph .right li a");
    await page.until("document.querySelector('.middle h2').innerText === 'libc6'");
    expect(await texts(".graph .left li")).toEqual(["libssl3", "nginx", "gcc 1", "make 2"]);
    expect(await texts(".chain li")).toEqual(["workload web", "has it as base"]);
    // From the middle to the left, down, and there.
    await page.press("ArrowLeft", "ArrowDown");
    expect(await page.evaluate("document.activeElement.innerText")).toBe("nginx");
    await page.press("Enter");
    await page.until("document.querySelector('.middle h2').innerText === 'nginx'");
    expect(await text("[role=status]:not(#found-count)")).toBe("nginx: needed by 0, needs 2");
    await page.press("ArrowRight", "ArrowDown", "ArrowUp", "Enter");
    await page.until("document.querySelector('.middle h2').innerText === 'libc6'");
    await page.evaluate("history.back()");
    await page.until("document.querySelector('.middle h2').innerText === 'nginx'");
    await page.open(at("graph.html#amd64/make"));
    expect(await text(".way")).toBe("source gcc is built with make");
    await page.open(at("graph.html#amd64/gcc"));
    expect(await text(".way")).toBe("source nginx is built with gcc and 11 other sources");
  });

  test("is ordered and filtered, and keeps that in its address", async () => {
    await page.open(at("packages.html"));
    const names = () => texts("tbody th");
    expect(await names()).toEqual(["gcc", "libc6", "libssl3", "make", "nginx", "u-boot-tools"]);
    const button = (place: number) => `thead th:nth-child(${place}) button`;
    await page.click(button(5));
    expect((await names()).slice(0, 3)).toEqual(["gcc", "libc6", "libssl3"]);
    expect(await page.evaluate("document.querySelector('thead th:nth-child(5)').ariaSort")).toBe(
      "descending",
    );
    await page.click(button(5));
    expect((await names()).at(-1)).toBe("gcc");
    await page.click(".tools input");
    await page.type("lib");
    expect(await names()).toEqual(["libssl3", "libc6"]);
    expect(await text(".status")).toBe("2 of 6 packages");
    expect(await page.evaluate("location.hash")).toBe("#q=lib&sort=size");
    await page.open(at("packages.html#level=1"));
    expect(await names()).toEqual(["gcc"]);
    await page.open(at("packages.html#architecture=only-0"));
    expect(await names()).toEqual(["u-boot-tools"]);
    await page.evaluate("location.hash = ''");
    await page.until("document.querySelectorAll('tbody th').length === 6");
    await page.click(".tools input");
    await page.type("x");
    await page.press("Backspace");
    await page.open(at("workloads.html#state=fails"));
    expect(await names()).toEqual(["mail"]);
  });

  test("is readable by night and on a phone", async () => {
    const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    const light = (await page.open(at("index.html")), await ground());
    await page.emulate({ dark: true });
    const dark = await ground();
    expect([light, dark].map((color) => Number(/\d+/.exec(color)?.[0]) > 128)).toEqual([true, false]);
    await page.emulate({ width: 390, height: 800 });
    for (const path of readdirSync(join(top, "small")).filter((name) => name.endsWith(".html"))) {
      await page.open(at(path));
      // What is wider moves within the page, which does not.
      expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(390);
    }
    await page.emulate({});
  });

  test("has names for all that can be reached, headings in order, and contrast", async () => {
    for (const dark of [false, true]) {
      await page.emulate({ dark });
      for (const path of [
        "index.html",
        "packages.html",
        "package.html#libssl3",
        "graph.html#amd64/nginx",
        "failures.html",
        "history.html",
      ]) {
        await page.open(at(path));
        expect(await page.evaluate(unnamed), path).toEqual([]);
        expect(await page.evaluate(faint), `${path}, dark: ${dark}`).toEqual([]);
      }
    }
    await page.emulate({});
  });

  test("shows its history as charts with the figures behind them", async () => {
    await page.open(at("history.html"));
    expect(await texts("figcaption")).toEqual(["Packages", "Installed size"]);
    expect(await page.evaluate("document.querySelectorAll('svg.chart .series path').length")).toBe(4);
    expect(await page.evaluate("document.querySelector('svg.chart desc').textContent")).toMatch(
      /^amd64 from 8,200 to 8,5/,
    );
    expect(await texts("tbody tr th")).toHaveLength(12);
  });
});

test("a hostile view runs nothing", async () => {
  const view = hostileView();
  const at = report("hostile", view, 1);
  const name = encodeURIComponent(view.name);
  const paths = readdirSync(join(top, "hostile")).filter((path) => path.endsWith(".html"));
  const shown = [
    ...paths,
    ...["package", "source", "workload"].map((kind) => `${kind}.html#${name}`),
    `graph.html#amd64/${name}`,
    "package.html#__proto__",
    "graph.html#<script>/<img src=x onerror=alert(1)>",
  ];
  for (const path of shown) {
    await page.open(at(path));
    expect(await page.evaluate("document.title"), path).not.toBe("owned");
    expect(await page.evaluate("document.querySelectorAll('main script, main img').length"), path).toBe(0);
  }
  await page.open(at(`package.html#${name}`));
  expect(await text("h1")).toBe(view.name.replace(/\s+/g, " "));
  await page.press("/");
  await page.type("evil");
  await page.until("document.querySelectorAll('#found [role=option]').length === 3");
  await page.open(at("package.html#__proto__"));
  expect(await text("main")).toContain("Needed by 1 evil");
});

test("a page whose data is gone says which file that is", async () => {
  const at = report("lacking", smallView());
  rmSync(join(top, "lacking/data/needs-0.js"));
  const other = await browser.newPage();
  await other.open(at("package.html#nginx"));
  const alert = await other.evaluate("document.querySelector('[role=alert]').innerText");
  expect(alert).toBe("This part of the report cannot be shown: Error: data/needs-0.js cannot be read");
});

test("the policy lets nothing run that a page did not bring", async () => {
  const at = report("policy", smallView());
  const other = await browser.newPage();
  await other.open(at("index.html"));
  await other.evaluate(
    `document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='document.title=1'>")`,
  );
  await other.evaluate(
    `document.body.append(Object.assign(document.createElement("script"), { text: "document.title = 2" }))`,
  );
  await other.until("true");
  expect(await other.evaluate("document.title")).toBe("small");
  expect(other.complaints.join("\n")).toMatch(/Content Security Policy/);
});

test("a large report opens fast enough", async () => {
  const architectures = ["aarch64", "ppc64le", "s390x", "x86_64"];
  const view = largeView(
    { packages: 15_000, sources: 5_000, workloads: 450, architectures },
    tellSeed("a large report"),
  );
  const at = report("large", view, 60);
  const [name = ""] =
    view.packages["x86_64"]?.find(({ workloads }) => workloads.length > 300)?.name.split(" ") ?? [];
  const took: string[] = [];
  const paths = ["index", "workloads", "packages", "sources", "buildroot", "differences", "history"].map(
    (one) => `${one}.html`,
  );
  for (const path of [
    ...paths,
    `package.html#${name}`,
    `graph.html#x86_64/${name}`,
    "workload.html#workload-1",
  ]) {
    took.push(`${path} ${Math.round(await page.open(at(path)))} ms`);
    expect((await text("main")).length, path).toBeGreaterThan(100);
  }
  await page.open(at("packages.html"));
  expect(await text(".status")).toBe("15,000 packages");
  const timed = async (what: string, action: () => Promise<unknown>) => {
    const begun = performance.now();
    await action();
    took.push(`${what} ${Math.round(performance.now() - begun)} ms`);
  };
  await timed("order", () => page.click("thead th:nth-child(5) button"));
  await page.click(".tools input");
  await timed("filter", () => page.type("lib-rust"));
  await page.press("/");
  await page.until("document.activeElement.matches('input')");
  await page.evaluate("document.querySelector('#search').focus()");
  await timed("search", async () => {
    await page.type("lib rust1");
    await page.until("document.querySelector('#found [role=option]')");
  });
  console.log(took.join(", "));
  // The rows come as one goes down.
  await page.open(at("packages.html"));
  const rows = () => page.evaluate<number>("document.querySelectorAll('tbody tr').length");
  const first = await rows();
  await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)");
  await page.until(`document.querySelectorAll('tbody tr').length > ${first}`);
  expect(first).toBeLessThan(1000);
});

/** Elements that can be reached and have no name, and headings that skip a level. */
const unnamed = `(() => {
  const named = (element) => element.innerText?.trim() || element.ariaLabel || element.labels?.[0]?.innerText;
  const bare = [...document.querySelectorAll("a, button:not([hidden]), input, select, [tabindex='0']")].filter((one) => !named(one));
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map(({ tagName }) => Number(tagName[1]));
  const skipped = levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1);
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
  return [...bare.map((one) => one.outerHTML), ...skipped, ...twice];
})()`;

/** Texts whose contrast to what is behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3). */
const faint = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if ((color[3] ?? 1) === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("script, noscript, title, desc, .unseen, .skip")) continue;
    const style = getComputedStyle(element);
    const ink = light(parse(element.closest("svg") ? style.fill : style.color));
    const ground = light(behind(element));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (ratio < 4.5) found.add(element.tagName + "." + element.className + " " + ratio.toFixed(2));
  }
  return [...found];
})()`;
