// What a view comes to, on all its architectures: what reports show and programs read.
// Knows the form of the result; does not know how it is found, nor how it is shown.

/** As JSON `kit/view/1`. All lists are sorted by name unless they say otherwise; sizes are in bytes. */
export interface ViewResult {
  readonly format: "kit/view/1";
  readonly name: string;
  readonly description?: string;
  readonly distro: string;
  readonly architectures: readonly string[];
  readonly labels: readonly string[];
  /** Of the newest index that packages were chosen from, as ISO 8601. */
  readonly date: string;
  /** The view that this one is added to, whose packages are left out here; absent for one that stands alone. */
  readonly subtracts?: string;
  readonly workloads: readonly WorkloadResult[];
  /** By architecture. */
  readonly packages: Readonly<Record<string, readonly ViewPackage[]>>;
  readonly sources: readonly ViewSource[];
  readonly unwanted: readonly Unwanted[];
}

export interface WorkloadResult {
  readonly name: string;
  readonly description?: string;
  readonly maintainer?: string;
  readonly labels: readonly string[];
  /** On each architecture that it is there for. */
  readonly on: Readonly<Record<string, WorkloadOn>>;
}

export interface WorkloadOn {
  /** Packages it consists of with all they need and the base; 0 where it failed. */
  readonly packages: number;
  /** Of them all, installed. */
  readonly size: number;
  /** What was asked for and is not there; of a strict workload that is a failure. */
  readonly missing: readonly string[];
  /** Why there is no set of packages that would do; absent where there is one. */
  readonly failure?: Failure;
}

/** An argument, a line each, and what would resolve it. */
export interface Failure {
  readonly explanation: readonly string[];
  readonly hint?: string;
}

export interface ViewPackage {
  readonly name: string;
  readonly version: string;
  /** As the package says: may be `all` or `noarch`. */
  readonly architecture: string;
  /** The name of the source package. */
  readonly source: string;
  /** Installed, and to fetch. */
  readonly size: number;
  readonly download: number;
  /** Nobody has made it yet: a workload's placeholder. */
  readonly placeholder?: true;
  /** A manifest makes it, or brings it along: no repository has it. */
  readonly local?: true;
  /**
   * 0: somebody's workload has it; 1: it is needed to build what has level 0; and so on.
   */
  readonly level: number;
  /** Which workloads have it, and as what; none of what has level 1 and above. */
  readonly workloads: readonly { readonly name: string; readonly as: "required" | "dependency" | "base" }[];
  /** Names of the packages of this list that it needs: one or more for each of its requirements. */
  readonly needs: readonly string[];
  /** With level 1 and above: the sources that are built with it, of the level below; at most ten, and how many. */
  readonly builds?: { readonly sources: readonly string[]; readonly count: number };
}

export interface ViewSource {
  readonly name: string;
  /** Its binary packages in the view and its buildroot, on any architecture. */
  readonly packages: readonly string[];
  /** On each architecture where one of them is wanted. */
  readonly on: Readonly<Record<string, SourceOn>>;
  /** All of these packages are: there is no source package to build them from. */
  readonly local?: true;
  /**
   * Architectures where a package of it is wanted that is for all, and that no architecture of the view builds: the one
   * that does has none of these. What they need is not looked at.
   */
  readonly takenAsBuilt?: readonly string[];
  /** Whether what it needs to be built differs from one architecture to another. */
  readonly archful: boolean;
}

export interface SourceOn {
  readonly version: string;
  /** The lowest level of its packages. */
  readonly level: number;
  /**
   * The build requirements of the packages that are wanted, as they stand for the architecture. Absent where no buildroot
   * was asked for, and where all of these are of no single architecture and another one of the view builds them.
   */
  readonly requirements?: readonly string[];
  /** Why they cannot be met. */
  readonly failure?: Failure;
}

/** What the view does not want, and has. */
export interface Unwanted {
  readonly what: "package" | "source";
  readonly name: string;
  readonly architecture: string;
  /** The workload that has it, and the shortest way from what it asks for to the package. */
  readonly workload: string;
  readonly chain: readonly { readonly package: string; readonly relation: string }[];
}

/** A commit of the lock, for charts. */
export interface ViewMoment {
  readonly commit: string;
  /** Of the commit, as ISO 8601. */
  readonly date: string;
  /** By architecture. */
  readonly on: Readonly<Record<string, { readonly packages: number; readonly size: number }>>;
}
