// Places for boxes in layers: who depends stands above what is depended on.
// Pure. Knows sizes and arrows; does not know what is in a box, nor how it is drawn.

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout extends Size {
  /** Of each box its middle. */
  readonly places: readonly Point[];
  /**
   * What is drawn of the arrows: arrows to one box share a line where they have layers to cross, so that a box that
   * everything depends on has one trunk and not a thousand lines. `isLast` where it ends at a box.
   */
  readonly pieces: readonly Piece[];
}

export interface Piece {
  readonly from: Point;
  readonly to: Point;
  readonly isLast: boolean;
  /** Numbers of the arrows that go this way. */
  readonly arrows: readonly number[];
}

/**
 * Sugiyama's method, as far as it is linear: longest paths make the layers, means of neighbours the order within them
 * ("Methods for visual understanding of hierarchical system structures", 1981), then each layer is moved as near to its
 * neighbours as the order lets it. An arrow that closes a cycle, or leads to its own box, makes no layer.
 */
export function layoutOf(
  sizes: readonly Size[],
  arrows: readonly (readonly [from: number, to: number])[],
): Layout {
  const layers = layersOf(sizes.length, arrows);
  const frame = frameOf(sizes, arrows, layers);
  for (let sweep = 0; sweep < sweeps; sweep++) orderLayers(frame, sweep % 2 === 0);
  const x = placeLayers(frame);
  return drawn(frame, x, sizes.length);
}

const gap = { x: 20, trunk: 8, y: 48, margin: 20 } as const;
/** More do not show, in graphs of up to 1,500 packages. */
const sweeps = 12;
/** With more, arrows are drawn straight from box to box. */
const mostCrossings = 100_000;

/** By box, the layer: below all that depend on it. */
function layersOf(count: number, arrows: readonly (readonly [number, number])[]): number[] {
  const users = Array.from({ length: count }, () => 0);
  const out: number[][] = users.map(() => []);
  for (const [from, to] of arrows) {
    if (from === to) continue;
    users[to] = (users[to] ?? 0) + 1;
    out[from]?.push(to);
  }
  const layer = users.map(() => 0);
  const ready = [...users.keys()].filter((box) => users[box] === 0);
  for (const box of ready) {
    for (const to of out[box] ?? []) {
      layer[to] = Math.max(layer[to] ?? 0, (layer[box] ?? 0) + 1);
      users[to] = (users[to] ?? 0) - 1;
      if (users[to] === 0) ready.push(to);
    }
  }
  return layer;
}

/** Boxes and the points where a trunk crosses a layer, all called stations; boxes have the first numbers. */
interface Frame {
  readonly width: number[];
  readonly layer: number[];
  readonly up: number[][];
  readonly down: number[][];
  /** The stations of each layer, from left to right. */
  readonly rows: number[][];
  readonly heights: readonly number[];
  /** Of each box; a crossing is as high as its layer. */
  readonly sizes: readonly Size[];
  readonly pieces: { readonly from: number; readonly to: number; readonly arrows: number[] }[];
}

function frameOf(
  sizes: readonly Size[],
  arrows: readonly (readonly [number, number])[],
  layers: readonly number[],
): Frame {
  const width = sizes.map((size) => size.width);
  const layer = [...layers];
  const pieces = new Map<string, Frame["pieces"][number]>();
  const pass = (from: number, to: number, arrow: number) => {
    const known = pieces.get(`${from} ${to}`);
    if (known === undefined) pieces.set(`${from} ${to}`, { from, to, arrows: [arrow] });
    else known.arrows.push(arrow);
  };
  const trunks = new Map<string, number>();
  const crossing = (to: number, at: number): number => {
    const known = trunks.get(`${to} ${at}`);
    if (known !== undefined) return known;
    trunks.set(`${to} ${at}`, layer.length);
    width.push(0);
    return layer.push(at) - 1;
  };
  const hasTrunks = crossingsOf(arrows, layers) <= mostCrossings;
  for (const [index, [from, to]] of arrows.entries()) {
    if (from === to) continue;
    const [first, last] = [layers[from] ?? 0, layers[to] ?? 0];
    let before = from;
    for (let at = first + 1; at < last && hasTrunks; at++) {
      const station = crossing(to, at);
      pass(before, station, index);
      before = station;
    }
    pass(before, to, index);
  }
  const up: number[][] = layer.map(() => []);
  const down: number[][] = layer.map(() => []);
  for (const { from, to } of pieces.values()) {
    if (layer[from] === layer[to]) continue;
    down[from]?.push(to);
    up[to]?.push(from);
  }
  const rows: number[][] = [];
  for (const [station, at] of layer.entries()) {
    for (let missing = rows.length; missing <= at; missing++) rows.push([]);
    rows[at]?.push(station);
  }
  const heights = rows.map((row) =>
    row.reduce((most, station) => Math.max(most, sizes[station]?.height ?? 0), 0),
  );
  return { width, layer, up, down, rows, heights, sizes, pieces: [...pieces.values()] };
}

