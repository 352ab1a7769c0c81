import { type StanzaError, type XmppClient, shownError, stanzaError } from "../../dial/xmpp-client.ts";
import { type XmlElement, xmlEscaped } from "../../wire/xml-stream.ts";
import type { Message, Sending } from "./channel.ts";

/** What is said to an account or a room once the client is logged in, and what the answers mean. */

const PING = "urn:xmpp:ping";
const MUC = "http://jabber.org/protocol/muc";
const MUC_USER = "http://jabber.org/protocol/muc#user";
const DELAY = "urn:xmpp:delay";
/** XEP-0045, section 15.6: the presence is one's own; the room was made by entering it. */
const SELF = "110";
const CREATED = "201";
/** Stanzas that may come before the one that is waited for: a large room tells of each occupant. */
const STANZAS_MAX = 5000;
/** Longer texts go in parts, and none is lost: what comes back, each sign escaped, must fit into what is read here at once. */
const PART_LENGTH = 2500;
/** RFC 6120, section 8.3.3: conditions that pass, whatever kind of error the server makes of them. */
const PASSING: ReadonlySet<string> = new Set(["internal-server-error", "recipient-unavailable", "remote-server-not-found", "remote-server-timeout", "resource-constraint"]);

/** What an error stanza means for a message: the receiver's no, or a moment that passes. */
function judgeStanza(error: StanzaError, whose: string): Sending {
  const reason = `${whose}: ${shownError(error)}`;
  return error.type === "wait" || PASSING.has(error.condition) ? { kind: "retry", reason, doubt: false } : { kind: "refused", reason };
}

/** The stanzas of a message, most often one: between lines where one would be too long. `key.2`, ... are the ids of further ones. */
function stanzasOf({ key, text, recipient }: Message, type: "chat" | "groupchat"): readonly string[] {
  const parts: string[] = [];
  let rest = text.trimEnd();
  while (rest.length > PART_LENGTH) {
    const end = rest.lastIndexOf("\n", PART_LENGTH);
    const cut = end > 0 ? end : PART_LENGTH;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut).replace(/^\n/, "");
  }
  return [...parts, rest].map((part, index) => {
    const id = index === 0 ? key : `${key}.${index + 1}`;
    return `<message to='${xmlEscaped(recipient)}' type='${type}' id='${id}' xml:lang='en'><body>${xmlEscaped(part)}</body><origin-id xmlns='urn:xmpp:sid:0' id='${id}'/></message>`;
  });
}

/**
 * Stanzas keep their order: when the recipient's server answers a ping that was sent after the message (XEP-0199), be it with an error, it had the
 * message before, and an error of the message would have come.
 */
export async function tellAccount(client: XmppClient, message: Message): Promise<Sending> {
  const domain = message.recipient.slice(message.recipient.indexOf("@") + 1);
  const stanzas = stanzasOf(message, "chat");
  client.send(stanzas.join(""));
  client.send(`<iq to='${xmlEscaped(domain)}' type='get' id='ping'><ping xmlns='${PING}'/></iq>`);
  for (let count = 0; count < STANZAS_MAX; count++) {
    const next = await client.next();
    if (next.kind === "failed") return { kind: "retry", reason: next.failure.sentence, doubt: true };
    const { name, attributes } = next.value;
    const error = stanzaError(next.value);
    if (name === "message" && error !== null && attributes["id"]?.startsWith(message.key) === true) return judgeStanza(error, message.recipient);
    const answers = name === "iq" && attributes["id"] === "ping" && (attributes["type"] === "result" || error !== null) && (attributes["from"] ?? domain) === domain;
    if (!answers) continue;
    if (error !== null && (error.type === "wait" || PASSING.has(error.condition))) return { kind: "retry", reason: `${domain}: ${shownError(error)}`, doubt: true };
    return { kind: "sent", detail: `taken by ${domain}${stanzas.length > 1 ? ` in ${stanzas.length} parts` : ""}` };
  }
  return { kind: "retry", reason: `${domain} sent ${STANZAS_MAX} other stanzas instead of an answer`, doubt: true };
}

