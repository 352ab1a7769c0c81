import { chat } from "./chat.ts";
import { chatOwn } from "./chat-own.ts";
import { chatSigned } from "./chat-signed.ts";
import { mail } from "./mail.ts";
import { oncall } from "./oncall.ts";
import { oncallHooks } from "./oncall-hooks.ts";
import { oncallOwn } from "./oncall-own.ts";
import { push } from "./push.ts";
import { pushHosted } from "./push-hosted.ts";
import type { Recording } from "./recording.ts";
import { sms } from "./sms.ts";

/** What every provider is asked and answers, by its documentation. */
export const recordings: readonly Recording[] = [...chat, ...chatOwn, ...chatSigned, ...mail, ...oncall, ...oncallHooks, ...oncallOwn, ...push, ...pushHosted, ...sms];
