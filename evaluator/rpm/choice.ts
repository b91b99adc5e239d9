// Choice: taking packages until every rule holds, in the order and by the preferences of libsolv.
// Knows libsolv's `solver_run_sat` for an empty root; does not know what a rule says, nor how to tell why it cannot hold.

import { Engine } from "../engine.ts";
import { type Agenda, agendaOf } from "./agenda.ts";
import { type Formula, formulate } from "./formula.ts";
import { choicesOf, isMetByPackage, type Taken } from "./fulfilment.ts";
import type { Package } from "./package.ts";
import { bestOf, inPreference, isRecommended, wantedOf } from "./preference.ts";
import type { Answers } from "./request.ts";
import { type Rule, watchedOrder } from "./rule.ts";
import { takenIn } from "./taken.ts";
import type { Universe } from "./universe.ts";
import { type Wishing, wishingIn } from "./wishing.ts";

export type Outcome =
  /** In the order they were taken. */
  | { readonly chosen: readonly Package[] }
  /** Rules that cannot all hold. */
  | { readonly core: readonly Rule[] };

/**
 * Requests are met in their order, then the needs of what was taken: first those that leave one choice by preference,
 * then the others, in libsolv's order of rules. With `recommends`, what is recommended or supplements what was taken
 * follows, round by round, unless it would cost something. At last, where something that was passed over came in later
 * anyway, it is taken from the start instead. Complete: conflicts are learnt from until a solution or none is left.
 */
export function choose(universe: Universe, answers: readonly Answers[], recommends: boolean): Outcome {
  return new Choice(universe, answers, recommends).run();
}

/** A decision that could have been another. */
interface Branch {
  readonly level: number;
  /** Tried ones are negated. */
  readonly literals: number[];
}

class Choice {
  readonly #universe: Universe;
  readonly #recommends: boolean;
  readonly #formula: Formula;
  readonly #engine = new Engine<Rule>();
  readonly #taken: Taken;
  readonly #wishing: Wishing;
  #lastAgenda: { readonly choices: readonly Rule[]; readonly agenda: Agenda } | undefined;
  #branches: Branch[] = [];
  #core: readonly Rule[] | undefined;