export interface RoomEntry {
  readonly nick: string;
  /** For when another occupant has the first. */
  readonly other: string;
  readonly password: string | null;
}

type Entered = { readonly kind: "entered"; /** Our address in the room. */ readonly occupant: string } | { readonly kind: "outside"; readonly sending: Sending };

/** Enters a room, says it and hears it come back: then everybody in it has it. Leaves. */
export async function tellRoom(client: XmppClient, message: Message, entry: RoomEntry): Promise<Sending> {
  const entered = await enter(client, message.recipient, entry);
  if (entered.kind === "outside") return entered.sending;
  const stanzas = stanzasOf(message, "groupchat");
  client.send(stanzas.join(""));
  const sending = await hear(client, message, entered.occupant, stanzas.length);
  client.send(`<presence to='${xmlEscaped(entered.occupant)}' type='unavailable'/>`);
  return sending;
}

const isOf = ({ attributes }: XmlElement, room: string): boolean => attributes["from"]?.split("/", 1)[0]?.toLowerCase() === room;

function statusesOf({ children }: XmlElement): readonly string[] {
  const user = children.find(({ name, namespace }) => name === "x" && namespace === MUC_USER);
  return (user?.children ?? []).flatMap(({ name, attributes }) => (name === "status" ? [attributes["code"] ?? ""] : []));
}

/** Section 7.2: one's own presence comes last of all occupants'. */
async function enter(client: XmppClient, room: string, { nick, other, password }: RoomEntry): Promise<Entered> {
  const outside = (sending: Sending): Entered => ({ kind: "outside", sending });
  const knock = (as: string): void => client.send(`<presence to='${xmlEscaped(`${room}/${as}`)}'><x xmlns='${MUC}'><history maxstanzas='0'/>${password === null ? "" : `<password>${xmlEscaped(password)}</password>`}</x></presence>`);
  knock(nick);
  let renamed = false;
  for (let count = 0; count < STANZAS_MAX; count++) {
    const next = await client.next();
    if (next.kind === "failed") return outside({ kind: "retry", reason: next.failure.sentence, doubt: false });
    const { value } = next;
    if (value.name !== "presence" || !isOf(value, room)) continue;
    const error = stanzaError(value);
    if (error?.condition === "conflict" && !renamed) {
      renamed = true;
      knock(other);
    } else if (error !== null) return outside(judgeStanza(error, room));
    const statuses = statusesOf(value);
    if (error !== null || !statuses.includes(SELF)) continue;
    const occupant = value.attributes["from"] ?? "";
    if (!statuses.includes(CREATED)) return { kind: "entered", occupant };
    client.send(`<presence to='${xmlEscaped(occupant)}' type='unavailable'/>`);
    return outside({ kind: "refused", reason: `${room} does not exist, and nobody would read it; make it a persistent room` });
  }
  return outside({ kind: "retry", reason: `${room} tells of more than ${STANZAS_MAX} occupants`, doubt: false });
}

/** Section 7.4: a room sends what is said in it to all its occupants, to who said it as well. */
async function hear(client: XmppClient, { key, recipient: room }: Message, occupant: string, parts: number): Promise<Sending> {
  let left = parts;
  for (let count = 0; count < STANZAS_MAX; count++) {
    const next = await client.next();
    if (next.kind === "failed") return { kind: "retry", reason: next.failure.sentence, doubt: true };
    const { value } = next;
    if (!isOf(value, room)) continue;
    const { name, attributes, children } = value;
    const error = stanzaError(value);
    if (name === "message" && error !== null && attributes["id"]?.startsWith(key) === true) return judgeStanza(error, room);
    if (name === "presence" && attributes["type"] === "unavailable" && attributes["from"] === occupant) return { kind: "retry", reason: `${room} put us out`, doubt: true };
    const own = name === "message" && attributes["type"] === "groupchat" && attributes["from"] === occupant && !children.some(({ namespace }) => namespace === DELAY);
    if (own && --left === 0) return { kind: "sent", detail: `said in ${room}${parts > 1 ? ` in ${parts} parts` : ""}` };
  }
  return { kind: "retry", reason: `${room} sent ${STANZAS_MAX} other stanzas instead of the message`, doubt: true };
}
