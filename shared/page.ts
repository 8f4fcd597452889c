/** How our page is served, by the app:// protocol and by the headless shell alike. */

/** What the page may load: its own files, nothing else. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
  woff: 'font/woff',
  ttf: 'font/ttf',
};

/** The media type of a file of the built page; undefined for what such a page does not hold. */
export const pageType = (file: string): string | undefined => types[file.slice(file.lastIndexOf('.') + 1)];
