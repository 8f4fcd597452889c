/** Not there yet. */
export const ModelsView = () => null;
