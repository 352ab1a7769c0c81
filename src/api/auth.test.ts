import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/servers/ground.ts";
import { HandClock, KeptLog } from "../../test/api/world.ts";
import { ensurePassword, generatePassword, setPassword, verifyPassword } from "./auth.ts";
import { SignIn } from "./sign-in.ts";

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test("the first password is made once, and kept where only its owner reads it", async () => {
  const folder = temporaryFolder();
  const { fresh } = await ensurePassword(folder);
  expect(fresh).toMatch(/^([a-hjkmnp-tv-z0-9]{4}-){3}[a-hjkmnp-tv-z0-9]{4}$/);
  expect(await ensurePassword(folder)).toEqual({ fresh: null });
  expect(readFileSync(join(folder, "password"), "utf8")).toBe(`${fresh}\n`);
  expect([mode(join(folder, "password")), mode(join(folder, "password.hash"))]).toEqual(["600", "600"]);
  expect(readFileSync(join(folder, "password.hash"), "utf8")).not.toContain(fresh);
  expect([await verifyPassword(folder, fresh ?? ""), await verifyPassword(folder, `${fresh}x`)]).toEqual([true, false]);
});

test("a crash between the two files keeps the password that was shown", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "password"), "abcd-efgh-jkmn-pqrs\n");
  expect(await ensurePassword(folder)).toEqual({ fresh: "abcd-efgh-jkmn-pqrs" });
  expect(await verifyPassword(folder, "abcd-efgh-jkmn-pqrs")).toBe(true);
});

test("a password that was set is in no readable file", async () => {
  const folder = temporaryFolder();
  const { fresh } = await ensurePassword(folder);
  expect(await setPassword(folder, "schöne lange Wörter")).toEqual({ kind: "done" });
  expect(existsSync(join(folder, "password"))).toBe(false);
  expect(await verifyPassword(folder, "scho\u0308ne lange Wo\u0308rter")).toBe(true);
  expect(await verifyPassword(folder, fresh ?? "")).toBe(false);
  expect(await ensurePassword(folder)).toEqual({ fresh: null });
});

test("passwords that are refused change nothing", async () => {
  const folder = temporaryFolder();
  const { fresh } = await ensurePassword(folder);
  const f = async (password: string) => expect((await setPassword(folder, password)).kind).toBe("refused");
  await f("");
  await f("ninechars");
  await f("x".repeat(1025));
  expect(await verifyPassword(folder, fresh ?? "")).toBe(true);
});

test("without a password, or with a damaged file, nothing is the password", async () => {
  const folder = temporaryFolder();
  expect(await verifyPassword(folder, "")).toBe(false);
  writeFileSync(join(folder, "password.hash"), "scrypt$99$8$1$AAAA$AAAA");
  expect(await verifyPassword(folder, "")).toBe(false);
});

test("no two passwords are alike", () => {
  expect(new Set(Array.from({ length: 1000 }, generatePassword)).size).toBe(1000);
});

/** A sign-in with its parts, and somebody signed in. */
async function signedIn() {
  const folder = temporaryFolder();
  const [clock, log] = [new HandClock(), new KeptLog()];
  const password = (await ensurePassword(folder)).fresh ?? "";
  const signIn = await SignIn.open(folder, { clock, log });
  const login = await signIn.login(password, "192.0.2.1");
  return { folder, clock, log, password, signIn, id: login.kind === "in" ? login.id : "" };
}

test("a restart keeps the sign-in, a month without a visit ends it", async () => {
  const { folder, clock, log, id } = await signedIn();
  expect(readFileSync(join(folder, "sessions"), "utf8")).not.toContain(id);
  expect(mode(join(folder, "sessions"))).toBe("600");
  const again = await SignIn.open(folder, { clock, log });
  expect(await again.session(id)).toEqual({ user: "admin", renew: false });
  clock.advance(2 * 86_400_000);
  expect(await again.session(id)).toEqual({ user: "admin", renew: true });
  clock.advance(30 * 86_400_000);
  expect(await (await SignIn.open(folder, { clock, log })).session(id)).toEqual({ user: "admin", renew: true });
  clock.advance(31 * 86_400_000);
  expect(await again.session(id)).toBeNull();
});

test("a new password ends every sign-in, also in a process that runs on", async () => {
  const { folder, clock, log, password, signIn, id } = await signedIn();
  const basic = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  expect(await signIn.basic(basic, "192.0.2.1")).toEqual({ kind: "in" });
  await setPassword(folder, "another password");
  clock.advance(1000);
  expect([await signIn.session(id), await signIn.holds(id)]).toEqual([null, false]);
  expect(await signIn.basic(basic, "192.0.2.1")).toEqual({ kind: "wrong" });
  expect(await (await SignIn.open(folder, { clock, log })).session(id)).toBeNull();
});

test("signing out ends this sign-in only", async () => {
  const { clock, log, folder, password, signIn, id } = await signedIn();
  const other = await signIn.login(password, "192.0.2.1");
  await signIn.logout(id);
  expect(await signIn.session(id)).toBeNull();
  expect(await (await SignIn.open(folder, { clock, log })).session(other.kind === "in" ? other.id : "")).not.toBeNull();
});

test("damaged sessions cost the sign-ins, no more", async () => {
  const { folder, clock, log, id } = await signedIn();
  const f = async (text: string) => {
    writeFileSync(join(folder, "sessions"), text);
    expect(await (await SignIn.open(folder, { clock, log })).session(id)).toBeNull();
  };
  await f("");
  await f("{");
  await f('{"stamp":"x","sessions":[]}');
  await f('{"stamp":5}');
});

test("guessing is slowed down, and ends by itself", async () => {
  const { clock, password, signIn } = await signedIn();
  const kinds: string[] = [];
  for (let index = 0; index < 6; index += 1) kinds.push((await signIn.login("wrong", "203.0.113.5")).kind);
  expect(kinds).toEqual(["wrong", "wrong", "wrong", "wrong", "wait", "wait"]);
  expect((await signIn.login(password, "203.0.113.5")).kind).toBe("wait");
  expect((await signIn.login(password, "192.0.2.1")).kind).toBe("in");
  clock.advance(1000);
  expect((await signIn.login(password, "203.0.113.5")).kind).toBe("in");
});

test("tries at the same time count each", async () => {
  const { signIn } = await signedIn();
  const kinds = (await Promise.all(Array.from({ length: 12 }, () => signIn.login("wrong", "203.0.113.5")))).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "wrong")).toHaveLength(4);
});

test("where the sign-ins cannot be kept, one can sign in all the same", async () => {
  const { folder, clock, log, password } = await signedIn();
  rmSync(join(folder, "sessions"));
  mkdirSync(join(folder, "sessions"));
  const signIn = await SignIn.open(folder, { clock, log });
  const login = await signIn.login(password, "192.0.2.1");
  expect(await signIn.session(login.kind === "in" ? login.id : "")).toEqual({ user: "admin", renew: false });
  expect(log.lines.map((line) => line.slice(0, 45))).toEqual(["the sign-ins of the page cannot be read; sign", "the sign-ins of the page cannot be written; t"]);
});
