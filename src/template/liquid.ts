import { Liquid } from "liquidjs";

/** Templates come from the configuration, perhaps by way of the page: they read no files and end soon. */
const NO_FILES = {
  readFileSync: (): string => "",
  readFile: (): Promise<string> => Promise.resolve(""),
  existsSync: (): boolean => false,
  exists: (): Promise<boolean> => Promise.resolve(false),
  resolve: (_root: string, file: string): string => file,
};
const liquid = new Liquid({ fs: NO_FILES, relativeReference: false, ownPropertyOnly: true, strictFilters: true, parseLimit: 1e6, renderLimit: 1000, memoryLimit: 1e8 });

/** Names and values that a template may use. */
export type Variables = { readonly [name: string]: unknown };

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/, line:\d+, col:\d+$/, "");

/** Renders a template in the language Liquid; throws for one that cannot be rendered, or takes longer than a second. */
export const renderTemplate = (template: string, variables: Variables): string => String(liquid.parseAndRenderSync(template, variables));

/** What is wrong with a template; null when nothing is. With a `sample`, names that it does not have are wrong as well. */
export function templateProblem(template: string, sample: Variables | null): string | null {
  try {
    const parsed = liquid.parse(template);
    if (sample !== null) liquid.renderSync(parsed, sample, { strictVariables: true });
    return null;
  } catch (error) {
    return said(error);
  }
}
