// What the page embeds: each asset is gzip in base64 in an inert script element.

/** Decode an embedded asset; its element is emptied, since the text takes as much memory again. */
export async function asset(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const element = document.getElementById(`asset-${id}`);
  if (!element) throw new Error(`The page has no asset ${id}; write it again with: warehouse explore`);
  const text = atob((element.textContent ?? "").trim());
  element.textContent = "";
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
