/** As Go prints times: without zeros at the end of the fraction. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
