import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { atEnd } from "../servers/ground.ts";
import { mailbox } from "./receivers.ts";
import { ask, Place, tocsin } from "./world.ts";

/** Each with signs that every encoding treats in its own way. */
const secret = (name: string): string => `${name}-s3cr&t/é+"${name.length}~?`;
/** Where only plain signs may stand. */
const plain = (name: string): string => `${name}-pl4in.s3cret_${name.length}`;

const IN_FILES = { auth: secret("auth"), smtp: secret("smtp"), hook: plain("hook"), sign: secret("sign") };
const IN_ENVIRONMENT = { QUERY: plain("query"), BODY: secret("body"), ARGUMENT: plain("argument"), VARIABLE: secret("variable"), LINE: plain("line"), BEAT: plain("beat"), NUMBER: plain("number"), EXPECTED: plain("expected") };
const IN_THE_FILE = { header: plain("header"), bearer: plain("bearer"), push: plain("push-push-push"), token: plain("channel-token") };
const SECRETS = { ...IN_FILES, ...IN_ENVIRONMENT, ...IN_THE_FILE };

/** All the ways in which a secret may show. */
function forms(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const base64 = ["", "x", "xy", "admin:", "tocsin:", "\0tocsin\0"].map((before) => Buffer.from(before + text).toString("base64").replace(/=+$/, ""));
  // What of a base64 text depends on the secret alone.
  const cores = base64.map((code) => code.slice(8, -4)).filter((code) => code.length >= 8);
  const percent = encodeURIComponent(text);
  const html = text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return [...new Set([text, percent, percent.toLowerCase(), percent.replaceAll("%20", "+"), bytes.toString("base64"), bytes.toString("base64url"), ...cores, ...cores.map((code) => code.replaceAll("+", "-").replaceAll("/", "_")), bytes.toString("hex"), bytes.toString("hex").toUpperCase(), JSON.stringify(text).slice(1, -1), html])];
}

/** Each secret that a text or file shows, with the form and what stands around it. */
function shown(where: string, content: string | Buffer): readonly string[] {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Object.entries(SECRETS).flatMap(([name, text]) =>
    forms(text).flatMap((form) => {
      const at = bytes.indexOf(form);
      return at < 0 ? [] : [`${where} shows ${name} as ${form}: ...${bytes.subarray(Math.max(0, at - 60), at + form.length + 40).toString("utf8")}...`];
    }),
  );
}

test("the search finds a secret in every form", () => {
  const f = (text: string) => expect(shown("it", text)).not.toEqual([]);
  f(SECRETS.auth);
  f(encodeURIComponent(SECRETS.auth));
  f(Buffer.from(`admin:${SECRETS.auth}`).toString("base64"));
  f(Buffer.from(`somebody:${SECRETS.bearer}`).toString("base64url"));
  f(JSON.stringify({ [SECRETS.BODY]: 1 }));
  expect(shown("it", "nothing of the kind")).toEqual([]);
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A web server that says back all that it hears, in every form it can think of. */
function parrot(): Promise<number> {
  return listening(
    createHttpServer((asked, answer) => {
      let body = "";
      asked.setEncoding("utf8").on("data", (part: string) => void (body += part));
      asked.on("end", () => {
        const heard = `${asked.url} ${JSON.stringify(asked.headers)} ${body}`;
        const credentials = Buffer.from(String(asked.headers.authorization).replace(/^Basic /, ""), "base64").toString("utf8");
        answer.writeHead(418, { "x-heard": encodeURIComponent(heard), connection: "close" }).end(`${heard}\n${credentials}\n${Buffer.from(heard).toString("base64")}\n${encodeURIComponent(heard)}`);
      });
    }),
  );
}

/** The first events of the stream, as a page gets them. */
function events(place: Place, count: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(place.data, "socket"), path: "/api/v1/stream", headers: { host: "localhost" }, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        if (text.split("\n\n").length <= count) return;
        asked.destroy();
        resolve(text);
      });
    });
    asked.on("error", reject).end();
  });
}

async function site(): Promise<Place> {
  const web = await parrot();
  const line = await listening(createServer((socket) => void socket.on("error", () => undefined).pipe(socket)));
  const box = await mailbox();
  box.refuses = 550;
  const place = new Place({});
  for (const [name, text] of Object.entries(IN_FILES)) writeFileSync(join(place.folder, name), `${text}\n`, { mode: 0o600 });
  const at = `http://127.0.0.1:${web}`;
  place.write({
    heartbeat: `${at}/beat/\${env:BEAT}`,
    defaults: { every: "500ms", timeout: "1s", failAfter: 1, notify: ["ops", "chat", "lines"] },
    channels: {
      ops: { type: "email", to: ["ops@example.com"], from: "t@example.com", group: "0s", smtp: { host: "127.0.0.1", port: box.port, starttls: "off", user: "tocsin", password: "${file:smtp}" } },
      chat: { type: "webhook", url: `${at}/hook/\${file:hook}`, secret: "${file:sign}", group: "0s", headers: { "x-token": IN_THE_FILE.token } },
      lines: { type: "log", group: "0s" },
    },
    checks: {
      login: { type: "http", url: `${at}/login?key=\${env:QUERY}`, method: "POST", body: "a=${env:BODY}", auth: { user: "admin", password: "${file:auth}" }, headers: { "x-api-key": IN_THE_FILE.header } },
      bearer: { type: "http", url: `${at}/bearer`, auth: { token: IN_THE_FILE.bearer }, expect: { status: 418, body: "/${env:EXPECTED}/" } },
      script: { type: "script", command: ["sh", "-c", 'echo "failed for $1 and $VARIABLE"; printf %s "$VARIABLE" | base64; exit 2', "sh", "${env:ARGUMENT}"], env: { VARIABLE: "${env:VARIABLE}" } },
      line: { type: "tcp", host: "127.0.0.1", port: line, description: "with ${env:LINE}", dialogue: [{ send: "LOGIN ${env:LINE}\\r\\n", expect: "welcome" }] },
      job: { type: "push", within: "1h", token: IN_THE_FILE.push },
    },
  });
  return place;
}

