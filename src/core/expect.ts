/** A condition as parsed while loading. Placeholder until written. */
export type Condition = { readonly kind: string };
