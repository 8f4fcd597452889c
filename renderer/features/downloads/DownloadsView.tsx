/** Not there yet. */
export const DownloadsView = () => null;
