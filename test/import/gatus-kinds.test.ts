import { createServer } from "node:http";
import { expect, test } from "vitest";
import { Place } from "../e2e/world.ts";
import { startBind9 } from "../servers/bind9.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { atEnd, describeWith, freePort, temporaryFolder } from "../servers/ground.ts";
import { startGrpc } from "../servers/grpc-server.ts";
import { startPostfix } from "../servers/postfix.ts";
import { startRedis } from "../servers/redis.ts";
import { makeUsers, noUsers, startSshd } from "../servers/sshd.ts";
import { startWebSockets } from "../servers/websockets.ts";

const reason = process.getuid?.() === 0 ? noUsers() : "skipped: Postfix is started by root only";

/** Gives a token, wants it back, keeps an item, tells what it was asked. */
async function shop(): Promise<number> {
  const port = await freePort();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { url = "", method = "", headers } = request;
      const body = Buffer.concat(parts).toString("utf8");
      const json = (status: number, value: unknown): void => void response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(value));
      const client = `Basic ${Buffer.from("tocsin:s%2Fcret").toString("base64")}`;
      if (url === "/token") return headers.authorization === client && body === "grant_type=client_credentials&scope=read+write" ? json(200, { access_token: "sesame" }) : json(401, { body });
      if (url === "/private") return json(headers.authorization === "Bearer sesame" ? 200 : 401, { ok: true });
      if (url === "/items") return json(method === "POST" ? 201 : 200, { id: "abc123", ...(JSON.parse(body) as object) });
      if (url === "/items/abc123") return json(200, { price: 20, tags: ["a", "b"] });
      if (url === "/moved") return void response.writeHead(302, { location: "/items/abc123", connection: "close" }).end();
      return json(200, { method, type: headers["content-type"] ?? null, body, list: [{ id: 1 }, { id: 2 }], price: 24, text: "all is well" });
    });
  });
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  atEnd(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return port;
}

type Endpoint = { readonly [key: string]: unknown };

/** Each kind of endpoint with a condition that is met, and with one that is not. */
async function endpoints(): Promise<readonly (readonly [name: string, keys: Endpoint, met: readonly string[], unmet: readonly string[]])[]> {
  const folder = temporaryFolder();
  const { good } = await makeCertificates(folder);
  const users = makeUsers(folder);
  const [web, postfix, redis, sockets, grpc, names] = await Promise.all([shop(), startPostfix(temporaryFolder(), good), startRedis(folder, good), startWebSockets(folder, good), startGrpc(folder, good), startBind9(temporaryFolder(), good)]);
  const sshd = await startSshd(folder, `AuthorizedKeysFile ${users.authorized}\nStrictModes no`, ["ed25519"], users);
  const here = `http://127.0.0.1:${web}`;
  const insecure = { client: { insecure: true } };
  const dns = (name: string, type: string): Endpoint => ({ url: `127.0.0.1:${names.port}`, dns: { "query-name": name, "query-type": type } });
  const ssh = { url: `ssh://127.0.0.1:${sshd.port}`, ssh: { username: users.user, "private-key": users.keys.ed25519 } };
  return [
    ["http", { url: here }, ["[STATUS] == any(200, 204)", "[BODY].list[1].id == 2", "len([BODY].list) == 2", "has([BODY].nothing) == false", "[BODY].price > 20", "[BODY].text == pat(all*well)", "[IP] == 127.0.0.1", "[RESPONSE_TIME] < 9000"], ["[BODY].text != pat(*is*)"]],
    ["numbers", { url: here }, ["[STATUS] == pat(2*)", "[STATUS] >= 0xC8", "[BODY].price == any(23, 24)"], ["len([BODY].text) < 11"]],
    ["graphql", { url: here, method: "POST", graphql: true, body: "{ a }" }, ["[BODY].type == application/json", '[BODY].body == {"query":"{ a }"}'], ["[BODY].method == GET"]],
    ["redirects", { url: `${here}/moved` }, ["[STATUS] == 200", "[BODY].tags[0] == a"], ["[STATUS] == 302"]],
    ["no redirects", { url: `${here}/moved`, client: { "ignore-redirect": true } }, ["[STATUS] == 302"], ["[STATUS] == 200"]],
    ["oauth2", { url: `${here}/private`, client: { oauth2: { "token-url": `${here}/token`, "client-id": "tocsin", "client-secret": "s/cret", scopes: ["read", "write"] } } }, ["[STATUS] == 200", "[BODY].ok == true"], ["[BODY].ok == false"]],
    ["tcp", { url: `tcp://127.0.0.1:${redis.port}` }, ["[CONNECTED] == true"], ["[CONNECTED] == false"]],
    ["tcp talk", { url: `tcp://127.0.0.1:${redis.port}`, body: "PING\r\n" }, ["[BODY] == pat(+PONG*)"], ["[BODY] == PING"]],
    ["nobody there", { url: `tcp://127.0.0.1:${await freePort()}` }, ["[CONNECTED] == false"], ["[CONNECTED] == true"]],
    ["tls", { url: `tls://127.0.0.1:${redis.tlsPort}`, ...insecure }, ["[CERTIFICATE_EXPIRATION] > 48h"], ["[CERTIFICATE_EXPIRATION] > 2400h"]],
    ["tls talk", { url: `tls://127.0.0.1:${redis.tlsPort}`, body: "PING\r\n", ...insecure }, ["[BODY] == +PONG", "[CERTIFICATE_EXPIRATION] < 2400h"], ["[BODY] != pat(*PONG*)"]],
    ["tls for strangers", { url: `tls://127.0.0.1:${redis.tlsPort}` }, ["[CONNECTED] == false"], ["[CONNECTED] == true"]],
    ["starttls", { url: `starttls://127.0.0.1:${postfix.smtp}`, ...insecure }, ["[CONNECTED] == true", "[CERTIFICATE_EXPIRATION] > 48h"], ["[CERTIFICATE_EXPIRATION] < 48h"]],
    ["icmp", { url: "icmp://127.0.0.1" }, ["[CONNECTED] == true", "[RESPONSE_TIME] < 5000"], ["[RESPONSE_TIME] > 5s"]],
    ["websocket", { url: `ws://127.0.0.1:${sockets.port}/`, body: "hello there" }, ["[BODY] == hello there"], ["[BODY] == pat(*nobody*)"]],
    ["websocket headers", { url: `wss://127.0.0.1:${sockets.tlsPort}/`, body: "headers", headers: { "X-Key": "abc" }, ...insecure }, ["[BODY] == pat(*abc*)"], ["[BODY] == pat(*http://elsewhere*)"]],
    ["grpc", { url: `grpc://127.0.0.1:${grpc.port}` }, ["[BODY].status == SERVING"], ["[BODY].status == NOT_SERVING"]],
    ["grpcs", { url: `grpcs://127.0.0.1:${grpc.tlsPort}`, ...insecure }, ["[CONNECTED] == true"], ["[BODY].status != SERVING"]],
    ["ssh banner", { url: `ssh://127.0.0.1:${sshd.port}` }, ["[CONNECTED] == true", "[STATUS] == 0"], ["[CONNECTED] == false"]],
    ["ssh", { ...ssh, body: '{"command": "echo \'{\\"memory\\": {\\"used\\": 512}}\'"}' }, ["[STATUS] == 0", "[BODY].memory.used > 500"], ["[BODY].memory.used < 500"]],
    ["ssh exit", { ...ssh, body: '{"command": "echo no; exit 3"}' }, ["[STATUS] == 3", "[BODY] == no"], ["[STATUS] == 0"]],
    ["dns a", dns("www.example.test", "A"), ["[BODY] == 192.0.2.11", "[DNS_RCODE] == NOERROR"], ["[BODY] == 192.0.2.12"]],
    ["dns aaaa", dns("www.example.test.", "AAAA"), ["[BODY] == 2001:db8::10"], ["[BODY] != pat(2001:*)"]],
    ["dns cname", dns("alias.example.test", "CNAME"), ["[BODY] == www.example.test."], ["[BODY] == pat(*.com.)"]],
    ["dns mx", dns("example.test", "MX"), ["[BODY] == Mail.example.test.", "has([BODY]) == true"], ["[BODY] == pat(10*)"]],
    ["dns ns", dns("example.test", "NS"), ["[BODY] == any(ns1.example.test., ns3.example.test.)"], ["[BODY] == ns3.example.test."]],
    ["dns txt", dns("parts.example.test", "TXT"), ["[BODY] == one two"], ["[BODY] == pat(*three)"]],
    ["dns nobody", dns("nobody.example.test", "A"), ["[DNS_RCODE] == NXDOMAIN"], ["[DNS_RCODE] == NOERROR"]],
  ];
}

