import type { AnyChannel } from "../channels/channel.ts";
import { catalogue } from "./catalogue.ts";
import { channelOf } from "./engine.ts";

/** The catalogue as channels. */
export const providers: readonly AnyChannel[] = catalogue.map(channelOf);
