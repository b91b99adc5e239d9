// Drawings: DOT that graphviz reads, SVG that an XML parser reads, boxes that lie where they should.

import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dotText } from "../../../cli/render/dot.ts";
import { layoutOf } from "../../../cli/render/layers.ts";
import { graphSketch, type Sketch } from "../../../cli/render/sketch.ts";
import { svgText } from "../../../cli/render/svg.ts";
import { nodeStates, nodeTypes } from "../../../evaluator/graph/graph.ts";
import { faultsOf } from "../../../store/model/fault.ts";

const odd = 'a "quoted" \\ <tag> & \u202eback\u0007 \u{1f600}\ud800 ]]> \\n -- }';
const sketch = (boxes: number, arrows: readonly (readonly [number, number])[], word = "box"): Sketch => ({
  title: word,
  boxes: Array.from({ length: boxes }, (_, i) => ({
    ...{ id: `${word} ${i}`, lines: [`${word} ${i}`, "second"], tone: "good", shape: "octagon", tip: word },
  })),
  arrows: arrows.map(([from, to]) => ({
    from: `${word} ${from}`,
    to: `${word} ${to}`,
    style: "dotted",
    tip: word,
  })),
});
/** What graphviz makes of it, as JSON. */
const throughDot = (text: readonly string[]) =>
  JSON.parse(execFileSync("dot", ["-Tdot_json"], { input: text.join("\n"), encoding: "utf8" }));
const throughXml = (text: readonly string[], expression: string) =>
  execFileSync("xmllint", ["--huge", "--xpath", expression, "-"], {
    input: text.join("\n"),
    encoding: "utf8",
  }).trim();

const graph = {
  nodes: nodeTypes.flatMap((type) =>
    nodeStates.map((state) => ({
      id: `${type} ${state}`,
      type,
      state,
      name: odd,
      version: "1",
      digest: "sha256:0123456789abcdef01",
    })),
  ),
  edges: [
    { from: "LocalRun Meta", to: "LocalBuild Build", kind: "made", requirements: [] },
    { from: "LocalBuild Build", to: "RemoteRun Cached", kind: "build", requirements: [odd] },
  ],
} as const;

describe("dot", () => {
  test("is read by graphviz: every node and edge, with what people read on it", () => {
    const text = dotText(graphSketch(odd, graph));
    const read = throughDot(text);
    expect(read.objects).toHaveLength(graph.nodes.length);
    expect(read.edges).toHaveLength(2);
    const svg = execFileSync("dot", ["-Tsvg"], { input: text.join("\n"), encoding: "utf8" }).split("\n");
    const texts = throughXml(svg, "//*[local-name()='text']/text()");
    expect(texts).toContain(
      "a &quot;quoted&quot; \\ &lt;tag&gt; &amp; \\u202eback\\x07".replaceAll("&quot;", '"'),
    );
    expect(texts).toContain("LocalBuild, BuildError");
    expect(texts).toContain("sha256:0123456789abcdef");
    expect(read.edges.map((edge: { style: string }) => edge.style)).toEqual(["dashed", "dashed"]);
  });
});

