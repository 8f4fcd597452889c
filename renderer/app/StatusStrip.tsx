/** Not there yet. */
export const StatusStrip = () => null;
