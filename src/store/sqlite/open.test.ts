import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeSuite } from "../suite.ts";
import { openSqliteStore } from "./open.ts";
import { quietOptions } from "./ground.ts";

storeSuite("sqlite", () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-store-"));
  return Promise.resolve({
    open: () => openSqliteStore(quietOptions(folder)),
    dispose: () => {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  });
});
