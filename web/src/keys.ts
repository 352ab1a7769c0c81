import { actByKey, setKeysShown } from "./acts.ts";
import { go, isWall, query, route } from "./router.ts";
import { readFilter, writeFilter } from "./state/order.ts";

/** What the list offers to the keys, while it is on the page. */
export interface ListKeys {
  search(): void;
  move(by: 1 | -1): void;
  selected(): string | null;
}

let list: ListKeys | null = null;
/** The list on the page takes the keys `/`, `j` and `k`; null when it leaves. */
export function setListKeys(keys: ListKeys | null): void {
  list = keys;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest("input, select, textarea, dialog") !== null);
}

function subject(): string | null {
  const here = route();
  return here.view === "check" ? here.name : (list?.selected() ?? null);
}

/** The list's address with its filter. */
export function listAddress(): string {
  return `/${writeFilter(readFilter(query()))}`;
}

function press(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isWall()) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape" && event.target instanceof HTMLInputElement) event.target.blur();
    return;
  }
  const key = event.key;
  if (key === "?") setKeysShown(true);
  else if (key === "/") {
    if (list === null) go("/");
    queueMicrotask(() => list?.search());
  } else if (key === "j" || key === "k") list?.move(key === "j" ? 1 : -1);
  else if (key === "Escape" && route().view === "check") go(listAddress());
  else if (["a", "r", "p"].includes(key)) {
    const name = subject();
    if (name === null) return;
    actByKey(key, name);
  } else return;
  event.preventDefault();
}

/** Listens to the keys for as long as the page lives. */
export function listenToKeys(): void {
  document.addEventListener("keydown", press);
}
