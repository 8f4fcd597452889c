/** Joins class names. */

/** The names that are there, separated by spaces. */
export const classes = (...names: (string | false | undefined)[]): string => names.filter(Boolean).join(' ');
