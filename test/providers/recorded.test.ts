import { replay } from "./recorder.ts";
import { recordings } from "./recordings.ts";

replay("providers", recordings);
