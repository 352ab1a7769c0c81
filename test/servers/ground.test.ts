import { connect as connectTls } from "node:tls";
import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWith, freePort, listens, need, reasonToSkip, startServer, temporaryFolder } from "./ground.ts";
import { type Nginx, startNginx } from "./nginx.ts";

it("says what is missing and what to do", () => {
  expect(need()).toBeNull();
  expect(reasonToSkip([{ name: "coreutils", programs: ["ls"] }])).toBeNull();
  expect(reasonToSkip([{ name: "nosuch-light", programs: ["nosuchd"] }])).toBe("skipped: nosuchd is not installed (apt-get install nosuch-light, as root)");
});

it("shows the log of a server that ends before it is ready", async () => {
  const starting = startServer({ name: "short", command: "sh", args: ["-c", "echo no such mode; exit 3"], folder: temporaryFolder(), ready: async () => false });
  await expect(starting).rejects.toThrow(/short ended with exit code 3; its log:\nno such mode/);
});

it("ends the whole group, children that ignore TERM included", async () => {
  const folder = temporaryFolder();
  const script = "sh -c 'trap \"\" TERM; echo child $$; while :; do sleep 1; done' & echo ready; wait";
  const server: Awaited<ReturnType<typeof startServer>> = await startServer({ name: "group", command: "sh", args: ["-c", script], folder, ready: async () => existsSync(`${folder}/group.log`) });
  await expect.poll(() => server.log(), { timeout: 10_000 }).toMatch(/child \d+/);
  const child = Number(/child (\d+)/.exec(server.log())?.[1]);
  await server.stop();
  const gone = (): boolean => {
    try {
      process.kill(child, 0);
      return false;
    } catch {
      return true;
    }
  };
  await expect.poll(gone, { timeout: 10_000 }).toBe(true);
});

describeWith(["nginx-light", "openssl"], "nginx", () => {
  let certificates: Certificates;
  let nginx: Nginx;
  beforeAll(async () => {
    const folder = temporaryFolder();
    certificates = await makeCertificates(folder);
    nginx = await startNginx(folder, certificates);
  });

  it("shows each certificate on its port", async () => {
    const shown = (port: number, servername: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ host: "127.0.0.1", port, servername, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "");
          socket.destroy();
        });
        socket.once("error", reject);
      });
    const print = (pem: string) => new X509Certificate(pem).fingerprint256;
    expect(await shown(nginx.https, "localhost")).toBe(print(certificates.good.cert));
    expect(await shown(nginx.https, "b.sni.test")).toBe(print(certificates.second.cert));
    expect(await shown(nginx.httpsWith.expired, "localhost")).toBe(print(certificates.expired.cert));
    expect(await shown(nginx.httpsWith.selfSigned, "localhost")).toBe(print(certificates.selfSigned.cert));
  });

  it("is gone after stop", async () => {
    expect(await listens(nginx.http, "::1")()).toBe(true);
    await nginx.stop();
    expect(await listens(nginx.http)()).toBe(false);
  });
});

it("finds ports that can be listened on", async () => {
  const port = await freePort(3);
  expect(await listens(port)()).toBe(false);
});