describeWith(["bind9", "openssh-server", "openssl", "postfix", "python3-grpcio", "python3-websockets", "redis-server"], "every kind of endpoint of Gatus", () => {
  test.skipIf(reason !== null)("is up when its conditions are met, and down when one is not", async () => {
    const kinds = await endpoints();
    const web = new URL(String(kinds[0]?.[1]["url"])).port;
    const suite = (name: string, price: string): Endpoint => ({
      name: "shop",
      group: name,
      interval: "1s",
      context: { price: "19.99", base: `127.0.0.1:${web}` },
      endpoints: [
        { name: "create", url: "http://[CONTEXT].base/items", method: "POST", body: '{"price": "[CONTEXT].price"}', conditions: ["[STATUS] == 201", "[BODY].price == [CONTEXT].price", "len([BODY].id) > 0"], store: { "item-id": "[BODY].id" } },
        { name: "read", url: "http://[CONTEXT].base/items/[CONTEXT].item-id", conditions: ["[STATUS] == 200", `[BODY].price == ${price}`] },
      ],
    });
    const place = new Place("");
    place.config = `${place.folder}/config.yaml`;
    const all = kinds.flatMap(([name, keys, met, unmet]) => [{ ...keys, name, group: "met", conditions: met, interval: "1s" }, { ...keys, name, group: "unmet", conditions: unmet, interval: "1s" }]);
    place.write({ endpoints: all, suites: [suite("met", "20"), suite("unmet", "21")] }, "config.yaml");
    await place.start();
    // A login by key is let in at the first run; what is asked once a second has an answer then.
    const states = await place.until("all have run", async () => {
      const { checks } = await place.overview();
      return checks.length === all.length + 2 && checks.every(({ state }) => state !== "pending") ? checks : null;
    });
    const wrong = states.filter(({ name, state }) => state !== (name.startsWith("met") ? "up" : "down"));
    expect(wrong.map(({ name, state, summary }) => `${name}: ${state}: ${summary}`)).toEqual([]);
    expect(states.find(({ name }) => name === "unmet/shop")?.summary).toMatch(/step 2 of 2, read: body\.json\.price is 20/);
    await place.stop();
  });
});
