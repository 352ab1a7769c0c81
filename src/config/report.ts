import type { Finding, LocalFinding, Path } from "./finding.ts";
import type { Layer } from "./layers.ts";
import { locate } from "./layers.ts";

/** Collects findings and secrets while a configuration is read. */
export class Report {
  readonly findings: Finding[] = [];
  /** Literal values of options that are marked secret. */
  readonly secrets = new Set<string>();
  /** References that are numbers where one is wanted. */
  readonly numbers = new Set<string>();
  /** Documents that hold a secret literally. */
  readonly literal = new Set<number>();
  #errors = 0;

  get broken(): boolean {
    return this.#errors > 0;
  }

  add(finding: Finding): void {
    if (finding.severity === "error") this.#errors += 1;
    this.findings.push(finding);
  }

  /** A finding about something that several layers speak of. */
  local(layers: readonly Layer[], finding: LocalFinding): void {
    this.add({ ...finding, ...locate(layers, finding.path) });
  }

  error(layers: readonly Layer[], path: Path, wrong: string, right: string, at: "key" | "value" = "value"): void {
    this.local(layers, { severity: "error", path, at, wrong, right });
  }

  warn(layers: readonly Layer[], path: Path, wrong: string, right: string, at: "key" | "value" = "key"): void {
    this.local(layers, { severity: "warning", path, at, wrong, right });
  }
}