/** How many there are at most: of each box, the layers its longest arrow crosses. */
function crossingsOf(arrows: readonly (readonly [number, number])[], layers: readonly number[]): number {
  const longest = layers.map(() => 0);
  for (const [from, to] of arrows)
    longest[to] = Math.max(longest[to] ?? 0, (layers[to] ?? 0) - (layers[from] ?? 0) - 1);
  return longest.reduce((sum, one) => sum + one, 0);
}

/** Each station to the mean place of its neighbours in the layer before; those without any stay where they are. */
function orderLayers({ rows, up, down, layer }: Frame, isDownward: boolean): void {
  const position = layer.map(() => 0);
  const settle = (row: readonly number[]) => {
    for (const [place, station] of row.entries()) position[station] = (place + 0.5) / row.length;
  };
  for (const row of rows) settle(row);
  for (const row of isDownward ? rows : rows.toReversed()) {
    const wish = new Map(
      row.map((station) => {
        const near = (isDownward ? up : down)[station] ?? [];
        return [
          station,
          near.length === 0 ? (position[station] ?? 0) : mean(near.map((one) => position[one] ?? 0)),
        ];
      }),
    );
    row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || (position[a] ?? 0) - (position[b] ?? 0));
    settle(row);
  }
}

/** By station, how far to the right its middle is. */
function placeLayers({ rows, width, up, down }: Frame): number[] {
  const x = width.map(() => 0);
  for (const row of rows) {
    let place = 0;
    for (const [i, station] of row.entries()) {
      if (i > 0) place += distance(width[row[i - 1] ?? 0] ?? 0, width[station] ?? 0);
      x[station] = place;
    }
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const isDownward = sweep % 2 === 0;
    for (const row of isDownward ? rows : rows.toReversed()) {
      const wishes = row.map((station) => {
        const near = [...((isDownward ? up : down)[station] ?? [])];
        return near.length === 0 ? (x[station] ?? 0) : mean(near.map((one) => x[one] ?? 0));
      });
      for (const [i, place] of nearestPlaces(row, wishes, width).entries()) x[row[i] ?? 0] = place;
    }
  }
  return x;
}

/** Of two middles; trunks, which have no width, may lie closer to each other. */
function distance(a: number, b: number): number {
  return (a + b) / 2 + (a === 0 && b === 0 ? gap.trunk : gap.x);
}

/**
 * Places in this order, far enough from each other, with the least sum of squared distances from what is wished: pool
 * adjacent violators (Barlow et al., "Statistical inference under order restrictions", 1972), in linear time.
 */
function nearestPlaces(
  row: readonly number[],
  wishes: readonly number[],
  width: readonly number[],
): number[] {
  let offset = 0;
  const offsets = row.map((station, i) => {
    if (i > 0) offset += distance(width[row[i - 1] ?? 0] ?? 0, width[station] ?? 0);
    return offset;
  });
  const blocks: { sum: number; count: number }[] = [];
  for (const [i, wish] of wishes.entries()) {
    let block = { sum: wish - (offsets[i] ?? 0), count: 1 };
    for (let last = blocks.at(-1); last !== undefined; last = blocks.at(-1)) {
      if (last.sum / last.count <= block.sum / block.count) break;
      block = { sum: last.sum + block.sum, count: last.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  }
  const bases = blocks.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
  return bases.map((base, i) => base + (offsets[i] ?? 0));
}

function drawn(
  { width, layer, rows, heights, sizes, pieces }: Frame,
  x: readonly number[],
  boxes: number,
): Layout {
  let y = gap.margin;
  const tops = heights.map((height) => {
    const top = y;
    y += height + gap.y;
    return top;
  });
  let [left, right] = boxes === 0 ? [0, 0] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    for (const station of row) {
      const half = (width[station] ?? 0) / 2;
      left = Math.min(left, (x[station] ?? 0) - half);
      right = Math.max(right, (x[station] ?? 0) + half);
    }
  }
  const middle = (station: number): Point => {
    const at = layer[station] ?? 0;
    return {
      x: round((x[station] ?? 0) - left + gap.margin),
      y: round((tops[at] ?? 0) + (heights[at] ?? 0) / 2),
    };
  };
  const end = (station: number, isBelow: boolean): Point => {
    const { x: across, y: down } = middle(station);
    const half = (sizes[station]?.height ?? heights[layer[station] ?? 0] ?? 0) / 2;
    return { x: across, y: round(down + (isBelow ? half : -half)) };
  };
  const lines = pieces.map(({ from, to, arrows }): Piece => {
    const isDownward = (layer[from] ?? 0) <= (layer[to] ?? 0);
    return { from: end(from, isDownward), to: end(to, !isDownward), isLast: to < boxes, arrows };
  });
  // A trunk goes straight through the layers it crosses.
  const carried = Map.groupBy(
    pieces.filter(({ to }) => to >= boxes),
    ({ to }) => to,
  );
  const through = [...carried].map(([station, into]): Piece => {
    const arrows = into.flatMap((piece) => piece.arrows);
    return { from: end(station, false), to: end(station, true), isLast: false, arrows };
  });
  return {
    width: round(right - left + 2 * gap.margin),
    height: Math.max(round(y - gap.y + gap.margin), 2 * gap.margin),
    places: Array.from({ length: boxes }, (_, box) => middle(box)),
    pieces: [...lines, ...through],
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
