/** Not there yet. */
export const Palette = () => null;
