/** Not there yet. */
export const LoadPanel = () => null;
