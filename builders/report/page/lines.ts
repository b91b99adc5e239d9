// The lines between the middle of a graph and its sides.
// Knows where elements lie on the screen; does not know what they stand for.

import { makeSvg } from "./make.ts";

/** Drawn anew: where the sides stand below each other there is nothing to draw. */
export function drawLines(graph: HTMLElement | null): void {
  graph?.querySelector("svg.lines")?.remove();
  const middle = graph?.querySelector(".middle");
  if (!graph || !middle || getComputedStyle(graph).gridTemplateColumns.split(" ").length < 3) return;
  const origin = graph.getBoundingClientRect();
  const centre = middle.getBoundingClientRect();
  const y = centre.top + centre.height / 2 - origin.top;
  const svg = makeSvg("svg", {
    class: "lines",
    "aria-hidden": "true",
    width: origin.width,
    height: origin.height,
  });
  for (const link of graph.querySelectorAll(".side li a")) {
    const box = link.getBoundingClientRect();
    const isLeft = box.right < centre.left;
    const from = (isLeft ? box.right : box.left) - origin.left;
    const to = (isLeft ? centre.left : centre.right) - origin.left;
    const height = box.top + box.height / 2 - origin.top;
    const bend = (from + to) / 2;
    svg.append(makeSvg("path", { d: `M${from} ${height}C${bend} ${height} ${bend} ${y} ${to} ${y}` }));
  }
  graph.prepend(svg);
}
