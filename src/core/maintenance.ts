/** Placeholder until written. */
export type MaintenanceWindow = { readonly name: string };
