// The data files of a report: what its pages load, in the form in which 15,000 packages of four architectures are small.
// Knows the form; does not know how it is filled, nor what pages show of it.

/** A list of whole numbers in rising order, each as the difference to the one before. */
export type Rising = readonly number[];

/** What all other files mean by a number: a place in one of these lists, which are sorted. */
export interface NamesData {
  readonly architectures: readonly string[];
  readonly packages: readonly string[];
  readonly sources: readonly string[];
  readonly workloads: readonly string[];
  /** By architecture: the packages that are not there. */
  readonly absent: readonly Rising[];
}

/** The packages of one architecture, a column each. A package's place in them is its row. */
export interface PackagesData {
  /** In {@link NamesData.packages}; several rows may have the same. */
  readonly name: Rising;
  /** In `versions`. */
  readonly version: readonly number[];
  readonly versions: readonly string[];
  /** In `architectures`: as packages say. */
  readonly architecture: readonly number[];
  readonly architectures: readonly string[];
  /** In {@link NamesData.sources}. */
  readonly source: readonly number[];
  /** Bytes. */
  readonly size: readonly number[];
  readonly download: readonly number[];
  readonly level: readonly number[];
  /** How many workloads have it. */
  readonly workloads: readonly number[];
  /** Rows of packages that nobody has made yet. */
  readonly placeholders: Rising;
}

/** What the packages of one architecture need, and build. */
export interface NeedsData {
  /** By row: the names it needs, as places in {@link NamesData.packages}. */
  readonly needs: readonly Rising[];
  /** Rows, with how many sources are built with the package and some of them, in {@link NamesData.sources}. */
  readonly builds: readonly { readonly row: number; readonly count: number; readonly sources: Rising }[];
}

/** Which workloads have which packages of one architecture. */
export interface MembersData {
  /** Rows; equal lists are here once. */
  readonly lists: readonly Rising[];
  /** By place in {@link NamesData.workloads}: places in `lists`; absent where the workload has none. */
  readonly workloads: readonly (WorkloadLists | null)[];
}

export type WorkloadLists = readonly [required: number, dependency: number, base: number];

/** By place in {@link NamesData.workloads}. */
export interface WorkloadData {
  readonly description: string;
  readonly maintainer: string;
  readonly labels: readonly string[];
  /** By architecture; null where the workload is not there for it. */
  readonly on: readonly (WorkloadCell | null)[];
}

export interface WorkloadCell {
  readonly packages: number;
  readonly size: number;
  readonly missing: readonly string[];
  readonly failure?: FailureText;
}

export interface FailureText {
  readonly explanation: readonly string[];
  readonly hint?: string;
}

/** By place in {@link NamesData.sources}. */
export interface SourcesData {
  /** In {@link NamesData.packages}. */
  readonly packages: readonly Rising[];
  /** Sources whose requirements differ between architectures. */
  readonly archful: Rising;
  /** What manifests make. */
  readonly local: Rising;
  readonly versions: readonly string[];
  /** By architecture, then source: a place in `versions`, or -1 where the source is not wanted there. */
  readonly version: readonly (readonly number[])[];
  /** In the same order; -1 where it is not wanted. */
  readonly level: readonly (readonly number[])[];
  /** By architecture: the sources whose requirements cannot be met. */
  readonly failed: readonly Rising[];
}

export interface RequirementsData {
  readonly texts: readonly string[];
  /** Places in `texts`, as the source has them; equal lists are here once. */
  readonly lists: readonly (readonly number[])[];
  /** By architecture, then source: a place in `lists`, or -1 where nothing was asked for. */
  readonly on: readonly (readonly number[])[];
  readonly failures: readonly {
    readonly architecture: number;
    readonly source: number;
    readonly failure: FailureText;
  }[];
}

/** What each file is called in code, and what is in it; `NAME-ARCHITECTURE` are one for each place of an architecture. */
export interface DataFiles {
  readonly names: NamesData;
  readonly workloads: readonly WorkloadData[];
  readonly sources: SourcesData;
  readonly requirements: RequirementsData;
  readonly [packages: `packages-${number}`]: PackagesData;
  readonly [needs: `needs-${number}`]: NeedsData;
  readonly [members: `members-${number}`]: MembersData;
}