test("no secret shows anywhere: output, log, API, stream, page, status, errors, the bytes of the data folder", async () => {
  const place = await site();
  const found: string[] = [];
  const look = (where: string, content: string | Buffer): void => void found.push(...shown(where, content));
  await place.start(IN_ENVIRONMENT);
  for (const name of ["login", "bearer", "script", "line"]) await place.becomes(name, "down");
  await ask({ host: "127.0.0.1", port: place.page.port, method: "POST", path: `/push/${IN_THE_FILE.push}/fail` }, `the job failed with ${IN_THE_FILE.push} and ${SECRETS.auth}`);
  await place.becomes("job", "down");
  await place.until("every channel was tried", async () => {
    const tried = (await place.messages()).filter(({ tries }) => tries > 0);
    return ["ops", "chat", "lines"].every((channel) => tried.some((message) => message.channel === channel));
  });
  await place.until("the heartbeat was refused", () => place.run.err.includes("the heartbeat could not be delivered"));
  expect(await place.post("/api/v1/checks/login/acknowledge", { note: `it was ${SECRETS.auth}` })).toMatchObject({ status: 200 });
  await place.runsAgain("login");

  const paths = ["/api/v1/overview", "/api/v1/status", "/api/v1/checks", "/api/v1/incidents", "/api/v1/outbox", "/api/v1/channels", "/api/v1/openapi.json", "/api", "/metrics", "/readyz"];
  for (const { name } of (await place.overview()).checks) paths.push(`/api/v1/checks/${name}`, `/api/v1/checks/${name}/results`, `/api/v1/checks/${name}/history`);
  for (const { id } of await place.json<readonly { id: string }[]>("/api/v1/incidents")) paths.push(`/api/v1/incidents/${id}`);
  for (const path of paths) look(path, (await place.get(path)).body);
  for (const channel of ["ops", "chat", "lines"]) look(`test of ${channel}`, (await place.post(`/api/v1/channels/${channel}/test`)).body);
  look("the stream", await events(place, 3));
  for (const path of ["/", "/index.html", "/login"]) look(`the page ${path}`, (await ask({ host: "127.0.0.1", port: place.page.port, path, headers: { accept: "text/html" } })).body);
  // There is something that could have shown them.
  expect((await place.get("/api/v1/checks/login/results")).body).toContain("***");
  expect((await place.get("/api/v1/checks/script/results")).body).toContain("failed for *** and ***");

  for (const args of [["status"], ["status", "--json"]]) {
    const { out, err } = await tocsin([...args, "--data", place.data], place.folder);
    look(args.join(" "), out + err);
  }
  for (const name of ["login", "bearer", "script", "line", "ops", "chat"]) {
    for (const json of [[], ["--json"]]) {
      const { out, err } = await tocsin(["check", "--name", name, "--config", place.config, ...json], place.folder, IN_ENVIRONMENT);
      look(`check --name ${name} ${json.join("")}`, out + err);
    }
  }
  // A file with errors that stand at the secrets.
  const text = readFileSync(place.config, "utf8");
  place.write(text.replace('"500ms"', '"${env:NUMBER}"').replace('"POST"', '"${env:LINE}"').replace('"0s"', '"${file:auth}"').replace('"tcp"', '"${env:VARIABLE}"').replace(`"key"`, `"${SECRETS.bearer}"`));
  await place.until("the bar is there", async () => (await place.overview()).banners.some(({ kind }) => kind === "configuration"));
  look("the bar", (await place.get("/api/v1/overview")).body);
  look("reload", (await place.post("/api/v1/reload")).body);
  for (const args of [["lint", place.config], ["run", place.config, "--data", join(place.folder, "other")], ["notify", "ops", "--config", place.config]]) {
    const { exit, out, err } = await tocsin(args, place.folder, IN_ENVIRONMENT);
    expect(exit).toBe(2);
    look(args[0] ?? "", out + err);
  }
  const files = (): void => {
    for (const name of readdirSync(place.data)) if (statSync(join(place.data, name)).isFile() && name !== "reserve") look(`the file ${name}`, readFileSync(join(place.data, name)));
  };
  files();
  const { exit, out, err } = await place.stop();
  expect(exit).toBe(0);
  files();
  look("standard output", out);
  look("the log", err);
  expect(found).toEqual([]);
});
