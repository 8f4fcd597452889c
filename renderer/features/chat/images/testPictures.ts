/** The bytes of the test pictures, for tests. */
const urls = import.meta.glob<string>('../../../../e2e/fixtures/tiny-qwen3.5-vl/pictures/*.{png,jpg,webp,bmp}', {
  query: '?inline',
  import: 'default',
  eager: true,
});

/** File name to bytes. */
export const pictures = new Map(
  Object.entries(urls).map(([path, url]) => [
    path.slice(path.lastIndexOf('/') + 1),
    Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (c) => c.charCodeAt(0)),
  ]),
);
