/**
 * XML as XMPP allows it (RFC 6120, section 11.1): no comments, no document type, no processing instructions, no entities but the five and
 * numbers. Namespaces are resolved; prefixes mean nothing. Fed byte by byte, so that nothing behind an element is swallowed with it.
 */

export interface XmlElement {
  readonly name: string;
  /** Empty for none. */
  readonly namespace: string;
  /** By their names as written, without declarations of namespaces. */
  readonly attributes: { readonly [name: string]: string };
  readonly children: readonly XmlElement[];
  /** All text directly inside. */
  readonly text: string;
}

export type XmlEvent =
  /** The root began; `contents` is the namespace of names without prefix in it. */
  | { readonly kind: "opened"; readonly root: XmlElement; readonly contents: string }
  /** A child of the root is complete. */
  | { readonly kind: "element"; readonly element: XmlElement }
  | { readonly kind: "closed" }
  | { readonly kind: "bad"; readonly reason: string };

/** A tag or a stretch of text; honest ones are some hundred bytes. */
const TOKEN_MAX = 16_384;
const DEPTH_MAX = 20;
/** Elements in one child of the root. */
const ELEMENTS_MAX = 1000;

const XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace";
const NAME = String.raw`[\p{L}_][\p{L}\p{N}\p{M}._\-·]*`;
const QUALIFIED = new RegExp(`^(?:(${NAME}):)?(${NAME})$`, "u");
const START = new RegExp(`^<((?:${NAME}:)?${NAME})`, "u");
const ATTRIBUTE = new RegExp(String.raw`[ \t\r\n]+((?:${NAME}:)?${NAME})[ \t\r\n]*=[ \t\r\n]*(?:"([^"<]*)"|'([^'<]*)')`, "uy");
const DECLARATION = /^<\?xml[ \t\r\n][^<>]*\?>$/;
const BLANK = /^[ \t\r\n]*$/;
const CDATA = new TextEncoder().encode("<![CDATA[");
const CDATA_END = new TextEncoder().encode("]]>");
const ENTITIES: { readonly [name: string]: string } = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const LESS = 0x3c;
const GREATER = 0x3e;
const QUOTES: ReadonlySet<number> = new Set([0x22, 0x27]);

interface Open {
  /** As written: the end tag must repeat it. */
  readonly written: string;
  readonly element: XmlElement;
  readonly children: XmlElement[];
  readonly namespaces: ReadonlyMap<string, string>;
  text: string;
}

class NotXml extends Error {}

export class XmlStream {
  #token: number[] = [];
  #quote = 0;
  readonly #open: Open[] = [];
  #elements = 0;
  #begun = false;
  #over: XmlEvent | null = null;

