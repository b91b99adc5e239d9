// How what runs in a build is told of the processes that it may start: by the jobserver, or by their number.
// Pure text and data; runs nothing.

/** Where a build finds its pipe, if it has one: not in kit's own folder, which the user who builds cannot read. */
export const jobPipe = "/tmp/kit-jobs";

/**
 * What tells their number to tools that ask for no tokens, where it is said: `nproc` and what is built with OpenMP, cmake
 * and rpmbuild. Where it is not, all of them count the processors.
 */
export function coresEnvironment(cores: number | undefined): Readonly<Record<string, string>> {
  if (cores === undefined) return {};
  const number = String(cores);
  return { OMP_NUM_THREADS: number, CMAKE_BUILD_PARALLEL_LEVEL: number, RPM_BUILD_NCPUS: number };
}

/**
 * Defines `in_parallel make …`: with tokens for its processes, where there is a pipe and this make takes them by the
 * pipe's name (from 4.4 on) or by file descriptors (from 4.2 on); else with as many as there are processors. A
 * `MAKEFLAGS` of the manifest's own stays as it is. make gives what it was told in this way on to those it starts, as
 * it does with what it is told by `-j`.
 */
export const inParallel = `in_parallel() {
  auth=
  if test -p ${jobPipe} && test -z "\${MAKEFLAGS-}"; then
    case $("$1" --version 2>/dev/null) in
      "GNU Make 4."[01]*) ;;
      "GNU Make 4."[23]*) auth=9,9 ;;
      "GNU Make "[4-9].*) auth=fifo:${jobPipe} ;;
    esac
  fi
  case $auth in
    "") make=$1; shift; "$make" -j"$(nproc)" "$@" ;;
    fifo:*) MAKEFLAGS="-j$(nproc) --jobserver-auth=$auth" "$@" ;;
    *) MAKEFLAGS="-j$(nproc) --jobserver-auth=$auth" "$@" 9<>${jobPipe} ;;
  esac
}`;
