// Steps through a graph by arrow keys.
// Knows the graph's sides; does not know what is on them.

/** Arrow keys: across between the sides and the middle, up and down along a side. */
export function step(event: KeyboardEvent): void {
  const target = event.target;
  if (
    !(target instanceof HTMLElement) ||
    target.matches("input, select") ||
    event.altKey ||
    event.ctrlKey ||
    event.metaKey
  )
    return;
  const graph = target.closest<HTMLElement>(".graph");
  if (graph === null) return;
  const links = (where: string) => [...graph.querySelectorAll<HTMLElement>(`.${where} li a`)];
  const at = target.closest(".left") ? "left" : target.closest(".right") ? "right" : "middle";
  const along = links(at);
  const place = along.indexOf(target);
  const middle = graph.querySelector<HTMLElement>(".middle");
  const goal = {
    ArrowLeft: at === "right" ? middle : at === "middle" ? links("left")[0] : undefined,
    ArrowRight: at === "left" ? middle : at === "middle" ? links("right")[0] : undefined,
    ArrowDown: at === "middle" ? undefined : along[Math.min(place + 1, along.length - 1)],
    ArrowUp: at === "middle" ? undefined : along[Math.max(place - 1, 0)],
  }[event.key];
  if (goal === undefined || goal === null) return;
  event.preventDefault();
  goal.focus();
}