  constructor(universe: Universe, answers: readonly Answers[], recommends: boolean) {
    this.#universe = universe;
    this.#recommends = recommends;
    this.#formula = formulate(universe, answers);
    this.#taken = takenIn(universe, this.#engine);
    this.#wishing = wishingIn(universe, this.#engine);
    const asked = answers.flatMap(({ packages }) => packages);
    for (const request of this.#formula.requests) this.#engine.add(request);
    this.#add(this.#formula.reach(asked));
  }

  run(): Outcome {
    let level = 1;
    let minimizations = 0;
    while (this.#core === undefined) {
      if (this.#engine.level < level) {
        const before = this.#engine.level;
        this.#meetRequests();
        if (this.#core !== undefined || this.#engine.level < before) continue;
        level = this.#engine.level;
      }
      const before = this.#engine.level;
      this.#meetNeeds();
      if (this.#core !== undefined || this.#engine.level < before) continue;
      const rerun = this.#recommends && this.#meetWishes();
      if (rerun) {
        if (rerun === "reached") level = 1;
        continue;
      }
      const next = minimizations++ < mostMinimizations ? this.#passedOver() : undefined;
      if (next === undefined) return { chosen: [...this.#taken.packages()] };
      this.#take(next.branch, next.at);
    }
    return { core: this.#core };
  }

  /** `resolve_jobrules` */
  #meetRequests(): void {
    const start = this.#engine.level;
    const { requests } = this.#formula;
    const conditional = [...requests.keys()].filter((at) => requests[at]?.literals.some((it) => it < 0));
    for (let [next, { returns }] = [0, this.#engine]; this.#engine.level >= start; ) {
      if (returns !== this.#engine.returns) [next, { returns }] = [0, this.#engine];
      // Those before are met, until something is taken back; but a condition may come true at any time.
      while (next < requests.length && !this.#isOpen(requests[next])) next++;
      const place = conditional.find((at) => at < next && this.#isOpen(requests[at])) ?? next;
      const request = requests[place];
      if (request === undefined || this.#core !== undefined) return;
      this.#select(this.#open(request.literals));
    }
  }

  /** Whether something has to be taken for it: its conditions hold, and nothing meets it yet. */
  #isOpen(request: Rule | undefined): boolean {
    const isWanting = (literal: number) => {
      const value = this.#engine.value(literal);
      return value === false || (literal > 0 && value === undefined);
    };
    return request?.literals.every(isWanting) === true;
  }

  /** `resolve_dependencies` */
  #meetNeeds(): void {
    const start = this.#engine.level;
    const agenda = this.#agenda();
    let postponed: number | undefined | "taken";
    // How many rules there are still to go over before all have been since something was taken.
    for (let from = 0, left = agenda.size(); ; ) {
      const place = agenda.next(from, left);
      if (place === undefined) {
        if (typeof postponed !== "number") return;
        [from, left, postponed] = [postponed, agenda.size(), "taken"];
        continue;
      }
      let packages = this.#open(agenda.literals(place));
      if (postponed !== "taken") {
        packages = wantedOf(this.#universe, this.#taken, packages);
        if (packages.length > 1) {
          postponed ??= place;
          left -= place - from + 1 + (place < from ? agenda.size() : 0);
          from = place + 1;
          continue;
        }
      }
      this.#select(packages);
      if (this.#core !== undefined || this.#engine.level < start) return;
      [from, left] = [place + 1, agenda.size()];
    }
  }

  /** Made anew when new packages have come into question. */
  #agenda(): Agenda {
    const choices = this.#formula.choices();
    if (this.#lastAgenda?.choices !== choices)
      this.#lastAgenda = { choices, agenda: agendaOf(this.#engine, choices) };
    return this.#lastAgenda.agenda;
  }

  /**
   * `resolve_weak`. False where nothing is wished for; `reached` where new packages came into question, and everything
   * has to be decided anew with what is known of them.
   */
  #meetWishes(): false | "decided" | "reached" {
    const wishesOf = (pkg: Package) => pkg.recommends.flatMap((demand) => this.#wishes(demand.relation));
    const recommending = this.#wishing.recommending((pkg) => wishesOf(pkg).length > 0);
    const recommended = recommending.toSorted(this.#universe.compare).flatMap(wishesOf);
    const supplementing = this.#supplementing();
    const wished = [...new Set([...recommended, ...supplementing])];
    if (wished.length === 0) return false;
    const rules = this.#formula.reach(wished);
    if (rules.length > 0) {
      this.#backtrack(0);
      this.#add(rules);
      return "reached";
    }
    const [only] = wished;
    if (only !== undefined && wished.length === 1) {
      this.#decide(only.number);
      return "decided";
    }
    const best = new Set(bestOf(this.#universe, wished));
    const before = this.#engine.trail.length;
    if (
      this.#takeSupplements(supplementing.filter((pkg) => best.has(pkg))) &&
      this.#engine.trail.length >= before
    )
      this.#takeRecommended(recommending, best, before);
    return "decided";
  }

  /** False where one could not be taken. */
  #takeSupplements(supplementing: readonly Package[]): boolean {
    for (const pkg of inPreference(this.#universe, this.#taken, supplementing)) {
      if (this.#engine.value(pkg.number) !== undefined) continue;
      if (!this.#decide(pkg.number)) return false;
    }
    return true;
  }

  /** @param count how much of the trail stood before anything was taken in this round */
  #takeRecommended(recommending: readonly Package[], best: ReadonlySet<Package>, count: number): void {
    for (const { recommends } of recommending) {
      for (const { relation } of recommends) {
        const packages = [...new Set(this.#wishes(relation).flat())].filter((pkg) => best.has(pkg));
        if (packages.length === 0) continue;
        if (!this.#select(packages) || this.#engine.trail.length < count) return;
      }
    }
  }

  /** Packages that would meet a recommendation, part by part, where nothing taken does. */
  #wishes(relation: Package["recommends"][number]["relation"]): Package[] {
    const value = (pkg: Package) => this.#engine.value(pkg.number);
    return choicesOf(this.#universe, this.#taken.value, relation).flatMap((packages) =>
      packages.some((pkg) => value(pkg) === true) ? [] : packages.filter((pkg) => value(pkg) === undefined),
    );
  }

  /** Packages not taken whose `Supplements` hold, but for other versions and architectures of what is taken. */
  #supplementing(): Package[] {
    const there = this.#taken;
    const isTaken = (pkg: Package) =>
      this.#universe
        .named(pkg.name)
        .some(
          (other) =>
            this.#engine.value(other.number) === true &&
            (pkg.installOnly || other.architecture !== pkg.architecture),
        );
    return [...this.#wishing.supplementing()]
      .filter(
        (pkg) =>
          pkg.supplements.some(({ relation }) => isMetByPackage(this.#universe, there, relation)) &&
          !(this.#wishing.isNameTaken(pkg.name) && isTaken(pkg)),
      )
      .sort(this.#universe.compare);
  }

  /** The earliest branch of which something else came in later, or is recommended while what was taken is not. */
  #passedOver(): { branch: number; at: number } | undefined {
    const taken = this.#taken;
    const isFavoured = (literal: number) =>
      isRecommended(this.#universe, taken, this.#universe.package(Math.abs(literal)));
    for (const [branch, { level, literals }] of this.#branches.entries()) {
      const cameLater = literals.findIndex(
        (literal) =>
          literal > 0 && this.#engine.value(literal) === true && this.#engine.levelOf(literal) > level,
      );
      if (cameLater >= 0) return { branch, at: cameLater };
      const favoured = literals.findIndex((literal) => literal > 0 && isFavoured(literal));
      const isUnfavoured = literals.some(
        (literal) =>
          literal < 0 &&
          this.#engine.value(-literal) === true &&
          this.#engine.levelOf(literal) === level + 1 &&
          !isFavoured(literal),
      );
      if (favoured >= 0 && isUnfavoured) return { branch, at: favoured };
    }
    return undefined;
  }

  /** `takebranch` */
  #take(number: number, at: number): void {
    const branch = this.#branches[number];
    const literal = branch?.literals[at];
    if (branch === undefined || literal === undefined) return;
    branch.literals[at] = -literal;
    this.#engine.backtrack(branch.level);
    this.#branches = [...this.#branches.slice(0, number).filter(({ level }) => level < branch.level), branch];
    this.#decide(literal);
  }

  /** Takes the best of several (`selectandinstall`); false where that led back. */
  #select(packages: readonly Package[]): boolean {
    const taken = this.#taken;
    const sorted = inPreference(this.#universe, taken, wantedOf(this.#universe, taken, packages));
    const [first, ...others] = sorted.map(({ number }) => number);
    if (first === undefined) return true;
    if (others.length > 0) this.#branches.push({ level: this.#engine.level, literals: [-first, ...others] });
    return this.#decide(first);
  }

  /** False where it did not bring the choice any further. */
  #decide(literal: number): boolean {
    const { level } = this.#engine;
    this.#engine.decide(literal);
    this.#settle();
    return this.#core === undefined && this.#engine.level > level;
  }

  #add(rules: readonly Rule[]): void {
    for (const rule of watchedOrder(rules, this.#universe.place)) this.#engine.add(rule);
    this.#settle();
  }

  #settle(): void {
    this.#core = this.#engine.settle();
    this.#dropBranches();
  }

  #backtrack(level: number): void {
    this.#engine.backtrack(level);
    this.#dropBranches();
  }

  /** They stand in the order of their levels. */
  #dropBranches(): void {
    while ((this.#branches.at(-1)?.level ?? -1) >= this.#engine.level) this.#branches.pop();
  }

  #open(literals: readonly number[]): Package[] {
    return literals
      .filter((literal) => literal > 0 && this.#engine.value(literal) === undefined)
      .map((literal) => this.#universe.package(literal))
      .sort(this.#universe.compare);
  }
}

// Each starts again from where another choice was left; libsolv has no bound, and needs a few.
const mostMinimizations = 1000;
