// A spec without what it checks: lines of its `%check`, which are no part of a build that runs none.
// Pure text. Knows sections and conditions of specs; does not expand macros, so that rpm has to confirm what is left.

/**
 * Lines of every `%check` are left out, up to the next section, or to where a condition ends that began before it; the
 * lines `%check` themselves stay. Undefined where there are none.
 *
 * @param spec as its author wrote it (rpm's docs/man/rpm-spec.5)
 */
export function withoutChecks(spec: string): string | undefined {
  const lines = spec.split("\n");
  let depth: number | undefined;
  const kept = lines.filter((line) => {
    if (section.test(line)) {
      depth = check.test(line) ? 0 : undefined;
      return true;
    }
    if (depth === undefined) return true;
    if (opening.test(line)) depth += 1;
    else if (depth === 0 && turning.test(line)) depth = undefined;
    else if (closing.test(line)) depth -= 1;
    return depth === undefined;
  });
  return kept.length < lines.length ? kept.join("\n") : undefined;
}

const check = /^%check(?:\s|$)/;

/** Where rpm's own words for sections begin a line; one that only a macro expands to is seen by rpm alone. */
const section =
  /^%(?:package|description|prep|generate_buildrequires|conf|build|install|check|clean|pre|post|preun|postun|pretrans|posttrans|preuntrans|postuntrans|verifyscript|trigger\w*|filetrigger\w*|transfiletrigger\w*|files|changelog|sepolicy|sourcelist|patchlist)(?:\s|$)/;

const opening = /^\s*%if(?:n?arch|n?os)?(?:\s|$|[!(])/;
const turning = /^\s*%(?:else|elif(?:arch|os)?|endif)(?:\s|$|#)/;
const closing = /^\s*%endif(?:\s|$|#)/;

/**
 * What of a parsed spec is left without its checks, by sed: where no macro is left, a section ends where a line begins
 * with the next one.
 */
export const dropChecks = "sed -E '/^%[a-z_]+/ h; x; /^%check/ { x; d }; x'";
