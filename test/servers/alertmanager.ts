import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { atEnd, freePort, listens, type RunningServer, startServer } from "./ground.ts";

/** An alert as Alertmanager tells it to a webhook. */
export interface Notified {
  readonly status: "firing" | "resolved";
  readonly labels: { readonly [name: string]: string };
  /** In ms since 1970; it writes fractions of a second without their last zeros. */
  readonly startsAt: number;
  readonly endsAt: number;
}

type Posted = Pick<Notified, "status" | "labels"> & { readonly startsAt: string; readonly endsAt: string };

export interface Alertmanager extends RunningServer {
  readonly url: string;
  /** Resolves with the first notification of a check with this status, now or later. */
  notified(check: string, status: Notified["status"]): Promise<Notified>;
  /** The checks of the alerts that it holds as active. */
  active(): Promise<readonly string[]>;
}

/** Prometheus Alertmanager, which tells a receiver of ours at once. */
export async function startAlertmanager(parent: string): Promise<Alertmanager> {
  const told: Notified[] = [];
  let wake = (): void => undefined;
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { alerts } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly alerts: readonly Posted[] };
      for (const { status, labels, startsAt, endsAt } of alerts) told.push({ status, labels, startsAt: Date.parse(startsAt), endsAt: Date.parse(endsAt) });
      response.end();
      wake();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  atEnd(() => new Promise((resolve) => receiver.close(() => resolve())));
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const port = await freePort();
  const folder = join(parent, `alertmanager-${port}`);
  mkdirSync(folder);
  const config = join(folder, "alertmanager.yml");
  writeFileSync(config, `route: {receiver: hook, group_by: ["..."], group_wait: 0s, group_interval: 1s}\nreceivers: [{name: hook, webhook_configs: [{url: "${hook}"}]}]\n`);
  const args = [`--config.file=${config}`, `--storage.path=${join(folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`, "--cluster.listen-address="];
  const running = await startServer({ name: "alertmanager", command: "prometheus-alertmanager", args, folder, ready: listens(port) });
  const url = `http://127.0.0.1:${port}`;
  return {
    ...running,
    url,
    notified: async (check, status) => {
      for (;;) {
        const found = told.find((one) => one.labels["check"] === check && one.status === status);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    active: async () => ((await (await fetch(`${url}/api/v2/alerts?active=true`)).json()) as readonly Pick<Notified, "labels">[]).map(({ labels }) => labels["check"] ?? ""),
  };
}
