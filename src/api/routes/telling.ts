import { channelName, checkName } from "../../core/types.ts";
import { type Route, problem, route } from "../route.ts";
import { channelList, channelParams, messageList, messageParams, noBody, noQuery, outboxQuery, rotationList, testReport } from "../schemas.ts";

const channels = route({
  method: "GET",
  path: "/api/v1/channels",
  summary: "The channels, and whether they work",
  tag: "telling",
  access: "login",
  query: noQuery,
  answer: { json: channelList },
  handle: ({ handle }) => ({ kind: "json", value: handle.channels() }),
});

const rotations = route({
  method: "GET",
  path: "/api/v1/rotations",
  summary: "Who is on call now, and who takes over when",
  tag: "telling",
  access: "login",
  query: noQuery,
  answer: { json: rotationList },
  handle: ({ handle }) => ({ kind: "json", value: handle.rotations() }),
});

/** Channels that send a test message now: one at a time, however often the button is pressed. */
const testing = new WeakMap<object, Set<string>>();

const testChannel = route({
  method: "POST",
  path: "/api/v1/channels/{name}/test",
  summary: "Send a test message; the channel's own answer comes back",
  tag: "telling",
  access: "login",
  params: channelParams,
  body: noBody,
  answer: { json: testReport },
  handle: async ({ handle }, { params: { name } }) => {
    if (!handle.channels().some((channel) => channel.name === name)) return problem(404, `there is no channel \`${name}\``, "see /api/v1/channels for the names");
    const busy = testing.get(handle) ?? new Set();
    testing.set(handle, busy);
    if (busy.has(name)) return problem(409, "a test message is being sent already", "wait for its answer");
    busy.add(name);
    try {
      const { kind, detail } = await handle.testChannel(channelName(name));
      return { kind: "json", value: { kind, detail: handle.mask(detail) } };
    } finally {
      busy.delete(name);
    }
  },
});

const outbox = route({
  method: "GET",
  path: "/api/v1/outbox",
  summary: "Messages with every try to send them, newest first",
  tag: "telling",
  access: "login",
  query: outboxQuery,
  answer: { json: messageList },
  handle: async ({ handle }, { query: { check, status, limit } }) => {
    const rows = await handle.store.messages({ limit, ...(check === undefined ? {} : { check: checkName(check) }), ...(status === undefined ? {} : { status }) });
    const value = rows.map(({ id, channel, recipient, alerts, checks, status: stands, formedAt, nextTryAt, tries, doubt, lastReason, attempts }) => ({
      id,
      channel,
      recipient,
      alerts,
      checks,
      status: stands,
      formedAt,
      nextTryAt,
      tries,
      doubt,
      reason: handle.mask(lastReason),
      attempts: attempts.map(({ at, tookMs, outcome, reason }) => ({ at, tookMs, outcome, reason: handle.mask(reason) })),
    }));
    return { kind: "json", value };
  },
});

const again = route({
  method: "POST",
  path: "/api/v1/outbox/{id}/again",
  summary: "Send a message that failed after all",
  tag: "telling",
  access: "login",
  params: messageParams,
  body: noBody,
  answer: null,
  handle: async ({ handle }, { params: { id } }) => {
    const done = await handle.sendAgain(id);
    return done.kind === "done" ? { kind: "empty" } : problem(409, done.reason, done.advice);
  },
});

export const tellingRoutes: readonly Route[] = [channels, rotations, testChannel, outbox, again];