  /** Takes the next byte; gives what it completed. After `closed` or `bad` it gives the same for ever. */
  push(byte: number): XmlEvent | null {
    if (this.#over !== null) return this.#over;
    let event: XmlEvent | null;
    try {
      event = this.#take(byte);
    } catch (error) {
      if (!(error instanceof NotXml)) throw error;
      event = { kind: "bad", reason: error.message };
    }
    if (event?.kind === "bad" || event?.kind === "closed") this.#over = event;
    return event;
  }

  #take(byte: number): XmlEvent | null {
    const inTag = this.#token[0] === LESS;
    if (!inTag && byte === LESS) this.#text();
    this.#token.push(byte);
    if (this.#token.length > TOKEN_MAX) throw new NotXml(`a tag or text of more than ${TOKEN_MAX} bytes`);
    if (!inTag) {
      // Outside the root there is nothing but space: another protocol is known by its first letter.
      if (this.#open.length < 2 && byte !== LESS && byte > 0x20) throw new NotXml(this.#begun ? "text between the elements of the stream" : "no XML");
      return null;
    }
    if (this.#quote !== 0) {
      if (byte === this.#quote) this.#quote = 0;
      return null;
    }
    const character = this.#has(CDATA, 0);
    if (QUOTES.has(byte) && !character) this.#quote = byte;
    if (byte !== GREATER || (character && !this.#has(CDATA_END, Math.max(CDATA.length, this.#token.length - CDATA_END.length)))) return null;
    const token = this.#decoded();
    if (!character) return this.#tag(token);
    this.#write(token.slice(CDATA.length, -CDATA_END.length));
    return null;
  }

  #has(bytes: Uint8Array, at: number): boolean {
    return at >= 0 && bytes.every((byte, index) => this.#token[at + index] === byte);
  }

  #decoded(): string {
    const bytes = Uint8Array.from(this.#token);
    this.#token = [];
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new NotXml("bytes that are no UTF-8");
    }
  }

  #text(): void {
    if (this.#token.length > 0) this.#write(resolved(this.#decoded()));
  }

  #write(text: string): void {
    const inner = this.#open.at(-1);
    if (inner !== undefined && this.#open.length > 1) inner.text += text;
    else if (!BLANK.test(text)) throw new NotXml("text between the elements of the stream");
  }

  #tag(token: string): XmlEvent | null {
    const first = !this.#begun;
    this.#begun = true;
    if (token.startsWith("<?") && first && DECLARATION.test(token)) return null;
    if (token.startsWith("<?") || token.startsWith("<!")) throw new NotXml("a comment, a document type or a processing instruction, which XMPP forbids");
    if (token.startsWith("</")) return this.#end(token.slice(2, -1).trimEnd());
    const opened = this.#start(token);
    if (!token.endsWith("/>")) return this.#open.length === 1 ? { kind: "opened", root: opened.element, contents: opened.namespaces.get("") ?? "" } : null;
    return this.#end(opened.written);
  }

  #start(token: string): Open {
    if (this.#open.length >= DEPTH_MAX) throw new NotXml(`elements ${DEPTH_MAX} deep`);
    if (++this.#elements > ELEMENTS_MAX) throw new NotXml(`more than ${ELEMENTS_MAX} elements in one`);
    const written = START.exec(token)?.[1];
    if (written === undefined) throw new NotXml("a tag that is none");
    const pairs = attributesOf(token, 1 + written.length);
    const namespaces = new Map(this.#open.at(-1)?.namespaces ?? [["xml", XML_NAMESPACE]]);
    const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const [name, value] of pairs) {
      if (name === "xmlns") namespaces.set("", value);
      else if (name.startsWith("xmlns:")) namespaces.set(name.slice(6), value);
      else attributes[name] = value;
    }
    for (const name of Object.keys(attributes)) expand(name, namespaces, true);
    const children: XmlElement[] = [];
    const element: XmlElement = { ...expand(written, namespaces, false), attributes: { ...attributes }, children, text: "" };
    const open: Open = { written, element, children, namespaces, text: "" };
    this.#open.push(open);
    return open;
  }

  #end(written: string): XmlEvent | null {
    const inner = this.#open.pop();
    if (inner === undefined || inner.written !== written) throw new NotXml("an end tag without its beginning");
    if (this.#open.length === 0) return { kind: "closed" };
    const element: XmlElement = { ...inner.element, text: inner.text };
    if (this.#open.length > 1) {
      this.#open.at(-1)?.children.push(element);
      return null;
    }
    this.#elements = 0;
    return { kind: "element", element };
  }
}

function attributesOf(token: string, from: number): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  ATTRIBUTE.lastIndex = from;
  let at = from;
  for (let found = ATTRIBUTE.exec(token); found !== null; found = ATTRIBUTE.exec(token)) {
    at = ATTRIBUTE.lastIndex;
    const [, name = "", double, single = ""] = found;
    if (attributes.has(name)) throw new NotXml(`the attribute ${name} twice`);
    attributes.set(name, resolved(double ?? single));
  }
  if (!/^[ \t\r\n]*\/?>$/.test(token.slice(at))) throw new NotXml("a tag that is none");
  return attributes;
}

function expand(written: string, namespaces: ReadonlyMap<string, string>, attribute: boolean): { readonly name: string; readonly namespace: string } {
  const [, prefix = "", name = ""] = QUALIFIED.exec(written) ?? [];
  const namespace = prefix === "" && attribute ? "" : namespaces.get(prefix);
  if (namespace === undefined && prefix !== "") throw new NotXml(`the prefix ${prefix} without a namespace`);
  return { name, namespace: namespace ?? "" };
}

function resolved(text: string): string {
  return text.replaceAll(/&([^;&]{0,12};?)/g, (_, reference: string) => {
    const name = reference.endsWith(";") ? reference.slice(0, -1) : "";
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (known !== undefined) return known;
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name) ?? [];
    const code = Number.parseInt(hex ?? decimal ?? "", hex === undefined ? 10 : 16);
    if (!(code > 0 && code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) throw new NotXml("an entity, which XMPP forbids");
    return String.fromCodePoint(code);
  });
}

/** What XML 1.0, section 2.2, allows in no document, whatever one writes. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** A text for between quotes or tags; signs that XML cannot hold are left out. */
export const xmlEscaped = (text: string): string => text.replaceAll(FORBIDDEN, "").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("'", "&apos;").replaceAll('"', "&quot;");
