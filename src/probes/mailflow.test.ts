import { describe, expect, it } from "vitest";
import { probeContext } from "../../test/servers/context.ts";
import { converses, rawServer } from "../../test/servers/raw.ts";
import { mailText } from "./mailflow-send.ts";
import { mailflow } from "./mailflow.ts";

const SERVERS = { smtp: { host: "mx.test" }, mailbox: { host: "mx.test", user: "u", password: "p" }, sender: "a@x.test", recipient: "b@x.test" };

describe("options", () => {
  const problem = (more: object): string => {
    const parsed = mailflow.options.safeParse({ ...SERVERS, ...more });
    if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join("; ");
    const found = mailflow.check?.(parsed.data);
    return found === null || found === undefined ? "" : `${found.path.join(".")}: ${found.wrong}`;
  };
  const mailbox = (more: object) => problem({ mailbox: { ...SERVERS.mailbox, ...more } });
  it("names what cannot be", () => {
    expect(problem({})).toBe("");
    expect(problem({ mailbox: { host: "mx.test" } })).toBe("mailbox: nobody can look into a mailbox without logging in");
    expect(problem({ smtp: { host: "mx.test", user: "u" } })).toBe("smtp.password: a login needs both `user` and `password`, and `password` is missing");
    expect(mailbox({ starttls: "optional" })).toMatch(/^mailbox\.starttls: with `optional`/);
    expect(mailbox({ type: "pop3", folder: "Junk" })).toBe("mailbox.type: POP3 knows no folders");
    expect(mailbox({ type: "pop3", password: "a\nb" })).toBe("mailbox.password: POP3 cannot send control characters");
    expect(mailbox({ password: "a\nb" })).toBe("");
    expect(mailbox({ junk: "INBOX" })).toBe("mailbox.junk: this is the folder in which the mail must arrive");
    expect(problem({ recipient: "<>" })).toMatch(/is no mail address/);
  });
  it("names the SMTP server as the target", () => expect(mailflow.target(mailflow.options.parse(SERVERS))).toBe("mx.test:25"));
});

describe("the mail", () => {
  const mail = mailText({ sender: "a@x.test", recipient: "b@y.test" }, "f00", Date.UTC(2026, 10, 20, 12));
  it("bears what it is found by, and what keeps machines quiet", () => {
    expect(mail).toMatch(/^Date: Fri, 20 Nov 2026 12:00:00 \+0000\nFrom: <a@x\.test>\nTo: <b@y\.test>\nSubject: Tocsin mail flow f00\nMessage-ID: <f00@x\.test>\nX-Tocsin: mailflow f00\nAuto-Submitted: auto-generated\n/);
    expect(mailText({ sender: "", recipient: "b@y.test" }, "f00", 0)).toContain("\nFrom: <b@y.test>\n");
  });
  it("is plain", () => expect(mail.split("\n").every((line) => line.length < 79 && /^[\x20-\x7e]*$/.test(line))).toBe(true));
});

/** An SMTP server that answers these commands, by their first word, and puts every mail in the box. */
async function mx(box: Set<string>, answers: { readonly [word: string]: string } = {}): Promise<number> {
  const talk = (said: string): string | null => {
    const token = /^X-Tocsin: mailflow (\w+)$/.exec(said)?.[1];
    if (token !== undefined) box.add(token);
    const [word = ""] = said.split(" ");
    if (word === "." || /^(EHLO|MAIL|RCPT|QUIT)$/.test(word)) return answers[word] ?? "250 ok\r\n";
    return word === "DATA" ? (answers["DATA"] ?? "354 go\r\n") : null;
  };
  return (await rawServer(converses("220 mx\r\n", talk))).port;
}

/** An IMAP server without UIDPLUS that finds in the box what was put there; `others` are marked as deleted already. */
async function imap(box: Set<string>, said: string[], { others = "", answers = {} }: { readonly others?: string; readonly answers?: { readonly [word: string]: string } } = {}): Promise<number> {
  const talk = (line: string): string => {
    const [tag = "", ...words] = line.split(" ");
    const command = words.join(" ");
    said.push(command.replaceAll(/[0-9a-f]{32}/g, "TOKEN"));
    const done = `${tag} ${answers[words.slice(0, 2).join(" ")] ?? "OK done"}\r\n`;
    if (command === "CAPABILITY") return `* CAPABILITY IMAP4rev1\r\n${done}`;
    if (command === "UID SEARCH DELETED") return `* SEARCH 7${others}\r\n${done}`;
    if (command.startsWith("UID SEARCH HEADER")) return `* SEARCH${[...box].some((token) => command.includes(token)) ? " 7" : ""}\r\n${done}`;
    return done;
  };
  return (await rawServer(converses("* OK\r\n", talk))).port;
}

const server = (port: number, more: object = {}) => ({ host: "127.0.0.1", port, starttls: "off", ...more });
const ask = (smtp: number, mailbox: number, context = probeContext()) => mailflow.run(mailflow.options.parse({ ...SERVERS, smtp: server(smtp), mailbox: server(mailbox, { user: "u", password: "p" }) }), context);

describe("without UIDPLUS", () => {
  it("deletes only where nothing else is marked", async () => {
    const [box, said] = [new Set<string>(), [] as string[]];
    expect(await ask(await mx(box), await imap(box, said))).toMatchObject({ verdict: "up" });
    expect(said.slice(-4)).toEqual(["UID STORE 7 +FLAGS.SILENT (\\Deleted)", "UID SEARCH DELETED", "EXPUNGE", "LOGOUT"]);
  });
  it("leaves what others have marked", async () => {
    const [box, said] = [new Set<string>(), [] as string[]];
    expect(await ask(await mx(box), await imap(box, said, { others: " 9" }))).toMatchObject({ verdict: "up" });
    expect(said.slice(-2)).toEqual(["UID SEARCH DELETED", "LOGOUT"]);
  });
});

describe("a mail", () => {
  const line = async (answers: { readonly [word: string]: string }, more: Parameters<typeof imap>[2] = {}): Promise<string> => {
    const box = new Set<string>();
    const { verdict, code, sentence } = await ask(await mx(box, answers), await imap(box, [], more));
    return `${verdict} ${code} ${sentence}`;
  };
  it("that cannot be deleted is degraded", async () => {
    expect(await line({}, { answers: { "UID STORE": "NO [NOPERM] read-only" } })).toMatch(/^degraded warned a mail to b@x.test arrived in INBOX after \d+ ms, but could not be deleted: .*\[NOPERM\] read-only$/);
  });
  it("may be refused before and after it was sent", async () => {
    expect(await line({ MAIL: "550 no\r\n" })).toMatch(/^down status .* refused the sender <a@x.test>: 550 no$/);
    expect(await line({ DATA: "503 no\r\n" })).toMatch(/^down status .* refused DATA: 503 no$/);
    expect(await line({ ".": "554 5.7.1 spam\r\n" })).toMatch(/^down status .* refused the mail: 554 5.7.1 spam$/);
    expect(await line({ ".": "451 4.7.1 later\r\n" })).toMatch(/^degraded status .* puts off the mail, perhaps by greylisting: 451 4.7.1 later$/);
  });
  it("is not waited for when the mailbox says goodbye", async () => {
    const answers = { "UID SEARCH": "NO [UNAVAILABLE] index" };
    expect(await line({}, { answers })).toMatch(/^down status .* refused UID SEARCH HEADER X-Tocsin "mailflow" BEFORE .*: \[UNAVAILABLE\] index$/);
  });
});