describe("svg", () => {
  test("is well-formed, and has every box, line and tip", () => {
    const text = svgText(graphSketch(odd, graph));
    const count = (what: string) => Number(throughXml(text, `count(//*[local-name()='${what}'])`));
    expect(count("g")).toBe(graph.nodes.length);
    expect(count("polygon")).toBe(nodeStates.length);
    expect(throughXml(text, "count(//*[contains(@class, 'dashed') and @d])")).toBe("2");
    expect(throughXml(text, "string(//*[local-name()='title'][1])")).toContain(
      'a "quoted" \\ <tag> & \\u202eback',
    );
    expect(throughXml(text, "string(//*[contains(@class,'dashed')][2]/*)")).toContain(
      "LocalBuild Build → RemoteRun Cached",
    );
  });

  test("of nothing, of one box, of arrows to nowhere and to itself", () => {
    for (const empty of [sketch(0, []), sketch(1, []), sketch(1, [[0, 0]]), sketch(1, [[0, 7]])])
      expect(throughXml(svgText(empty), "name(/*)")).toBe("svg");
  });

  test("of more than anybody could look at is refused, with what to do", () => {
    try {
      svgText(sketch(10_001, []));
      expect.unreachable();
    } catch (error) {
      expect(faultsOf(error)[0]?.code).toBe("usage/too-large");
      expect(faultsOf(error)[0]?.hint).toContain("--depth");
    }
  });

  test("of a chain of 5,000 with arrows over everything is drawn in bounds", () => {
    const count = 5000;
    const chain = Array.from({ length: count - 1 }, (_, i) => [i, i + 1] as const);
    const long = Array.from({ length: 2000 }, (_, i) => [i, count - 1 - i] as const);
    const text = svgText(sketch(count, [...chain, ...long])).join("\n");
    expect(text.length).toBeLessThan(20e6);
    expect(text.match(/<g /g)).toHaveLength(count);
  });
});

describe("layers", () => {
  const digraph = fc.integer({ min: 1, max: 12 }).chain((count) =>
    fc.record({
      sizes: fc.array(
        fc.record({ width: fc.integer({ min: 1, max: 200 }), height: fc.integer({ min: 1, max: 60 }) }),
        {
          minLength: count,
          maxLength: count,
        },
      ),
      arrows: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 30 }),
    }),
  );

  test("no box lies on another or outside, whatever leads where", () => {
    fc.assert(
      fc.property(digraph, ({ sizes, arrows }) => {
        const { places, width, height } = layoutOf(sizes, arrows);
        for (const [i, place] of places.entries()) {
          const size = sizes[i] ?? { width: 0, height: 0 };
          expect(place.x - size.width / 2).toBeGreaterThanOrEqual(0);
          expect(place.x + size.width / 2).toBeLessThanOrEqual(width);
          expect(place.y - size.height / 2).toBeGreaterThanOrEqual(0);
          expect(place.y + size.height / 2).toBeLessThanOrEqual(height);
          for (const [j, other] of places.slice(0, i).entries()) {
            const beside = Math.abs(place.x - other.x) >= (size.width + (sizes[j]?.width ?? 0)) / 2;
            const below = Math.abs(place.y - other.y) >= (size.height + (sizes[j]?.height ?? 0)) / 2;
            expect(beside || below, `${j} and ${i}`).toBe(true);
          }
        }
      }),
    );
  });

  test("without cycles every arrow leads downward, and its pieces lead from its box to its end", () => {
    const acyclic = digraph.map(({ sizes, arrows }) => ({
      sizes,
      arrows: arrows.filter(([a, b]) => a !== b).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
    }));
    fc.assert(
      fc.property(acyclic, ({ sizes, arrows }) => {
        const { places, pieces } = layoutOf(sizes, arrows);
        for (const [i, [from, to]] of arrows.entries()) {
          expect(places[from]?.y ?? 0).toBeLessThan(places[to]?.y ?? 0);
          const own = pieces.filter((piece) => piece.arrows.includes(i)).sort((a, b) => a.from.y - b.from.y);
          expect(own[0]?.from.x).toBe(places[from]?.x);
          expect(own.at(-1)?.to.x).toBe(places[to]?.x);
          expect(own.filter(({ isLast }) => isLast)).toHaveLength(1);
          for (const [k, piece] of own.slice(1).entries()) expect(piece.from).toEqual(own[k]?.to);
        }
      }),
    );
  });

  test("is the same every time", () => {
    const [sizes, arrows] = [
      Array.from({ length: 50 }, (_, i) => ({ width: 10 + (i % 7), height: 10 })),
      Array.from({ length: 120 }, (_, i) => [(i * 7) % 50, (i * 13) % 50] as const),
    ];
    expect(layoutOf(sizes, arrows)).toEqual(layoutOf(sizes, arrows));
  });
});
