/** The environment that this process was started with, by name. */
export const environment = (): { readonly [name: string]: string | undefined } => process.env;
